"""The prices at which shares open and close."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.models.fills.base import LONG_AGO_NS, latest
from tradinglab.algorithm.orders import Exchange
from tradinglab.algorithm.orders.text import local_time_text
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, to_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security

_OPENING_PRINTS, _CLOSING_PRINTS = 1 << 6, 1 << 7
_NO_PRINT = "No trade with the OfficialClose or ClosingPrints flag "
_OFFICIAL_CLOSE, _OFFICIAL_OPEN = 1 << 24, 1 << 26


class AuctionPrice(NamedTuple):
    """Price of an auction (0 if only the quote is known), end of its data on the wall clock, and a message."""

    price: Decimal
    end_local_ns: int
    message: str
    is_due: bool = True


_NOT_YET = AuctionPrice(ZERO, LONG_AGO_NS, "", is_due=False)


def opening_price(asset: Security, types: set[type[BaseData]], order_local_ns: int) -> AuctionPrice:
    """Return the price of the opening auction after an order, from ticks, else from a trade bar."""
    if Tick in types:
        return _opening_tick(asset)
    if TradeBar not in types:
        return AuctionPrice(ZERO, LONG_AGO_NS, quote_text(asset))
    bar = latest(asset, TradeBar)
    if bar is None:
        return AuctionPrice(ZERO, LONG_AGO_NS, "")
    start_ns, end_ns = to_ns(bar.time), to_ns(bar.end_time)
    # The open of a bar in which the order was made is a price of the past.
    if start_ns < order_local_ns:
        return _NOT_YET
    if end_ns - start_ns < HOUR_NS and not asset.exchange.hours.is_open_ns(start_ns, False):
        return _NOT_YET
    return AuctionPrice(bar.exact_open, end_ns, "")


def closing_price(asset: Security, types: set[type[BaseData]], close_local_ns: int, extended: bool) -> AuctionPrice:
    """Return the price of the closing auction, from ticks, else from a trade bar."""
    if Tick in types:
        return _closing_tick(asset, close_local_ns, extended)
    if TradeBar not in types:
        return AuctionPrice(ZERO, close_local_ns, quote_text(asset))
    bar = latest(asset, TradeBar)
    return AuctionPrice(ZERO if bar is None else bar.exact_close, close_local_ns, "")


def quote_text(asset: Security) -> str:
    """Return the warning of a fill at a quote because there are no trades."""
    time = f"{local_time_text(asset.local_time)} {asset.exchange.time_zone}"
    return f"Warning: No trade information available at {time}, order filled using Quote data"


def _opening_tick(asset: Security) -> AuctionPrice:
    hours = asset.exchange.hours
    trades = [tick for tick in _trades(asset) if hours.is_open_ns(to_ns(tick.time), False)]
    official = next((each for each in trades if _is_print(asset, each, _OFFICIAL_OPEN | _OPENING_PRINTS)), None)
    if official is not None:
        return AuctionPrice(official.exact_value, to_ns(official.end_time), "")
    last = _last_tick(asset, trades)
    message = "No trade with the OfficialOpen or OpeningPrints flag within the 1-minute timeout."
    if last is None:
        return _NOT_YET
    end_ns = to_ns(last.end_time)
    open_ns = hours.hours_of_day(asset.exchange.local_ns // DAY_NS).market_open_ns(0, False)
    if open_ns is not None and end_ns % DAY_NS - open_ns < MINUTE_NS:
        return _NOT_YET
    return AuctionPrice(_trade_price(last), end_ns, f"{message} {_last_tick_text(last)}")


def _closing_tick(asset: Security, close_local_ns: int, extended: bool) -> AuctionPrice:
    trades = _trades(asset)
    official = next(
        (each for each in reversed(trades) if _is_print(asset, each, _OFFICIAL_CLOSE | _CLOSING_PRINTS)), None
    )
    if official is not None:
        return AuctionPrice(official.exact_value, to_ns(official.end_time), "")
    last = _last_tick(asset, trades)
    if last is None:
        return _NOT_YET
    end_ns = to_ns(last.end_time)
    message = (
        "No trade with the OfficialClose or ClosingPrints flag for data that does not include extended market hours."
    )
    if extended:
        message = _NO_PRINT + "within the 1-minute timeout."
        if end_ns - close_local_ns < MINUTE_NS:
            return _NOT_YET
    return AuctionPrice(_trade_price(last), end_ns, f"{message} {_last_tick_text(last)}")


def _trades(asset: Security) -> list[Tick]:
    trades = [tick for tick in asset.cache.get_all(Tick) if tick.tick_type == TickType.TRADE]
    return sorted(trades, key=lambda tick: tick.end_time)


def _last_tick(asset: Security, trades: list[Tick]) -> Tick | None:
    ticks = trades or asset.cache.get_all(Tick)
    return ticks[-1] if ticks else None


def _trade_price(tick: Tick) -> Decimal:
    return tick.exact_value if tick.tick_type == TickType.TRADE else ZERO


def _last_tick_text(tick: Tick) -> str:
    return f"Fill with last {tick.tick_type} data."


def _is_print(asset: Security, tick: Tick, flags: int) -> bool:
    """Return whether a tick is an auction's print on the security's primary exchange."""
    condition = tick.sale_condition.strip()
    if not condition or tick.exchange not in _primary_exchange(asset):
        return False
    return int(condition, 16) & flags != 0


def _primary_exchange(asset: Security) -> tuple[str, ...]:
    venue = getattr(asset, "primary_exchange", "")
    return (venue.code, venue.name) if isinstance(venue, Exchange) else (str(venue),)
