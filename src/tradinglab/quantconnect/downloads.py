"""Downloads from addresses that the server gave."""

from __future__ import annotations

from urllib.parse import urlsplit

from tradinglab.core.pacing.backoff import backoff_s
from tradinglab.quantconnect.answers import failure
from tradinglab.quantconnect.errors import MalformedAnswerError, QuantConnectError, Trace, TransportError
from tradinglab.quantconnect.exchange import Exchange
from tradinglab.quantconnect.steps import Plan, Reply, Request, send

_OK = 200


def download(exchange: Exchange, url: str) -> Plan[bytes]:
    """Return what an address holds; whoever is there is told nothing of who asks.

    Raises
    ------
    MalformedAnswerError
        If it is no address of the web, or holds more than is read.
    QuantConnectError
        If nothing is there.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise MalformedAnswerError("The address of the download is none of the web.", is_garbled=False)
    rules = exchange.settings
    ends_at = exchange.clock.monotonic() + rules.timeouts.call
    attempt = 0
    while True:
        attempt += 1
        trace = Trace(method="GET", path="(download)", attempt=attempt)
        error: QuantConnectError
        try:
            reply: Reply = yield from send(_request(exchange, url, ends_at))
        except TransportError as lost:
            error = TransportError(lost.reason, trace=trace)
        else:
            if reply.is_too_long:
                reason = f"The download is longer than {rules.most_bytes} bytes."
                raise MalformedAnswerError(reason, trace=trace, is_garbled=False)
            if reply.status == _OK:
                return reply.body
            error = failure((), reply, trace, exchange.server_now())
        wait_s = (getattr(error, "wait_s", None) or 0.0) + backoff_s(rules.retries, attempt, exchange.random)
        is_last = attempt >= rules.retries.attempts or exchange.clock.monotonic() + wait_s >= ends_at
        if is_last or not error.retryable:
            raise error
        yield from exchange.rest(wait_s)


def _request(exchange: Exchange, url: str, ends_at: float) -> Request:
    rules = exchange.settings
    return Request(
        method="GET",
        url=url,
        headers={"User-Agent": exchange.user_agent},
        ends_at=min(ends_at, exchange.clock.monotonic() + rules.timeouts.attempt),
        most_bytes=rules.most_bytes,
    )
