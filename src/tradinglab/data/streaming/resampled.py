"""Series of a store made of finer ones of the same store, or written to a file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tradinglab.core.clock import from_ns
from tradinglab.core.enums import Resolution
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.values import dataclass, field
from tradinglab.data.periods import PERIODS
from tradinglab.data.store.bar_store import BarStore
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import SeriesKey, folder_of
from tradinglab.data.store.merging import Bars, by_periods
from tradinglab.data.store.store_reader import iter_origins
from tradinglab.data.streaming.cutting import Anchor, Cut, sessions_around
from tradinglab.data.streaming.errors import ResamplingError
from tradinglab.data.streaming.periods import HOUR_US, Period
from tradinglab.data.streaming.resampling import Resampler, resample_blocks
from tradinglab.data.streaming.stored import stored_blocks, stored_rows

if TYPE_CHECKING:
    import polars as pl

_US: Final = 1_000
_RESAMPLED: Final = "resampled from "
#: Bars that end earlier than this before the close are told of.
_EARLY_US: Final = HOUR_US // 2

#: Is told the share of the work that is done, from 0 to 1.
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResampleOptions:
    """How bars are made longer.

    Attributes
    ----------
    is_extended
        Whether bars before and after regular hours count.
    anchor
        ``clock``: from full period to full period; ``open``: counted from the open of the market.
    is_replacing
        Whether stored bars of another origin may be replaced.
    """

    is_extended: bool = False
    anchor: Anchor = "clock"
    is_replacing: bool = False


@dataclass(slots=True, kw_only=True)
class ResampleReport:
    """What was made of what.

    Attributes
    ----------
    source, period
        The finer bars, and how long the new ones are.
    rows, left_out
        Finer bars that were read, and how many of them were outside of the market's hours.
    bars
        Longer bars.
    added, changed
        How many of them were not stored before, and how many stored ones were others.
    first, last
        Starts of the first and the last, in the exchange's time zone; ``None`` if there are none.
    is_stored
        Whether they went into the store.
    notes
        Whatever else a user should know.
    """

    source: SeriesKey
    period: Period
    rows: int = 0
    left_out: int = 0
    bars: int = 0
    added: int = 0
    changed: int = 0
    first: datetime | None = None
    last: datetime | None = None
    is_stored: bool = False
    notes: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        span = "" if self.first is None else f", {self.first} to {self.last}"
        yield f"{self.bars:,} bars of {self.period} of {self.rows:,} bars of {self.source}{span}"
        if self.is_stored:
            yield f"{self.added:,} are new, {self.changed:,} were stored otherwise"
        if self.left_out:
            yield f"left out: {self.left_out:,} bars outside of the market's hours"
        yield from (f"note: {note}" for note in self.notes)


def resample_series(
    where: Path | str,
    source: SeriesKey,
    resolution: Resolution,
    options: ResampleOptions | None = None,
    *,
    progress: Progress | None = None,
) -> ResampleReport:
    """Make a series of a store of a finer one; the origin of its bars says so.

    Bars that were made in this way before are made anew: a year of bars (UTC) becomes what the finer ones make of it.

    Raises
    ------
    ResamplingError
        If there are no finer bars, no longer ones can be made of them, or stored ones have another origin.
    MalformedDataError
        If a file is broken.
    StoreError
        If the store cannot be written.
    """
    options = options or ResampleOptions()
    if options.anchor != "clock":
        raise ResamplingError("Stored hours and days go by the clock; bars counted from the open go to a file.")
    store, target = BarStore(where), replace(source, resolution=resolution)
    work = _Work(store, source, Period.of(resolution), options, progress)
    origin = _origin(store, source, options)
    _check_target(store, target, origin, options)
    before = store.times(target) if store.has(target) else np.zeros(0, np.int64)
    restated = len(store.manifest(target).restatements)
    for times, values in by_periods(resolution, work.bars()):
        stored = store.write(target, times, values, [origin], on_conflict="replace", is_whole=True)
        work.report.added += stored.added
    for each in store.restatements(target)[restated:]:
        work.report.changed += len(each.times_us)
    work.end()
    report = work.report
    after = store.times(target)
    if gone := len(np.setdiff1d(before, after)):
        report.notes.append(f"{gone:,} bars that were stored and that nothing makes any more were taken away")
    if (others := len(np.unique(after)) - report.bars) > 0:
        report.notes.append(
            f"{others:,} stored bars, of years of which there is nothing to make them of, stay as they were"
        )
    report.is_stored = True
    return report


def resample_to_file(
    where: Path | str,
    source: SeriesKey,
    period: Period,
    path: Path,
    options: ResampleOptions | None = None,
    *,
    progress: Progress | None = None,
) -> ResampleReport:
    """Write longer bars of a series of a store to a CSV file: their starts (UTC) and values.

    Raises
    ------
    ResamplingError
        If there are no finer bars, or no longer ones can be made of them.
    MalformedDataError
        If a file is broken.
    OSError
        If the file cannot be written; what was there before is untouched.
    """
    work = _Work(BarStore(where), source, period, options or ResampleOptions(), progress)
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as stream:
            for at, (times, values) in enumerate(work.bars()):
                _frame(times, values, source).write_csv(stream, include_header=not at)
        work.end()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return work.report


def _frame(times_us: np.ndarray, values: dict[str, np.ndarray], key: SeriesKey) -> pl.DataFrame:
    import polars as pl

    texts = pl.Series(times_us).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.DataFrame({"time": texts, **{name: values[name] for name in key.fields}}).fill_nan(None)


class _Work:
    """Reads, makes bars longer, and notes what came of it."""

    def __init__(
        self, store: BarStore, source: SeriesKey, period: Period, options: ResampleOptions, progress: Progress | None
    ) -> None:
        if source.resolution == Resolution.TICK:
            raise ResamplingError(f"{source} is of ticks; bars are made longer.")
        if not store.has(source):
            raise ResamplingError(
                f"{store.place.name} has no bars of {source}; 'tradinglab data list' shows what it has."
            )
        hours = MarketHoursDatabase.default().get_entry(source.market, source.ticker, source.security_type)
        self._store, self._source, self._progress = store, source, progress
        self._cut = Cut.of(source.resolution, period, hours, anchor=options.anchor, is_extended=options.is_extended)
        self._resampler = Resampler(self._cut, source.tick_type)
        self._span: tuple[int, int] | None = None
        self._early = 0
        self._total = stored_rows(store, source)
        self.report = ResampleReport(source=source, period=period)

    def bars(self) -> Iterator[Bars]:
        """Yield the longer bars; one that is not over yet is left out."""
        now_us = time.time_ns() // _US
        for times, values in resample_blocks(self._blocks(), self._resampler):
            is_over = self._cut.cutter.ends(times) <= now_us
            if not is_over.all():
                self._early += int((~is_over).sum())
                times, values = times[is_over], {name: column[is_over] for name, column in values.items()}
            if len(times):
                self.report.bars += len(times)
                self._span = (int(times[0]) if self._span is None else self._span[0]), int(times[-1])
                yield times, values

    def _blocks(self) -> Iterator[Bars]:
        for bars in stored_blocks(self._store, self._source):
            yield bars
            if self._progress is not None:
                self._progress(self._resampler.rows / self._total)

    def end(self) -> None:
        """Note what is known when all bars are made.

        Raises
        ------
        ResamplingError
            If there are none.
        """
        report, zone = self.report, self._cut.hours.exchange_hours.time_zone
        report.rows, report.left_out = self._resampler.rows, self._resampler.left_out
        if self._early:
            what = "1 bar that is" if self._early == 1 else f"{self._early:,} bars that are"
            report.notes.append(f"left out: {what} not over yet")
        if self._span is None:
            raise ResamplingError(
                f"No bar of {report.period} could be made of {self._source}: "
                f"of {report.rows:,} bars {report.left_out:,} are outside of the market's hours."
            )
        report.first, report.last = (from_ns(zone.local_ns(each * _US)) for each in self._span)
        if self._cut.period.is_days and self._source.resolution != Resolution.DAILY:
            self._note_early_end()

    def _note_early_end(self) -> None:
        """Tell if the last bar has much less than all of its session."""
        assert self._span is not None
        zone = self._cut.hours.exchange_hours.time_zone
        end_us = self._resampler.last_us + PERIODS[self._source.resolution] // _US
        if self._resampler.last_us < self._span[1]:
            return
        local: np.ndarray = np.array([zone.local_ns(self._resampler.last_us * _US)])
        _, closes = sessions_around(self._cut.hours.exchange_hours, local, local + 1, self._cut.is_extended)
        bar_end_us = int(self._cut.cutter.ends(np.array([self._span[1]]))[0])
        wanted_us = min(bar_end_us, zone.utc_ns(int(closes[0])) // _US)
        if wanted_us - end_us >= _EARLY_US:
            at, close = (from_ns(zone.local_ns(each * _US)) for each in (end_us, wanted_us))
            self.report.notes.append(f"the last bar is made of bars up to {at}; there could be some up to {close}")


def _origin(store: BarStore, source: SeriesKey, options: ResampleOptions) -> Origin:
    """Return where the longer bars are from: which series, in which state."""
    digest = hashlib.sha256("".join(sorted(store.slices(source).values())).encode()).hexdigest()
    is_synthetic = any(each.is_synthetic for each in iter_origins(store.files(source)))
    how = ", extended hours" if options.is_extended else ""
    return Origin(f"{'synthetic, ' if is_synthetic else ''}{_RESAMPLED}{folder_of(source)}{how}", digest)


def _check_target(store: BarStore, target: SeriesKey, origin: Origin, options: ResampleOptions) -> None:
    """Refuse to touch bars of another origin, unless it is wanted."""
    if options.is_replacing or not store.has(target):
        return
    name = origin.name.removeprefix("synthetic, ")
    for each in iter_origins(store.files(target)):
        if each.name.removeprefix("synthetic, ") != name:
            raise ResamplingError(
                f"{store.place.name} has bars of {target} from elsewhere ({each.name}). "
                "To replace them, give --replace."
            )
