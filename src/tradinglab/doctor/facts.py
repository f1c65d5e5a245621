"""What a finished run came to, as the checks of outcomes look at it: the same whether it was run now or long ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns
from tradinglab.doctor.findings import BarPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTrade:
    """A closed trade; *profit* is after fees."""

    symbol: str
    entry_ns: int
    profit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFact:
    """What the account and the benchmark were worth at the end of a day."""

    time_ns: int
    value: float
    benchmark: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradedBars:
    """The stored bars of a symbol that was traded, from the run's first day to its last.

    Attributes
    ----------
    span_ns
        How long a bar is; 0 of ticks.
    """

    symbol: Symbol
    columns: BarColumns
    span_ns: int
    hours: SecurityExchangeHours

    def row_at(self, utc_ns: int) -> int | None:
        """Return the row of the bar in which, or at whose end, an instant is; ``None`` if there is none."""
        row = int(self.columns.end_ns.searchsorted(utc_ns, side="left"))
        return row if row < len(self.columns) and self.columns.time_ns[row] < utc_ns else None

    def row_before(self, utc_ns: int) -> int | None:
        """Return the row of the last bar that ends before an instant; ``None`` if there is none."""
        row = int(self.columns.end_ns.searchsorted(utc_ns, side="left")) - 1
        return row if row >= 0 else None


class Fill(Protocol):
    """A fill, as far as bars are compared with it."""

    @property
    def symbol(self) -> Symbol:
        """Of what."""

    @property
    def utc_ns(self) -> int:
        """When it was made."""

    @property
    def fill_quantity(self) -> float:
        """How much; below zero if sold."""


class Traded(Protocol):
    """A run whose fills can be compared with bars."""

    def traded(self) -> Iterator[tuple[Fill, TradedBars]]:
        """Yield the fills whose bars are known, with these."""

    def place(self, ticker: str, utc_ns: int) -> BarPlace:
        """Return the last bar of a ticker that an instant could know of, as far as there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run came to: all that the checks of outcomes ask.

    Attributes
    ----------
    fill_count
        How many fills there were.
    net_profit
        What the account has gained, open positions and fees included.
    unrealized_profit
        That of positions that are open at the end; ``None`` if nobody knows.
    place
        Returns the last bar of a ticker that an instant could know of, as far as there is one.
    """

    fill_count: int
    net_profit: float
    starting_cash: float
    unrealized_profit: float | None
    start: datetime
    end: datetime
    trades: Sequence[ClosedTrade]
    days: Sequence[DayFact]
    place: Callable[[str, int], BarPlace]
