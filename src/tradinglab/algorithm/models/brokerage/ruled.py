"""A brokerage described by what it takes: classes of asset, types of order, times in force, sizes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from tradinglab.algorithm.benchmark import FuncBenchmark
from tradinglab.algorithm.models.brokerage.base import YES, DefaultBrokerageModel, Verdict, no
from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent, BrokerageMessageType
from tradinglab.core.enums import AccountType, MarketHoursState, OrderStatus, OrderType, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.models.fees import FeeModel
    from tradinglab.algorithm.orders import Order, TimeInForce, UpdateOrderRequest
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.security_manager import SecurityManager
    from tradinglab.core.local_market_hours import MarketHoursSegment

BASIC = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_MARKET, OrderType.STOP_LIMIT)
NO_UPDATE = "Brokerage does not support update. You must cancel and re-create instead."
_WORKING = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.SUBMITTED, OrderStatus.UPDATE_SUBMITTED)
_AUCTIONS = (OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE)

Rule = Callable[["RuledBrokerageModel", "Security", "Order"], str | None]


class RuledBrokerageModel(DefaultBrokerageModel):
    """Checks an order against the class's rules, in LEAN's order; the first that fails is the answer.

    A subclass sets the attributes below, and overrides :meth:`check` and :meth:`check_update` for what they
    cannot say.
    """

    #: Accounts that the brokerage has, and the one that a bare call makes.
    account_types: ClassVar[Collection[AccountType]] = tuple(AccountType)
    default_account: ClassVar[AccountType] = AccountType.MARGIN
    #: Classes of asset and types of order that it takes; ``None``: all. A mapping gives types by class.
    security_types: ClassVar[Collection[SecurityType] | None] = None
    order_types: ClassVar[Collection[OrderType] | Mapping[SecurityType, Collection[OrderType]] | None] = None
    times_in_force: ClassVar[tuple[type[TimeInForce], ...]] = ()
    #: Whether the quantity must reach the symbol properties' minimum order size, or be a whole number.
    has_minimum_size: ClassVar[bool] = False
    has_whole_quantities: ClassVar[bool] = False
    #: Types of order that may not turn a long position into a short one, or the other way round.
    not_across_zero: ClassVar[Collection[OrderType]] = ()
    takes_updates: ClassVar[bool] = True
    fee_model: ClassVar[type[FeeModel] | None] = None
    has_benchmark: ClassVar[bool] = True

    def __init__(self, account_type: AccountType | None = None) -> None:
        chosen = self.default_account if account_type is None else account_type
        if chosen not in self.account_types:
            known = " or ".join(str(kind) for kind in self.account_types)
            raise ValueError(f"{type(self).__name__} supports accounts of type {known} only; {chosen} was given.")
        super().__init__(chosen)

    @property
    def name(self) -> str:
        """The model's name."""
        return type(self).__name__

    def can_submit_order(
        self, security: Security, order: Order, message: BrokerageMessageEvent | None = None
    ) -> Verdict | bool:
        """Return whether the brokerage takes an order, and if not, why."""
        reason = self._rule_broken(security, order)
        if reason is not None:
            return no(reason)
        answer = self.check(security, order)
        return super().can_submit_order(security, order) if answer is YES else answer

    def check(self, security: Security, order: Order) -> Verdict:
        """Return what the attributes cannot say: ``YES``, or why not."""
        return YES

    def _rule_broken(self, security: Security, order: Order) -> str | None:
        kinds, types = self.security_types, self.order_types
        if isinstance(types, Mapping):
            kinds, types = types.keys(), types.get(security.type, ())
        if self.has_minimum_size:
            _, message = self.is_valid_order_size(security, order.exact_quantity)
            if message is not None:
                return message.message
        if kinds is not None and security.type not in kinds:
            return f"The {self.name} does not support {security.type} security type."
        if types is not None and order.type not in types:
            known = ",".join(str(kind) for kind in types)
            return f"The {self.name} does not support {order.type} order type. Only supports [{known}]"
        if self.times_in_force and not isinstance(order.time_in_force, self.times_in_force):
            return f"The {self.name} does not support {type(order.time_in_force).__name__} time in force."
        if self.has_whole_quantities and order.exact_quantity % 1:
            return f"The order quantity must be a whole number; it was {order.exact_quantity}."
        if order.type in self.not_across_zero and crosses_zero(security, order.exact_quantity):
            return (
                f"Order type '{order.type}' is not supported for orders that cross zero in the {self.name}. "
                "Close the position with one order and open the other side with a second."
            )
        return None

    def can_update_order(
        self,
        security: Security,
        order: Order,
        request: UpdateOrderRequest,
        message: BrokerageMessageEvent | None = None,
    ) -> Verdict | bool:
        """Return whether the brokerage takes a change of an order, and if not, why."""
        if not self.takes_updates:
            return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, 0, NO_UPDATE)
        return self.check_update(security, order, request)

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return what ``takes_updates`` cannot say: ``YES``, or why not."""
        return YES

    def get_fee_model(self, security: Security) -> FeeModel:
        """Return what orders in a security cost."""
        return super().get_fee_model(security) if self.fee_model is None else self.fee_model()

    def get_benchmark(self, securities: SecurityManager) -> Any:
        """Return what a strategy is measured against when it does not say; nothing if the brokerage has none."""
        return super().get_benchmark(securities) if self.has_benchmark else FuncBenchmark(lambda _: 0)

    def is_unlevered(self, security: Security) -> bool:
        """Return whether leverage is 1 whatever the class of asset."""
        return self.account_type == AccountType.CASH or security.type == SecurityType.BASE or security.is_internal_feed


def crosses_zero(security: Security, quantity: Decimal) -> bool:
    """Return whether an order turns a long position into a short one, or the other way round."""
    held = security.holdings.exact_quantity
    return held * quantity < 0 and abs(quantity) > abs(held)


def auction_types() -> Collection[OrderType]:
    """Return the types of order for the open and the close."""
    return _AUCTIONS


def check_market_on_open(
    security: Security,
    order: Order,
    kinds: Iterable[SecurityType],
    window: Callable[[MarketHoursSegment], tuple[time, time]],
) -> Verdict:
    """Return whether a market-on-open order comes at a time at which the brokerage takes it.

    Parameters
    ----------
    kinds
        Classes of asset for which it takes such orders.
    window
        Gives first and last time of day from the regular session of the day.
    """
    if order.type != OrderType.MARKET_ON_OPEN:
        return YES
    if security.type not in kinds:
        text = f"The broker does not support Market-on-Open orders for security type {security.type}"
        return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, "UnsupportedSecurityType", text)
    now = security.local_time
    segments = security.exchange.hours.get_market_hours(now).segments
    regular = next((segment for segment in segments if segment.state == MarketHoursState.MARKET), None)
    if regular is None:
        return YES
    first, last = window(regular)
    at = now.time()
    inside = first <= at < last if first <= last else at >= first or at < last
    return YES if inside else no(f"Market-on-Open orders are taken from {first} to {last} only.")


def clock_time(since_midnight: timedelta) -> time:
    """Return a time of day from the time since midnight."""
    return (datetime(2000, 1, 1) + since_midnight).time()


def is_working(order: Order) -> bool:
    """Return whether an order may still be changed."""
    return order.status in _WORKING
