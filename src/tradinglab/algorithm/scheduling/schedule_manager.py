"""The schedule of an algorithm: its events, and the order in which they happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tradinglab.algorithm.scheduling.rules import END_OF_TIME, ONE_DAY, DateRule, TimeRule, instants_of, midnight
from tradinglab.algorithm.scheduling.scheduled_event import NEVER, Callback, ScheduledEvent
from tradinglab.core.clock import from_ns
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from datetime import datetime

    from tradinglab.algorithm.scheduling.date_rules import DateRules
    from tradinglab.algorithm.scheduling.fluent import FluentSchedule
    from tradinglab.algorithm.scheduling.time_rules import TimeRules
    from tradinglab.algorithm.securities import TimeKeeper


class ScheduleManager(Dual):
    """Keeps the scheduled events and, for the engine, lets them happen in the order of their times.

    Events at the same instant happen in LEAN's order: as added at first; an event that has
    happened is put back behind one that a binary search finds at its next time.

    ``next_ns`` is the earliest time of any event (``NEVER`` if there is none): all that an
    engine has to compare at a step at which nothing is due. ``next_act_ns`` is that of the events
    that do more than look.
    """

    def __init__(self, date_rules: DateRules, time_rules: TimeRules, time_keeper: TimeKeeper) -> None:
        self.date_rules = date_rules
        self.time_rules = time_rules
        date_rules.use_clock(time_keeper)
        time_rules.use_clock(time_keeper)
        self._time_keeper = time_keeper
        self._events: dict[ScheduledEvent, int] = {}
        self._added = 0
        self._queue: list[ScheduledEvent] = []
        self._queue_is_stale = True
        self._started = False
        self.next_ns = self.next_act_ns = NEVER
        self.on_change: Callable[[], None] | None = None

    # For authors.

    def on(self, *arguments: str | DateRule | TimeRule | Callback) -> ScheduledEvent:
        """Schedule a callback: ``on(date_rule, time_rule, callback)`` or with a name before these."""
        name = arguments[0] if isinstance(arguments[0], str) else None
        if len(arguments) != (3 if name is None else 4):
            raise TypeError(
                "schedule.on takes a date rule, a time rule and a callback, with or without a name before; "
                f"it got {len(arguments)} arguments."
            )
        date_rule, time_rule, callback = arguments[-3:]
        return self.schedule(name, date_rule, time_rule, callback)  # type: ignore[arg-type]

    def schedule(
        self,
        name: str | None,
        date_rule: DateRule,
        time_rule: TimeRule,
        callback: Callback,
        predicate: Callable[[datetime], bool] | None = None,
    ) -> ScheduledEvent:
        """Schedule a callback at the times of two rules that meet a condition."""
        times = instants_of(time_rule, self._dates(date_rule))
        if predicate is not None:
            times = (at_ns for at_ns in times if predicate(from_ns(at_ns)))
        event = ScheduledEvent(name or f"{date_rule.name}: {time_rule.name}", times, callback)
        self.add(event)
        return event

    def event(self, name: str | None = None) -> FluentSchedule:
        """Begin a sentence: ``schedule.event().every(DayOfWeek.FRIDAY).at(12, 0).run(callback)``."""
        from tradinglab.algorithm.scheduling.fluent import FluentSchedule

        return FluentSchedule(self, name)

    def training_now(self, training_code: Callback) -> ScheduledEvent:
        """Schedule code that trains a model as soon as events happen again."""
        name = f"Training: Now: {from_ns(self._time_keeper.utc_ns).isoformat()}"
        return self.schedule(name, self.date_rules.today, self.time_rules.now, training_code)

    def training(self, date_rule: DateRule, time_rule: TimeRule, training_code: Callback) -> ScheduledEvent:
        """Schedule code that trains a model."""
        return self.schedule(None, date_rule, time_rule, training_code)

    def add(self, scheduled_event: ScheduledEvent) -> None:
        """Add an event; what lies in its past is skipped."""
        if self._started:
            scheduled_event.skip_events_until(self._time_keeper.utc_ns)
            self.next_ns = min(self.next_ns, scheduled_event.next_event_ns)
            if not scheduled_event.only_looks:
                self.next_act_ns = min(self.next_act_ns, scheduled_event.next_event_ns)
        self._added += 1
        self._events[scheduled_event] = self._added
        self._queue_is_stale = True
        if self.on_change is not None:
            self.on_change()

    def remove(self, scheduled_event: ScheduledEvent) -> None:
        """Remove an event; one that is not there is not missed."""
        self._events.pop(scheduled_event, None)
        self._queue_is_stale = True

    def _dates(self, date_rule: DateRule) -> Iterator[datetime]:
        """Return a rule's dates from yesterday on, as of when the first is asked for."""
        yield from date_rule.get_dates(self._yesterday(), END_OF_TIME)

    def _yesterday(self) -> datetime:
        return midnight(from_ns(self._time_keeper.utc_ns)) - ONE_DAY

    # For the engine.

    def look_at_midnights(self, name: str, look: Callable[[int], object]) -> None:
        """Call *look* with the instant of every midnight from now on; it leaves the run as it is."""
        self.add(ScheduledEvent(name, self.time_rules.midnights(self._yesterday()), look, only_looks=True))

    def start(self) -> None:
        """Begin, after ``initialize``, at the present time: events before it are skipped."""
        for event in self._sorted():
            event.skip_events_until(self._time_keeper.utc_ns)
        self._started = True
        self._queue_is_stale = True
        self._look_ahead()

    def scan_past(self, time_ns: int, set_time: Callable[[int], object]) -> None:
        """Let all events strictly before an instant happen, each at its own time.

        *set_time* moves the algorithm's clock.
        """
        if self.next_ns >= time_ns:
            return
        queue = self._sorted()
        while queue and (at_ns := (first := queue[0]).next_event_ns) < time_ns:
            set_time(at_ns)
            first.scan(at_ns)
            if len(queue) > 1:
                _sort_first(queue)
        self._look_ahead()

    def fire_due(self, time_ns: int) -> None:
        """Let all events up to and including an instant happen; the clock stays as it is."""
        if self.next_ns > time_ns:
            return
        queue = self._sorted()
        while queue and queue[0].next_event_ns <= time_ns:
            queue[0].scan(time_ns)
            _sort_first(queue)
        self._look_ahead()

    def _sorted(self) -> list[ScheduledEvent]:
        """Return the events by time, those of the same time as added.

        The loops above keep the list they began with: what a callback adds or removes counts
        from the next call on.
        """
        if self._queue_is_stale:
            self._queue_is_stale = False
            self._queue = sorted(self._events, key=lambda event: (event.next_event_ns, self._events[event]))
        return self._queue

    def _look_ahead(self) -> None:
        queue = self._sorted()
        self.next_ns = queue[0].next_event_ns if queue else NEVER
        for event in queue:
            if not event.only_looks:
                self.next_act_ns = event.next_event_ns
                return
        self.next_act_ns = NEVER


def _sort_first(queue: list[ScheduledEvent]) -> None:
    """Move the first event, which has just happened, to where its next time belongs."""
    event = queue[0]
    at_ns = event.next_event_ns
    if len(queue) < 2 or at_ns <= queue[1].next_event_ns:
        return
    del queue[0]
    low, high = 0, len(queue) - 1
    while low <= high:
        middle = (low + high) // 2
        other_ns = queue[middle].next_event_ns
        if at_ns == other_ns:
            low = middle + 1
            break
        if at_ns < other_ns:
            high = middle - 1
        else:
            low = middle + 1
    queue.insert(low, event)
