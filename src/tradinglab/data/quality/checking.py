"""Checks of files and of what data sources have."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tradinglab.core.clock import date_of_day
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market_hours_database import MarketHoursEntry
from tradinglab.data.derivation import LAST_DAY, Action, actions_of_rows
from tradinglab.data.factors import FactorTable
from tradinglab.data.periods import PERIODS
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.checks import CHECKS
from tradinglab.data.quality.errors import UncheckedError
from tradinglab.data.quality.inspecting import inspect
from tradinglab.data.quality.limits import Limits
from tradinglab.data.quality.reading import RawFiles, source_blocks
from tradinglab.data.quality.report import Example, Finding, QualityReport
from tradinglab.data.source import Coverage, DataSource
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.markets import type_of_market
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.source import StoreSource

_US = 1_000
_HOUR_US = 3_600_000_000


def check_files(
    paths: Sequence[Path],
    symbol: str,
    *,
    market: str = "usa",
    resolution: Resolution | None = None,
    options: ImportOptions | None = None,
    listed: date | None = None,
    delisted: date | None = None,
    limits: Limits | None = None,
) -> QualityReport:
    """Check files of bars of one symbol as they are, without storing anything.

    Parameters
    ----------
    resolution
        How long the bars are; found from their times if it is not given.
    listed, delisted
        First and last day on which there can be bars, where that is known.

    Raises
    ------
    DataImportError
        If columns or times are not recognised.
    MalformedDataError
        If a file is broken.
    UncheckedError
        If there are no bars, or it cannot be found how long they are.
    """
    options = options or ImportOptions()
    kind = options.security_type if options.security_type is not None else type_of_market(market)
    guess = resolution if resolution is not None else Resolution.MINUTE
    key = SeriesKey(kind, market.lower(), symbol.upper(), guess, options.tick_type)
    facts = SeriesFacts.of(key, listed=listed, delisted=delisted, now_us=time.time_ns() // _US)
    raw = RawFiles(paths, facts, options)
    if resolution is None:
        facts = replace(facts, key=replace(key, resolution=_resolution(raw)))
        raw = RawFiles(paths, facts, options)
    # What is out of order is put in order there.
    with TemporaryDirectory() as room:
        found = inspect(raw.blocks, facts, limits, name=", ".join(path.name for path in paths), room=Path(room))
    return with_lines(found.report, raw)


def _resolution(raw: RawFiles) -> Resolution:
    """Return how long bars are, by their shortest usual distance."""
    for bars in raw.blocks():
        steps = np.diff(np.unique(bars.times_us))
        if not len(steps):
            continue
        # A day may have 23 hours.
        usual = int(np.median(steps))
        if usual >= PERIODS[Resolution.DAILY] // _US - _HOUR_US:
            return Resolution.DAILY
        for one in (Resolution.HOUR, Resolution.MINUTE, Resolution.SECOND):
            if usual >= PERIODS[one] // _US:
                return one
    raise UncheckedError(
        f"{raw.paths[0]} does not show how long its bars are; give --resolution second, minute, hour or daily."
    )


def with_lines(report: QualityReport, raw: RawFiles) -> QualityReport:
    """Return a report whose examples name lines of the files, and that tells of rows whose times could not be read."""
    several = len(raw.paths) > 1
    found = [
        replace(each, examples=tuple(_placed(one, raw, several) for one in each.examples)) for each in report.findings
    ]
    if raw.unread_count:
        examples = tuple(
            Example(time_us=None, line=line, text=f"'{what}'" + (f" in {name}" if several else ""))
            for name, line, what in raw.unread[:10]
        )
        found.insert(0, Finding(check=CHECKS["bad_time"], count=raw.unread_count, examples=examples))
    return replace(report, findings=tuple(found), bars=report.bars)


def _placed(example: Example, raw: RawFiles, several: bool) -> Example:
    if example.row is None:
        return example
    name, line = raw.place(example.row)
    return replace(example, line=line, text="; ".join(part for part in (example.text, name if several else "") if part))


def check_source(
    source: DataSource,
    *,
    symbols: Sequence[str] = (),
    resolutions: Sequence[Resolution] = (),
    limits: Limits | None = None,
    on_skip: Callable[[Coverage, str], None] | None = None,
) -> Iterator[QualityReport]:
    """Check the series that a data source has, one after another.

    Parameters
    ----------
    symbols, resolutions
        Which; empty: all.
    on_skip
        Is told what cannot be checked, and why.

    Raises
    ------
    UncheckedError
        If the source has nothing of what was asked for.
    """
    wanted = {symbol.upper() for symbol in symbols}
    count = 0
    for each in source.coverage():
        if (wanted and each.ticker.upper() not in wanted) or (resolutions and each.resolution not in resolutions):
            continue
        count += 1
        if each.resolution == Resolution.TICK:
            if on_skip is not None:
                on_skip(each, "ticks are not checked, only bars")
            continue
        yield check_series(source, each, limits)
    if not count:
        what = ", ".join(sorted(wanted)) or "bars"
        raise UncheckedError(f"{source.name} has no {what} to check; 'tradinglab data list' shows what it has.")


def check_series(source: DataSource, each: Coverage, limits: Limits | None = None) -> QualityReport:
    """Check the bars that a data source has of a series from one day to another.

    Raises
    ------
    DataError
        If they cannot be read.
    """
    symbol = source.resolve_symbol(each.ticker, each.security_type, each.market, each.last_day)
    key = _key(each)
    hours = source.market_hours.get_entry(each.market, each.ticker, each.security_type)
    factors, listed, delisted = source.factors(symbol), None, None
    names = source.map_file(symbol) if each.security_type == SecurityType.EQUITY else None
    if names is not None:
        listed = date_of_day(names.first_day)
        delisted = date_of_day(names.delisting_day) if names.delisting_day < LAST_DAY else None
    actions = known_actions(factors, hours, each.first_day, each.last_day)
    facts = SeriesFacts.of(key, hours=hours, actions=actions, listed=listed, delisted=delisted)

    def blocks() -> Iterator[Bars]:
        return source_blocks(source, symbol, facts, each.first_day, each.last_day)

    return inspect(blocks, facts, limits, name=source.name).report


def known_actions(
    factors: FactorTable | None, hours: MarketHoursEntry, first_day: int, last_day: int
) -> tuple[Action, ...] | None:
    """Return the splits and dividends that factors came from, None if there are no factors."""
    if factors is None:
        return None
    calendar = hours.exchange_hours
    days = [day for day in range(first_day - 1, last_day + 2) if calendar.is_day_open(day)]
    return tuple(actions_of_rows(factors.rows, days))


def check_stored(
    where: Path | str, key: SeriesKey, first_day: int, last_day: int, limits: Limits | None = None
) -> QualityReport:
    """Check the bars that a store has of a series from one day of the exchange's clock to another, both included.

    Raises
    ------
    UncheckedError
        If the store has none.
    """
    source = StoreSource(where)
    if not source.store.has(key):
        raise UncheckedError(f"{source.name} has no bars of {key}.")
    coverage = Coverage(
        ticker=key.ticker,
        security_type=key.security_type,
        market=key.market,
        resolution=key.resolution,
        tick_type=key.tick_type,
        first_day=first_day,
        last_day=last_day,
    )
    return check_series(source, coverage, limits)


def _key(each: Coverage) -> SeriesKey:
    return SeriesKey(each.security_type, each.market, each.ticker.upper(), each.resolution, each.tick_type)
