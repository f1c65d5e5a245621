"""The button that runs a trial again in full."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.errors import NotFoundError, ServerError
from tradinglab.server.optimizations.opening import backtest_open
from tradinglab.server.web.views import backtest_content


@require_POST
@login_required
def open_trial(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Run a trial in full, unless that was done, and show that run."""
    user = request.user
    assert isinstance(user, User)
    if Scope.RUN not in user.scopes:
        raise PermissionDenied("Your role may read only.")
    try:
        test = backtest_get(user=user, run_id=run_id)
    except NotFoundError as error:
        raise Http404(str(error)) from None
    try:
        opened = backtest_open(owner=user, test=test).run
    except ServerError as error:
        content = {**backtest_content(test), "can_annotate": True, "problems": [str(error)]}
        return render(request, "web/backtest.html", content, status=error.status)
    return redirect("backtest-page", run_id=opened.pk)
