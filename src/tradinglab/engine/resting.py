"""How long resting orders can be left alone.

A scan of the resting orders is the dearest part of a step, and nearly always in vain. For orders that
wait for a price, and models that are all ours, the columns say at which row the price can first be met;
until then a scan would change nothing, and is left out.

Everything here errs on the side of scanning: what is not known to be harmless is scanned at every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tradinglab.algorithm.models.buying_power import NullBuyingPowerModel
from tradinglab.algorithm.models.fills import EquityFillModel, FillModel, ImmediateFillModel, LatestPriceFillModel
from tradinglab.algorithm.models.order_costs import order_fee
from tradinglab.algorithm.orders import (
    GoodTilCanceledTimeInForce,
    LimitIfTouchedOrder,
    LimitOrder,
    Order,
    StopLimitOrder,
    StopMarketOrder,
)
from tradinglab.algorithm.securities.currency_conversion import SecurityCurrencyConversion
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.core.enums import OrderStatus
from tradinglab.engine.plain_models import has_plain_margin, is_ours, only_feed
from tradinglab.engine.timeline import NEVER_NS

if TYPE_CHECKING:
    from decimal import Decimal

    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Cash, Security
    from tradinglab.data.columns import Floats
    from tradinglab.engine.feed import DataFeed
    from tradinglab.engine.timeline import Timeline

#: Steps that are looked ahead: few enough that prices cannot move so far that margin is in doubt.
_AHEAD = (8192, 512)
_FILL_MODELS = (FillModel, ImmediateFillModel, EquityFillModel, LatestPriceFillModel)
_WORKING = (OrderStatus.SUBMITTED, OrderStatus.UPDATE_SUBMITTED)
#: Floats stand for decimals here; a price that is met but for this fraction counts as met.
_NEARLY = 1e-9


class RestingOrders:
    """Says until which step a scan of the resting orders would be in vain."""

    def __init__(self, algorithm: QCAlgorithm, feed: DataFeed) -> None:
        self._algorithm = algorithm
        self._feed = feed
        self._timeline: Timeline | None = None
        self._until = -1
        self._pushes = 0
        self._brokerage_model: object = None
        self._models: list[tuple[Security, *tuple[object, ...]]] = []
        self._amounts: list[tuple[Cash, Decimal]] = []

    def wake(self) -> None:
        """Scan at the next occasion: orders or positions have changed."""
        self._until = -1

    def is_asleep(self) -> bool:
        """Return whether a scan at the present step would be in vain."""
        is_early = self._feed.cursor.step < self._until and self._feed.timeline is self._timeline
        return is_early and not self.is_disturbed()

    def is_disturbed(self) -> bool:
        """Return whether a model, a leverage, the cash or a price was changed by hand since the last look ahead."""
        if self._until < 0:
            return False
        if PriceCache.pushes != self._pushes or self._algorithm.brokerage_model is not self._brokerage_model:
            return True
        for security, *seen in self._models:
            now = _models_of(security)
            for before, after in zip(seen, now, strict=True):
                if before is not after:
                    return True
        return any(cash.exact_amount is not amount for cash, amount in self._amounts)

    def sleep(self, orders: Iterable[Order]) -> int | None:
        """Look ahead after a scan; return the instant of the next step to scan, ``None`` if that is the next one."""
        step, timeline = self._feed.cursor.step, self._feed.timeline
        self._until = -1
        if not is_ours(self._algorithm.brokerage_model):
            return None
        waiting = [(order, self._algorithm.securities.get(order.symbol)) for order in orders]
        for ahead in _AHEAD:
            end = min(step + 1 + ahead, len(timeline.times))
            found = end
            for order, security in waiting:
                if security is None or not _waits_for_a_price(order) or not _has_plain_models(security):
                    return None
                found = min(found, self._first_chance(order, security, step, end))
                if found == step + 1:
                    break
            if found > step + 1:
                self._until = found
                self._remember([security for _, security in waiting if security is not None])
                return int(timeline.times[found]) if found < len(timeline.times) else NEVER_NS
        return None

    def _remember(self, securities: list[Security]) -> None:
        self._timeline = self._feed.timeline
        self._pushes = PriceCache.pushes
        self._brokerage_model = self._algorithm.brokerage_model
        self._models = [(security, *_models_of(security)) for security in dict.fromkeys(securities)]
        book = self._algorithm.portfolio.cash_book
        self._amounts = [(cash, cash.exact_amount) for cash in book.values()]

    def _first_chance(self, order: Order, security: Security, step: int, end: int) -> int:
        """Return the first step after *step* at which the order may fill or be refused, *end* if there is none."""
        feed = only_feed(security)
        if feed is None:
            return step + 1
        first, last = feed.row_at(step) + 1, feed.row_at(end - 1) + 1
        if not self._is_affordable(order, security, step, end):
            return step + 1
        low, high = feed.columns.values["low"][first:last], feed.columns.values["high"][first:last]
        hits = np.flatnonzero(_meets(order, low, high) | ~(low > 0) | ~(high > 0))
        if not len(hits):
            return end
        timeline = self._feed.timeline
        found = int(np.searchsorted(timeline.times, feed.columns.end_ns[first + hits[0]]))
        return max(step + 1, min(found, end))

    def _is_affordable(self, order: Order, security: Security, step: int, end: int) -> bool:
        """Return whether the order is sure to have enough buying power at every step until *end*."""
        model = security.buying_power_model
        if type(model) is NullBuyingPowerModel:
            return True
        quantity, held = order.exact_quantity, security.holdings.exact_quantity
        if held * quantity < 0 and abs(held) >= abs(quantity):
            return True  # reducing a position is always allowed
        portfolio = self._algorithm.portfolio
        currency = portfolio.cash_book.account_currency
        prices = self._range(security, currency, step, end)
        if prices is None:
            return False
        multiplier = float(security.symbol_properties.exact_contract_multiplier)
        fee = order_fee(security, order)
        if fee.exact_amount and str(fee.currency) != currency:
            return False
        growth = max(1.0, prices[1] / max(float(security.exact_price), 1e-300))
        required = (
            abs(float(quantity)) * prices[1] * multiplier * float(model._initial) + float(fee.exact_amount) * growth
        )
        free = self._least_free(currency, step, end, float(model._required_free))
        return free is not None and required * (1 + _NEARLY) < free

    def _least_free(self, currency: str, step: int, end: int, required_free: float) -> float | None:
        """Return a bound below the margin that is free at every step until *end*; ``None`` if it is not known."""
        portfolio = self._algorithm.portfolio
        total = used = 0.0
        for cash in portfolio.cash_book.values():
            if cash.symbol == currency:
                total += float(cash.exact_amount)
            elif cash.exact_amount:
                rates = self._rates(cash, currency, step, end)
                if rates is None:
                    return None
                total += float(cash.exact_amount) * (rates[0] if cash.exact_amount > 0 else rates[1])
        if any(cash.exact_amount for cash in portfolio.unsettled_cash_book.values()):
            return None
        for security in portfolio.securities.invested:
            prices = self._range(security, currency, step, end)
            model = security.buying_power_model
            if prices is None or security.is_margined or not has_plain_margin(security):
                return None
            size = float(security.holdings.exact_quantity * security.symbol_properties.exact_contract_multiplier)
            if not security.is_swapped:  # a pair's base currency is in the cash book already
                total += size * (prices[0] if size > 0 else prices[1])
            used += abs(size) * prices[1] * float(model._maintenance)
        return total * (1 - required_free) - used - _NEARLY * (abs(total) + used)

    def _rates(self, cash: Cash, currency: str, step: int, end: int) -> tuple[float, float] | None:
        """Return the lowest and the highest rate of a currency that one pair converts."""
        conversion = cash.currency_conversion
        if not isinstance(conversion, SecurityCurrencyConversion) or len(conversion.steps) != 1:
            return None
        security, is_inverted = conversion.steps[0]
        return None if is_inverted else self._range(security, currency, step, end)

    def _range(self, security: Security, currency: str, step: int, end: int) -> tuple[float, float] | None:
        """Return the lowest and the highest price from a step until *end*; ``None`` if they are not known."""
        feed = only_feed(security)
        if feed is None or security.quote_currency.symbol != currency:
            return None
        first = feed.row_at(step)
        closes = feed.columns.values["close"][max(first, 0) : feed.row_at(end - 1) + 1]
        if first < 0 or not len(closes) or not bool((closes > 0).all()):
            return None
        return float(closes.min()), float(closes.max())


def _models_of(security: Security) -> tuple[object, ...]:
    margin = security.buying_power_model
    return (security.fill_model, security.fee_model, security.slippage_model, margin,
            getattr(margin, "_initial", None), getattr(margin, "_required_free", None))  # fmt: skip


def _has_plain_models(security: Security) -> bool:
    """Return whether asking a security's models changes nothing, and what they answer is known."""
    return (
        type(security.fill_model) in _FILL_MODELS
        and is_ours(security.fee_model)
        and is_ours(security.slippage_model)
        and not security.slippage_model.lab_changes
        and has_plain_margin(security)
    )


def _waits_for_a_price(order: Order) -> bool:
    """Return whether an order does nothing but wait until the market reaches a price of its own."""
    if order.status not in _WORKING or order.group_order_manager is not None:
        return False
    if type(order.time_in_force) is not GoodTilCanceledTimeInForce or not order.exact_quantity:
        return False
    if type(order) is StopLimitOrder:
        return not order.stop_triggered
    if type(order) is LimitIfTouchedOrder:
        return not order.trigger_touched
    return type(order) in (LimitOrder, StopMarketOrder)


def _meets(order: Order, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
    """Return the bars that reach the price that an order waits for, or nearly."""
    is_buy = order.exact_quantity > 0
    if isinstance(order, LimitOrder):
        price, from_above = float(order.exact_limit_price), is_buy
    elif isinstance(order, LimitIfTouchedOrder):
        price, from_above = float(order.exact_trigger_price), is_buy
    else:
        assert isinstance(order, (StopMarketOrder, StopLimitOrder))
        price, from_above = float(order.exact_stop_price), not is_buy
    slack = abs(price) * _NEARLY
    return low <= price + slack if from_above else high >= price - slack
