"""Securities of which no bar came: whether the source has none at all, or none in the date range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tradinglab.core.clock import from_ns
from tradinglab.core.enums import Resolution
from tradinglab.core.run_warnings import RunWarning, WarningKind

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.source import DataSource
    from tradinglab.engine.subscription import Subscription

_ALL_TIME = (-(2**62), 2**62)


def missing_data(subscriptions: Iterable[Subscription], source: DataSource) -> Iterator[RunWarning]:
    """Yield a warning for each security that the strategy subscribed to and that had no bar."""
    by_symbol: dict[Symbol, list[Subscription]] = {}
    for each in subscriptions:
        if not each.is_internal:
            by_symbol.setdefault(each.symbol, []).append(each)
    for symbol, streams in by_symbol.items():
        if not any(len(each) for each in streams):
            resolution = min(each.resolution for each in streams)
            name = f"{str(resolution).lower()} bars of {symbol.value}"
            text = f"There were no {name}. {_what_there_is(symbol, streams, source)}"
            yield RunWarning(WarningKind.DATA, text, no_bars_of=symbol.value)


def _what_there_is(symbol: Symbol, streams: list[Subscription], source: DataSource) -> str:
    known = [each for each in streams if source.has(symbol, each.resolution, each.tick_type)]
    if not known:
        return f"The source {source.name} has none at all."
    first = known[0]
    # One file holds all daily or hourly bars of a security; shorter ones would have to be searched.
    if first.resolution not in (Resolution.DAILY, Resolution.HOUR):
        return f"The source {source.name} has some, but not in the date range."
    columns = source.bars(symbol, first.resolution, first.tick_type, *_ALL_TIME)
    if not len(columns):
        return f"The source {source.name} has none at all."
    days = [from_ns(first.zone.local_ns(int(columns.time_ns[row]))).date() for row in (0, -1)]
    return f"The source {source.name} has them from {days[0]} to {days[1]}."
