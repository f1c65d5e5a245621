"""A source that ends at an instant: as if the rest of its bars had not happened yet."""

from __future__ import annotations

from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns
from tradinglab.data.delegating import DelegatingSource
from tradinglab.data.source import DataSource


class CutSource(DelegatingSource):
    """Another source without the bars that end after an instant.

    A daily bar is stored until midnight, and is whole when its session closes: it ends then.
    """

    def __init__(self, source: DataSource, cut_ns: int) -> None:
        super().__init__(source)
        self._cut_ns = cut_ns

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return those of the raw bars that start in ``[start_ns, end_ns)`` which end by the cut."""
        bars = self._source.bars(symbol, resolution, tick_type, start_ns, end_ns)
        kept = int(bars.end_ns.searchsorted(self._cut_ns, side="right"))
        if kept == len(bars):
            return bars
        if resolution == Resolution.DAILY and self._closes_ns(symbol, bars, kept) <= self._cut_ns:
            kept += 1
        return bars.take(slice(0, kept))

    def _closes_ns(self, symbol: Symbol, bars: BarColumns, row: int) -> int:
        """Return when the session of a daily bar closes."""
        hours = self.market_hours.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)
        end_ns = int(bars.end_ns[row])
        if hours.is_market_always_open:
            return end_ns
        local_ns = hours.time_zone.local_ns(int(bars.time_ns[row]))
        return min(end_ns, hours.time_zone.utc_ns(hours.next_close_ns(local_ns, False, last=True)))
