"""Requests to Yahoo: a cookie and a crumb that goes with it are fetched first, and again when they are not accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import quote

from tradinglab.data.sources.errors import SourceError
from tradinglab.data.sources.http import Http, Reply
from tradinglab.data.sources.yahoo.chart import StaleCrumbError

T = TypeVar("T")
_COOKIES: Final = "https://fc.yahoo.com"
_CRUMBS: Final = "https://query1.finance.yahoo.com"
_DATA: Final = "https://query2.finance.yahoo.com"
_LONGEST_CRUMB: Final = 64
#: Yahoo answers programs that name themselves as a library with "too many requests".
_HEADERS: Final = {"User-Agent": "Mozilla/5.0 (compatible; TradingLab)", "Accept": "*/*"}


class Session:
    """What is asked with a cookie and a crumb.

    Parameters
    ----------
    base_url
        One address in place of Yahoo's three.
    """

    def __init__(self, http: Http, base_url: str = "") -> None:
        self._http = http
        root = base_url.rstrip("/")
        self._cookies, self._crumbs, self._data = root or _COOKIES, root or _CRUMBS, root or _DATA
        self._crumb: str | None = None

    def ask(self, path: str, read: Callable[[Reply], T], params: Mapping[str, str], symbol: str) -> T:
        """Ask for what lies at a path; once more with a new crumb if the old one is not accepted."""
        for is_last in (False, True):
            crumb = self._own_crumb()
            try:
                return self._http.ask(
                    self._data + quote(path, safe="/"),
                    read,
                    params=dict(params) | ({"crumb": crumb} if crumb else {}),
                    headers=_HEADERS,
                    symbol=symbol,
                )
            except StaleCrumbError:
                if is_last:
                    raise
                self._crumb = None
        raise AssertionError("the loop returns or raises")

    def _own_crumb(self) -> str:
        """Return the crumb; empty if Yahoo gives none, which most requests do without."""
        if self._crumb is None:
            try:
                self._http.ask(self._cookies + "/", lambda reply: None, headers=_HEADERS)
                self._crumb = self._http.ask(self._crumbs + "/v1/test/getcrumb", _read_crumb, headers=_HEADERS)
            except SourceError as error:
                if not error.retryable:
                    raise
                self._crumb = ""
        return self._crumb


def _read_crumb(reply: Reply) -> str:
    text = reply.text.strip()
    is_crumb = reply.status == 200 and 0 < len(text) <= _LONGEST_CRUMB and not set(text) & set("<{ \n")
    return text if is_crumb else ""
