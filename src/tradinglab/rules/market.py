"""The bars that rules are simulated over: the streams of their securities on one line of instants."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import DAY_NS, NEW_YORK_ZONE, day_of, zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market import Market
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns, Flags, Floats, Ints
from tradinglab.engine.bar_stream import SPAN_NS, StreamRequest, read_stream
from tradinglab.rules.arrays import WholeFeed
from tradinglab.rules.errors import RulesBarsError, RulesDataError
from tradinglab.rules.layout import BUY_CLOSE, BUY_OPEN, CLOSE, PRICES_WIDTH, SELL_CLOSE, SELL_OPEN, VOLUME

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours
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

    def __len__(self) -> int:
        return len(self.end_ns)

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
    """

    instruments: tuple[Instrument, ...]
    steps: Ints
    places: tuple[Ints, ...]
    prices: Floats
    closes: Floats


def load_bars(rules: Rules, source: DataSource) -> MarketBars:
    """Return the bars that rules are about, as a run of the engine would see them.

    Raises
    ------
    RulesDataError
        If a security has no bars, or such as cannot be simulated exactly.
    """
    instruments = tuple(_instrument(listing, rules, source) for listing in rules.universe)
    return market_of(instruments)


def market_of(instruments: tuple[Instrument, ...]) -> MarketBars:
    """Put the bars of instruments on one line of instants."""
    places: tuple[Ints, ...]
    if len(instruments) == 1:
        steps, places = instruments[0].end_ns, (np.arange(len(instruments[0])),)
    else:
        steps = np.unique(np.concatenate([each.end_ns for each in instruments]))
        places = tuple(np.searchsorted(steps, each.end_ns) for each in instruments)
    return MarketBars(instruments, steps, places, *_by_step(instruments, len(steps), places))


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


def _instrument(listing: Listing, rules: Rules, source: DataSource) -> Instrument:
    kind, market = TYPES[listing.type], listing.market or MARKETS[listing.type]
    resolution = RESOLUTIONS[rules.resolution]
    symbol = source.resolve_symbol(listing.ticker, kind, market, day_of(_ns(rules.start)))
    hours = source.market_hours.get_exchange_hours(market, symbol, kind)
    tick_type = TickType.TRADE if kind != SecurityType.FOREX else TickType.QUOTE
    if tick_type == TickType.TRADE and source.has(symbol, resolution, TickType.QUOTE):
        if kind != SecurityType.EQUITY or resolution < Resolution.HOUR:
            raise RulesBarsError(
                f"{listing.ticker} has quotes besides trades at this resolution, which the vectorised simulator does "
                "not fill orders from; run the rules with '--engine local', or choose daily bars of shares",
                path="universe",
            )
    start_ns = zone(NEW_YORK_ZONE).utc_ns(_ns(rules.start))
    end_ns = zone(NEW_YORK_ZONE).to_utc(
        datetime.combine(rules.end, datetime.min.time()) + timedelta(days=1) - timedelta(microseconds=1)
    )
    columns = read_stream(
        source,
        StreamRequest(
            symbol=symbol,
            resolution=resolution,
            tick_type=tick_type,
            start_ns=start_ns,
            end_ns=end_ns,
            hours=hours,
            data_zone=source.market_hours.get_data_time_zone(market, symbol, kind),
        ),
    )
    if not len(columns):
        raise RulesDataError(
            f"{source.name} has no {rules.resolution} bars of {listing.ticker} from {rules.start} to {rules.end}; "
            "choose other days, another resolution, or other data",
            path="universe",
        )
    properties = source.symbol_properties.get_symbol_properties(market, symbol, kind, CURRENCY)
    if properties.quote_currency != CURRENCY:
        raise RulesDataError(
            f"{listing.ticker} is quoted in {properties.quote_currency}; rules trade what is quoted in {CURRENCY}",
            path="universe",
        )
    feed = WholeFeed(columns, symbol, hours.time_zone)
    return instrument_of(
        listing, feed, hours, resolution,
        lot=float(properties.lot_size), multiplier=float(properties.contract_multiplier),
        tick=FINEST if kind == SecurityType.EQUITY else float(properties.minimum_price_variation),
    )  # fmt: skip


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
