"""Where optimizations are searched: here, or by another who does it for us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

from django.conf import settings
from django.utils.module_loading import import_string

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.requests import OptimizationRequest

#: What a run of each engine is called, by which it is known who moves it on.
KINDS: Final[Mapping[str, str]] = {
    Backtest.Engine.LOCAL: "optimization",
    Backtest.Engine.QUANTCONNECT: "quantconnect_optimization",
}
#: How many seconds one may take in all that is searched elsewhere, and takes if it does not ask for less.
LASTS_S: Final[Mapping[str, float]] = {Backtest.Engine.QUANTCONNECT: 7 * 24 * 3600.0}


def engine_check(*, owner: User, request: OptimizationRequest) -> None:
    """Have another engine look at what is asked of it.

    Raises
    ------
    ServerError
        If it could not be searched there.
    """
    check = settings.OPTIMIZATION_ENGINES.get(request.engine)
    if check is not None:
        cast("Callable[..., None]", import_string(check))(owner=owner, request=request)
