"""The loop: one time step after another, in LEAN's order.

Most steps are quiet: nothing is scheduled, no order rests, nothing listens to bars. They cost the
clock, the cursor and the author's ``on_data``. What makes a step busy announces itself: a time
(``wake_ns``) or a flag (``attention``), so that a quiet step checks two numbers.
"""

from __future__ import annotations

import time as wall
from collections.abc import Callable
from typing import TYPE_CHECKING

from tradinglab.core.clock import from_ns
from tradinglab.core.references import KEPT_ONCE, holders
from tradinglab.core.values import dataclass
from tradinglab.engine.garbage import fewer_collections
from tradinglab.engine.models_step import data_handler
from tradinglab.engine.step import FullStep
from tradinglab.engine.step_slice import StepSlice

if TYPE_CHECKING:
    from tradinglab.engine.parts import RunParts
    from tradinglab.engine.risk import RuinWatch

#: Progress is told after so many steps, doubled until telling takes a small part of the time.
_FIRST_STEPS, _MOST_STEPS = 16, 2048
_TELL_EVERY_S = 0.1
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is: the algorithm's time, its equity, bars so far and bars a second."""

    utc_ns: int
    date: str
    equity: float
    bars: int
    bars_per_second: float
    fraction: float


class Loop:
    """Drives an algorithm through the timeline of its feed."""

    def __init__(self, parts: RunParts, on_progress: Callable[[Progress], None] | None = None) -> None:
        self._parts = parts
        self._algorithm = parts.algorithm
        self._feed = parts.feed
        self._full_step = FullStep(parts)
        self._on_progress = on_progress
        self._next_progress_ns = _NEVER
        self._progress_steps = _FIRST_STEPS
        self._last_told = 0.0
        self._began = wall.perf_counter()
        self._bars_before = 0
        self._steps_before = 0
        self.last_ns = 0

    @property
    def was_ruined(self) -> bool:
        """Whether the run ended because the portfolio was worth nothing."""
        return self._full_step.was_ruined

    @property
    def bars(self) -> int:
        """How many bars the author has seen."""
        step, timeline = self._feed.cursor.step, self._feed.timeline
        if step < 0:
            return self._bars_before
        seen = sum(rows[step] - timeline.before[s] for s, rows in timeline.rows.items() if not s.is_internal)
        return self._bars_before + seen

    @property
    def steps(self) -> int:
        """How often ``on_data`` was called."""
        return self._steps_before + self._steps_here

    @property
    def _steps_here(self) -> int:
        step = self._feed.cursor.step
        return int(self._feed.timeline.has_data[: step + 1].sum()) if step >= 0 else 0

    @property
    def warm_up_steps(self) -> int:
        """How often ``on_data`` was called during the warm-up, on the first timeline."""
        timeline, start_ns = self._feed.timeline, self._algorithm.lab_start_ns
        before = int(timeline.times.searchsorted(start_ns)) if len(timeline.times) else 0
        return int(timeline.has_data[: min(before, self._feed.cursor.step + 1)].sum())

    def run(self, start_ns: int) -> None:
        """Run from an instant to the end of the data."""
        with fewer_collections():
            self._run(start_ns)

    def _run(self, start_ns: int) -> None:
        self._full_step.begin(start_ns)
        at_ns: int | None = start_ns
        include_now = True
        while at_ns is not None:
            self._bars_before, self._steps_before = self.bars, self.steps
            self._full_step.select(at_ns)
            changes = self._full_step.change_securities(at_ns, include_now=include_now)
            include_now = bool(changes)
            if not include_now and not len(self._feed.timeline.times):
                break
            at_ns = self._run_timeline()
            include_now = True
        self._algorithm.time_keeper.set_utc_ns(self.last_ns or start_ns)

    def _run_timeline(self) -> int | None:
        """Run the steps of the present timeline; return where it broke off for new subscriptions, if it did."""
        algorithm, feed, full_step = self._algorithm, self._feed, self._full_step
        timeline, cursor, keeper, steps = feed.timeline, feed.cursor, algorithm.time_keeper, feed.steps
        times, has_data = timeline.times.data, timeline.has_data.data
        on_data, sampler = data_handler(self._parts), self._parts.sampler
        schedule, phase, attention = algorithm.schedule, self._parts.phase, self._parts.attention
        is_gapless, pending = bool(timeline.has_data.all()), self._parts.brokerage.pending
        resting, universes = self._parts.resting, self._parts.universes
        ruin_watch: RuinWatch | None = None
        current, is_watching, busy_ns, wake_ns, sample_ns = StepSlice(), False, 0, 0, 0
        attention.raised = True
        for step, utc_ns in enumerate(times):
            if attention.raised or (utc_ns >= wake_ns and (wake_ns := full_step.look(utc_ns, busy_ns)) <= utc_ns):
                if full_step.select(utc_ns):
                    return utc_ns
                if not full_step.take(utc_ns, step):
                    return None
            else:
                keeper.utc_ns = cursor.rated_ns = utc_ns
                cursor.step = cursor.consumed = step
                if holders(current) != KEPT_ONCE:  # somebody keeps the last slice: it must not change
                    algorithm.lab_current_slice = current = StepSlice()
                    current._steps = steps
                current._step, current._data = step, None
                if is_gapless or has_data[step]:
                    on_data(current)
                if is_watching and (resting.is_disturbed() or (ruin_watch is not None and ruin_watch.is_disturbed())):
                    attention.raised = True
                if not attention.raised:
                    if attention.filled:
                        attention.filled = False
                        sample_ns = sampler.next_sample_ns
                    if utc_ns >= sample_ns:
                        sampler.process_synchronous_events(utc_ns)
                        sample_ns = sampler.next_sample_ns
                    continue
                full_step.close(utc_ns)
            self.last_ns = utc_ns
            if universes.has_changes:
                return utc_ns
            on_data = data_handler(self._parts)
            busy_ns, sample_ns = self._busy_ns(utc_ns), sampler.next_sample_ns
            wake_ns = min(busy_ns, schedule.next_ns)
            ruin_watch = full_step.ruin_watch
            attention.raised = full_step.must_repeat()
            current = StepSlice()
            is_watching = bool(pending) or ruin_watch is not None  # whoever changes that raises attention
            phase.name = "on_data"
        self.last_ns = times[-1] if len(times) else self.last_ns
        return None

    def _busy_ns(self, utc_ns: int) -> int:
        """Return the next instant at which more is due than ``on_data`` and looking."""
        if self._on_progress is not None and utc_ns >= self._next_progress_ns:
            self._report(utc_ns)
        if self._on_progress is not None:
            times = self._feed.timeline.times
            ahead = self._feed.cursor.step + self._progress_steps
            self._next_progress_ns = int(times[ahead]) if ahead < len(times) else _NEVER
        return min(self._full_step.busy_ns(), self._next_progress_ns)

    def _report(self, utc_ns: int) -> None:
        assert self._on_progress is not None
        now = wall.perf_counter()
        is_soon = now - self._last_told < _TELL_EVERY_S
        self._progress_steps = (
            min(2 * self._progress_steps, _MOST_STEPS) if is_soon else max(self._progress_steps // 2, 1)
        )
        self._last_told = now
        seconds = max(now - self._began, 1e-9)
        feed, bars = self._feed, self.bars
        whole = max(feed.end_ns - feed.start_ns, 1)
        self._on_progress(
            Progress(
                utc_ns=utc_ns,
                date=f"{from_ns(self._algorithm.time_zone.local_ns(utc_ns)):%Y-%m-%d}",
                equity=self._algorithm.portfolio.total_portfolio_value,
                bars=bars,
                bars_per_second=bars / seconds,
                fraction=min((utc_ns - feed.start_ns) / whole, 1.0),
            )
        )
