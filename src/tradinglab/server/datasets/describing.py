"""What a data source knows of an instrument: currency, steps of price and quantity, hours, tickers of before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tradinglab.core.clock import DAY_NS, date_of_day, day_of_date
from tradinglab.core.enums import DayOfWeek, SecurityType
from tradinglab.core.errors import TradingLabError
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.data.mapping import FIRST_DAY_OF_ALL, MapFile
from tradinglab.data.source import Coverage, DataSource
from tradinglab.data.store import StoreSource
from tradinglab.server.datasets.models import Instrument, InstrumentAlias

#: Which kind of source is believed: a LEAN folder has tables of its own, the others go by what is shipped.
RANKS = {"sample": 1, "store": 2, "lean": 3}
#: Days on which LEAN's map files end that do not know of an end.
_ENDLESS = day_of_date(date(2050, 12, 31))
_SECOND_NS = 1_000_000_000
_WORDS = ("name", "currency", "exchange")
#: Kinds that the type of the bars does not tell.
FUNDS = (Instrument.Kind.ETF, Instrument.Kind.FUND)

Key = tuple[str, str, str]


class Describer:
    """Describes the instruments of one source."""

    def __init__(self, source: DataSource, name: str, kind: str) -> None:
        self._source = source
        self._name = name
        self._rank = RANKS[kind]
        self._known: dict[Key, Instrument] = {}

    def hours(self, coverage: Coverage) -> SecurityExchangeHours | None:
        """Return when the market is open; ``None`` if nobody knows."""
        found = self._source.market_hours.try_get_entry(coverage.market, coverage.ticker, coverage.security_type)
        return None if found is None else found.exchange_hours

    def instrument(self, coverage: Coverage) -> Instrument:
        """Return the instrument of a series; it is made, or described anew, if this source knows best."""
        map_file = self._map_file(coverage)
        ticker = coverage.ticker.upper() if map_file is None else map_file.permtick
        key = (coverage.security_type.name.lower(), coverage.market.lower(), ticker)
        if key not in self._known:
            self._known[key] = self._described(key, coverage, map_file)
        return self._known[key]

    def _map_file(self, coverage: Coverage) -> MapFile | None:
        try:
            symbol = self._source.resolve_symbol(
                coverage.ticker, coverage.security_type, coverage.market, coverage.last_day
            )
            return self._source.map_file(symbol)
        except (TradingLabError, ValueError):
            return None

    def _described(self, key: Key, coverage: Coverage, map_file: MapFile | None) -> Instrument:
        security_type, market, ticker = key
        # Locked, so that nobody forgets it before the series is stored.
        found, is_new = Instrument.objects.select_for_update().get_or_create(
            security_type=security_type, market=market, ticker=ticker, defaults={"described_by": self._name}
        )
        kind, more = self._told(key)
        if not is_new and found.described_by != self._name and found.rank >= self._rank:
            # Who knows most of an instrument may not know that it is a fund, or how it is called.
            self._amend(found, kind, more)
            return found
        told = self._properties(coverage, ticker) | self._span(map_file)
        told |= {name: value for name, value in more.items() if not told.get(name)}
        # What another source knows is not lost to one that has no word for it.
        told = {name: value for name, value in told.items() if value or name not in _WORDS}
        told |= {"kind": kind if kind in FUNDS or found.kind not in FUNDS else found.kind}
        told |= {"described_by": self._name, "rank": self._rank}
        changed = [name for name, value in told.items() if getattr(found, name) != value]
        if changed:
            for name in changed:
                setattr(found, name, told[name])
            found.save(update_fields=changed)
        self._alias(found, map_file)
        return found

    def _told(self, key: Key) -> tuple[str, dict[str, str]]:
        """Return what kind of instrument it is, and what a bar store's sources have said of it."""
        security_type, market, ticker = key
        usual = security_type if security_type in Instrument.Kind.values else Instrument.Kind.OTHER
        if not isinstance(self._source, StoreSource):
            return usual, {}
        try:
            said = self._source.store.described(SecurityType[security_type.upper()], market, ticker)
        except TradingLabError:
            return usual, {}
        if said is None:
            return usual, {}
        more = {"name": said.name[:200], "currency": said.currency[:20], "exchange": said.exchange[:100]}
        return said.kind if said.kind in FUNDS else usual, more

    def _amend(self, found: Instrument, kind: str, more: dict[str, str]) -> None:
        changed = [name for name, value in more.items() if value and not getattr(found, name)]
        for name in changed:
            setattr(found, name, more[name])
        if kind in FUNDS and found.kind != kind:
            found.kind = kind
            changed.append("kind")
        if changed:
            found.save(update_fields=changed)

    def _properties(self, coverage: Coverage, ticker: str) -> dict[str, Any]:
        known = self._source.symbol_properties.get_symbol_properties(
            coverage.market, ticker, coverage.security_type, ""
        )
        hours = self.hours(coverage)
        # Without a currency nothing is known of it, and the rest is a default.
        is_known = bool(known.quote_currency)
        return {
            "name": known.description[:200],
            "currency": known.quote_currency[:20],
            "market_ticker": known.market_ticker[:100],
            "lot_size": _text(known.exact_lot_size) if is_known else "",
            "tick_size": _text(known.exact_minimum_price_variation) if is_known else "",
            "contract_multiplier": _text(known.exact_contract_multiplier) if is_known else "",
            "minimum_order_size": ""
            if known.exact_minimum_order_size is None
            else _text(known.exact_minimum_order_size),
            "time_zone": "" if hours is None else hours.time_zone.name,
            "hours": [] if hours is None else _week(hours),
        }

    def _span(self, map_file: MapFile | None) -> dict[str, Any]:
        if map_file is None:
            return {"first_day": None, "last_day": None, "exchange": ""}
        last = map_file.delisting_day
        return {
            "first_day": _begin(map_file.first_day),
            "last_day": _end(last),
            "exchange": map_file.exchange_on(last)[:100],
        }

    def _alias(self, instrument: Instrument, map_file: MapFile | None) -> None:
        spans = [] if map_file is None else map_file.spans(map_file.first_day, map_file.delisting_day)
        wanted = [(each.ticker, _begin(each.first_day), _end(each.last_day)) for each in spans]
        if list(instrument.aliases.values_list("ticker", "first_day", "last_day")) == wanted:
            return
        instrument.aliases.all().delete()
        InstrumentAlias.objects.bulk_create(
            InstrumentAlias(instrument=instrument, ticker=ticker, first_day=first, last_day=last)
            for ticker, first, last in wanted
        )


def _begin(day: int) -> date | None:
    return None if day <= FIRST_DAY_OF_ALL else date_of_day(day)


def _end(day: int) -> date | None:
    return None if day >= _ENDLESS else date_of_day(day)


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _week(hours: SecurityExchangeHours) -> list[dict[str, str]]:
    """Return when the market is open on days that are not an exception, pre-market and post-market too."""
    found = []
    for day in (*list(DayOfWeek)[1:], DayOfWeek.SUNDAY):
        usual = hours.market_hours.get(day)
        for each in () if usual is None else usual.segments:
            if each.state.name == "CLOSED":
                continue
            times = {"opens": _time(each.start_ns), "closes": _time(each.end_ns)}
            found.append({"day": day.name.lower(), "state": each.state.name.lower(), **times})
    return found


def _time(time_ns: int) -> str:
    """Return a time of day as HH:MM:SS; the end of the day is 24:00:00."""
    minutes, seconds = divmod(min(time_ns, DAY_NS) // _SECOND_NS, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
