"""Where backtests are run: here, or by another who does it for us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from django.conf import settings
from django.utils.module_loading import import_string

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest

if TYPE_CHECKING:
    from tradinglab.server.backtests.requests import BacktestRequest

#: What a run of each engine is called, by which it is known who carries it out.
KINDS: Final[Mapping[str, str]] = {
    Backtest.Engine.LOCAL: "backtest",
    Backtest.Engine.QUANTCONNECT: "quantconnect_backtest",
}
#: How many seconds a backtest may take that is run elsewhere, and takes if it does not ask for less; here it is its
#: owner's limit that counts.
LASTS_S: Final[Mapping[str, float]] = {Backtest.Engine.QUANTCONNECT: 24 * 3600.0}
#: What a backtest is called that is a part of something that another engine carries out.
FOLLOWED: Final[Mapping[str, str]] = {Backtest.Engine.QUANTCONNECT: "quantconnect_trial"}


class Fallback(StrEnum):
    """What becomes of a backtest whose engine cannot be reached before it was started there."""

    QUEUE = "queue"
    LOCAL = "local"


def engine_check(*, owner: User, request: BacktestRequest) -> None:
    """Have another engine look at what is asked of it.

    Raises
    ------
    ServerError
        If it could not be run there.
    """
    check = settings.BACKTEST_ENGINES.get(request.engine)
    if check is not None:
        cast("Callable[..., None]", import_string(check))(owner=owner, request=request)
