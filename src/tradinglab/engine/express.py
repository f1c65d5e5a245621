"""Market orders that need no deliberation, carried out in few steps.

Most orders of most strategies are alike: at the market, at the end of a bar of the security's only stream, with
models that are all ours and money enough. What the general path finds out for such an order is known beforehand,
so it is not asked again. Request, ticket, order and events are the same as those of the general path, in the same
order, and an author's fee model is asked as often; a test holds the two equal. Whatever is not known to be plain
is left to the general path, at the beginning or halfway.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.models.buying_power import BuyingPowerModel, NullBuyingPowerModel
from tradinglab.algorithm.models.fees import OrderFeeParameters
from tradinglab.algorithm.models.fills import EquityFillModel, FillModel, ImmediateFillModel
from tradinglab.algorithm.models.fills.equity_prices import no_quote_text
from tradinglab.algorithm.models.shortable import NullShortableProvider
from tradinglab.algorithm.models.slippage import NullSlippageModel
from tradinglab.algorithm.orders import (
    Order,
    OrderEvent,
    OrderFee,
    OrderProperties,
    OrderRequest,
    OrderResponse,
    OrderSubmissionData,
    OrderTicket,
    SubmitOrderRequest,
)
from tradinglab.algorithm.orders.time_in_force import GoodTilCanceledTimeInForce
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.algorithm.securities.security_types import PairSecurity
from tradinglab.core.decimals import strip_zeros
from tradinglab.core.enums import OrderRequestStatus, OrderStatus, OrderType
from tradinglab.engine.budget import Budget
from tradinglab.engine.order_permission import can_submit
from tradinglab.engine.plain_models import has_plain_margin, is_ours, only_feed

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Cash, Security
    from tradinglab.data.columns import BarColumns
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.order_book import OrderBook
    from tradinglab.engine.order_events import OrderEvents
    from tradinglab.engine.order_submission import OrderSubmission

_FILL_MODELS = (FillModel, ImmediateFillModel, EquityFillModel)
_MARKET, _PROCESSED = OrderType.MARKET, OrderRequestStatus.PROCESSED
_SUBMITTED, _FILLED = OrderStatus.SUBMITTED, OrderStatus.FILLED
#: Money that an order needs is computed in floats; unless so much more is there, decimals decide.
_AMPLE = 1.01


@dataclass(slots=True)
class _Lane:
    """What is known of a security as long as its models, its prices and the brokerage model stay what they are."""

    security: Security
    models: tuple[object, ...]
    identities: tuple[int, ...]
    brokerage_model: object
    pushes: int
    prices: _LanePrices | None


@dataclass(slots=True)
class _LanePrices:
    """The one stream of bars that a security with plain models has."""

    row: Callable[[], int]
    ends_ns: memoryview
    closes: memoryview
    columns: BarColumns
    base: Cash | None
    #: Money that a unit may bind at a price of one.
    margin: float
    is_equity: bool


class Express:
    """Takes market orders of securities with plain models."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        book: OrderBook,
        events: OrderEvents,
        submission: OrderSubmission,
        brokerage: BacktestingBrokerage,
        queue: Collection[OrderRequest],
    ) -> None:
        self._algorithm = algorithm
        self._book = book
        self._events = events
        self._submission = submission
        self._brokerage = brokerage
        self._queue = queue
        self._lanes: dict[int, _Lane] = {}
        self._budget = Budget(algorithm)

    def take(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Carry an order out as far as it is plain, and return its ticket; ``None``, and nothing done, if it is not.

        An order that was placed and not filled rests with the brokerage.
        """
        lane = self._lane(security)
        algorithm = self._algorithm
        utc_ns = algorithm.time_keeper.utc_ns
        if lane is None or not quantity or quantity % security.symbol_properties.exact_lot_size:
            return None
        row = lane.row()
        if row < 0 or lane.ends_ns[row] != utc_ns or not lane.closes[row] > 0:
            return None
        if properties is None:
            properties = algorithm.default_order_properties.clone()
        if not self._may_trade(security, lane, properties):
            return None
        request = SubmitOrderRequest.of(_MARKET, security.symbol, quantity, utc_ns, tag, properties)
        request._order_id = algorithm.transactions.get_increment_order_id()
        price = lane.columns.exact("close", row)
        order, ticket = self._enter(request, security, price)
        if not self._can_place(security, lane, order, price):
            request.set_response(self._submission.place(request, [order]), _PROCESSED)
            return ticket
        count = len(self._book.orders)
        self._place(order)
        request._status = _PROCESSED
        # An author may have sent, changed or cancelled orders when told of this one.
        if not self._queue and order.status == _SUBMITTED and len(self._book.orders) == count:
            self._fill(security, lane, order, price)
        return ticket

    # What is known beforehand.

    def _lane(self, security: Security) -> _LanePrices | None:
        lane = self._lanes.get(id(security))
        if lane is None or lane.security is not security or not self._holds(lane):
            lane = self._lanes[id(security)] = self._survey(security)
        return lane.prices

    def _holds(self, lane: _Lane) -> bool:
        if lane.pushes != PriceCache.pushes or lane.brokerage_model is not self._algorithm.brokerage_model:
            return False
        # The lane holds on to its models, so that an identity is not given to another one.
        return lane.identities == tuple(map(id, _models_of(lane.security)))

    def _survey(self, security: Security) -> _Lane:
        brokerage_model, prices = self._algorithm.brokerage_model, None
        if is_ours(brokerage_model) and _has_plain_models(security) and not security.is_margined:
            prices = self._prices(security)
        models = _models_of(security)
        return _Lane(security, models, tuple(map(id, models)), brokerage_model, PriceCache.pushes, prices)

    def _prices(self, security: Security) -> _LanePrices | None:
        feed = only_feed(security)
        currency = self._algorithm.portfolio.cash_book.account_currency
        if feed is None or feed.is_internal or security.quote_currency.symbol != currency:
            return None
        model, base = security.buying_power_model, None
        if security.is_swapped:
            if not isinstance(security, PairSecurity):
                return None
            base = security.base_currency
        return _LanePrices(
            row=feed.row,
            ends_ns=np.ascontiguousarray(feed.columns.end_ns).data,
            closes=feed.columns.view("close"),
            columns=feed.columns,
            base=base,
            margin=float(
                security.symbol_properties.exact_contract_multiplier * max(model._initial, model._maintenance)
            ),
            is_equity=type(security.fill_model) is EquityFillModel,
        )

    def _may_trade(self, security: Security, lane: _LanePrices, properties: OrderProperties) -> bool:
        """Return whether nothing about the moment needs a closer look."""
        algorithm, brokerage = self._algorithm, self._brokerage
        if algorithm.is_warming_up or not security.is_tradable or not security.exchange.exchange_open:
            return False
        if brokerage.pending and not brokerage.is_asleep():
            return False
        if type(properties.time_in_force) is not GoodTilCanceledTimeInForce:
            return False
        if self._book.total_orders > algorithm.lab_maximum_orders:
            return False
        return bool(lane.base is None or lane.base.exact_conversion_rate)

    # The order's life.

    def _enter(self, request: SubmitOrderRequest, security: Security, price: Decimal) -> tuple[Order, OrderTicket]:
        """Make order and ticket and write them into the book."""
        algorithm, book = self._algorithm, self._book
        request.set_response(OrderResponse.success(request))
        ticket = OrderTicket(algorithm.transactions, request)
        order = Order.create_order(request)
        number = order._id
        order.order_submission_data = OrderSubmissionData(price, price, price)
        order.price_currency = security.symbol_properties.quote_currency
        order.price_adjustment_mode = book.price_adjustment(order.symbol)
        book.total_orders += 1
        book.tickets[number] = ticket
        book.open[number] = book.orders[number] = order
        ticket.set_order(order)
        return order, ticket

    def _can_place(self, security: Security, lane: _LanePrices, order: Order, price: Decimal) -> bool:
        """Return whether brokerage and account are sure to take an order; the general path asks anew if not."""
        model = self._algorithm.brokerage_model
        return (
            self._is_affordable(security, lane, order, price)
            and can_submit(model, security, order)[0]
            and model.can_execute_order(security, order)
        )

    def _is_affordable(self, security: Security, lane: _LanePrices, order: Order, price: Decimal) -> bool:
        quantity, held = order._quantity, security._holdings._quantity
        if held * quantity < 0 and abs(held) >= abs(quantity):
            return True  # reducing a position is always allowed
        if type(security.buying_power_model) is NullBuyingPowerModel:
            return True
        needed = abs(float(quantity)) * float(price) * lane.margin
        free = self._budget.free(security)
        if needed * _AMPLE > free:
            return False
        fee = security.fee_model.get_order_fee(OrderFeeParameters(security, order)).value
        return str(fee.currency) == security.quote_currency.symbol and needed * _AMPLE + float(fee.amount) < free

    def _place(self, order: Order) -> None:
        order.broker_id.append(str(order.id))
        self._brokerage.pending[order.id] = order
        event = OrderEvent(order, self._algorithm.time_keeper.utc_ns, OrderFee.ZERO)
        event.status = _SUBMITTED
        self._events.handle([event])

    def _fill(self, security: Security, lane: _LanePrices, order: Order, price: Decimal) -> None:
        utc_ns = self._algorithm.time_keeper.utc_ns
        event = OrderEvent(order, utc_ns, OrderFee.ZERO)
        if lane.is_equity:
            event.message = no_quote_text(security, security.exchange.local_time, "TradeBar")
        try:
            if not self._is_affordable(security, lane, order, price):
                return
            event.order_fee = security.fee_model.get_order_fee(OrderFeeParameters(security, order))
        except Exception:
            return
        order.status = event.status = _FILLED
        event._exact_fill_price = strip_zeros(price)
        event._exact_fill_quantity = order._quantity
        del self._brokerage.pending[order.id]
        if self._brokerage.pending:
            self._brokerage.wake()
        is_current = self._budget.is_current
        self._events.handle([event])
        if is_current:
            needed = abs(float(order._quantity)) * float(price) * lane.margin
            self._budget.spend(needed, float(event.order_fee.value.amount))


def _models_of(security: Security) -> tuple[object, ...]:
    margin: object = security.buying_power_model
    return (
        security.fill_model,
        security.fee_model,
        security.slippage_model,
        margin,
        margin._initial if isinstance(margin, BuyingPowerModel) else None,
        security.settlement_model,
        security.portfolio_model,
        security.shortable_provider,
    )


def _has_plain_models(security: Security) -> bool:
    return (
        type(security.fill_model) in _FILL_MODELS
        and type(security.slippage_model) is NullSlippageModel
        and isinstance(security.shortable_provider, NullShortableProvider)
        and is_ours(security.portfolio_model)
        and has_plain_margin(security)
    )
