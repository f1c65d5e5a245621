"""A run as the doctor looks at it: its result, what was asked for, and the bars that it traded on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from tradinglab.algorithm.orders import OrderEvent
from tradinglab.core.clock import DAY_NS, to_ns, zone
from tradinglab.core.enums import OrderStatus, TickType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns
from tradinglab.data.source import DataSource
from tradinglab.doctor.asked import Watch
from tradinglab.doctor.findings import BarPlace
from tradinglab.doctor.terms import Terms
from tradinglab.engine.bar_stream import SPAN_NS
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult

_FILLS = (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)


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


class Examined:
    """A finished run and everything about it that checks look at."""

    def __init__(self, terms: Terms, source: DataSource, result: BacktestResult, watch: Watch) -> None:
        self.terms = terms
        self.source = source
        self.result = result
        self.watch = watch
        self._bars: dict[Symbol, TradedBars | None] = {}

    @cached_property
    def fills(self) -> list[OrderEvent]:
        """The fills, in the order in which they happened."""
        return [each for each in self.result.record.order_events if each.status in _FILLS and each.fill_quantity]

    @property
    def net_profit(self) -> float:
        """What the account has gained, open positions and fees included."""
        record = self.result.record
        return float(record.account.value - record.sampler.starting_portfolio_value)

    def bars(self, symbol: Symbol) -> TradedBars | None:
        """Return the bars that a symbol was traded on; ``None`` if they were ticks, or there were none."""
        if symbol not in self._bars:
            self._bars[symbol] = self._read(symbol)
        return self._bars[symbol]

    def traded(self) -> Iterator[tuple[OrderEvent, TradedBars]]:
        """Yield the fills whose bars are known, with these."""
        for fill in self.fills:
            bars = self.bars(fill.symbol)
            if bars is not None:
                yield fill, bars

    def place(self, ticker: str, utc_ns: int) -> BarPlace:
        """Return the last bar of a ticker that an instant could know of, as far as there is one."""
        symbol = next((each for each in self.watch.streams if each.value == ticker), None)
        bars = None if symbol is None else self.bars(symbol)
        if bars is None:
            return BarPlace(symbol="" if symbol is None else ticker, utc_ns=utc_ns)
        row = bars.row_at(utc_ns)
        return BarPlace(symbol=ticker, utc_ns=utc_ns, row=bars.row_before(utc_ns) if row is None else row)

    def _read(self, symbol: Symbol) -> TradedBars | None:
        config = self.watch.streams.get(symbol)
        if config is None or config.tick_type not in (TickType.TRADE, TickType.QUOTE):
            return None
        span_ns = SPAN_NS.get(config.resolution, 0)
        record = self.result.record
        local = zone(record.time_zone)
        first_ns, last_ns = local.utc_ns(to_ns(record.start)), local.utc_ns(to_ns(record.end))
        columns = self.source.bars(symbol, config.resolution, config.tick_type, first_ns - DAY_NS, last_ns + DAY_NS)
        columns = columns.take(np.flatnonzero(columns.end_ns > first_ns))
        if not span_ns or not len(columns):
            return None
        market_hours = self.source.market_hours
        hours = market_hours.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)
        return TradedBars(symbol=symbol, columns=columns, span_ns=span_ns, hours=hours)


def examine(terms: Terms) -> Examined:
    """Run a strategy and keep what the checks need; of one that fails, what it did until then.

    Raises
    ------
    StrategyError
        If it fails before its first bar.
    """
    source, watch = terms.source(), Watch()
    try:
        result = terms.run(source, journal=watch)
    except StrategyError as problem:
        if problem.result is None:
            raise
        result = problem.result
    return Examined(terms, source, result, watch)
