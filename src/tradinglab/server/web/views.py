"""The pages: the list of runs, a run and its report."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tradinglab.server.accounts.login import login_finish
from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.reports import REPORT, report_read
from tradinglab.server.backtests.selectors import backtest_get, backtest_list
from tradinglab.server.errors import NotFoundError, SlimTrialError
from tradinglab.server.ops.caller import comes_from_this_machine
from tradinglab.server.runs.selectors import artefact_list, heard_lines
from tradinglab.server.web.welcome import welcome_redeem

_ROWS = 50
_LINES = 200
#: The report is one file with its own script and styles; it runs apart from the pages, without their cookies.
_REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; frame-ancestors 'self'"
)


@require_safe
@never_cache
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Log the owner in who followed the link that ``tradinglab up`` printed; a used link leads to the form."""
    if not comes_from_this_machine(request):
        raise Http404("There is no such page.")
    if request.method == "HEAD" or (found := welcome_redeem(token=token)) is None:
        return redirect("login")
    login_finish(user=found.user)
    login(request, found.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = redirect(found.page)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Return the icon, which browsers ask for at the top."""
    found = finders.find("web/favicon.ico")
    assert isinstance(found, str)
    answer = HttpResponse(Path(found).read_bytes(), content_type="image/vnd.microsoft.icon")
    patch_cache_control(answer, public=True, max_age=86_400)
    return answer


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """List the runs, newest first, without the trials of optimizations."""
    tests = backtest_list(user=_user(request)).filter(run__parent=None).order_by("-run__created_at", "-run_id")
    page = Paginator(tests, _ROWS).get_page(request.GET.get("page"))
    return render(request, "web/home.html", {"page": page})


@require_safe
@login_required
def backtest(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show a run and its report."""
    test = _backtest(request, run_id)
    can_annotate = Scope.RUN in _user(request).scopes
    return render(request, "web/backtest.html", {**backtest_content(test), "can_annotate": can_annotate})


def backtest_content(test: Backtest) -> dict[str, object]:
    """Return what the page of a backtest shows: of a run without a report, the last lines of its log."""
    run = test.run
    has_report = run.is_final and artefact_list(run=run).filter(name=REPORT).exists()
    lines = heard_lines(run=run)[-_LINES:] if run.is_final and not has_report else []
    return {"test": test, "run": run, "has_report": has_report, "lines": lines}


@require_safe
@login_required
@xframe_options_sameorigin
def report(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Return the report itself, with its counterpart if another engine ran the version."""
    try:
        text = report_read(test=_backtest(request, run_id))
    except (NotFoundError, SlimTrialError) as error:
        raise Http404(str(error)) from None
    answer = HttpResponse(text, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _REPORT_POLICY
    return answer


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _backtest(request: HttpRequest, run_id: UUID) -> Backtest:
    try:
        return backtest_get(user=_user(request), run_id=run_id)
    except NotFoundError as error:
        raise Http404(str(error)) from None
