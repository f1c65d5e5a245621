"""What an import would make of a file, before anything is stored.

Files come from anywhere: a vendor's download, a spreadsheet, a page that says that the day's requests are used up. A
preview never fails for what a file holds; what is wrong with it is among its problems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.errors import CoreError
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Ints
from tradinglab.data.errors import DataError, MalformedDataError
from tradinglab.data.periods import PERIODS
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.rows import FileReader, in_order
from tradinglab.data.store.tables import Block, read_blocks

if TYPE_CHECKING:
    import polars as pl

_US: Final = 1_000
_SHOWN: Final = 5
_HEAD: Final = 4096
_HOUR_US: Final = 3_600_000_000
#: Blocks of a CSV file that are looked at, of 8 MB each.
_MOST_BLOCKS: Final = 16
#: What vendors send in place of a table, and what it means.
_REFUSALS: Final = {
    "exceeded the daily hits limit": "the vendor's requests of the day were used up when it was downloaded",
    "get your apikey": "the vendor wanted a key when it was downloaded",
    "no data": "the vendor had no bars of what was asked for",
    "n/d": "the vendor had no bars of what was asked for",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file looks like.

    Attributes
    ----------
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
    options
        As of the import; rows that are wrong are counted either way.
    """
    options = options or ImportOptions()
    if (text := _refusal(path)) is not None:
        return Preview(path=path, problems=(text,))
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
        kind = options.security_type or SecurityType.EQUITY
        return _read(
            blocks, SeriesKey(kind, market.lower(), ticker, Resolution.DAILY, options.tick_type), options, shown
        )
    except (DataError, CoreError) as problem:
        return Preview(**shown, problems=(str(problem),))  # type: ignore[arg-type]


def _read(blocks: list[Block], daily: SeriesKey, options: ImportOptions, shown: Mapping[str, object]) -> Preview:
    """Read blocks as an import does, first to find out how long the bars are, then as bars of that length."""
    path = Path(str(shown["path"]))
    zone = MarketHoursDatabase.default().get_entry(daily.market, daily.ticker, daily.security_type).data_time_zone
    dropping = _dropping(options)

    def reader_of(resolution: Resolution, how: ImportOptions) -> FileReader:
        key = SeriesKey(daily.security_type, daily.market, daily.ticker, resolution, daily.tick_type)
        return FileReader(path, key, how, zone)

    probe = reader_of(Resolution.MINUTE, dropping)
    times = np.concatenate([probe.read(block).times_us for block in blocks])
    resolution, problems = _resolution_of(times, zone.local_ns_array(times * _US)), []
    if resolution is None and len(times) > 1:
        problems.append(_lengths(times))
    reader = reader_of(resolution or Resolution.MINUTE, dropping)
    rows = {path / str(at): reader.read(block) for at, block in enumerate(blocks)}
    try:
        strict = reader_of(resolution or Resolution.MINUTE, _strict(options))
        for block in blocks:
            strict.read(block)
    except MalformedDataError as problem:
        problems.append(f"{problem} {reader.dropped:,} of {shown['rows']:,} rows are wrong in all.")
    notes = list(reader.notes)
    try:
        ordered, repeated, more = in_order(rows, reader.key)
        notes += [*more, *([f"{repeated:,} rows repeat another"] if repeated else [])]
        times = ordered.times_us
    except DataError as problem:
        problems.append(str(problem).replace(f"{path}/", f"{path}, part "))
        times = np.sort(times)
    used = set(reader.columns.values())
    return Preview(
        **shown,  # type: ignore[arg-type]
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


def _dropping(options: ImportOptions) -> ImportOptions:
    from dataclasses import replace

    return replace(options, on_bad="drop")


def _strict(options: ImportOptions) -> ImportOptions:
    from dataclasses import replace

    return replace(options, on_bad="error")


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


def _refusal(path: Path) -> str | None:
    """Return what a file is if a vendor sent something else than a table, or there is no file."""
    if not path.is_file():
        return f"There is no file {path}."
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    text = head.decode("utf-8-sig", "replace").strip()
    lower = text.lower()
    if lower.startswith(("<!doctype", "<html", "<?xml")):
        return f"{path} is a web page, not a table: the download did not bring bars. Download it again."
    if text.startswith(("{", "[")) and path.suffix.lower() not in (".parquet", ".pq"):
        from tradinglab.data.sources.redaction import Redactor

        shown = Redactor()(" ".join(text.split()))[:200]
        return f"{path} is a message in place of a table: {shown}"
    for words, meaning in _REFUSALS.items():
        if lower.startswith(words):
            return f"{path} says '{text.splitlines()[0][:80]}' and has no table: {meaning}."
    return None


def _texts(frame: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    for row in frame.rows():
        yield tuple("" if cell is None else str(cell) for cell in row)
