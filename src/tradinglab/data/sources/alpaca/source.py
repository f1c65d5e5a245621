"""Alpaca as a source.

Its bars are plain JSON over one address, so that our own client serves; alpaca-py would bring its own HTTP library,
retries that are not to be set, and pandas.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np

from tradinglab.core.clock import date_of_day, from_ns
from tradinglab.core.decimals import ONE, ZERO
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.pacing.buckets import Rate
from tradinglab.data.sources.alpaca.replies import Event, Page, read_bars, read_events
from tradinglab.data.sources.errors import (
    CredentialError,
    NotServedError,
    RefusedError,
    SourceSettingError,
    UnknownSymbolError,
)
from tradinglab.data.sources.http import Http, World
from tradinglab.data.sources.protocol import About, Action, Fetched, Known, Listing, SeriesKey, SeriesMeta, Serves
from tradinglab.data.sources.redaction import Redactor
from tradinglab.data.sources.shaping import (
    SECOND_US,
    complete_until,
    data_zone,
    days_of,
    origin_of,
    part,
    served,
    starts_of_days,
)
from tradinglab.data.sources.turns import Allowance

ID_VARIABLE: Final = "APCA_API_KEY_ID"
SECRET_VARIABLE: Final = "APCA_API_SECRET_KEY"
FEED_VARIABLE: Final = "ALPACA_DATA_FEED"
BASE_URL: Final = "https://data.alpaca.markets"
_FRAMES: Final = {Resolution.DAILY: "1Day", Resolution.HOUR: "1Hour", Resolution.MINUTE: "1Min"}
_FEEDS: Final = ("sip", "iex", "otc", "boats", "overnight")
_LIMIT: Final = 10_000
_EVENTS: Final = "forward_split,reverse_split,cash_dividend,stock_dividend"
#: Alpaca's bars begin in 2016.
_FIRST: Final = "2016-01-01T00:00:00Z"
#: The newest minutes of the consolidated feed are for those who pay.
_DELAY_US: Final = 16 * 60 * SECOND_US
_QUOTES: Final = ("USDT", "USDC", "USD", "BTC")


class Alpaca:
    """Alpaca's market data.

    Parameters
    ----------
    key_id, secret
        The keys of an account; from APCA_API_KEY_ID and APCA_API_SECRET_KEY by default.
    feed
        Whose trades bars of shares are made of: ``sip`` (all exchanges, the default) or ``iex`` (one of them); from
        ALPACA_DATA_FEED by default.
    base_url
        Another address, for tests.
    """

    about = About(
        name="alpaca",
        title="Alpaca",
        serves=(
            Serves(security_type=SecurityType.EQUITY, resolutions=tuple(_FRAMES), markets=("usa",)),
            # Its days of coins do not begin at midnight UTC.
            Serves(security_type=SecurityType.CRYPTO, resolutions=(Resolution.HOUR, Resolution.MINUTE)),
        ),
        credentials=(ID_VARIABLE, SECRET_VARIABLE),
        limits="bars since 2016; on the free plan 200 requests a minute, up to a quarter of an hour ago",
        terms="the keys of an account, paper accounts included; for the account's owner",
    )

    def __init__(
        self,
        world: World | None = None,
        key_id: str | None = None,
        secret: str | None = None,
        feed: str | None = None,
        base_url: str = "",
    ) -> None:
        self._world = world or World()
        self._id = (os.environ.get(ID_VARIABLE, "") if key_id is None else key_id).strip()
        self._secret = (os.environ.get(SECRET_VARIABLE, "") if secret is None else secret).strip()
        for name, value in ((ID_VARIABLE, self._id), (SECRET_VARIABLE, self._secret)):
            if not value or not value.isascii() or not value.isprintable():
                raise CredentialError(self.about.name, f"It needs an account's keys: set {name} to yours.")
        self._feed = feed or os.environ.get(FEED_VARIABLE, "").strip() or "sip"
        if self._feed not in _FEEDS:
            reason = f"{FEED_VARIABLE} must be one of {', '.join(_FEEDS)}; it was '{self._feed}'."
            raise SourceSettingError(self.about.name, reason)
        name = f"alpaca:{hashlib.sha256(f'tradinglab:{self._id}'.encode()).hexdigest()[:24]}"
        allowance = Allowance(name=name, rates=(Rate(190, 60.0),))
        self._http = Http(self.about.name, allowance, Redactor([self._id, self._secret]), self._world)
        self._url = (base_url or BASE_URL).rstrip("/")

    def __repr__(self) -> str:
        return f"Alpaca(feed={self._feed!r})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def search(self, text: str) -> Sequence[Listing]:
        """Return the share of a ticker, if there is one: the market data has no search by name."""
        from tradinglab.core.enums import TickType

        key = SeriesKey(SecurityType.EQUITY, "usa", text.strip().upper(), Resolution.DAILY, TickType.TRADE)
        try:
            return [self.validate(key)]
        except UnknownSymbolError:
            return []

    def validate(self, key: SeriesKey) -> Listing:
        """Return the security of a series."""
        served(self.about, key)
        self._first_bar(key)
        is_equity = key.security_type == SecurityType.EQUITY
        return Listing(
            ticker=key.ticker,
            symbol=_symbol(key),
            security_type=key.security_type,
            market=key.market,
            currency="USD" if is_equity else _symbol(key).partition("/")[2],
            time_zone="America/New_York" if is_equity else "UTC",
        )

    def coverage(self, key: SeriesKey) -> Known:
        """Return from when to when there are bars."""
        served(self.about, key)
        return Known(first_us=self._first_bar(key), last_us=None, notes=("Alpaca has bars from 2016 on",))

    def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        """Yield the bars of a range in parts."""
        served(self.about, key)
        now_us = int(self._world.clock.now() * SECOND_US)
        is_equity = key.security_type == SecurityType.EQUITY
        delay_us = _DELAY_US if is_equity and self._feed == "sip" else 0
        end_us = min(end_us, complete_until(key, now_us - delay_us))
        if start_us >= end_us:
            return
        notes: list[str] = []
        if is_equity and self._feed != "sip":
            notes.append(f"volumes are of the feed {self._feed} alone")
        actions = self._actions(key, start_us, end_us, notes) if is_equity else []
        is_known = False
        token: str | None = None
        at = start_us
        while True:
            page = self._page(key, start_us, end_us, token)
            if not len(page.times_us) and not is_known:
                # An unknown symbol is answered like one that was not traded.
                self._first_bar(key)
            is_known, token = True, page.next
            if token is not None and not len(page.times_us):
                continue
            # The next page goes on after the last bar of this one.
            until = end_us if token is None else min(end_us, int(page.times_us[-1]) + 1)
            yield self._part(key, at, until, page, actions, notes)
            if token is None or until >= end_us:
                return
            at = until

    def _part(
        self, key: SeriesKey, start_us: int, end_us: int, page: Page, actions: Sequence[Action], notes: Sequence[str]
    ) -> Fetched:
        times = page.times_us
        if key.resolution == Resolution.DAILY:
            times = starts_of_days(key, days_of(times, data_zone(key)))
        begins = starts_of_days(key, np.array([one.day for one in actions], np.int64)).tolist()
        return part(
            key,
            start_us,
            end_us,
            times,
            page.values,
            meta=SeriesMeta(symbol=_symbol(key), exchange=self._feed if key.market == "usa" else ""),
            origin=origin_of(self.about.name, _symbol(key), key, start_us, end_us, page.body),
            actions=[one for one, at in zip(actions, begins, strict=True) if start_us <= at < end_us],
            notes=notes if len(times) else (),
        )

    def _page(self, key: SeriesKey, start_us: int, end_us: int, token: str | None) -> Page:
        symbol = _symbol(key)
        params = {
            "symbols": symbol,
            "timeframe": _FRAMES[key.resolution],
            "start": _text(start_us),
            "end": _text(end_us - 1),
            "limit": str(_LIMIT),
            "sort": "asc",
        }
        if key.security_type == SecurityType.EQUITY:
            params |= {"adjustment": "raw", "feed": self._feed}
        if token is not None:
            params["page_token"] = token
        return self._http.ask(self._url + _path(key), read_bars, params=params, headers=self._headers(), symbol=symbol)

    def _first_bar(self, key: SeriesKey) -> int:
        """Return the start of the first bar.

        Raises
        ------
        UnknownSymbolError
            If there is none.
        """
        symbol = _symbol(key)
        params = {"symbols": symbol, "timeframe": "1Day", "start": _FIRST, "limit": "1", "sort": "asc"}
        if key.security_type == SecurityType.EQUITY:
            params |= {"adjustment": "raw", "feed": self._feed}
            if self._feed == "sip":
                params["end"] = _text(int(self._world.clock.now() * SECOND_US) - _DELAY_US)
        page = self._http.ask(self._url + _path(key), read_bars, params=params, headers=self._headers(), symbol=symbol)
        if not len(page.times_us):
            reason = "Alpaca has no bar of it since 2016: the symbol is not known. Check how it is written."
            raise UnknownSymbolError(self.about.name, reason, symbol=symbol)
        return int(page.times_us[0])

    def _actions(self, key: SeriesKey, start_us: int, end_us: int, notes: list[str]) -> list[Action]:
        zone = data_zone(key)
        first, last = days_of(np.array([start_us, end_us - 1]), zone).tolist()
        params = {
            "symbols": key.ticker,
            "types": _EVENTS,
            "start": str(date_of_day(first)),
            "end": str(date_of_day(last)),
            "limit": "1000",
        }
        events: list[Event] = []
        try:
            while True:
                found, token = self._http.ask(
                    f"{self._url}/v1/corporate-actions",
                    read_events,
                    params=params,
                    headers=self._headers(),
                    symbol=key.ticker,
                )
                events += found
                if token is None:
                    break
                params = params | {"page_token": token}
        except (NotServedError, RefusedError) as error:
            notes.append(f"these bars come without splits and dividends: {error.reason}")
            return []
        return _by_day(events)

    def _headers(self) -> dict[str, str]:
        return {"APCA-API-KEY-ID": self._id, "APCA-API-SECRET-KEY": self._secret}


def _by_day(events: Sequence[Event]) -> list[Action]:
    """Return one action for each day."""
    found = []
    for day, group in groupby(sorted(events, key=lambda one: one.day), key=lambda one: one.day):
        dividend, split = ZERO, ONE
        for one in group:
            dividend, split = dividend + one.dividend, split * one.split_factor
        found.append(Action(day, dividend, split))
    return found


def _symbol(key: SeriesKey) -> str:
    """Return what a security is called at Alpaca: coins are pairs with a slash."""
    ticker = key.ticker.upper()
    if key.security_type == SecurityType.EQUITY:
        return ticker
    quote = next((one for one in _QUOTES if ticker.endswith(one) and len(ticker) > len(one)), ticker[-3:])
    return f"{ticker[: -len(quote)]}/{quote}"


def _path(key: SeriesKey) -> str:
    return "/v2/stocks/bars" if key.security_type == SecurityType.EQUITY else "/v1beta3/crypto/us/bars"


def _text(us: int) -> str:
    """Return an instant as RFC 3339."""
    return f"{from_ns(us * 1_000).isoformat()}Z"
