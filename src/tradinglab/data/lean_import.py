"""A LEAN data folder into a bar store: bars, and the factors of splits and dividends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.values import dataclass, field
from tradinglab.data.errors import DataError, DataImportError
from tradinglab.data.lean import LeanSource
from tradinglab.data.source import Coverage
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.data.store.files import content_hash
from tradinglab.data.store.options import OnConflict

_US: Final = 1_000
#: Days of minutes and seconds that are read at once.
_DAYS_AT_ONCE: Final = {Resolution.SECOND: 5, Resolution.MINUTE: 60}
_LONG: Final = 100_000


@dataclass(slots=True)
class LeanImport:
    """What came of one series of a folder.

    Attributes
    ----------
    problem
        Why it was left out, or where it broke off; empty if it was imported whole.
    """

    series: SeriesKey
    added: int = 0
    known: int = 0
    has_factors: bool = False
    problem: str = ""
    notes: list[str] = field(default_factory=list)


def import_lean_folder(
    folder: Path,
    store: BarStore,
    *,
    tickers: Collection[str] = (),
    resolutions: Collection[Resolution] = (),
    on_conflict: OnConflict = "error",
    progress: Callable[[LeanImport], None] | None = None,
) -> Iterator[LeanImport]:
    """Import the bars of a LEAN data folder, and yield what came of each series.

    Prices are raw in both. Ticks are left out. A series that cannot be read does not keep the others from being
    imported.

    Parameters
    ----------
    tickers, resolutions
        What is imported; all that there is by default.

    Raises
    ------
    DataImportError
        If the folder has no bars, or none of what is asked for.
    """
    if not folder.is_dir():
        raise DataImportError(f"There is no folder {folder}.")
    wanted = {ticker.upper() for ticker in tickers}
    found = 0
    for coverage in LeanSource(folder).coverage():
        if wanted and coverage.ticker.upper() not in wanted:
            continue
        if resolutions and coverage.resolution not in resolutions:
            continue
        found += 1
        yield _import(folder, coverage, store, on_conflict, progress)
    if not found:
        what = f" of {', '.join(sorted(wanted))}" if wanted else ""
        raise DataImportError(
            f"{folder} has no bars{what} in the layout of a LEAN data folder (equity/usa/daily/spy.zip and so on)."
        )


def _import(
    folder: Path,
    coverage: Coverage,
    store: BarStore,
    on_conflict: OnConflict,
    progress: Callable[[LeanImport], None] | None,
) -> LeanImport:
    key = SeriesKey(
        coverage.security_type, coverage.market, coverage.ticker.upper(), coverage.resolution, coverage.tick_type
    )
    result = LeanImport(key)
    if coverage.resolution == Resolution.TICK:
        result.problem = "ticks are not imported"
        return result
    step = _DAYS_AT_ONCE.get(coverage.resolution, _LONG)
    try:
        for first in range(coverage.first_day, coverage.last_day + 1, step):
            _import_days(
                folder, coverage, key, first, min(first + step, coverage.last_day + 1), store, on_conflict, result
            )
            if progress is not None:
                progress(result)
        if coverage.security_type == SecurityType.EQUITY:
            source = LeanSource(folder)
            symbol = source.resolve_symbol(coverage.ticker, coverage.security_type, coverage.market)
            table = source.factors(symbol)
            if table is not None and table.rows:
                store.write_factors(key.security_type, key.market, key.ticker, table)
                result.has_factors = True
    except DataError as problem:
        result.problem = str(problem)
    return result


def _import_days(
    folder: Path,
    coverage: Coverage,
    key: SeriesKey,
    first_day: int,
    end_day: int,
    store: BarStore,
    on_conflict: OnConflict,
    result: LeanImport,
) -> None:
    # A source keeps what it has read: each span of days has one of its own.
    source = LeanSource(folder)
    symbol = source.resolve_symbol(coverage.ticker, coverage.security_type, coverage.market, coverage.last_day)
    zone = source.market_hours.get_data_time_zone(key.market, key.ticker, key.security_type)
    start_ns, end_ns = zone.utc_ns(first_day * DAY_NS), zone.utc_ns(end_day * DAY_NS)
    bars = source.bars(symbol, key.resolution, key.tick_type, start_ns, end_ns)
    result.notes += [warning for warning in source.warnings if warning not in result.notes]
    if not len(bars):
        return
    times_us, values = bars.time_ns // _US, {name: bars.values[name] for name in key.fields}
    origin = Origin(f"lean: {key.ticker.lower()} {key.resolution.name.lower()}", content_hash(times_us, values))
    stored = store.write(key, times_us, values, [origin], on_conflict=on_conflict)
    result.added += stored.added
    result.known += stored.known
