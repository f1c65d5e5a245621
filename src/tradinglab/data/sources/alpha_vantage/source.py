"""Alpha Vantage as a source."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np

from tradinglab.core.clock import DAY_NS, date_of_day, day_of_date, zone
from tradinglab.core.decimals import ONE
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.pacing.buckets import Rate
from tradinglab.data.columns import Ints
from tradinglab.data.sources.alpha_vantage.replies import Rows, read_matches, read_rate, read_rows
from tradinglab.data.sources.errors import (
    CredentialError,
    GarbledReplyError,
    SourceSettingError,
    UnknownSymbolError,
)
from tradinglab.data.sources.http import Http, World
from tradinglab.data.sources.protocol import (
    About,
    Action,
    Fetched,
    Known,
    Listing,
    Origin,
    SeriesKey,
    SeriesMeta,
    Serves,
    nothing,
)
from tradinglab.data.sources.redaction import Redactor
from tradinglab.data.sources.shaping import (
    SECOND_US,
    complete_until,
    day_text,
    origin_of,
    part,
    served,
    starts_of_days,
)
from tradinglab.data.sources.turns import Allowance

KEY_VARIABLE: Final = "ALPHA_VANTAGE_API_KEY"
PLAN_VARIABLE: Final = "ALPHA_VANTAGE_REQUESTS_PER_MINUTE"
BASE_URL: Final = "https://www.alphavantage.co"
_US: Final = 1_000
_INTERVALS: Final = {Resolution.HOUR: "60min", Resolution.MINUTE: "1min"}
_RESOLUTIONS: Final = (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE)
_FUNCTIONS: Final = {
    SecurityType.FOREX: ("FX_DAILY", "FX_INTRADAY"),
    SecurityType.CRYPTO: ("DIGITAL_CURRENCY_DAILY", "CRYPTO_INTRADAY"),
}
_QUOTES: Final = ("USDT", "USDC", "USD", "EUR", "GBP", "JPY", "BTC")
_TYPES: Final = {"Equity": SecurityType.EQUITY, "ETF": SecurityType.EQUITY, "Mutual Fund": SecurityType.EQUITY}
#: Years ago there are no minutes of any share.
_FIRST_MONTH: Final = date(2000, 1, 1)


class AlphaVantage:
    """Alpha Vantage.

    Parameters
    ----------
    key
        The key; from ALPHA_VANTAGE_API_KEY by default.
    per_minute
        How many requests a minute a paid plan allows; None means a free key (25 a day), which is the default unless
        ALPHA_VANTAGE_REQUESTS_PER_MINUTE says otherwise.
    base_url
        Another address, for tests.
    """

    about = About(
        name="alpha_vantage",
        title="Alpha Vantage",
        serves=(
            Serves(security_type=SecurityType.EQUITY, resolutions=_RESOLUTIONS, markets=("usa",)),
            Serves(security_type=SecurityType.FOREX, resolutions=_RESOLUTIONS),
            Serves(security_type=SecurityType.CRYPTO, resolutions=_RESOLUTIONS),
        ),
        credentials=(KEY_VARIABLE,),
        limits="a free key: 25 requests a day, the last 100 days, no dividends and splits, no minutes or hours; "
        "a paid plan: as many requests a minute as it says, all days, a month of minutes for each request",
        terms="a key for each user, free or paid; free keys are for personal use",
    )

    def __init__(
        self, world: World | None = None, key: str | None = None, per_minute: int | None = None, base_url: str = ""
    ) -> None:
        self._world = world or World()
        self._key = (os.environ.get(KEY_VARIABLE, "") if key is None else key).strip()
        if not self._key:
            reason = f"It needs a key: set {KEY_VARIABLE} to yours (Alpha Vantage gives free ones)."
            raise CredentialError(self.about.name, reason)
        per_minute = _plan() if per_minute is None else per_minute
        self.is_free = per_minute is None
        name = f"alpha_vantage:{hashlib.sha256(f'tradinglab:{self._key}'.encode()).hexdigest()[:24]}"
        allowance = Allowance(name=name, rates=(Rate(1, 1.2), Rate(5, 60.0)), per_day=25)
        if per_minute is not None:
            allowance = Allowance(name=name, rates=(Rate(per_minute, 60.0),))
        self._http = Http(self.about.name, allowance, Redactor([self._key]), self._world)
        self._url = (base_url or BASE_URL).rstrip("/") + "/query"

    def __repr__(self) -> str:
        return f"AlphaVantage({'free' if self.is_free else 'paid'})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def search(self, text: str) -> Sequence[Listing]:
        """Return the shares that a text may mean."""
        params = self._params("SYMBOL_SEARCH", keywords=text)
        matches = self._http.ask(self._url, read_matches, params=params, symbol=text)
        return [_listing(one) for one in matches if one.get("region") == "United States" and one.get("type") in _TYPES]

    def validate(self, key: SeriesKey) -> Listing:
        """Return the security of a series."""
        served(self.about, key)
        if key.security_type == SecurityType.EQUITY:
            for listing in self.search(key.ticker):
                if listing.ticker == key.ticker:
                    return listing
            raise UnknownSymbolError(
                self.about.name, "The symbol is not known. Search for its name.", symbol=key.ticker
            )
        base, quote = _pair(key)
        params = self._params("CURRENCY_EXCHANGE_RATE", from_currency=base, to_currency=quote)
        rate = self._http.ask(self._url, read_rate, params=params, symbol=key.ticker)
        return Listing(
            ticker=key.ticker,
            symbol=f"{base}/{quote}",
            name=f"{rate.get('from_currency name', base)} in {rate.get('to_currency name', quote)}",
            security_type=key.security_type,
            market=key.market,
            currency=quote,
            time_zone=rate.get("time zone", ""),
        )

    def coverage(self, key: SeriesKey) -> Known:
        """Return what is known before anything is asked: Alpha Vantage has no question for it."""
        served(self.about, key)
        if key.resolution == Resolution.DAILY and self.is_free:
            return Known(first_us=None, last_us=None, notes=("a free key gets the last 100 days",))
        if key.resolution == Resolution.DAILY:
            return Known(first_us=None, last_us=None, notes=("Alpha Vantage has up to 20 years of days",))
        return Known(first_us=None, last_us=None, notes=("Alpha Vantage has minutes from 2000 on, on paid plans",))

    def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        """Yield the bars of a range in parts."""
        served(self.about, key)
        now_us = int(self._world.clock.now() * SECOND_US)
        end_us = min(end_us, complete_until(key, now_us))
        if start_us >= end_us:
            return
        if key.security_type == SecurityType.EQUITY and key.resolution != Resolution.DAILY:
            yield from self._months(key, start_us, end_us)
            return
        is_compact = self.is_free and key.security_type != SecurityType.CRYPTO
        rows = self._ask(key, self._question(key, is_compact))
        times = self._times(key, rows)
        origin = origin_of(self.about.name, key.ticker, key, start_us, end_us, rows.body)
        if is_compact and len(times) and start_us < times[0]:
            until = min(end_us, int(times[0]))
            why = f"a free key gets the last 100 bars only, none before {day_text(int(times[0]))}"
            yield nothing(key, start_us, until, _meta(key, rows), origin, why)
            start_us = until
        if start_us < end_us:
            yield self._part(key, start_us, end_us, rows, times, origin)

    def _months(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        """Yield minutes or hours of a share, a month at a time."""
        is_known = False
        for month, first, last in _months(key, start_us, end_us):
            if month < _FIRST_MONTH:
                origin = origin_of(self.about.name, key.ticker, key, first, last)
                yield nothing(
                    key, first, last, SeriesMeta(symbol=key.ticker), origin, "Alpha Vantage's minutes begin in 2000"
                )
                continue
            question = self._params(
                "TIME_SERIES_INTRADAY",
                symbol=key.ticker,
                interval=_INTERVALS[key.resolution],
                month=f"{month:%Y-%m}",
                outputsize="full",
                extended_hours="true",
                # The default are prices that every later split and dividend changes.
                adjusted="false",
            )
            try:
                rows = self._ask(key, question)
            except UnknownSymbolError:
                # The same words are said of a symbol that is not known and of a month before its listing.
                if not is_known:
                    self.validate(key)
                    is_known = True
                origin = origin_of(self.about.name, key.ticker, key, first, last)
                why = f"Alpha Vantage has no bars of {month:%Y-%m}"
                yield nothing(key, first, last, SeriesMeta(symbol=key.ticker), origin, why)
                continue
            is_known = True
            origin = origin_of(self.about.name, key.ticker, key, first, last, rows.body)
            yield self._part(key, first, last, rows, self._times(key, rows), origin)

    def _question(self, key: SeriesKey, is_compact: bool) -> dict[str, str]:
        size = "compact" if is_compact else "full"
        if key.security_type == SecurityType.EQUITY:
            name = "TIME_SERIES_DAILY" if self.is_free else "TIME_SERIES_DAILY_ADJUSTED"
            return self._params(name, symbol=key.ticker, outputsize=size)
        base, quote = _pair(key)
        daily, intraday = _FUNCTIONS[key.security_type]
        names = ("from_symbol", "to_symbol") if key.security_type == SecurityType.FOREX else ("symbol", "market")
        pair = dict(zip(names, (base, quote), strict=True))
        if key.resolution == Resolution.DAILY:
            return self._params(daily, outputsize=size, **pair)
        return self._params(intraday, interval=_INTERVALS[key.resolution], outputsize=size, **pair)

    def _ask(self, key: SeriesKey, question: Mapping[str, str]) -> Rows:
        rows = self._http.ask(self._url, read_rows, params=question, symbol=key.ticker)
        expected = key.ticker if key.security_type == SecurityType.EQUITY else _pair(key)[0]
        if rows.symbol and rows.symbol.upper() != expected.upper():
            problem = f"The reply is about '{rows.symbol}', '{expected}' was asked for."
            raise GarbledReplyError(self.about.name, problem, symbol=key.ticker)
        return rows

    def _times(self, key: SeriesKey, rows: Rows) -> Ints:
        if key.resolution == Resolution.DAILY:
            return starts_of_days(key, rows.local_ns // DAY_NS)
        return zone(rows.time_zone).utc_ns_array(rows.local_ns) // _US

    def _part(self, key: SeriesKey, start_us: int, end_us: int, rows: Rows, times: Ints, origin: Origin) -> Fetched:
        actions, notes = [], []
        if rows.dividends is not None and rows.splits is not None:
            for at, day, dividend, split in zip(
                times.tolist(), (rows.local_ns // DAY_NS).tolist(), rows.dividends, rows.splits, strict=True
            ):
                if start_us <= at < end_us and (dividend or split != ONE):
                    actions.append(Action(day, dividend, ONE / split))
        elif key.security_type == SecurityType.EQUITY:
            notes.append("these bars come without dividends and splits: prices are raw, and nothing tells of events")
        if key.security_type == SecurityType.FOREX:
            notes.append("currencies have no volume here: it is 0")
        return part(
            key,
            start_us,
            end_us,
            times,
            rows.values,
            meta=_meta(key, rows),
            origin=origin,
            actions=actions,
            notes=notes if ((times >= start_us) & (times < end_us)).any() else (),
        )

    def _params(self, function: str, **more: str) -> dict[str, str]:
        return {"function": function, **more, "datatype": "json", "apikey": self._key}


def _plan() -> int | None:
    """Return how many requests a minute the user's plan allows, None if it is free."""
    text = os.environ.get(PLAN_VARIABLE, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10_000:
        reason = (
            f"{PLAN_VARIABLE} must be a whole number from 1 to 10000, it was '{text}'; leave it out for a free key."
        )
        raise SourceSettingError("alpha_vantage", reason)
    return int(text)


def _pair(key: SeriesKey) -> tuple[str, str]:
    """Return the two currencies of a pair."""
    ticker = key.ticker.upper()
    quote = next((one for one in _QUOTES if ticker.endswith(one) and len(ticker) > len(one)), ticker[-3:])
    if len(ticker) < 5 or (key.security_type == SecurityType.FOREX and len(ticker) != 6):
        reason = "A pair of currencies is written like EURUSD."
        raise UnknownSymbolError("alpha_vantage", reason, symbol=key.ticker)
    return (ticker[:3], ticker[3:]) if key.security_type == SecurityType.FOREX else (ticker[: -len(quote)], quote)


def _listing(match: Mapping[str, str]) -> Listing:
    return Listing(
        ticker=match.get("symbol", "").upper(),
        symbol=match.get("symbol", ""),
        name=match.get("name", ""),
        security_type=_TYPES[match.get("type", "Equity")],
        market="usa",
        currency=match.get("currency", ""),
        time_zone=match.get("timezone", ""),
    )


def _meta(key: SeriesKey, rows: Rows) -> SeriesMeta:
    currency = "USD" if key.security_type == SecurityType.EQUITY else _pair(key)[1]
    return SeriesMeta(symbol=rows.symbol or key.ticker, currency=currency, time_zone=rows.time_zone)


def _months(key: SeriesKey, start_us: int, end_us: int) -> Iterator[tuple[date, int, int]]:
    """Yield months, each with the part of a range that lies in it."""
    at = start_us
    month = date_of_day(at // (86_400 * SECOND_US)).replace(day=1)
    # The first day of a range, in the market's zone, may still be of the month before.
    month = month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
    while at < end_us:
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        begins = int(starts_of_days(key, np.array([day_of_date(following)], np.int64))[0])
        if begins > at:
            yield month, at, min(end_us, begins)
            at = begins
        month = following
