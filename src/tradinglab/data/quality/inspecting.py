"""All checks of a series, over bars that come block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.cells import check_cells
from tradinglab.data.quality.collecting import Collector
from tradinglab.data.quality.days import DailyCoverage
from tradinglab.data.quality.intraday import IntradayCoverage
from tradinglab.data.quality.jumps import Jumps
from tradinglab.data.quality.limits import Limits
from tradinglab.data.quality.order import Duplicates, Order
from tradinglab.data.quality.piles import BLOCK, Pile
from tradinglab.data.quality.presence import Presence
from tradinglab.data.quality.report import QualityReport, findings_of
from tradinglab.data.quality.runs import Repeats


class _BlocksOutOfOrder(Exception):
    """A block begins before the end of the one before."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A report, and which rows each check is about.

    Attributes
    ----------
    marks
        By check the numbers of rows, and of those that they are held against where there are such.
    """

    report: QualityReport
    marks: dict[str, tuple[Ints, Ints]]


@dataclass(slots=True)
class Inspector:
    """Checks bars that come block by block, in a memory that does not grow with them.

    Rows may be out of order within a block, not from one block to the next: see :func:`inspect`.
    """

    facts: SeriesFacts
    limits: Limits = field(default_factory=Limits)
    keeps_rows: bool = False
    #: Sorted bars were given in place of those as they came: their order was looked at before.
    knows_order: bool = False
    _found: Collector = field(default_factory=Collector)
    _order: Order | None = None
    _duplicates: Duplicates | None = None
    _repeats: Repeats | None = None
    _coverage: DailyCoverage | IntradayCoverage | None = None
    _jumps: dict[str, Jumps] = field(default_factory=dict)
    _last: Bars | None = None
    _count: int = 0
    _span: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        facts, found = self.facts, Collector(self.limits.examples, self.keeps_rows)
        self._found = found
        self._order = Order(found)
        self._duplicates = Duplicates(found, facts.period_us)
        self._repeats = Repeats(facts, self.limits, found)
        self._coverage = DailyCoverage(facts, found) if facts.is_daily else IntradayCoverage(facts, self.limits, found)

    @property
    def found(self) -> Collector:
        """Where findings are gathered, for what is found outside of the checks."""
        return self._found

    @np.errstate(invalid="ignore", over="ignore")  # values that are not finite are what is looked for
    def feed(self, bars: Bars) -> None:
        """Take the next block."""
        if not len(bars):
            return
        assert self._order is not None
        assert self._duplicates is not None
        assert self._repeats is not None
        assert self._coverage is not None
        self._count += len(bars)
        if not self.knows_order:
            self._order.feed(bars)
        bars = bars.sorted()
        first, last = int(bars.times_us[0]), int(bars.times_us[-1])
        if self._span is not None and first < self._span[1]:
            raise _BlocksOutOfOrder
        self._span = (first if self._span is None else self._span[0], last)
        sound = check_cells(bars, self.facts, self._found)
        self._check_span(bars)
        known = 0
        if self._last is not None:
            known, wide = len(self._last), self._last.joined(bars) if first == self._last.times_us[-1] else None
            again = None if wide is None else self._duplicates.feed(wide, known)
            again = self._duplicates.feed(bars, 0) if wide is None else None if again is None else again[known:]
        else:
            again = self._duplicates.feed(bars, 0)
        self._last = bars.take(slice(len(bars) - 1, None))
        if again is not None:
            bars = bars.take(~again)
            sound = {side: flags[~again] for side, flags in sound.items()}
        self._coverage.feed(bars)
        good = _sound(bars, np.logical_and.reduce(list(sound.values())))
        self._repeats.feed(good)
        for side, flags in sound.items():
            self._jump(side, good if len(sound) == 1 else _sound(bars, flags))

    def _jump(self, side: str, bars: Bars) -> None:
        jumps = self._jumps.get(side)
        if jumps is None:
            jumps = self._jumps[side] = Jumps(self.facts, self.limits, self._found, side)
        jumps.feed(bars)

    def _check_span(self, bars: Bars) -> None:
        """Look for bars before the listing, after the delisting and in the future."""
        facts, times = self.facts, bars.times_us
        zone = facts.hours.data_time_zone if facts.is_daily else facts.hours.exchange_hours.time_zone
        day_ns = 86_400_000_000_000
        if facts.first_day is not None:
            self._found.mark("before_listing", times < zone.utc_ns(facts.first_day * day_ns) // 1_000, bars)
        if facts.last_day is not None:
            self._found.mark("after_delisting", times >= zone.utc_ns((facts.last_day + 1) * day_ns) // 1_000, bars)
        if facts.now_us is not None:
            self._found.mark("in_future", times > facts.now_us, bars)

    @np.errstate(invalid="ignore", over="ignore")
    def finish(self, name: str = "") -> Inspection:
        """Return what was found."""
        assert self._duplicates is not None
        assert self._repeats is not None
        assert self._coverage is not None
        presence = Presence()
        if self._count:
            self._duplicates.finish()
            self._repeats.finish()
            for jumps in self._jumps.values():
                jumps.finish()
            presence = self._coverage.finish()
        found = self._found
        report = QualityReport(
            series=self.facts.key,
            name=name,
            bars=self._count,
            expected=presence.expected,
            missing=presence.missing,
            first_us=None if self._span is None else self._span[0],
            last_us=None if self._span is None else self._span[1],
            findings=findings_of(
                {code: found.count(code) for code in found.codes},
                {code: found.examples(code) for code in found.codes},
                presence.details,
            ),
            months=presence.months,
        )
        return Inspection(report, found.marks())


def _sound(bars: Bars, flags: Flags) -> Bars:
    return bars if flags.all() else bars.take(flags)


def inspect(
    blocks: Callable[[], Iterable[Bars]],
    facts: SeriesFacts,
    limits: Limits | None = None,
    *,
    name: str = "",
    keeps_rows: bool = False,
    room: Path | None = None,
) -> Inspection:
    """Check a series that can be read block by block, again if need be.

    Blocks are looked at one by one. If their rows are out of order from one to the next, all are put in order.

    Parameters
    ----------
    blocks
        What reads the series from its beginning.
    name
        What is checked: a file's name, say.
    keeps_rows
        Whether the rows of all findings are kept, for repairs.
    room
        An empty folder for bars that are out of order, however many; without it, they are put in order in memory.
    """

    def piled() -> Pile:
        pile = Pile(facts.key.resolution, room)
        for block in blocks():
            pile.add(block)
        return pile

    return _inspected(blocks, piled, facts, limits or Limits(), keeps_rows).finish(name)


def inspect_pile(
    pile: Pile, facts: SeriesFacts, limits: Limits | None = None, *, name: str = "", keeps_rows: bool = False
) -> Inspection:
    """Check the bars of a pile, which are put in order where they lie."""
    return _inspected(pile.blocks, lambda: pile, facts, limits or Limits(), keeps_rows).finish(name)


def _inspected(
    blocks: Callable[[], Iterable[Bars]],
    piled: Callable[[], Pile],
    facts: SeriesFacts,
    limits: Limits,
    keeps_rows: bool,
) -> Inspector:
    """Return an inspector that has seen all bars: as they come, or else put in order."""
    inspector = Inspector(facts, limits, keeps_rows)
    try:
        for block in blocks():
            for part in block.blocks(BLOCK):
                inspector.feed(part)
    except _BlocksOutOfOrder:
        inspector, pile = Inspector(facts, limits, keeps_rows, knows_order=True), piled()
        order = Order(inspector.found)
        for block in pile.blocks():
            order.feed(block)
        for block in pile.in_order().blocks():
            for part in block.blocks(BLOCK):
                inspector.feed(part)
    return inspector


def inspect_bars(
    bars: Bars, facts: SeriesFacts, limits: Limits | None = None, *, name: str = "", keeps_rows: bool = False
) -> Inspection:
    """Check bars that are in memory."""
    return inspect_pile(Pile.of(bars, facts.key.resolution), facts, limits, name=name, keeps_rows=keeps_rows)
