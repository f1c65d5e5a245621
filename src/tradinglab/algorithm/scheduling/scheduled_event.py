"""An event that happens at given instants."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from tradinglab.algorithm.events import EventMember
from tradinglab.core.clock import from_ns, to_ns
from tradinglab.core.dual import Dual

NEVER = 1 << 62
"""An instant after all others: the next time of an event that is over."""

Callback = Callable[..., object]


_event_fired = EventMember("Raised after the callback, with name and time (UTC).")


class ScheduledEvent(Dual):
    """Calls back at each of a series of instants, in order.

    Parameters
    ----------
    name
        What the event is called in logs and errors.
    event_utc_times
        One instant or an ordered series: naive datetimes in UTC, or nanoseconds UTC. The series
        is read only as far as time has come.
    callback
        Called with nothing, with the time, or with name and time, by what it takes; the time is
        a naive datetime, UTC.
    only_looks
        Whether the callback leaves the run as it is: the engine then need not look around after it. It is called with
        the instant in nanoseconds UTC.
    """

    event_fired = _event_fired

    def __init__(
        self,
        name: str,
        event_utc_times: datetime | int | Iterable[datetime] | Iterable[int],
        callback: Callback | None = None,
        *,
        only_looks: bool = False,
    ) -> None:
        self._name = name
        self.only_looks = only_looks
        single = isinstance(event_utc_times, (datetime, int))
        times: Iterable[datetime | int] = [event_utc_times] if single else event_utc_times  # type: ignore[list-item, assignment]
        self._times: Iterator[datetime | int] = iter(times)
        self._next: int | None = None
        self._look = callback if only_looks else None
        self._callback = None if callback is None or only_looks else adapt(callback)
        self._enabled = True

    @property
    def name(self) -> str:
        """What the event is called."""
        return self._name

    @property
    def enabled(self) -> bool:
        """Whether the event calls back; a disabled one lets its times pass."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._enabled = value

    @property
    def next_event_ns(self) -> int:
        """The next instant, nanoseconds UTC; ``NEVER`` when there is none."""
        at_ns = self._next
        return self._move_on() if at_ns is None else at_ns

    def _move_on(self) -> int:
        """Read the next instant of the series."""
        found = next(self._times, NEVER)
        self._next = at_ns = to_ns(found) if isinstance(found, datetime) else found
        return at_ns

    @property
    def next_event_utc_time(self) -> datetime:
        """The next time, UTC; the last moment of the calendar when there is none."""
        return datetime.max if self.next_event_ns == NEVER else from_ns(self.next_event_ns)

    def skip_events_until(self, utc_ns: int) -> None:
        """Let the times before an instant pass without calling back."""
        while self.next_event_ns < utc_ns:
            self._next = None

    def scan(self, utc_ns: int) -> None:
        """Call back for every time up to and including an instant."""
        at_ns = self.next_event_ns
        while at_ns <= utc_ns:
            try:
                if self._look is not None:
                    self._look(at_ns)
                elif self._enabled:
                    self._fire(at_ns)
            except Exception as error:
                error.add_note(f"In the scheduled event '{self._name}', due at {from_ns(at_ns)} UTC.")
                raise
            self._next = None
            at_ns = self._move_on()

    def _fire(self, at_ns: int) -> None:
        if self._callback is not None:
            self._callback(self._name, at_ns)
        if _event_fired.is_heard(self):
            self.event_fired(self._name, from_ns(at_ns))

    def __str__(self) -> str:
        return self._name


def adapt(callback: Callback) -> Callable[[str, int], object]:
    """Return *callback* as a function of name and instant, whatever part of these it takes."""
    if not callable(callback):
        raise TypeError(f"A scheduled event calls back a function; it was {callback!r}.")
    match _required_arguments(callback):
        case 0:
            return lambda name, at_ns: callback()
        case 1:
            return lambda name, at_ns: callback(from_ns(at_ns))
        case _:
            return lambda name, at_ns: callback(name, from_ns(at_ns))


def _required_arguments(callback: Callback) -> int:
    try:
        parameters = inspect.signature(callback).parameters.values()
    except (TypeError, ValueError):
        return 0  # a builtin that does not tell
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)
