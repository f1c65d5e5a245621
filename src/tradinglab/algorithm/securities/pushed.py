"""What a single data point says about prices."""

from __future__ import annotations

from decimal import Decimal

from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import MarketDataType, SecurityType, TickType
from tradinglab.core.values import dataclass, field


@dataclass(slots=True)
class Pushed:
    """Figures that were pushed, valid while the rows of their feeds are still ``marks``."""

    values: dict[str, Decimal]
    marks: list[int]
    point: BaseData | None = field(default=None)


def is_default(data: BaseData, security_type: SecurityType) -> bool:
    """Return whether a point counts as a security's last data: quotes of shares do not."""
    if security_type != SecurityType.EQUITY:
        return True
    if isinstance(data, Tick):
        return data.tick_type != TickType.QUOTE
    return data.data_type != MarketDataType.QUOTE_BAR


def values_of(data: BaseData, security_type: SecurityType) -> dict[str, Decimal]:
    """Return the prices and sizes that a point brings; a zero says nothing."""
    if isinstance(data, Tick):
        return _of_tick(data)
    values: dict[str, Decimal] = {}
    if isinstance(data, (TradeBar, QuoteBar)):
        if is_default(data, security_type):
            values = {name: getattr(data, f"exact_{name}") for name in ("open", "high", "low", "close")}
            values["price"] = values["close"]
        if isinstance(data, TradeBar):
            values["volume"] = data.exact_volume
        else:
            values |= _of_sides(data)
        return values
    return {"price": data.exact_price}


def _of_tick(tick: Tick) -> dict[str, Decimal]:
    values = {"price": tick.exact_value}
    if tick.tick_type == TickType.TRADE:
        values["volume"] = tick.exact_quantity
    elif tick.tick_type == TickType.QUOTE:
        values |= {
            "bid_price": tick.exact_bid_price, "bid_size": to_decimal(tick.bid_size),
            "ask_price": tick.exact_ask_price, "ask_size": to_decimal(tick.ask_size),
        }  # fmt: skip
    return values


def _of_sides(bar: QuoteBar) -> dict[str, Decimal]:
    values = {"bid_size": to_decimal(bar.last_bid_size), "ask_size": to_decimal(bar.last_ask_size)}
    if bar.bid is not None:
        values["bid_price"] = bar.bid.exact_close
    if bar.ask is not None:
        values["ask_price"] = bar.ask.exact_close
    return values


def split_twin(point: BaseData, factor: Decimal) -> BaseData:
    """Return a copy of a data point with the prices that it has after a split."""
    twin = point.clone()
    if isinstance(twin, TradeBar):
        _scale(twin, factor)
    elif isinstance(twin, QuoteBar):
        for side in (twin.bid, twin.ask):
            if side is not None:
                _scale(side, factor)
    else:
        twin.value = point.exact_value * factor
    return twin


def _scale(bar: TradeBar | Bar, factor: Decimal) -> None:
    for name in ("open", "high", "low", "close"):
        setattr(bar, name, getattr(bar, f"exact_{name}") * factor)
