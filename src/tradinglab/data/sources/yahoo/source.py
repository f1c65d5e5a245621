"""Yahoo Finance as a source.

Our own client of the chart format, and not yfinance: that asks 14 times for one unknown symbol, prints what goes wrong,
hides errors as empty tables, cannot be pointed to another address and brings a browser's TLS library along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

import numpy as np

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.pacing.buckets import Rate
from tradinglab.data.sources.errors import NotServedError, UnknownSymbolError
from tradinglab.data.sources.http import Http, Reply, World
from tradinglab.data.sources.protocol import About, Fetched, Known, Listing, SeriesKey, SeriesMeta, Serves, nothing
from tradinglab.data.sources.redaction import Redactor
from tradinglab.data.sources.shaping import (
    SECOND_US,
    complete_until,
    day_text,
    days_of,
    origin_of,
    pages,
    part,
    rounded,
    served,
    starts_of_days,
)
from tradinglab.data.sources.turns import Allowance
from tradinglab.data.sources.yahoo.chart import Chart, raw_actions, raw_values, read_chart
from tradinglab.data.sources.yahoo.session import Session
from tradinglab.data.sources.yahoo.symbols import listing_of, symbol_of

_DAY_US: Final = 86_400 * SECOND_US
_INTERVALS: Final = {Resolution.DAILY: "1d", Resolution.HOUR: "60m", Resolution.MINUTE: "1m"}
#: One day less than Yahoo allows, so that a range does not grow too old while it is asked for.
_REACH: Final = {Resolution.HOUR: 729, Resolution.MINUTE: 29}
_PAGES: Final = {Resolution.DAILY: 3_660, Resolution.HOUR: 180, Resolution.MINUTE: 7}
_RESOLUTIONS: Final = tuple(_INTERVALS)
_NEW_YORK: Final = "America/New_York"


class YahooFinance:
    """Yahoo Finance.

    Parameters
    ----------
    world
        What it shares with other processes, and how patient it is.
    base_url
        One address in place of Yahoo's, for tests.
    """

    about = About(
        name="yahoo",
        title="Yahoo Finance",
        serves=(
            Serves(security_type=SecurityType.EQUITY, resolutions=_RESOLUTIONS, markets=("usa",), reach_days=_REACH),
            Serves(security_type=SecurityType.INDEX, resolutions=_RESOLUTIONS, markets=("usa",), reach_days=_REACH),
            Serves(security_type=SecurityType.FOREX, resolutions=_RESOLUTIONS, reach_days=_REACH),
            Serves(security_type=SecurityType.CRYPTO, resolutions=_RESOLUTIONS, reach_days=_REACH),
        ),
        limits="no key; minutes of the last 29 days, hours of the last two years, days since the listing; "
        "we ask at most 30 times a minute",
        terms="for personal use; not an official interface, and may change or refuse at any time",
    )

    def __init__(self, world: World | None = None, base_url: str = "") -> None:
        self._world = world or World()
        allowance = Allowance(name="yahoo", rates=(Rate(30, 60.0),))
        self._http = Http("yahoo", allowance, Redactor(), self._world)
        self._session = Session(self._http, base_url)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def search(self, text: str) -> Sequence[Listing]:
        """Return the securities that a text may mean."""
        params = {"q": text, "quotesCount": "20", "newsCount": "0"}
        quotes = self._session.ask("/v1/finance/search", _read_search, params, text)
        return [found for quote in quotes if (found := listing_of(quote)) is not None]

    def validate(self, key: SeriesKey) -> Listing:
        """Return the security of a series."""
        served(self.about, key)
        chart = self._known(key)
        meta = chart.meta
        return Listing(
            ticker=key.ticker,
            symbol=symbol_of(key),
            name=str(meta.get("longName") or meta.get("shortName") or ""),
            security_type=key.security_type,
            market=key.market,
            exchange=str(meta.get("exchangeName") or ""),
            currency=str(meta.get("currency") or ""),
            time_zone=str(meta.get("exchangeTimezoneName") or ""),
        )

    def coverage(self, key: SeriesKey) -> Known:
        """Return from when to when there are bars."""
        served(self.about, key)
        meta = self._known(key).meta
        first, last = (meta.get(name) for name in ("firstTradeDate", "regularMarketTime"))
        first_us = int(first) * SECOND_US if isinstance(first, int | float) else None
        notes: tuple[str, ...] = ()
        if (days := _REACH.get(key.resolution)) is not None:
            first_us = max(first_us or 0, self._now_us() - days * _DAY_US)
            notes = (f"Yahoo has {key.resolution.name.lower()} bars of the last {days} days only",)
        return Known(
            first_us=first_us, last_us=int(last) * SECOND_US if isinstance(last, int | float) else None, notes=notes
        )

    def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        """Yield the bars of a range in parts."""
        served(self.about, key)
        end_us = min(end_us, complete_until(key, self._now_us()))
        if start_us >= end_us:
            return
        # Splits after the range count as well: Yahoo has adjusted by all.
        daily = self._chart(key, start_us, self._now_us(), Resolution.DAILY)
        self._check_known(key, daily)
        if key.resolution == Resolution.DAILY:
            for first, last in pages(start_us, end_us, _PAGES[key.resolution] * _DAY_US):
                yield self._part(key, first, last, daily, daily)
            return
        reach_us = self._now_us() - _REACH[key.resolution] * _DAY_US
        if start_us < reach_us:
            until = min(end_us, reach_us)
            why = (
                f"Yahoo has {key.resolution.name.lower()} bars of the last {_REACH[key.resolution]} days only, "
                f"none before {day_text(reach_us)}"
            )
            origin = origin_of("yahoo", symbol_of(key), key, start_us, until)
            yield nothing(key, start_us, until, _meta(key, daily), origin, why)
            start_us = until
        for first, last in pages(start_us, end_us, _PAGES[key.resolution] * _DAY_US):
            yield self._part(key, first, last, self._chart(key, first, last, key.resolution), daily)

    def _part(self, key: SeriesKey, start_us: int, end_us: int, chart: Chart, daily: Chart) -> Fetched:
        days = days_of(chart.times_us, daily.zone)
        is_daily = key.resolution == Resolution.DAILY
        times = starts_of_days(key, days) if is_daily else chart.times_us
        values = raw_values(chart.values, days, daily.splits)
        values = {
            name: column if name == "volume" else rounded(column, key.security_type) for name, column in values.items()
        }
        notes = []
        if not is_daily:
            # The last row of a day that is not over is a quote, at whatever second it came.
            whole = times % (60 * SECOND_US) == 0
            times, values = times[whole], {name: column[whole] for name, column in values.items()}
        if chart.note:
            notes.append(chart.note)
        if key.resolution == Resolution.HOUR and key.security_type == SecurityType.EQUITY and len(times):
            notes.append("Yahoo's hours of shares begin at half past, with the market")
        events = raw_actions(daily.dividends, daily.splits)
        starts = starts_of_days(key, np.array([event.day for event in events], np.int64))
        inside = [event for event, at in zip(events, starts.tolist(), strict=True) if start_us <= at < end_us]
        return part(
            key,
            start_us,
            end_us,
            times,
            values,
            meta=_meta(key, daily),
            origin=origin_of("yahoo", symbol_of(key), key, start_us, end_us, chart.body),
            actions=inside,
            notes=notes,
        )

    def _chart(self, key: SeriesKey, start_us: int, end_us: int, resolution: Resolution) -> Chart:
        symbol = symbol_of(key)
        params = {
            "period1": str(start_us // SECOND_US),
            "period2": str(-(-end_us // SECOND_US)),
            "interval": _INTERVALS[resolution],
            "includePrePost": "false",
            "events": "div,splits,capitalGains",
        }
        return self._session.ask(f"/v8/finance/chart/{symbol}", read_chart, params, symbol)

    def _known(self, key: SeriesKey) -> Chart:
        symbol = symbol_of(key)
        params = {"range": "1d", "interval": "1d"}
        chart = self._session.ask(f"/v8/finance/chart/{symbol}", read_chart, params, symbol)
        self._check_known(key, chart)
        return chart

    def _check_known(self, key: SeriesKey, chart: Chart) -> None:
        """Refuse phantoms, which are answered for like securities, and shares of other countries."""
        meta = chart.meta
        if chart.note and not meta:
            return
        has_life = any(meta.get(name) for name in ("firstTradeDate", "regularMarketPrice", "regularMarketTime"))
        if not len(chart.times_us) and not has_life:
            reason = "Yahoo answers for the symbol, but has neither a price nor a bar of it. Search for its name."
            raise UnknownSymbolError("yahoo", reason, symbol=symbol_of(key))
        is_equity = key.security_type == SecurityType.EQUITY
        if is_equity and (found := str(meta.get("exchangeTimezoneName") or _NEW_YORK)) != _NEW_YORK:
            reason = f"It is traded in the zone {found}; only shares of the market 'usa' can be downloaded."
            raise NotServedError("yahoo", reason, symbol=symbol_of(key))

    def _now_us(self) -> int:
        return int(self._world.clock.now() * SECOND_US)


def _meta(key: SeriesKey, chart: Chart) -> SeriesMeta:
    meta = chart.meta
    return SeriesMeta(
        symbol=symbol_of(key),
        name=str(meta.get("longName") or meta.get("shortName") or ""),
        currency=str(meta.get("currency") or ""),
        time_zone=str(meta.get("exchangeTimezoneName") or ""),
        instrument=str(meta.get("instrumentType") or ""),
        exchange=str(meta.get("exchangeName") or ""),
    )


def _read_search(reply: Reply) -> list[dict[str, object]]:
    found = reply.json()
    quotes = found.get("quotes") if isinstance(found, dict) else None
    if not isinstance(quotes, list):
        raise reply.garbled("The reply has no results of a search in it")
    return [cast("dict[str, object]", one) for one in quotes if isinstance(one, dict)]
