"""The best price that is known of a share, and how old it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.models.fills.base import latest, utc_of
from tradinglab.algorithm.models.fills.errors import NoMarketDataError
from tradinglab.algorithm.orders.text import local_time_text
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security


class BestEffort(NamedTuple):
    """A price, the warning that goes with it, and when its data ended if they are stale."""

    price: Decimal
    message: str
    stale_end_ns: int | None


class _Candidate(NamedTuple):
    data: BaseData
    price: Decimal
    stale_message: str
    fresh_message: str


def best_effort_price(asset: Security, types: set[type[BaseData]], is_ask: bool, stale_before_ns: int) -> BestEffort:
    """Return the ask (to buy) or the bid (to sell) that a market order meets.

    Quote tick, quote bar, trade tick and trade bar are looked at in this order; the first that ended at or after
    *stale_before_ns* gives the price. If all are older, the one that ended last does, and counts as stale.

    Raises
    ------
    NoMarketDataError
        If there are no data at all.
    """
    zone = asset.exchange.time_zone
    best: _Candidate | None = None
    for candidate in _candidates(asset, types, is_ask):
        if best is None or candidate.data.end_time > best.data.end_time:
            if utc_of(zone, candidate.data.end_time) >= stale_before_ns:
                # LEAN keeps the warning about an older quote when it goes on to a fresh one.
                message = candidate.fresh_message or ("" if best is None else best.stale_message)
                return BestEffort(candidate.price, message, None)
            best = candidate
    if best is None:
        names = ",".join(sorted(kind.__name__ for kind in types))
        raise NoMarketDataError(
            f"Cannot get {'ask' if is_ask else 'bid'} price to perform fill for {asset.symbol} because no market data "
            f"was found. SubscribedTypes: [{names}]"
        )
    return BestEffort(best.price, best.stale_message, utc_of(zone, best.data.end_time))


def _candidates(asset: Security, types: set[type[BaseData]], is_ask: bool) -> Iterator[_Candidate]:
    zone = asset.exchange.time_zone
    ticks = asset.cache.get_all(Tick) if Tick in types else []
    tick = _last(each for each in ticks if each.tick_type == TickType.QUOTE and _side(each, is_ask) > 0)
    if tick is not None:
        message = f"Warning: fill at stale price ({local_time_text(tick.end_time)} {zone}), using Quote Tick data."
        yield _Candidate(tick, _side(tick, is_ask), message, "")
    quote = latest(asset, QuoteBar) if QuoteBar in types else None
    if quote is not None:
        side = quote.ask if is_ask else quote.bid
        price = quote.exact_close if side is None else side.exact_close
        message = f"Warning: fill at stale price ({local_time_text(quote.end_time)} {zone}), using QuoteBar data."
        yield _Candidate(quote, price, message, "")
    trade = _last(each for each in ticks if each.tick_type == TickType.TRADE)
    if trade is not None:
        message = no_quote_text(asset, trade.end_time, "Trade Tick")
        yield _Candidate(trade, trade.exact_value, message, message)
    bar = latest(asset, TradeBar) if TradeBar in types else None
    if bar is not None:
        message = no_quote_text(asset, bar.end_time, "TradeBar")
        yield _Candidate(bar, bar.exact_close, message, message)


def _last(ticks: Iterable[Tick]) -> Tick | None:
    found = None
    for found in ticks:  # noqa: B007
        pass
    return found


def _side(tick: Tick, is_ask: bool) -> Decimal:
    return tick.exact_ask_price if is_ask else tick.exact_bid_price


def no_quote_text(asset: Security, end_time: datetime, kind: str) -> str:
    """Return the warning of a fill at the price of a trade that ended at a time of the exchange's zone."""
    return (
        f"Warning: No quote information available at {local_time_text(end_time)} {asset.exchange.time_zone}, "
        f"order filled using {kind} data"
    )


def fresh_trade_bar(asset: Security, types: set[type[BaseData]], order_ns: int) -> TradeBar | None:
    """Return the last trade bar, or the last ticks as a bar, if it ended after *order_ns*."""
    bar: TradeBar | None = None
    if Tick in types:
        trades = [tick for tick in asset.cache.get_all(Tick) if tick.tick_type == TickType.TRADE]
        if trades:
            prices = [tick.exact_value for tick in trades]
            first = next((tick for tick in trades if tick.exact_value), trades[-1])
            volume = sum((tick.exact_quantity for tick in trades), ZERO)
            period = trades[-1].end_time - first.time
            bar = TradeBar(
                first.time, asset.symbol, first.exact_value, max(prices), min(prices), prices[-1], volume, period
            )
    elif TradeBar in types:
        bar = latest(asset, TradeBar)
    if bar is None or utc_of(asset.exchange.time_zone, bar.end_time) <= order_ns:
        return None
    return bar
