"""What an import would make of a file, before anything is stored.

Files come from anywhere: a vendor's download, a spreadsheet, a page that says that the day's requests are used up. A
preview never fails for what a file holds; what is wrong with it is among its problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution
from tradinglab.core.errors import CoreError
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Ints
from tradinglab.data.errors import DataError, MalformedDataError
from tradinglab.data.periods import PERIODS
from tradinglab.data.store.column_names import symbol_column
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.markets import type_of_market
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.rows import FileReader, in_order, joined_rows
from tradinglab.data.store.tables import Block, read_blocks

if TYPE_CHECKING:
    import polars as pl

_US: Final = 1_000
_SHOWN: Final = 5
_HOUR_US: Final = 3_600_000_000
#: Blocks of a CSV file that are looked at, of 8 MB each.
_MOST_BLOCKS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file looks like.

    Attributes
    ----------
    symbols
        Of which symbols the rows are, if a column names several.
    columns
        Fields (``time``, ``open``, …) to the columns that were taken for them.
    unused
        Columns that an import would not read.
    time_form, time_zone
        How times are written, and the zone they are taken to be in.
    resolution
        How long the bars seem to be; None if they are of no length that can be stored.
    rows
        How many rows were looked at; *is_whole* says whether these are all.
    first, last
        The first and the last rows, column by column as they stand in the file.
    first_us, last_us
        Starts of the earliest and the latest bar; None if there are none that can be read.
    problems
        What would keep the file from being imported, or rows from being taken.
    notes
        What else a user should know.
    """

    path: Path
    names: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    time_form: str = ""
    time_zone: str = ""
    resolution: Resolution | None = None
    rows: int = 0
    is_whole: bool = True
    first: tuple[tuple[str, ...], ...] = ()
    last: tuple[tuple[str, ...], ...] = ()
    first_us: int | None = None
    last_us: int | None = None
    wrong_rows: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def can_be_imported(self) -> bool:
        """Whether an import would take it as it is."""
        return not self.problems


def preview(path: Path, *, market: str = "usa", ticker: str = "ANY", options: ImportOptions | None = None) -> Preview:
    """Return what an import would make of a CSV or Parquet file.

    Parameters
    ----------
    market
        In whose zone times are that do not say theirs.
    ticker
        Whose market hours count, where a market has several.
    options
        As of the import; rows that are wrong are counted either way.
    """
    options = options or ImportOptions()
    try:
        blocks = list(islice(read_blocks(path, options.tick_type), _MOST_BLOCKS + 1))
    except DataError as problem:
        return Preview(path=path, problems=(str(problem),))
    is_whole, blocks = len(blocks) <= _MOST_BLOCKS, blocks[:_MOST_BLOCKS]
    if not blocks:
        return Preview(path=path, problems=(f"{path} has no rows.",))
    names = tuple(blocks[0].frame.columns)
    shown = {
        "path": path,
        "names": names,
        "rows": sum(len(block.frame) for block in blocks),
        "is_whole": is_whole,
        "first": tuple(_texts(blocks[0].frame.head(_SHOWN))),
        "last": tuple(_texts(blocks[-1].frame.tail(_SHOWN))),
    }
    try:
        kind = type_of_market(market) if options.security_type is None else options.security_type
        return _read(
            blocks, SeriesKey(kind, market.lower(), ticker, Resolution.DAILY, options.tick_type), options, shown
        )
    except (DataError, CoreError) as problem:
        return Preview(**shown, problems=(str(problem),))  # type: ignore[arg-type]


def _read(blocks: list[Block], daily: SeriesKey, options: ImportOptions, shown: Mapping[str, object]) -> Preview:
    """Read blocks as an import does, first to find out how long the bars are, then as bars of that length."""
    path = Path(str(shown["path"]))
    zone = MarketHoursDatabase.default().get_entry(daily.market, daily.ticker, daily.security_type).data_time_zone
    dropping, has_symbols = replace(options, on_bad="drop"), _has_symbols(blocks)

    def reader_of(resolution: Resolution, how: ImportOptions) -> FileReader:
        key = SeriesKey(daily.security_type, daily.market, daily.ticker, resolution, daily.tick_type)
        return FileReader(path, key, how, zone, tickers={} if has_symbols else None)

    probe = reader_of(Resolution.MINUTE, dropping)
    times = np.concatenate([probe.read(block).times_us for block in blocks])
    resolution, problems = _resolution_of(times, zone.local_ns_array(times * _US)), []
    if resolution is None and len(times) > 1:
        problems.append(_lengths(times))
    reader = reader_of(resolution or Resolution.MINUTE, dropping)
    parts = [reader.read(block) for block in blocks]
    try:
        strict = reader_of(resolution or Resolution.MINUTE, replace(options, on_bad="error"))
        for block in blocks:
            strict.read(block)
    except MalformedDataError as problem:
        problems.append(f"{problem} {reader.dropped:,} of {shown['rows']:,} rows are wrong in all.")
    notes = list(reader.notes)
    try:
        for ticker, number in (reader.tickers or {reader.key.ticker: 0}).items():
            own = parts if reader.tickers is None else [part.take(np.asarray(part.tickers == number)) for part in parts]
            _, repeated, more = in_order({path: joined_rows(own)}, reader.key)
            notes += [
                *more,
                *([f"{repeated:,} rows{f' of {ticker}' if has_symbols else ''} repeat another"] if repeated else []),
            ]
    except DataError as problem:
        problems.append(str(problem))
    times = np.sort(np.concatenate([part.times_us for part in parts]))
    used = set(reader.columns.values())
    return Preview(
        **shown,  # type: ignore[arg-type]
        symbols=tuple(reader.tickers or ()),
        columns=dict(reader.columns),
        unused=tuple(name for name in blocks[0].frame.columns if name not in used),
        time_form=reader.time_form,
        time_zone=reader.time_zone,
        resolution=resolution,
        first_us=int(times[0]) if len(times) else None,
        last_us=int(times[-1]) if len(times) else None,
        wrong_rows=reader.dropped,
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _has_symbols(blocks: Sequence[Block]) -> bool:
    """Return whether a column says that rows are of several symbols."""
    name = symbol_column(blocks[0].frame.columns)
    return name is not None and len({text for block in blocks for text in block.frame[name].unique().to_list()}) > 1


def _resolution_of(times_us: Ints, local_ns: Ints) -> Resolution | None:
    """Return how long bars are that begin at some times: the length that their shortest distance is."""
    unique = np.unique(times_us)
    if len(unique) < 2:
        return Resolution.DAILY if len(unique) and not (local_ns % DAY_NS).any() else None
    shortest = int(np.diff(unique).min())
    # A day may have 23 hours.
    if shortest >= PERIODS[Resolution.DAILY] // _US - _HOUR_US:
        return Resolution.DAILY
    for resolution in (Resolution.HOUR, Resolution.MINUTE, Resolution.SECOND):
        if shortest == PERIODS[resolution] // _US:
            return resolution
    return None


def _lengths(times_us: Ints) -> str:
    shortest = int(np.diff(np.unique(times_us)).min()) / 1e6
    return f"The bars are {shortest:g} s apart; bars of a second, a minute, an hour or a day can be stored."


def _texts(frame: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in frame.rows():
        yield tuple("" if cell is None else str(cell) for cell in row)
