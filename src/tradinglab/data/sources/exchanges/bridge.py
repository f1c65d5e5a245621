"""ccxt, with our own requests below it.

ccxt knows what each exchange's addresses, replies and error codes are. What it sends goes through `Http`, so that turns
are shared by all processes, Retry-After is heeded, web pages and cut replies are found, and tests can point it to a
server of their own. ccxt is slow to import and an extra: nothing here imports it before an exchange is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from tradinglab.data.sources.errors import (
    RateLimitedError,
    RefusedError,
    SourceError,
    SourceSettingError,
    UnavailableError,
    UnknownSymbolError,
)
from tradinglab.data.sources.http import Http, Reply

_REASONS: Final = 300
#: What the library says by which ccxt would send.
_TRANSPORT: Final = ("Accept-Encoding", "Connection", "User-Agent")


class Bridge:
    """An exchange of ccxt's whose requests are ours.

    Parameters
    ----------
    name
        What we call it.
    ccxt_id
        What ccxt calls it.
    base_url
        One address in place of all of the exchange's, for tests.
    """

    def __init__(self, name: str, ccxt_id: str, base_url: str = "") -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._http: Http | None = None
        self.ccxt = load_ccxt()
        options = {"fetchMarkets": {"types": ["spot"]}, "adjustForTimeDifference": False}
        self.exchange: Any = getattr(self.ccxt, ccxt_id)({"enableRateLimit": False, "options": options})
        # What coins can be paid in and out takes keys or long lists, and says nothing of bars.
        self.exchange.has["fetchCurrencies"] = False
        self.exchange.fetch = self._fetch
        #: The replies since they were taken last.
        self.bodies: list[bytes] = []
        self.symbol = ""

    def connect(self, http: Http) -> None:
        """Send what is sent from now on through *http*."""
        self._http = http

    def call(self, method: str, symbol: str, *arguments: object) -> Any:
        """Call a method of ccxt's and return what it returns.

        Raises
        ------
        SourceError
            Whatever ccxt raises, in our words.
        """
        self.symbol, self.bodies = symbol, []
        try:
            return getattr(self.exchange, method)(*arguments)
        except self.ccxt.BaseError as error:
            raise self._in_our_words(error, symbol) from None
        except (TypeError, KeyError, ValueError, IndexError, AttributeError) as problem:
            # ccxt reads replies as they should be.
            reason = f"The reply cannot be read: {type(problem).__name__}: {problem}"
            raise UnavailableError(self.name, reason, symbol=symbol) from None

    def _fetch(
        self, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: object = None
    ) -> object:
        if method != "GET" or self._http is None:
            raise RefusedError(self.name, f"Only public bars are read; it wanted to send {method}.", symbol=self.symbol)
        asked = url
        if self._base_url:
            parts = urlsplit(url)
            asked = self._base_url + parts.path + (f"?{parts.query}" if parts.query else "")

        def read(reply: Reply) -> object:
            return self._read(reply, url)

        sent = {name: value for name, value in self.exchange.prepare_request_headers(headers).items() if value}
        sent = {name: value for name, value in sent.items() if name not in _TRANSPORT} | {"User-Agent": "TradingLab"}
        return self._http.ask(asked, read, headers=sent, symbol=self.symbol)

    def _read(self, reply: Reply, url: str) -> object:
        if reply.status == 451:
            reason = "The exchange does not answer from this country or network (HTTP 451)."
            raise RefusedError(self.name, reason, symbol=self.symbol)
        if reply.status == 403 and reply.body.lstrip().startswith(b"<"):
            raise RefusedError(self.name, "The exchange refuses this network (HTTP 403).", symbol=self.symbol)
        found = reply.json()
        self.bodies.append(reply.body)
        try:
            self.exchange.handle_errors(reply.status, "", url, "GET", dict(reply.headers), reply.text, found, {}, None)
        except self.ccxt.BaseError as error:
            raise self._in_our_words(error, self.symbol) from None
        if reply.status >= 400:
            raise RefusedError(self.name, f"HTTP {reply.status}: {reply.text[:_REASONS]}", symbol=self.symbol)
        return found

    def _in_our_words(self, error: Exception, symbol: str) -> SourceError:
        ccxt = self.ccxt
        text = str(error)[:_REASONS]
        if isinstance(error, ccxt.BadSymbol):
            reason = f"The exchange has no such pair ({text}). Search for one of its currencies."
            return UnknownSymbolError(self.name, reason, symbol=symbol)
        if isinstance(error, (ccxt.RateLimitExceeded, ccxt.DDoSProtection)):
            return RateLimitedError(self.name, f"Too many requests: {text}", symbol=symbol)
        if isinstance(error, ccxt.OperationFailed):
            return UnavailableError(self.name, f"The exchange does not answer: {text}", symbol=symbol)
        return RefusedError(self.name, text, symbol=symbol)


def load_ccxt() -> Any:
    """Return ccxt.

    Raises
    ------
    SourceSettingError
        If it is not installed.
    """
    try:
        import ccxt
    except ModuleNotFoundError as problem:
        reason = f"Exchanges need '{problem.name}', which is not installed: pip install 'tradinglab[exchanges]'"
        raise SourceSettingError("exchanges", reason) from None
    return ccxt
