"""An exchange of coins as a source: Binance, Bitfinex, Bybit, Coinbase, Kraken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.pacing.buckets import Rate
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.sources.errors import GarbledReplyError, SourceSettingError, UnknownSymbolError
from tradinglab.data.sources.exchanges.bridge import Bridge
from tradinglab.data.sources.exchanges.stream import CcxtStream
from tradinglab.data.sources.http import Http, World
from tradinglab.data.sources.protocol import (
    About,
    Fetched,
    Known,
    Listing,
    SeriesKey,
    SeriesMeta,
    Serves,
    nothing,
)
from tradinglab.data.sources.redaction import Redactor
from tradinglab.data.sources.shaping import SECOND_US, complete_until, day_text, origin_of, pages, part, served
from tradinglab.data.sources.turns import Allowance

_MS: Final = 1_000
_FRAMES: Final = {Resolution.DAILY: "1d", Resolution.HOUR: "1h", Resolution.MINUTE: "1m"}
_LENGTHS_US: Final = {
    Resolution.DAILY: 86_400 * SECOND_US,
    Resolution.HOUR: 3_600 * SECOND_US,
    Resolution.MINUTE: 60 * SECOND_US,
}
#: Before it no exchange that is left traded anything.
_FIRST_US: Final = 1_293_840_000 * SECOND_US
_MOST_FOUND: Final = 20
_WINDOW_S: Final = 10.0


class Kind(NamedTuple):
    """What is peculiar to an exchange: ccxt's name, the bars of a page, how many bars back it goes (0: all)."""

    ccxt_id: str
    title: str
    page: int
    reach: int = 0


_KINDS: Final = {
    "binance": Kind("binance", "Binance", 1_000),
    "bitfinex": Kind("bitfinex", "Bitfinex", 5_000),
    "bybit": Kind("bybit", "Bybit", 1_000),
    "coinbase": Kind("coinbaseexchange", "Coinbase", 300),
    "kraken": Kind("kraken", "Kraken", 720, reach=720),
}
NAMES: Final = tuple(_KINDS)
#: Those that tell candles by a WebSocket: Coinbase tells trades alone.
STREAMING: Final = tuple(name for name in _KINDS if name != "coinbase")


def about(name: str) -> About:
    """Return what a user should know of an exchange; ccxt need not be there for it."""
    kind = _kind(name)
    reach = f"the last {kind.reach} bars of a resolution" if kind.reach else "all bars since a pair's listing"
    resolutions = tuple(_FRAMES)
    return About(
        name=name,
        title=kind.title,
        serves=(Serves(security_type=SecurityType.CRYPTO, resolutions=resolutions, markets=(name,)),),
        limits=f"no key; {reach}, {kind.page:,} with each request; we ask at half the rate that it allows",
        terms="public data of the exchange, under its terms; some do not answer from some countries",
        extra="exchanges",
    )


