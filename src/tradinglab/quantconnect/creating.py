"""Creating what must not be created twice, over a line on which answers get lost.

What is created bears a token in its name. A request that was surely not carried out (no connection, refused, too many
requests) is simply made again. If the answer was lost, the server's list is searched for the token, more than once,
because the list may be late. Only what is not there after all that time is created again, and only where two for a
while would do no harm; surplus ones are then removed. Where they would do harm, an error says what is not known.

Whoever chooses the token can ask again after a restart: claims say whether somebody else is at it, what came of it, or
that it has to be looked for first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar
from uuid import uuid4

from tradinglab.core.values import dataclass
from tradinglab.quantconnect.claims import Claim
from tradinglab.quantconnect.errors import (
    CancelledError,
    ConfigurationError,
    DeadlineError,
    OutcomeUnknownError,
    QuantConnectError,
)
from tradinglab.quantconnect.exchange import Call, Exchange
from tradinglab.quantconnect.steps import Plan, ask

T = TypeVar("T")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{6,62}[A-Za-z0-9]")
_CLAIM_WAIT_S = 0.25


@dataclass(slots=True, frozen=True, kw_only=True)
class Creation(Generic[T]):
    """A thing that is to be created once.

    Attributes
    ----------
    what
        What it is, in a word or two.
    token
        What its name holds.
    project_id
        Where it will be.
    call
        Creates it.
    find
        Returns all that bear the token, the oldest first.
    fetch
        Returns the one with an id.
    id_of
        Returns the id of one.
    remove
        Removes one that is too many; None if two would do harm, so that it is never created again.
    on_send
        Is called right before the request is sent.
    """

    what: str
    token: str
    project_id: int | None
    call: Call[T]
    find: Callable[[], Plan[tuple[T, ...]]]
    fetch: Callable[[str], Plan[T]]
    id_of: Callable[[T], str]
    remove: Callable[[T], Plan[None]] | None
    on_send: Callable[[], None] | None = None


def new_token() -> str:
    """Return a token that nobody else has."""
    return f"tl-{uuid4().hex[:12]}"


def read_token(token: str | None) -> str:
    """Return the token that was given, or a new one.

    Raises
    ------
    ConfigurationError
        If names could not hold it.
    """
    if token is None:
        return new_token()
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError(f"The token {token!r} cannot be used: give 8 to 64 letters, digits and hyphens.")
    return token


def bears(name: str, token: str) -> bool:
    """Say whether *name* holds *token* as a word of its own."""
    return re.search(rf"(?<![A-Za-z0-9-]){re.escape(token)}(?![A-Za-z0-9-])", name) is not None


def create(exchange: Exchange, creation: Creation[T], *, is_shared: bool, is_retry: bool) -> Plan[T]:
    """Create a thing once, or return the one that there is.

    Parameters
    ----------
    exchange, creation
        What is created, and through what.
    is_shared
        Whether others may know the token: then there is a claim, and the list is looked at first.
    is_retry
        Whether the caller has asked before and does not know what came of it.

    Raises
    ------
    ConfigurationError
        If it is a retry of nobody knows what.
    """
    if is_retry and not is_shared:
        raise ConfigurationError("is_retry=True needs the token of the earlier call.")
    if not is_shared:
        return (yield from Attempt(exchange, creation, None).run(is_retry=False, is_first_look=False))
    claim = yield from claimed(exchange, creation.what, creation.project_id, creation.token)
    try:
        if claim.made:
            return (yield from creation.fetch(claim.made))
        attempt = Attempt(exchange, creation, claim)
        return (yield from attempt.run(is_retry=is_retry or claim.is_sent, is_first_look=True))
    finally:
        claim.release()


def sweep(creation: Creation[T], keep: str | None = None) -> Plan[T | None]:
    """Remove all things that bear a token but one, and return that.

    Parameters
    ----------
    creation
        What they are.
    keep
        The id of the one to keep; by default the oldest. Without it in the list nothing is removed.
    """
    found = yield from creation.find()
    kept = next((each for each in found if keep is None or creation.id_of(each) == keep), None)
    if creation.remove is not None and kept is not None:
        for each in found:
            if each is not kept:
                yield from creation.remove(each)
    return kept


def claimed(exchange: Exchange, what: str, project_id: int | None, token: str) -> Plan[Claim]:
    """Claim a thing that is to be created, once nobody else has the claim.

    Raises
    ------
    DeadlineError
        If somebody else keeps it.
    """
    name = f"{exchange.account}:{what}:{project_id}:{token}"
    rules = exchange.settings
    ends_at = exchange.clock.monotonic() + rules.timeouts.call + rules.lost_answers.look_for_s
    while True:
        claim = yield from ask(lambda: exchange.shared.claims.take(name))
        if claim is not None:
            return claim
        if exchange.clock.monotonic() >= ends_at:
            raise DeadlineError(f"Another process is still creating the {what} '{token or project_id}'.")
        yield from exchange.rest(_CLAIM_WAIT_S)


class Attempt(Generic[T]):
    """The way from a wish to a thing, or to an error that says what is not known."""

    def __init__(self, exchange: Exchange, creation: Creation[T], claim: Claim | None) -> None:
        self._exchange = exchange
        self._creation = creation
        self._claim = claim
        self._rules = exchange.settings.lost_answers

    def run(self, *, is_retry: bool, is_first_look: bool) -> Plan[T]:
        """Create the thing, or find it."""
        if is_retry or is_first_look:
            found = yield from self.look(self._rules.look_for_s if is_retry else 0.0)
            if found is not None:
                return (yield from self._done(found))
            if is_retry and self._creation.remove is None:
                raise self.unknown("It is not in the list, which may be late.", None)
        for sends in range(1, self._rules.sends + 1):
            yield from self._note(is_sent=True)
            if self._creation.on_send is not None:
                yield from ask(self._creation.on_send)
            try:
                made = yield from self._exchange.carry(self._creation.call)
            except QuantConnectError as error:
                found = yield from self._after(error, is_first=sends == 1 and not is_retry)
                if found is not None:
                    return (yield from self._done(found))
                if self._creation.remove is None or sends == self._rules.sends:
                    raise self.unknown("It is not in the list, which may be late.", error) from error
            else:
                if sends > 1 or is_retry:
                    made = (yield from sweep(self._creation)) or made
                return (yield from self._done(made))
        raise AssertionError("every way out of the loop is in it")

    def _after(self, error: QuantConnectError, *, is_first: bool) -> Plan[T | None]:
        """Look for what may have been created, if a request failed."""
        if error.is_uncertain:
            return (yield from self.look(self._rules.look_for_s, error))
        if is_first:
            # Refused, or never sent: there is nothing.
            yield from self._note(is_sent=False)
            raise error
        # An earlier one was not in the list; it may be what stands in the way of this one.
        found = yield from self.look(self._rules.look_for_s, error)
        if found is None:
            error.is_uncertain = True
            raise error
        return found

    def look(self, seconds: float, lost: QuantConnectError | None = None) -> Plan[T | None]:
        """Look for the thing until it is there, or has not been there for so long."""
        exchange = self._exchange
        start = exchange.clock.monotonic()
        wait_s = self._rules.first_look_s
        while True:
            try:
                if seconds:
                    left = start + seconds - exchange.clock.monotonic()
                    yield from exchange.rest(min(wait_s, max(left, self._rules.first_look_s)))
                began = exchange.clock.monotonic()
                found = yield from self._creation.find()
            except QuantConnectError as error:
                can_pass = error.retryable or getattr(error, "is_garbled", False)
                spent = exchange.clock.monotonic() - start
                if not can_pass or spent >= seconds + exchange.settings.timeouts.call:
                    if lost is None and not seconds:
                        raise
                    raise self.unknown(f"The list cannot be read: {error.reason}", lost or error) from error
                wait_s = max(wait_s, min(getattr(error, "wait_s", None) or 0.0, self._rules.most_look_s))
            else:
                if found:
                    return found[0]
                if began - start >= seconds:
                    return None
            wait_s = min(self._rules.most_look_s, max(wait_s, 0.05) * 2)
            if not seconds:
                yield from exchange.rest(wait_s)

    def _done(self, made: T) -> Plan[T]:
        yield from self._note(made=self._creation.id_of(made))
        return made

    def _note(self, *, made: str = "", is_sent: bool = False) -> Plan[None]:
        claim = self._claim
        if claim is not None:
            yield from ask(lambda: claim.note(made=made, is_sent=is_sent))

    def unknown(self, why: str, error: QuantConnectError | None) -> OutcomeUnknownError:
        """Return the error that says what is not known, and why."""
        what, token = self._creation.what, self._creation.token
        cause = "" if isinstance(error, CancelledError) or error is None else f" {error.reason}"
        return OutcomeUnknownError(
            f"It is not known whether the {what} '{token}' was created. {why}{cause} Look for '{token}' in the names "
            "at QuantConnect, or ask again with this token.",
            trace=error.trace if error else None,
            token=token,
            project_id=self._creation.project_id,
        )
