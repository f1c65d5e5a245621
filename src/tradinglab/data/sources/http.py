"""One question to a source, with all its attempts: paced, read, and repeated where that helps.

Sources are only ever read from (GET), so that any failure may be repeated. What a source says in a reply that looks
well - a refusal, a limit - is found by the function that reads it, which is part of the attempt: a limit that hides in
a 200 is waited for like one that is told by a 429.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Final, TypeVar

import httpx2

from tradinglab.core.pacing.backoff import backoff_s, retry_after_s
from tradinglab.core.pacing.breakers import BreakerRule
from tradinglab.core.pacing.clocks import Clock, SystemClock
from tradinglab.core.values import dataclass, field
from tradinglab.data.sources.errors import (
    FetchCancelledError,
    GarbledReplyError,
    QuotaUsedUpError,
    RateLimitedError,
    SourceError,
    SourcePausedError,
    UnavailableError,
)
from tradinglab.data.sources.redaction import Redactor
from tradinglab.data.sources.turns import Allowance, SharedPace

T = TypeVar("T")
_log = logging.getLogger(__name__)
_SLICE_S: Final = 0.1
_PASSING: Final = (408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524)
_TITLE = re.compile(rb"(?is)<title[^>]*>(.*?)</title>")
#: So long nobody asks again whom a source told that the day's requests are used up; when its day ends is not known.
_QUOTA_PAUSE_S: Final = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How patient and how careful a source is asked.

    Attributes
    ----------
    connect_s, read_s
        Seconds until there is a connection, and between two pieces of a reply.
    call_s
        Seconds for one question with all its attempts and the waits between them.
    attempts
        At most so many.
    first_wait_s, most_wait_s
        The most that is waited before the second attempt (it doubles), and before any.
    most_bytes
        The longest reply that is read.
    breaker
        After how many failures in a row nothing is sent for a while.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    call_s: float = 180.0
    attempts: int = 4
    first_wait_s: float = 1.0
    most_wait_s: float = 30.0
    most_bytes: int = 64 * 1024 * 1024
    breaker: BreakerRule = BreakerRule(failures=8, wait_s=30.0, most_wait_s=900.0, probe_s=120.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back.

    Attributes
    ----------
    headers
        Names in lower case.
    """

    source: str
    symbol: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as a text."""
        return self.body.decode("utf-8", "replace")

    def garbled(self, problem: str) -> GarbledReplyError:
        """Return the error that the reply cannot be read."""
        return GarbledReplyError(self.source, f"{problem} (HTTP {self.status})", symbol=self.symbol)

    def json(self) -> object:
        """Return what the body says.

        Raises
        ------
        GarbledReplyError
            If it is a web page, empty, or cut off.
        """
        body = self.body.lstrip(b"\xef\xbb\xbf \r\n\t")
        if body.startswith(b"<") or "text/html" in self.headers.get("content-type", ""):
            title = _TITLE.search(body)
            named = f" ('{' '.join(title[1].decode('utf-8', 'replace').split())[:80]}')" if title else ""
            raise self.garbled(f"A web page{named} came in place of data")
        if not body:
            raise self.garbled("The reply is empty")
        try:
            found: object = json.loads(body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise self.garbled(f"The reply is no JSON, or cut off after {len(body):,} bytes") from None
        return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a source needs of the world around it; tests bring their own.

    Attributes
    ----------
    pace
        What it has in common with other processes.
    is_cancelled
        Asked before every request and during every wait.
    """

    pace: SharedPace = field(default_factory=SharedPace.in_folder)
    clock: Clock = field(default_factory=SystemClock)
    manners: Manners = field(default_factory=Manners)
    random: Random = field(default_factory=Random)
    is_cancelled: Callable[[], bool] | None = None


