"""The form in which a backtest's owner says what it is: name, tags, notes, a star."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.backtests.api.serializers import BacktestAnnotations
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.backtests.services import backtest_annotate
from tradinglab.server.errors import NotFoundError
from tradinglab.server.web.views import backtest_content


@require_POST
@login_required
def annotate(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Store what the form says, and show the backtest again."""
    user = request.user
    assert isinstance(user, User)
    if Scope.RUN not in user.scopes:
        raise PermissionDenied("Your role may read only.")
    try:
        test = backtest_get(user=user, run_id=run_id)
    except NotFoundError as error:
        raise Http404(str(error)) from None
    tags = [tag.strip() for tag in request.POST.get("tags", "").split(",")]
    given = BacktestAnnotations(
        data={
            "name": request.POST.get("name", ""),
            "notes": request.POST.get("notes", "").replace("\r\n", "\n"),
            "tags": [tag for tag in tags if tag],
            "is_starred": "is_starred" in request.POST,
        }
    )
    if not given.is_valid():
        problems = [f"{name}: {_first(texts)}" for name, texts in given.errors.items()]
        content = {**backtest_content(test), "can_annotate": True, "problems": problems}
        return render(request, "web/backtest.html", content, status=400)
    backtest_annotate(test=test, **given.validated_data)
    return redirect("backtest-page", run_id=run_id)


def _first(texts: object) -> str:
    """Return the first message; those of a list's items stand by their places."""
    while isinstance(texts, (dict, list)):
        texts = next(iter(texts.values() if isinstance(texts, dict) else texts))
    return str(texts)
