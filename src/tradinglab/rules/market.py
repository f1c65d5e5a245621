"""The bars that rules are simulated over, read from a source: the streams of their securities."""

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
from tradinglab.rules.bars import Instrument, MarketBars, market_of, sides
from tradinglab.rules.engine_only import check_simulated
from tradinglab.rules.errors import RulesBarsError, RulesDataError
from tradinglab.rules.quotes import share_sides, stale_ns, told_of
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


def load_bars(rules: Rules, source: DataSource) -> MarketBars:
    """Return the bars that rules are about, as a run of the engine would see them.

    Raises
    ------
    RulesDataError
        If a security has no bars, or such as cannot be simulated exactly, or the rules cannot be.
    """
    check_simulated(rules)
    grounds = [_ground(listing, rules, source) for listing in rules.universe]
    is_quoted = any(each.has_quotes and each.listing.type != "equity" for each in grounds)
    start_ns = zone(NEW_YORK_ZONE).utc_ns(_ns(rules.start))
    # Most are traded in the same hours, which need not be counted again.
    kinds = {(id(each.hours), each.data_zone): each for each in grounds}
    begin_ns = min(_begin_ns(rules, each, start_ns) for each in kinds.values())
    return market_of(tuple(_instrument(each, rules, source, begin_ns, start_ns, is_quoted) for each in grounds))


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


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where one security is traded, and which bars of it are read."""

    listing: Listing
    symbol: Symbol
    hours: SecurityExchangeHours
    data_zone: Zone
    tick_type: TickType
    has_quotes: bool


def _ground(listing: Listing, rules: Rules, source: DataSource) -> _Ground:
    kind, market = TYPES[listing.type], listing.market or MARKETS[listing.type]
    resolution = RESOLUTIONS[rules.resolution]
    symbol = source.resolve_symbol(listing.ticker, kind, market, day_of(_ns(rules.start)))
    tick_type = TickType.TRADE if kind != SecurityType.FOREX else TickType.QUOTE
    # Of shares LEAN takes quotes by the minute alone.
    is_asked = tick_type == TickType.TRADE and (kind != SecurityType.EQUITY or resolution < Resolution.HOUR)
    return _Ground(
        listing,
        symbol,
        source.market_hours.get_exchange_hours(market, symbol, kind),
        source.market_hours.get_data_time_zone(market, symbol, kind),
        tick_type,
        is_asked and source.has(symbol, resolution, TickType.QUOTE),
    )


def _instrument(
    ground: _Ground, rules: Rules, source: DataSource, begin_ns: int, start_ns: int, is_quoted: bool
) -> Instrument:
    listing, symbol, hours = ground.listing, ground.symbol, ground.hours
    kind, resolution = symbol.security_type, RESOLUTIONS[rules.resolution]
    columns = _columns(ground, ground.tick_type, rules, source, begin_ns)
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
    if ground.has_quotes:
        quotes = _columns(ground, TickType.QUOTE, rules, source, begin_ns)
        whole = _with_quotes(whole, quotes if len(quotes) else None, source.name, start_ns)
    elif is_quoted:
        whole = replace(whole, told=told_of(columns, None, start_ns))
    return whole.since(first) if first else whole


def _columns(ground: _Ground, tick_type: TickType, rules: Rules, source: DataSource, begin_ns: int) -> BarColumns:
    """Return the bars of one kind, as a subscription has them."""
    end_ns = zone(NEW_YORK_ZONE).to_utc(
        datetime.combine(rules.end, datetime.min.time()) + timedelta(days=1) - timedelta(microseconds=1)
    )
    return read_stream(
        source,
        StreamRequest(
            symbol=ground.symbol,
            resolution=RESOLUTIONS[rules.resolution],
            tick_type=tick_type,
            start_ns=begin_ns,
            end_ns=end_ns,
            hours=ground.hours,
            data_zone=ground.data_zone,
        ),
    )


def _with_quotes(whole: Instrument, quotes: BarColumns | None, source: str, start_ns: int) -> Instrument:
    """Return a security with what its quotes tell besides its trades."""
    trades, listing = whole.feed.columns, whole.listing
    if listing.type == "equity":
        if quotes is None:
            return whole
        buy_close, sell_close = share_sides(trades, quotes)
        return replace(whole, buy_close=buy_close, sell_close=sell_close)
    since = None if quotes is None else stale_ns(trades, quotes, start_ns)
    if since is not None:
        raise RulesBarsError(
            f"at {np.datetime64(since, 'ns').astype('datetime64[m]')} UTC {source} has a trade of {listing.ticker}, "
            "but its last quote is more than an hour old: LEAN lets orders wait for the next quote then, which the "
            "vectorised simulator does not; run the rules with '--engine local', or choose other days",
            path="universe",
        )
    return replace(whole, told=told_of(trades, quotes, start_ns))


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
    opens, closes = sides(columns, "open"), sides(columns, "close")
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


def _is_open(local_ns: Ints, hours: SecurityExchangeHours) -> Flags:
    """Return at which wall-clock times an exchange is open."""
    opens, closes = hours.segments(day_of(int(local_ns[0])) - 1, day_of(int(local_ns[-1])) + 1, False)
    at = np.searchsorted(opens, local_ns, side="right") - 1
    return (at >= 0) & (local_ns < closes[np.maximum(at, 0)])