class Http:
    """What a source asks through.

    Parameters
    ----------
    source
        Its name, for errors.
    allowance
        What its key may send.
    redact
        Takes its keys out of texts.
    """

    def __init__(self, source: str, allowance: Allowance, redact: Redactor, world: World) -> None:
        self.source = source
        self.world = world
        self.redact = redact
        self._allowance = allowance
        manners = world.manners
        timeout = httpx2.Timeout(
            connect=manners.connect_s, read=manners.read_s, write=manners.read_s, pool=manners.connect_s
        )
        self._client = httpx2.Client(timeout=timeout, follow_redirects=False, headers={"Accept-Encoding": "gzip"})

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(
        self,
        url: str,
        read: Callable[[Reply], T],
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        symbol: str = "",
    ) -> T:
        """Ask a question and return what its reply is read as.

        Parameters
        ----------
        read
            Makes of a reply what the caller wants; raises a `SourceError` if it is a refusal.
        symbol
            What is asked for, for errors.

        Raises
        ------
        SourceError
            What went wrong in the last attempt; it holds no key.
        """
        world, manners = self.world, self.world.manners
        ends_at = world.clock.monotonic() + manners.call_s
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(url, read, params or {}, headers or {}, symbol, ends_at)
            except SourceError as error:
                wait_s = self._wait_s(error, attempt)
                if wait_s is None or world.clock.monotonic() + wait_s >= ends_at:
                    raise self._clean(error) from None
                _log.info(
                    "%s: attempt %d is repeated in %.1f s: %s", self.source, attempt, wait_s, self.redact(str(error))
                )
            self._rest(wait_s, symbol)

    def _wait_s(self, error: SourceError, attempt: int) -> float | None:
        """Return how long to wait before the next attempt, None if there is none."""
        is_passing = isinstance(error, (RateLimitedError, UnavailableError, GarbledReplyError))
        if not is_passing or attempt >= self.world.manners.attempts:
            return None
        # What the source asks for is waited in full; chance comes on top, so that not all come back at once.
        return (error.wait_s or 0.0) + backoff_s(self.world.manners, attempt, self.world.random)

    def _clean(self, error: SourceError) -> SourceError:
        return type(error)(error.source, self.redact(error.reason), symbol=error.symbol, wait_s=error.wait_s)

    def _attempt(
        self,
        url: str,
        read: Callable[[Reply], T],
        params: Mapping[str, str],
        headers: Mapping[str, str],
        symbol: str,
        ends_at: float,
    ) -> T:
        pace, rule, name = self.world.pace, self.world.manners.breaker, f"source:{self.source}"
        self._take_turn(symbol, ends_at)
        passage = pace.enter(name, rule)
        if not passage.is_allowed:
            reason = f"Nothing was sent: the last requests failed. The next is let through in {passage.wait_s:.0f} s."
            raise SourcePausedError(self.source, reason, symbol=symbol, wait_s=passage.wait_s)
        is_well = False
        try:
            value = read(self._checked(self._send(url, params, headers, symbol, ends_at)))
            is_well = True
            return value
        except (UnavailableError, GarbledReplyError):
            raise
        except QuotaUsedUpError as error:
            is_well = True
            pace.hold(self._allowance.name, error.wait_s or _QUOTA_PAUSE_S, is_quota=True)
            raise
        except RateLimitedError as error:
            is_well = True
            if error.wait_s:
                pace.hold(self._allowance.name, error.wait_s)
            raise
        except SourceError:
            # The source is well; it is the request that it does not like.
            is_well = True
            raise
        finally:
            pace.leave(name, rule, is_well=is_well, is_probe=passage.is_probe)

    def _take_turn(self, symbol: str, ends_at: float) -> None:
        while True:
            self._heed_cancel(symbol)
            turn = self.world.pace.take(self._allowance)
            if turn.is_allowed:
                return
            when = _span(turn.wait_s)
            if turn.is_quota:
                reason = f"The requests of this day are used up; there is one again in {when}."
                raise QuotaUsedUpError(self.source, reason, symbol=symbol, wait_s=turn.wait_s)
            if self.world.clock.monotonic() + turn.wait_s >= ends_at:
                reason = f"Nothing was sent: as many requests as are allowed were sent. Try again in {when}."
                raise SourcePausedError(self.source, reason, symbol=symbol, wait_s=turn.wait_s)
            self._rest(turn.wait_s, symbol)

    def _rest(self, seconds: float, symbol: str) -> None:
        clock = self.world.clock
        ends_at = clock.monotonic() + seconds
        while (left := ends_at - clock.monotonic()) > 0:
            self._heed_cancel(symbol)
            clock.sleep(min(_SLICE_S, left) if self.world.is_cancelled else left)

    def _heed_cancel(self, symbol: str) -> None:
        if self.world.is_cancelled is not None and self.world.is_cancelled():
            raise FetchCancelledError(self.source, "The download was cancelled.", symbol=symbol)

    def _send(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str], symbol: str, ends_at: float
    ) -> Reply:
        most, body = self.world.manners.most_bytes, bytearray()
        try:
            with self._client.stream("GET", url, params=dict(params) or None, headers=dict(headers)) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > most:
                        problem = f"The reply is longer than {most:,} bytes."
                        raise GarbledReplyError(self.source, problem, symbol=symbol)
                    if self.world.clock.monotonic() >= ends_at:
                        raise httpx2.ReadTimeout("the reply took too long in all")
            found = {name.lower(): value for name, value in response.headers.items()}
            return Reply(
                source=self.source, symbol=symbol, status=response.status_code, headers=found, body=bytes(body)
            )
        except httpx2.RemoteProtocolError as error:
            lost: SourceError = GarbledReplyError(
                self.source, f"The reply was cut off after {len(body):,} bytes ({error}).", symbol=symbol
            )
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            lost = UnavailableError(self.source, f"No answer: {type(error).__name__}: {error}.", symbol=symbol)
        # Outside of the handler: the traceback ends here, not among the parameters of a request.
        raise self._clean(lost)

    def _checked(self, reply: Reply) -> Reply:
        """Return a reply that its source can read: failures that all sources have in common are told here."""
        wait_s = retry_after_s(reply.headers.get("retry-after"), self.world.clock.now())
        if reply.status in (418, 429):
            when = f" It asks to wait {_span(wait_s)}." if wait_s is not None else ""
            reason = f"Too many requests (HTTP {reply.status}).{when}"
            raise RateLimitedError(self.source, reason, symbol=reply.symbol, wait_s=wait_s)
        if reply.status in _PASSING:
            reason = f"The server failed (HTTP {reply.status})."
            raise UnavailableError(self.source, reason, symbol=reply.symbol, wait_s=wait_s)
        if 300 <= reply.status < 400:
            raise reply.garbled("It points to another address in place of an answer")
        return reply


def _span(seconds: float) -> str:
    """Return a time span in words."""
    if seconds < 120:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
