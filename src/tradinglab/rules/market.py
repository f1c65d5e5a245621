"""The bars that rules are simulated over: the streams of their securities on one line of instants."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.history_requests import start_of_bars
from tradinglab.core.clock import DAY_NS, NEW_YORK_ZONE, day_of, zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market import Market
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns, Flags, Floats, Ints
from tradinglab.engine.bar_stream import SPAN_NS, StreamRequest, read_stream, uses_session_ends
from tradinglab.rules.arrays import WholeFeed
from tradinglab.rules.errors import RulesBarsError, RulesDataError
from tradinglab.rules.layout import BUY_CLOSE, BUY_OPEN, CLOSE, PRICES_WIDTH, SELL_CLOSE, SELL_OPEN, VOLUME
from tradinglab.rules.schema import WarmUpDays

if TYPE_CHECKING:
    from tradinglab.core.clock import Zone
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.source import DataSource
    from tradinglab.rules.schema import Listing, Rules

RESOLUTIONS = {"minute": Resolution.MINUTE, "hour": Resolution.HOUR, "daily": Resolution.DAILY}
TYPES = {"equity": SecurityType.EQUITY, "forex": SecurityType.FOREX, "crypto": SecurityType.CRYPTO}
MARKETS = {"equity": Market.USA, "forex": Market.OANDA, "crypto": Market.COINBASE}
CURRENCY = "USD"
#: The step of prices that are adjusted for splits and dividends, which are on no grid: what is finer is noise.
FINEST = 1e-8
_TRADING_DAYS = 252
_ALL_DAYS = 365
#: The exchange day of shares in hours, for the number of bars in a year.
_SHARE_HOURS = 6.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One security's bars, by row.

    Attributes
    ----------
    end_ns, local_end_ns
        When each bar closes: UTC, and on the clock of the exchange; int64 nanoseconds.
    prices
        ``open``, ``high``, ``low``, ``close`` (of quotes: the middle) and ``volume``, float64.
    buy_open, sell_open, buy_close, sell_close
        What a buyer pays and a seller gets at the open and at the close.
    waits
        The bars at whose close the exchange is closed, so that an order waits for the next open.
    lot
        The smallest quantity that can be ordered.
    tick
        The step of prices of orders.
    per_year
        Bars in a year, by which volatility is made yearly.
    past
        The same security with the bars of the warm-up before these, if there are any.
    """

    listing: Listing
    feed: WholeFeed
    end_ns: Ints
    local_end_ns: Ints
    prices: dict[str, Floats]
    buy_open: Floats
    sell_open: Floats
    buy_close: Floats
    sell_close: Floats
    waits: Flags
    lot: float
    multiplier: float
    tick: float
    per_year: float
    is_always_open: bool
    past: Instrument | None = None

    def __len__(self) -> int:
        return len(self.end_ns)

    @property
    def whole(self) -> Instrument:
        """The security with the bars of the warm-up, which operands and conditions are worked out over."""
        return self if self.past is None else self.past

    def since(self, row: int) -> Instrument:
        """Return the security whose bars before a row are those of the warm-up."""
        columns = ("end_ns", "local_end_ns", "buy_open", "sell_open", "buy_close", "sell_close", "waits")
        return replace(
            self,
            feed=self.feed.since(row),
            prices={name: column[row:] for name, column in self.prices.items()},
            past=self,
            **{name: getattr(self, name)[row:] for name in columns},
        )

    def reaches(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the lowest and the highest price of each bar for sellers, and those for buyers."""
        buy_low, sell_low = _sides(self.feed.columns, "low")
        buy_high, sell_high = _sides(self.feed.columns, "high")
        return sell_low, sell_high, buy_low, buy_high


@dataclass(frozen=True, slots=True)
class MarketBars:
    """The bars of several securities.

    Attributes
    ----------
    steps
        The instants at which a bar closes, int64 nanoseconds UTC, each once.
    places
        For each instrument, the step of each of its rows.
    prices
        By instrument and step: close, what is paid and got at the open, what is paid and got at the close, and volume.
        The close is the last one known, the others are not a number where there is no bar.
    closes
        The closes again, by themselves.
    seen_closes
        The closes of the steps of the warm-up, then those of these.
    """

    instruments: tuple[Instrument, ...]
    steps: Ints
    places: tuple[Ints, ...]
    prices: Floats
    closes: Floats
    seen_closes: Floats


def load_bars(rules: Rules, source: DataSource) -> MarketBars:
    """Return the bars that rules are about, as a run of the engine would see them.

    Raises
    ------
    RulesDataError
        If a security has no bars, or such as cannot be simulated exactly.
    """
    grounds = [_ground(listing, rules, source) for listing in rules.universe]
    start_ns = zone(NEW_YORK_ZONE).utc_ns(_ns(rules.start))
    # Most are traded in the same hours, which need not be counted again.
    kinds = {(id(each.hours), each.data_zone): each for each in grounds}
    begin_ns = min(_begin_ns(rules, each, start_ns) for each in kinds.values())
    return market_of(tuple(_instrument(each, rules, source, begin_ns, start_ns) for each in grounds))


def _begin_ns(rules: Rules, ground: _Ground, start_ns: int) -> int:
    """Return the instant from which on bars are read, as the engine counts it for ``set_warm_up``.

    Days are stretches of 24 hours. Bars are counted back by the hours in which the exchange is open, whether there are
    data of them or not.
    """
    given, resolution, hours = rules.warm_up, RESOLUTIONS[rules.resolution], ground.hours
    if given is None:
        return start_ns
    if isinstance(given, WarmUpDays):
        return start_ns - given.days * DAY_NS
    local_ns = start_of_bars(
        hours, hours.time_zone.local_ns(start_ns), SPAN_NS[resolution], given.bars, False,
        ground.data_zone, uses_session_ends(ground.symbol, resolution, hours),
    )  # fmt: skip
    return hours.time_zone.utc_ns(local_ns)


def market_of(instruments: tuple[Instrument, ...]) -> MarketBars:
    """Put the bars of instruments on one line of instants."""
    wholes = tuple(each.whole for each in instruments)
    places: tuple[Ints, ...]
    if len(wholes) == 1:
        steps, places = wholes[0].end_ns, (np.arange(len(wholes[0])),)
    else:
        steps = np.unique(np.concatenate([each.end_ns for each in wholes]))
        places = tuple(np.searchsorted(steps, each.end_ns) for each in wholes)
    prices, closes = _by_step(wholes, len(steps), places)
    first = int(np.searchsorted(steps, min(int(each.end_ns[0]) for each in instruments)))
    if not first:
        return MarketBars(instruments, steps, places, prices, closes, closes)
    return MarketBars(
        instruments=instruments,
        steps=steps[first:],
        places=tuple(place[-len(each) :] - first for each, place in zip(instruments, places, strict=True)),
        prices=np.ascontiguousarray(prices[:, first:]),
        closes=np.ascontiguousarray(closes[:, first:]),
        seen_closes=closes,
    )


def _by_step(instruments: tuple[Instrument, ...], count: int, places: tuple[Ints, ...]) -> tuple[Floats, Floats]:
    """Return the prices by instrument and step, and the closes by themselves."""
    prices, closes = np.full((len(instruments), count, PRICES_WIDTH), np.nan), np.zeros((len(instruments), count))
    for at, (each, place) in enumerate(zip(instruments, places, strict=True)):
        prices[at, place, BUY_OPEN], prices[at, place, SELL_OPEN] = each.buy_open, each.sell_open
        prices[at, place, BUY_CLOSE], prices[at, place, SELL_CLOSE] = each.buy_close, each.sell_close
        prices[at, place, VOLUME] = each.prices.get("volume", 0.0)
        last = np.searchsorted(place, np.arange(count), side="right") - 1
        closes[at] = np.where(last < 0, 0.0, each.prices["close"][np.maximum(last, 0)])
        prices[at, :, CLOSE] = closes[at]
    return prices, closes


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where one security is traded, and which bars of it are read."""

    listing: Listing
    symbol: Symbol
    hours: SecurityExchangeHours
    data_zone: Zone
    tick_type: TickType


def _ground(listing: Listing, rules: Rules, source: DataSource) -> _Ground:
    kind, market = TYPES[listing.type], listing.market or MARKETS[listing.type]
    resolution = RESOLUTIONS[rules.resolution]
    symbol = source.resolve_symbol(listing.ticker, kind, market, day_of(_ns(rules.start)))
    tick_type = TickType.TRADE if kind != SecurityType.FOREX else TickType.QUOTE
    if tick_type == TickType.TRADE and source.has(symbol, resolution, TickType.QUOTE):
        if kind != SecurityType.EQUITY or resolution < Resolution.HOUR:
            raise RulesBarsError(
                f"{listing.ticker} has quotes besides trades at this resolution, which the vectorised simulator does "
                "not fill orders from; run the rules with '--engine local', or choose daily bars of shares",
                path="universe",
            )
    return _Ground(
        listing,
        symbol,
        source.market_hours.get_exchange_hours(market, symbol, kind),
        source.market_hours.get_data_time_zone(market, symbol, kind),
        tick_type,
    )


def _instrument(ground: _Ground, rules: Rules, source: DataSource, begin_ns: int, start_ns: int) -> Instrument:
    listing, symbol, hours = ground.listing, ground.symbol, ground.hours
    kind, resolution = symbol.security_type, RESOLUTIONS[rules.resolution]
    end_ns = zone(NEW_YORK_ZONE).to_utc(
        datetime.combine(rules.end, datetime.min.time()) + timedelta(days=1) - timedelta(microseconds=1)
    )
    columns = read_stream(
        source,
        StreamRequest(
            symbol=symbol,
            resolution=resolution,
            tick_type=ground.tick_type,
            start_ns=begin_ns,
            end_ns=end_ns,
            hours=hours,
            data_zone=ground.data_zone,
        ),
    )
    first = int(np.searchsorted(columns.end_ns, start_ns))
    if first == len(columns):
        raise RulesDataError(
            f"{source.name} has no {rules.resolution} bars of {listing.ticker} from {rules.start} to {rules.end}; "
            "choose other days, another resolution, or other data",
            path="universe",
        )
    properties = source.symbol_properties.get_symbol_properties(symbol.id.market, symbol, kind, CURRENCY)
    if properties.quote_currency != CURRENCY:
        raise RulesDataError(
            f"{listing.ticker} is quoted in {properties.quote_currency}; rules trade what is quoted in {CURRENCY}",
            path="universe",
        )
    whole = instrument_of(
        listing, WholeFeed(columns, symbol, hours.time_zone), hours, resolution,
        lot=float(properties.lot_size), multiplier=float(properties.contract_multiplier),
        tick=FINEST if kind == SecurityType.EQUITY else float(properties.minimum_price_variation),
    )  # fmt: skip
    return whole.since(first) if first else whole


def instrument_of(
    listing: Listing,
    feed: WholeFeed,
    hours: SecurityExchangeHours,
    resolution: Resolution,
    *,
    lot: float = 1.0,
    multiplier: float = 1.0,
    tick: float = FINEST,
) -> Instrument:
    """Return the instrument of some bars of an exchange."""
    columns = feed.columns
    local = hours.time_zone.local_ns_array(columns.end_ns)
    is_always_open = bool(hours.is_market_always_open)
    opens, closes = _sides(columns, "open"), _sides(columns, "close")
    return Instrument(
        listing=listing,
        feed=feed,
        end_ns=columns.end_ns,
        local_end_ns=local,
        prices=_prices(columns),
        buy_open=opens[0],
        sell_open=opens[1],
        buy_close=closes[0],
        sell_close=closes[1],
        waits=np.zeros(len(columns), bool) if is_always_open else ~_is_open(local, hours),
        lot=lot,
        multiplier=multiplier,
        tick=tick,
        per_year=bars_per_year(listing.type, resolution),
        is_always_open=is_always_open,
    )


def bars_per_year(kind: str, resolution: Resolution) -> float:
    """Return how many bars a year has: 252 days of 6.5 hours of shares, of 24 of currencies, 365 of crypto."""
    days = _ALL_DAYS if kind == "crypto" else _TRADING_DAYS
    if resolution == Resolution.DAILY:
        return float(days)
    hours = _SHARE_HOURS if kind == "equity" else 24.0
    return days * hours * (SPAN_NS[Resolution.HOUR] / SPAN_NS[resolution])


def _ns(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_NS


def _prices(columns: BarColumns) -> dict[str, Floats]:
    from tradinglab.algorithm.indicators.tracks import PRICES, field_column

    found = {name: np.ascontiguousarray(field_column(columns, name)) for name in PRICES}
    if "volume" in columns.values:
        found["volume"] = columns.values["volume"]
    return found


def _sides(columns: BarColumns, name: str) -> tuple[Floats, Floats]:
    """Return what a buyer pays and a seller gets: ask and bid, or the trade for both."""
    if columns.tick_type == TickType.QUOTE:
        return (
            np.ascontiguousarray(columns.values[f"ask_{name}"]),
            np.ascontiguousarray(columns.values[f"bid_{name}"]),
        )
    column = np.ascontiguousarray(columns.values[name])
    return column, column


def _is_open(local_ns: Ints, hours: SecurityExchangeHours) -> Flags:
    """Return at which wall-clock times an exchange is open."""
    opens, closes = hours.segments(day_of(int(local_ns[0])) - 1, day_of(int(local_ns[-1])) + 1, False)
    at = np.searchsorted(opens, local_ns, side="right") - 1
    return (at >= 0) & (local_ns < closes[np.maximum(at, 0)])
