"""From a reply to what it holds, or to the error that it means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tradinglab.core.pacing.backoff import http_date, retry_after_s
from tradinglab.quantconnect.errors import (
    AuthenticationError,
    InvalidRequestError,
    MalformedAnswerError,
    NoSpareNodeError,
    NotFoundError,
    QuantConnectError,
    RateLimitError,
    ServerError,
    Trace,
)
from tradinglab.quantconnect.steps import Reply

Payload: TypeAlias = Mapping[str, object]

_BAD_HASH = 10002
_REQUEST_ID_HEADERS = ("x-request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray")
_MOST_TEXT = 500
#: What no database keeps, and pydantic does not take for text; JSON can only have it escaped.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_ESCAPED_UNSTORABLE = re.compile(rb"\\u(0000|d[89a-f])", re.IGNORECASE)
#: What texts mean: QuantConnect has no list of codes. The first that fits counts.
_MEANINGS: tuple[tuple[re.Pattern[str], type[QuantConnectError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"hash (is not valid|doesn'?t match)|userid not valid", AuthenticationError),
        (r"invalid (api )?(token|credentials)|not authenticated|authentication (failed|required)", AuthenticationError),
        (r"no spare nodes?|no (nodes? )?available nodes?|nodes? (is|are) (all )?(busy|in use)", NoSpareNodeError),
        (r"too many|slow down|rate.?limit|throttl", RateLimitError),
        (r"internal (server )?error|unexpected error|temporarily|try again later|service unavailable|timed? ?out",
         ServerError),
        (r"not found|(does not|doesn'?t|do not|don'?t) exist|no such|no live deployment", NotFoundError),
        (r"there is no (project|file|object|backtest|compile|node|chart|deployment|user)", NotFoundError),
        (r"there is no optimi[sz]ation", NotFoundError),
        (r"has no (file|backtest|compile|chart|node|deployment)", NotFoundError),
        (r"(could ?n[o']t|unable to) find|(has been|was) deleted", NotFoundError),
        (r"unknown (project|backtest|compile|file|node|optimi[sz]ation|deploy)", NotFoundError),
    )
)  # fmt: skip


def request_id(reply: Reply, sent: str) -> str:
    """Return the server's number of a request, else the one that was *sent* along."""
    return next((reply.headers[name] for name in _REQUEST_ID_HEADERS if reply.headers.get(name)), sent)[:80]


def server_time(reply: Reply) -> float | None:
    """Return the server's time when it answered, as a Unix second."""
    return http_date(reply.headers.get("date"))


def read_payload(reply: Reply, trace: Trace, now: float, mask: Callable[[str], str]) -> Payload:
    """Return the object that a reply holds.

    Parameters
    ----------
    reply, trace
        What came back, and for which request.
    now
        The server's time, should it not say it.
    mask
        Takes secrets out of what the server says.

    Raises
    ------
    QuantConnectError
        What the reply means, if it is no success.
    """
    if reply.is_too_long:
        raise MalformedAnswerError("The answer is longer than is read.", trace=trace, is_garbled=False)
    if 200 <= reply.status < 300:
        payload = _object(reply, trace)
        if not _is_success(payload):
            raise _refusal(payload, _texts(payload, mask), reply, trace, now)
        return payload
    try:
        payload = _object(reply, trace)
    except MalformedAnswerError:
        payload = {}
    raise failure(_texts(payload, mask), reply, trace, now)


def _is_success(payload: Payload) -> bool:
    # A report that is being written is no failure. Some answers of the AI tools say nothing about it.
    if payload.get("generating") is True:
        return True
    return str(payload.get("success", True)).lower() not in ("false", "0", "none", "")


def _object(reply: Reply, trace: Trace) -> Payload:
    body = reply.body.strip()
    if not body:
        raise MalformedAnswerError("The answer is empty.", trace=trace)
    try:
        payload = json.loads(body.decode("utf-8-sig"))
        if _ESCAPED_UNSTORABLE.search(body):
            payload = _storable(payload)
    except (ValueError, RecursionError):
        start = _plain(body[:80].decode("utf-8", "replace"))
        raise MalformedAnswerError(
            f"The answer is no JSON, or was cut off; it begins: {start!r}.", trace=trace
        ) from None
    if not isinstance(payload, dict):
        kind = type(payload).__name__
        raise MalformedAnswerError(f"The answer is no JSON object, but a {kind}.", trace=trace, is_garbled=False)
    return payload


def _storable(value: Any) -> Any:
    """Return a document whose texts can be stored and sent on: U+FFFD stands for NUL and for halves of pairs."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_storable(name): _storable(each) for name, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list) else value


def _texts(payload: Payload, mask: Callable[[str], str]) -> tuple[str, ...]:
    for name in ("errors", "messages", "Message", "message", "error"):
        value = payload.get(name)
        if isinstance(value, str) and value.strip():
            return (_plain(mask(value)),)
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list) and value:
            return tuple(_plain(mask(str(each))) for each in value)
    return ()


def _plain(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text[:_MOST_TEXT]).split())


def _refusal(payload: Payload, texts: tuple[str, ...], reply: Reply, trace: Trace, now: float) -> QuantConnectError:
    """Return what a 200 with ``success: false`` means."""
    said = " ".join(texts) or "The request was refused without a reason."
    if str(payload.get("errorCode")) == str(_BAD_HASH):
        return AuthenticationError(said, trace=trace, errors=texts)
    kind = next((kind for pattern, kind in _MEANINGS if pattern.search(said)), InvalidRequestError)
    return _made(kind, said, texts, reply, trace, now)


def failure(texts: tuple[str, ...], reply: Reply, trace: Trace, now: float) -> QuantConnectError:
    """Return what a status other than 2xx means; *texts* are the server's own."""
    kind: type[QuantConnectError]
    match reply.status:
        case 401 | 403:
            kind, said = AuthenticationError, "The user id and token are not accepted."
        case 404 | 410:
            kind, said = NotFoundError, "There is no such address; look at the base URL."
        case 429:
            kind, said = RateLimitError, "Too many requests."
        case 408 | 425:
            kind, said = ServerError, "The server gave the request up."
        case status if 400 <= status < 500:
            kind, said = InvalidRequestError, "The request was refused."
        case status if status >= 500:
            kind, said = ServerError, "The server failed."
        case _:
            where = _plain(reply.headers.get("location", ""))
            said = f"The server does not answer, but leads elsewhere ({where}); look at the base URL."
            return MalformedAnswerError(said, trace=trace, is_garbled=False)
    return _made(kind, " ".join((said, *texts)), texts, reply, trace, now)


def _made(
    kind: type[QuantConnectError], said: str, texts: tuple[str, ...], reply: Reply, trace: Trace, now: float
) -> QuantConnectError:
    if issubclass(kind, (RateLimitError, ServerError)):
        wait_s = retry_after_s(reply.headers.get("retry-after"), server_time(reply) or now)
        return kind(said, trace=trace, errors=texts, wait_s=wait_s)
    return kind(said, trace=trace, errors=texts)
