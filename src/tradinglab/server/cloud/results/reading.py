"""All that QuantConnect has of a backtest that is over, read to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from tradinglab.core.values import dataclass, field
from tradinglab.quantconnect import DeadlineError, InvalidRequestError, NotFoundError, QuantConnect
from tradinglab.quantconnect.models.backtests import Backtest, Chart, ClosedTrade, Insight, Order, Trade
from tradinglab.server.backtests.tables import MOST_ROWS

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResult:
    """What there is of a backtest.

    Attributes
    ----------
    missing
        What QuantConnect would not hand out, each with why.
    is_refused
        Whether that may be otherwise the next time: it was refused, and not for want of such an address.
    """

    backtest: Backtest
    charts: Mapping[str, Chart] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    insights: tuple[Insight, ...] = ()
    trades: tuple[ClosedTrade, ...] = ()
    logs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    is_refused: bool = False


def remote_result(client: QuantConnect, project_id: int, backtest: Backtest) -> RemoteResult:
    """Read a backtest with all pages of what it has; what is refused is left out, and named."""
    missing: list[str] = []
    refusals: list[str] = []
    which = project_id, backtest.backtest_id
    parts = client.results

    def part(name: str, read: Callable[[], _T], otherwise: _T) -> _T:
        try:
            return read()
        except (NotFoundError, InvalidRequestError, DeadlineError) as error:
            missing.append(f"{name}: {error.reason}")
            if error.status not in (404, 410):
                refusals.append(name)
            return otherwise

    charts: dict[str, Chart] = {}
    for name in backtest.charts:
        found = part(f"the chart '{name}'", lambda name=name: parts.chart(*which, name), None)  # type: ignore[misc]
        if found is not None:
            charts[name] = found
    performance = backtest.total_performance
    closed = () if performance is None else performance.closed_trades
    no_trades: tuple[Trade, ...] = ()
    trades: tuple[ClosedTrade, ...] = closed or part(
        "closed trades", lambda: parts.trades(*which, most=MOST_ROWS["trades"]), no_trades
    )
    return RemoteResult(
        backtest=backtest,
        charts=charts,
        orders=part("orders", lambda: parts.orders(*which, most=MOST_ROWS["orders"]), ()),
        insights=part("insights", lambda: parts.insights(*which, most=MOST_ROWS["insights"]), ()),
        trades=trades,
        logs=part("the log", lambda: parts.logs(*which, most=MOST_ROWS["log"]), ()),
        missing=tuple(missing),
        is_refused=bool(refusals),
    )
