"""Waiting for something that takes its time at QuantConnect, and reading lists to their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from tradinglab.core.values import dataclass
from tradinglab.quantconnect.answers import Payload
from tradinglab.quantconnect.errors import (
    CancelledError,
    DeadlineError,
    InvalidRequestError,
    MalformedAnswerError,
    NotFoundError,
    QuantConnectError,
)
from tradinglab.quantconnect.exchange import Call, Exchange
from tradinglab.quantconnect.steps import IsCancelled, Plan

T = TypeVar("T")
_LOADING_S = 60.0
_UNKNOWN_S = 10.0


class Flag(Protocol):
    """What can be set to cancel: an Event of `threading` or `asyncio`."""

    def is_set(self) -> bool:
        """Say whether it is set."""


#: How a caller cancels a wait: an event, or a function that says so.
Cancel: TypeAlias = Flag | Callable[[], bool]


def cancelled_by(cancel: Cancel | None) -> IsCancelled | None:
    """Return the function that says whether a wait is cancelled."""
    return cancel if cancel is None or callable(cancel) else cancel.is_set


@dataclass(slots=True, frozen=True, kw_only=True)
class Rhythm:
    """How often is asked: the wait grows by a half each time."""

    first_s: float = 1.0
    most_s: float = 10.0

    def next(self, wait_s: float) -> float:
        """Return the wait after one."""
        return min(self.most_s, wait_s * 1.5)


def wait_until(
    exchange: Exchange,
    read: Callable[[], Plan[T]],
    is_over: Callable[[T], bool],
    *,
    what: str,
    deadline_s: float,
    cancel: Cancel | None = None,
    on_news: Callable[[T], None] | None = None,
    rhythm: Rhythm | None = None,
) -> Plan[T]:
    """Read something again and again until it is over, and return it.

    Failures that may pass are waited out: what runs at QuantConnect goes on meanwhile. For a few seconds so is that
    it is not found: what was created just now may not be known everywhere.

    Raises
    ------
    DeadlineError
        If it was not over in time. What runs goes on; wait again with the same ids.
    CancelledError
        If *cancel* said so.
    """
    is_cancelled = cancelled_by(cancel)
    rhythm = rhythm or Rhythm()
    ends_at = exchange.clock.monotonic() + deadline_s
    missing_until = exchange.clock.monotonic() + _UNKNOWN_S
    wait_s, last = rhythm.first_s, ""
    while True:
        if is_cancelled is not None and is_cancelled():
            raise CancelledError(f"The wait for {what} was cancelled.")
        pause_s = wait_s
        try:
            value = yield from read()
        except QuantConnectError as error:
            is_new = isinstance(error, NotFoundError) and exchange.clock.monotonic() < missing_until
            if not (is_new or error.retryable or getattr(error, "is_garbled", False)):
                raise
            last = f" The last answer: {error.reason}"
            pause_s = max(wait_s, getattr(error, "wait_s", None) or 0.0)
        else:
            last, missing_until = "", 0.0
            if on_news is not None:
                on_news(value)
            if is_over(value):
                return value
        left = ends_at - exchange.clock.monotonic()
        if left <= 0:
            raise DeadlineError(f"{what} was not over after {deadline_s:g} s; it goes on at QuantConnect.{last}")
        yield from exchange.rest(min(pause_s, left), is_cancelled)
        wait_s = rhythm.next(wait_s)


def loaded(exchange: Exchange, call: Call[T], *, deadline_s: float = _LOADING_S) -> Plan[T]:
    """Make a call whose answer may be that it is still being prepared, until it is there.

    Raises
    ------
    DeadlineError
        If it was not there in time.
    """
    waited: Call[T | None] = Call(
        path=call.path, read=lambda payload: None if _is_loading(payload) else call.read(payload), body=call.body
    )
    ends_at = exchange.clock.monotonic() + deadline_s
    wait_s = 0.5
    while True:
        try:
            value = yield from exchange.carry(waited)
        except InvalidRequestError as error:
            # A report that is not ready yet is refused.
            if "generat" not in error.reason.lower() and "not ready" not in error.reason.lower():
                raise
            value = None
        if value is not None:
            return value
        if exchange.clock.monotonic() + wait_s >= ends_at:
            raise DeadlineError(f"{call.path} was still being prepared after {deadline_s:g} s; ask again later.")
        yield from exchange.rest(wait_s)
        wait_s = min(10.0, wait_s * 1.5)


def _ends_at(
    exchange: Exchange, page: Callable[[int, int], Call[tuple[tuple[T, ...], int | None]]], place: int
) -> Plan[bool]:
    """Say whether a list ends at *place*: a window from the item before it holds no other."""
    items, _ = yield from loaded(exchange, page(place - 1, place + 1))
    return len(items) == 1


def _is_loading(payload: Payload) -> bool:
    return str(payload.get("status", "")).lower() == "loading" or payload.get("generating") is True


def all_pages(
    exchange: Exchange,
    page: Callable[[int, int], Call[tuple[tuple[T, ...], int | None]]],
    *,
    size: int,
    key: Callable[[T], object] | None,
    most: int | None = None,
    first: int = 0,
) -> Plan[tuple[T, ...]]:
    """Read a list to its end.

    The server's `length` is the number of all items or of those returned, depending on whom one asks; it is believed
    only where it says that there are more. A window beyond the end may be refused.

    Parameters
    ----------
    exchange
        What it is read through.
    page
        Makes the call for the items from one place up to another.
    size
        How many may be asked for at once.
    key
        What tells items apart, so that one which moved to the next page is taken once; None if they may be equal.
    most
        No more than so many are read.
    first
        The place of the first that is read, from 0.
    """
    kept: list[T] = []
    known: set[object] = set()
    start = first
    last = None if most is None else first + most
    while last is None or start < last:
        end = start + size if last is None else min(start + size, last)
        try:
            items, length = yield from loaded(exchange, page(start, end))
        except InvalidRequestError:
            if start == 0 or not (yield from _ends_at(exchange, page, start)):
                raise
            break
        new = [each for each in items if key is None or key(each) not in known]
        if key is not None:
            known.update(map(key, new))
            if items and not new:
                reason = f"The list does not go on: from {start} on it holds what it held before."
                raise MalformedAnswerError(reason, is_garbled=False)
        kept += new
        start += len(items)
        # More than there are on this page: the number of all. Else a full page may or may not be the last.
        is_last = length <= start if length is not None and length > len(items) else start < end
        if not items or is_last:
            break
    return tuple(kept)
