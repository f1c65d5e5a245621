"""One call to the API, with all its attempts: signed, paced, read, and repeated where that is safe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from random import Random
from typing import Generic, TypeVar
from uuid import uuid4

from tradinglab.core.pacing.backoff import backoff_s
from tradinglab.core.pacing.breakers import BreakerRule, Passage
from tradinglab.core.pacing.buckets import Rate
from tradinglab.core.pacing.clocks import Clock
from tradinglab.core.values import dataclass, field
from tradinglab.quantconnect.answers import Payload, read_payload, request_id, server_time
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.errors import (
    AuthenticationError,
    CancelledError,
    CircuitOpenError,
    MalformedAnswerError,
    OutcomeUnknownError,
    QuantConnectError,
    RateLimitError,
    ServerError,
    Trace,
    TransportError,
)
from tradinglab.quantconnect.settings import Settings
from tradinglab.quantconnect.shared import Shared
from tradinglab.quantconnect.steps import IsCancelled, Plan, Reply, Request, ask, pause, send

T = TypeVar("T")
_log = logging.getLogger(__name__)
#: Less than this a clock may be off without a signature being refused for it.
_SKEW_S = 2.0


class Repeat(StrEnum):
    """Which failures a call may be repeated after."""

    #: Any that may pass: carried out twice, it comes to the same.
    ALWAYS = "always"
    #: Those after which it was surely not carried out. Of others the caller is told.
    IF_REFUSED = "if refused"


@dataclass(slots=True, frozen=True, kw_only=True)
class Call(Generic[T]):
    """A call to the API.

    Attributes
    ----------
    path
        Below the base URL.
    read
        Makes of the answer what the caller wants; raises ValueError if it is not what it should be.
    body
        What is sent, as JSON. Entries that are None are left out.
    repeat
        Which failures it may be repeated after.
    file
        Name and content of a file; the body is then sent as fields of a form.
    unknown
        For a call that must not be carried out twice: what is not known if its answer is lost.
    """

    path: str
    read: Callable[[Payload], T]
    body: Mapping[str, object] = field(default_factory=dict)
    repeat: Repeat = Repeat.ALWAYS
    file: tuple[str, bytes] | None = None
    unknown: str = ""


class Exchange:
    """What all resources of a client talk through.

    Parameters
    ----------
    credentials
        Who asks.
    settings
        How patient and how careful it is.
    clock
        The time.
    shared
        Buckets, circuits and claims, which other processes may share.
    is_cancelled
        Asked before every request and during every wait.
    random
        Where chance comes from.
    user_agent
        What the server is told about who asks.
    """

    def __init__(
        self,
        credentials: Credentials,
        settings: Settings,
        clock: Clock,
        shared: Shared,
        is_cancelled: IsCancelled | None,
        random: Random,
        user_agent: str,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.shared = shared
        self.is_cancelled = is_cancelled
        self.random = random
        #: What the server's clock is ahead of ours.
        self.skew_s = 0.0
        self._credentials = credentials
        self._root = settings.root
        self.user_agent = user_agent
        self.user_id = credentials.user_id
        self.account = f"{self._root}:{credentials.fingerprint()}"
        self._rate = Rate(settings.requests, settings.requests_in_s)
        self._breaker = BreakerRule(
            settings.breaker_failures,
            settings.breaker_wait_s,
            settings.breaker_most_wait_s,
            settings.timeouts.attempt,
        )

    def server_now(self) -> float:
        """Return the server's time, as far as it is known."""
        return self.clock.now() + self.skew_s

    def rest(self, seconds: float, is_cancelled: IsCancelled | None = None) -> Plan[None]:
        """Wait, unless the caller has cancelled."""
        yield from pause(seconds, either(self.is_cancelled, is_cancelled))

    def carry(self, call: Call[T]) -> Plan[T]:
        """Make a call and return what it answers.

        An error that ends it says, in `is_uncertain`, whether the server may have carried it out.
        """
        ends_at = self.clock.monotonic() + self.settings.timeouts.call
        attempt, is_uncertain = 0, False
        while True:
            attempt += 1
            trace = Trace(method="POST", path=call.path, attempt=attempt, request_id=uuid4().hex)
            skew_s = self.skew_s
            try:
                return (yield from self._attempt(call, trace, ends_at))
            except QuantConnectError as error:
                is_uncertain = error.is_uncertain = is_uncertain or error.is_uncertain
                has_learnt = isinstance(error, AuthenticationError) and self.skew_s != skew_s
                if has_learnt and attempt < self.settings.retries.attempts:
                    # Refused for our clock's sake; now the server's is known.
                    continue
                wait_s = self._wait_s(call, error, attempt)
                if wait_s is None or self.clock.monotonic() + wait_s >= ends_at:
                    self._end(call, error)
                    raise
                _log.info("%s failed and is repeated in %.1f s: %s", trace, wait_s, error.reason)
            yield from self.rest(wait_s)

    def _end(self, call: Call[T], error: QuantConnectError) -> None:
        if call.unknown and error.is_uncertain:
            raise OutcomeUnknownError(f"{call.unknown} {error.reason}", trace=error.trace) from error

    def _wait_s(self, call: Call[T], error: QuantConnectError, attempt: int) -> float | None:
        """Return how long to wait before the next attempt, None if there may be none."""
        if attempt >= self.settings.retries.attempts:
            return None
        match error:
            case RateLimitError(wait_s=wait_s) | ServerError(wait_s=wait_s):
                asked = wait_s
            case TransportError() | MalformedAnswerError(is_garbled=True):
                asked = None
            case _:
                return None
        if error.is_uncertain and call.repeat is not Repeat.ALWAYS:
            return None
        # What the server asks for is waited in full; chance comes on top, so that not all come back at once.
        return (asked or 0.0) + backoff_s(self.settings.retries, attempt, self.random)

    def _attempt(self, call: Call[T], trace: Trace, ends_at: float) -> Plan[T]:
        yield from self._take_turn(trace, ends_at)
        passage = yield from ask(lambda: self.shared.breakers.enter(self.account, self._breaker))
        if not passage.is_allowed:
            reason = f"Nothing was sent: the last requests failed. The next is let through in {passage.wait_s:.0f} s."
            raise CircuitOpenError(reason, trace=trace, wait_s=passage.wait_s)
        try:
            reply = yield from self._send(call, trace, ends_at)
            value = self._read(call, trace, reply)
        except QuantConnectError as error:
            # Of anything else the server is well; it is the request that it does not like.
            is_well = not isinstance(error, (ServerError, TransportError)) and not getattr(error, "is_garbled", False)
            yield from self._report(passage, is_well=is_well)
            raise
        yield from self._report(passage, is_well=True)
        return value

    def _report(self, passage: Passage, *, is_well: bool) -> Plan[None]:
        breakers, is_probe = self.shared.breakers, passage.is_probe
        yield from ask(lambda: breakers.leave(self.account, self._breaker, is_well=is_well, is_probe=is_probe))

    def _take_turn(self, trace: Trace, ends_at: float) -> Plan[None]:
        while True:
            if self.is_cancelled is not None and self.is_cancelled():
                raise CancelledError("The call was cancelled.", trace=trace)
            taken = yield from ask(lambda: self.shared.buckets.take(self.account, self._rate))
            if taken.is_allowed:
                return
            if self.clock.monotonic() + taken.wait_s >= ends_at:
                reason = f"Nothing was sent: no more than {self._rate.most} requests in {self._rate.seconds:g} s."
                raise RateLimitError(reason, trace=trace, wait_s=taken.wait_s)
            yield from self.rest(taken.wait_s)

    def _send(self, call: Call[T], trace: Trace, ends_at: float) -> Plan[Reply]:
        body = {name: value for name, value in call.body.items() if value is not None}
        headers = {
            "Accept": "application/json",
            "User-Agent": self.user_agent,
            "X-Request-ID": trace.request_id,
            # Signed anew for each attempt.
            **self._credentials.headers(int(self.server_now())),
        }
        if call.repeat is not Repeat.ALWAYS:
            # A connection that was kept may be dying: its answer would be lost for nothing.
            headers["Connection"] = "close"
        request = Request(
            method=trace.method,
            url=self._root + call.path,
            headers=headers,
            json=None if call.file else body,
            form={name: str(value) for name, value in body.items()} if call.file else None,
            file=call.file,
            ends_at=min(ends_at, self.clock.monotonic() + self.settings.timeouts.attempt),
            most_bytes=self.settings.most_bytes,
        )
        try:
            return (yield from send(request))
        except TransportError as error:
            lost = TransportError(self._credentials.mask(error.reason), trace=trace, is_sent=error.is_sent)
        raise lost

    def _read(self, call: Call[T], trace: Trace, reply: Reply) -> T:
        trace = Trace(
            method=trace.method,
            path=trace.path,
            attempt=trace.attempt,
            request_id=request_id(reply, trace.request_id),
            status=reply.status,
        )
        try:
            payload = read_payload(reply, trace, self.server_now(), self._credentials.mask)
        except AuthenticationError:
            self._learn_time(reply)
            raise
        try:
            return call.read(payload)
        except ValueError as error:
            reason = f"The answer is not what it should be: {' '.join(str(error).split())[:500]}"
        raise MalformedAnswerError(self._credentials.mask(reason), trace=trace, is_garbled=False)

    def _learn_time(self, reply: Reply) -> None:
        """Go by the server's clock from now on, if ours is off: that is why a signature may be refused."""
        time = server_time(reply)
        if time is not None and abs(time - self.server_now()) >= _SKEW_S:
            self.skew_s = time - self.clock.now()
            _log.warning("this machine's clock is %.0f s off QuantConnect's, which is used from now on", -self.skew_s)


def either(one: IsCancelled | None, other: IsCancelled | None) -> IsCancelled | None:
    """Return what says that one of two has cancelled."""
    if one is None or other is None:
        return one or other
    return lambda: one() or other()