class CryptoExchange:
    """An exchange's spot market.

    Parameters
    ----------
    name
        One of `NAMES`.
    base_url
        One address in place of the exchange's, for tests.

    Raises
    ------
    SourceSettingError
        If there is no exchange of the name, or ccxt is not installed.
    """

    def __init__(self, name: str, world: World | None = None, base_url: str = "") -> None:
        self.about = about(name)
        self._kind = _kind(name)
        self._world = world or World()
        self._bridge = Bridge(name, self._kind.ccxt_id, base_url)
        most = max(1, int(_WINDOW_S * 500 / max(1.0, float(self._bridge.exchange.rateLimit))))
        allowance = Allowance(name=f"exchange:{name}", rates=(Rate(most, _WINDOW_S),))
        self._http = Http(name, allowance, Redactor(), self._world)
        self._bridge.connect(self._http)
        self._markets: dict[str, Mapping[str, Any]] = {}
        self._firsts: dict[str, int | None] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def stream(self, base_url: str = "") -> CcxtStream:
        """Return what tells the exchange's candles as they change; *base_url* is an address in place of its own."""
        return CcxtStream(self._kind.ccxt_id, self._market, lambda key: _FRAMES[key.resolution], base_url)

    def search(self, text: str) -> Sequence[Listing]:
        """Return the pairs that a text may mean."""
        wanted = "".join(char for char in text.upper() if char.isalnum())
        markets = self._pairs(text)
        found = [ticker for ticker in markets if wanted and wanted in ticker]
        found.sort(key=lambda ticker: (ticker != wanted, not ticker.startswith(wanted), len(ticker), ticker))
        return [self._listing(ticker, markets[ticker]) for ticker in found[:_MOST_FOUND]]

    def validate(self, key: SeriesKey) -> Listing:
        """Return the pair of a series."""
        served(self.about, key)
        return self._listing(key.ticker, self._market(key))

    def coverage(self, key: SeriesKey) -> Known:
        """Return from when to when there are bars."""
        served(self.about, key)
        self._market(key)
        last_us = complete_until(key, self._now_us()) - _LENGTHS_US[key.resolution]
        if self._kind.reach:
            notes = (f"{self._kind.title} has the last {self._kind.reach} bars only",)
            return Known(first_us=self._reach_us(key), last_us=last_us, notes=notes)
        return Known(first_us=self._first_us(key), last_us=last_us)

    def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        """Yield the bars of a range in parts."""
        served(self.about, key)
        length_us = _LENGTHS_US[key.resolution]
        end_us = min(end_us, complete_until(key, self._now_us()))
        if start_us >= end_us:
            return
        self._market(key)
        if self._kind.reach and start_us < (reach_us := self._reach_us(key)):
            until = min(end_us, reach_us)
            why = f"{self._kind.title} has the last {self._kind.reach} bars only, none before {day_text(until)}"
            yield self._nothing(key, start_us, until, why)
            start_us = until
        has_looked = False
        while start_us < end_us:
            until = min(end_us, start_us + self._kind.page * length_us)
            times, values = self._page(key, start_us, until)
            inside = (times >= start_us) & (times < until)
            if not inside.any() and not has_looked:
                # Empty pages before a listing may be many: they are answered at once.
                has_looked = True
                first = self._first_us(key)
                until = end_us if first is None else min(end_us, max(until, first))
                yield self._nothing(key, start_us, until, f"{self._kind.title} has no bars before {day_text(until)}")
            else:
                has_looked = has_looked or bool(inside.any())
                origin = origin_of(self.about.name, key.ticker, key, start_us, until, *self._bridge.bodies)
                yield part(key, start_us, until, times, values, meta=self._meta(key), origin=origin)
            start_us = until

    def _page(self, key: SeriesKey, since_us: int, until_us: int) -> tuple[Ints, dict[str, Floats]]:
        """Return the rows of a page; an exchange may send others as well."""
        symbol, frame, most = self._market(key)["symbol"], _FRAMES[key.resolution], self._kind.page
        # Who has the last bars only takes no end.
        end = {} if self._kind.reach else {"until": (until_us - 1) // _MS}
        rows = self._bridge.call("fetch_ohlcv", key.ticker, symbol, frame, since_us // _MS, most, end)
        try:
            table = np.array([[np.nan if one is None else float(one) for one in row[:6]] for row in rows], np.float64)
            table = table.reshape(-1, 6)
            times = table[:, 0].astype(np.int64) * _MS
        except (TypeError, ValueError) as problem:
            raise GarbledReplyError(self.about.name, f"A bar cannot be read: {problem}", symbol=key.ticker) from None
        values = {name: table[:, at + 1] for at, name in enumerate(("open", "high", "low", "close", "volume"))}
        return times, values | {"volume": np.nan_to_num(values["volume"])}

    def _first_us(self, key: SeriesKey) -> int | None:
        """Return the start of the first day with trades, found once."""
        if key.ticker not in self._firsts:
            days = SeriesKey(key.security_type, key.market, key.ticker, Resolution.DAILY, key.tick_type)
            length_us = self._kind.page * _LENGTHS_US[Resolution.DAILY]
            self._firsts[key.ticker] = None
            for since_us, until_us in pages(_FIRST_US, self._now_us(), length_us):
                times, _ = self._page(days, since_us, until_us)
                if len(times):
                    self._firsts[key.ticker] = int(times.min())
                    break
        return self._firsts[key.ticker]

    def _pairs(self, text: str) -> dict[str, Mapping[str, Any]]:
        """Return the spot markets by our tickers, asked for once."""
        if not self._markets:
            found = self._bridge.call("load_markets", text)
            self._markets = {f"{one['base']}{one['quote']}".upper(): one for one in found.values() if one.get("spot")}
        return self._markets

    def _market(self, key: SeriesKey) -> Mapping[str, Any]:
        market = self._pairs(key.ticker).get(key.ticker.upper())
        if market is None:
            reason = f"{self._kind.title} has no such pair. Pairs are written like BTCUSDT; search for a currency."
            raise UnknownSymbolError(self.about.name, reason, symbol=key.ticker)
        return market

    def _listing(self, ticker: str, market: Mapping[str, Any]) -> Listing:
        return Listing(
            ticker=ticker,
            symbol=str(market["symbol"]),
            name=f"{market['base']} in {market['quote']}",
            security_type=SecurityType.CRYPTO,
            market=self.about.name,
            exchange=self._kind.title,
            currency=str(market["quote"]),
            time_zone="UTC",
        )

    def _meta(self, key: SeriesKey) -> SeriesMeta:
        market = self._market(key)
        return SeriesMeta(
            symbol=str(market["symbol"]),
            currency=str(market["quote"]),
            time_zone="UTC",
            instrument="spot",
            exchange=self._kind.title,
        )

    def _nothing(self, key: SeriesKey, start_us: int, end_us: int, why: str) -> Fetched:
        origin = origin_of(self.about.name, key.ticker, key, start_us, end_us)
        return nothing(key, start_us, end_us, self._meta(key), origin, why)

    def _reach_us(self, key: SeriesKey) -> int:
        return complete_until(key, self._now_us()) - (self._kind.reach - 1) * _LENGTHS_US[key.resolution]

    def _now_us(self) -> int:
        return int(self._world.clock.now() * SECOND_US)


def _kind(name: str) -> Kind:
    if name not in _KINDS:
        raise SourceSettingError("exchanges", f"There is no exchange '{name}'. There are {', '.join(NAMES)}.")
    return _KINDS[name]
