"""A run as the doctor looks at it: its result, what was asked for, and the bars that it traded on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from tradinglab.algorithm.orders import OrderEvent
from tradinglab.core.clock import DAY_NS, to_ns, zone
from tradinglab.core.enums import OrderStatus, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.source import DataSource
from tradinglab.doctor.asked import Watch, Watched
from tradinglab.doctor.facts import ClosedTrade, DayFact, Facts, TradedBars
from tradinglab.doctor.findings import BarPlace
from tradinglab.doctor.outside import OutsideReads
from tradinglab.doctor.terms import Terms
from tradinglab.engine.bar_stream import SPAN_NS
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult

_FILLS = (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)


class Examined:
    """A finished run and everything about it that checks look at."""

    def __init__(self, source: DataSource, result: BacktestResult, watched: Watched) -> None:
        self.source = source
        self.result = result
        self.watched = watched
        self._bars: dict[Symbol, TradedBars | None] = {}
        self._multipliers: dict[Symbol, float] = {}

    @cached_property
    def fills(self) -> list[OrderEvent]:
        """The fills, in the order in which they happened."""
        return [each for each in self.result.record.order_events if each.status in _FILLS and each.fill_quantity]

    @cached_property
    def facts(self) -> Facts:
        """What the run came to."""
        record = self.result.record
        start = record.sampler.starting_portfolio_value
        return Facts(
            fill_count=len(self.fills),
            net_profit=float(record.account.value - start),
            starting_cash=float(start),
            unrealized_profit=float(record.account.unrealized_profit),
            start=record.start,
            end=record.end,
            trades=[
                ClosedTrade(symbol=each.symbol.value, entry_ns=each.entry_ns, profit=each.profit_loss - each.total_fees)
                for each in self.result.closed_trades
            ],
            days=[
                DayFact(time_ns=day.time_ns, value=float(day.value), benchmark=float(day.noted_benchmark))
                for day in record.sampler.days
            ],
            place=self.place,
        )

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

    def multiplier(self, symbol: Symbol) -> float:
        """Return how many times its price a unit of a symbol is worth."""
        if symbol not in self._multipliers:
            found = self.source.symbol_properties.get_symbol_properties(
                symbol.id.market, symbol, symbol.security_type, self.result.record.configuration.account_currency
            )
            self._multipliers[symbol] = found.contract_multiplier
        return self._multipliers[symbol]

    def place(self, ticker: str, utc_ns: int) -> BarPlace:
        """Return the last bar of a ticker that an instant could know of, as far as there is one."""
        symbol = next((each for each in self.watched.streams if each.value == ticker), None)
        bars = None if symbol is None else self.bars(symbol)
        if bars is None:
            return BarPlace(symbol="" if symbol is None else ticker, utc_ns=utc_ns)
        row = bars.row_at(utc_ns)
        return BarPlace(symbol=ticker, utc_ns=utc_ns, row=bars.row_before(utc_ns) if row is None else row)

    def _read(self, symbol: Symbol) -> TradedBars | None:
        config = self.watched.streams.get(symbol)
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
    with OutsideReads() as reads:
        try:
            result = terms.run(source, journal=watch)
        except StrategyError as problem:
            if problem.result is None:
                raise
            result = problem.result
    return Examined(source, result, watch.watched(reads.found))
