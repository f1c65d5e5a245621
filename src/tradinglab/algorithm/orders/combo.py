"""Orders of several legs that fill together or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import gcd
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.orders.order import Order, better_value, direction_of
from tradinglab.algorithm.orders.order_extensions import group_orders
from tradinglab.algorithm.orders.properties import OrderProperties
from tradinglab.algorithm.orders.text import Moment
from tradinglab.core.decimals import Number, smart_round, strip_zeros, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OrderDirection, OrderType
from tradinglab.core.system_decimal import decimal_text

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.protocols import PricedSecurity
    from tradinglab.algorithm.orders.requests import SubmitOrderRequest, UpdateOrderRequest
    from tradinglab.core.symbol import Symbol


class Leg(Dual):
    """One leg of a combo order: a symbol and how many units of it for one unit of the combo."""

    __slots__ = ("_order_price", "quantity", "symbol")
    symbol: Symbol
    quantity: int

    def __init__(self, symbol: Symbol, quantity: int, order_price: Number | None = None) -> None:
        self.symbol = symbol
        self.quantity = int(quantity)
        self._order_price = None if order_price is None else to_decimal(order_price)

    @property
    def order_price(self) -> float | None:
        """The limit price of the leg, if it has one."""
        return None if self._order_price is None else float(self._order_price)

    @property
    def exact_order_price(self) -> Decimal | None:
        """``order_price`` as a decimal."""
        return self._order_price

    @staticmethod
    def create(symbol: Symbol, quantity: int, limit_price: Number | None = None) -> Leg:
        """Return a leg."""
        return Leg(symbol, quantity, limit_price)


class GroupOrderManager(Dual):
    """What the legs of a combo order share: its quantity, its limit price, the numbers of its orders."""

    __slots__ = ("count", "exact_limit_price", "exact_quantity", "id", "order_ids")
    id: int
    count: int
    order_ids: set[int]
    exact_limit_price: Decimal
    exact_quantity: Decimal

    def __init__(self, id: int, leg_count: int, quantity: Number, limit_price: Number = 0) -> None:
        self.id = id
        self.count = leg_count
        self.exact_quantity = to_decimal(quantity)
        self.exact_limit_price = to_decimal(limit_price)
        self.order_ids = set()

    @property
    def quantity(self) -> float:
        """Units of the combo: positive to buy, negative to sell."""
        return float(self.exact_quantity)

    @property
    def absolute_quantity(self) -> float:
        """Units of the combo, without a sign."""
        return abs(self.quantity)

    @property
    def limit_price(self) -> float:
        """The limit price of the whole combo, 0 if it has none."""
        return float(self.exact_limit_price)

    @limit_price.setter
    def limit_price(self, value: Number) -> None:
        self.exact_limit_price = to_decimal(value)

    @property
    def direction(self) -> OrderDirection:
        """The direction of the combo."""
        return direction_of(self.exact_quantity)


class ComboOrder(Order):
    """Base of the legs of a combo order; its quantity follows that of the group."""

    __slots__ = ()
    json_fields: ClassVar[tuple[str, ...]] = ("quantity",)

    def __init__(
        self,
        symbol: Symbol,
        quantity: Number,
        time: Moment,
        group_order_manager: GroupOrderManager,
        tag: str | None = "",
        properties: OrderProperties | None = None,
    ) -> None:
        super().__init__(symbol, quantity, time, tag, properties, group_order_manager=group_order_manager)

    @property
    def group(self) -> GroupOrderManager:
        """The group of the leg, which every combo order has."""
        assert self._group_order_manager is not None
        return self._group_order_manager

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal without trailing zeros."""
        return strip_zeros(leg_quantity(self._quantity, self._group_order_manager))

    @exact_quantity.setter
    def exact_quantity(self, value: Decimal) -> None:
        # `_quantity` holds the ratio, so that an update of the group's quantity reaches every leg.
        self._quantity = leg_ratio(value, self._group_order_manager)

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over the tag, and the quantity, which is that of the whole group."""
        self._apply_tag(request)
        if request.exact_quantity is not None:
            self.group.exact_quantity = request.exact_quantity

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        assert request.group_order_manager is not None
        return cls(
            request.symbol,
            request.exact_quantity,
            request.time_ns,
            request.group_order_manager,
            request.tag,
            request.order_properties,
        )


class ComboMarketOrder(ComboOrder):
    """A leg that trades at the market, with the others."""

    __slots__ = ()
    order_type = OrderType.COMBO_MARKET
    json_fields = ("type",)

    @property
    def is_marketable(self) -> bool:
        """``True``."""
        return True


class _LimitedComboOrder(ComboOrder):
    """A leg that is made with a limit price."""

    __slots__ = ()

    def __init__(
        self,
        symbol: Symbol,
        quantity: Number,
        limit_price: Number,
        time: Moment,
        group_order_manager: GroupOrderManager,
        tag: str | None = "",
        properties: OrderProperties | None = None,
    ) -> None:
        super().__init__(symbol, quantity, time, group_order_manager, tag, properties)
        self.exact_limit_price = to_decimal(limit_price)

    @property
    def exact_limit_price(self) -> Decimal:
        """``limit_price`` as a decimal."""
        return self.group.exact_limit_price

    @exact_limit_price.setter
    def exact_limit_price(self, value: Decimal) -> None:
        self.group.exact_limit_price = value

    @property
    def limit_price(self) -> float:
        """The worst price to trade at."""
        return float(self.exact_limit_price)

    def _value_in_quote_currency(self, security: PricedSecurity) -> Decimal:
        return better_value(self.exact_quantity, self.exact_limit_price, security.exact_price)

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over the tag, the group's quantity and the limit price."""
        super().apply_update_order_request(request)
        if request.exact_limit_price is not None:
            self.exact_limit_price = request.exact_limit_price

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        assert request.group_order_manager is not None
        return cls(
            request.symbol,
            request.exact_quantity,
            request.exact_limit_price,
            request.time_ns,
            request.group_order_manager,
            request.tag,
            request.order_properties,
        )


class ComboLimitOrder(_LimitedComboOrder):
    """A leg of a combo with one limit price for the whole."""

    __slots__ = ()
    order_type = OrderType.COMBO_LIMIT
    json_fields = ("type",)


class ComboLegLimitOrder(_LimitedComboOrder):
    """A leg of a combo in which every leg has its own limit price."""

    __slots__ = ("_limit_price",)
    order_type = OrderType.COMBO_LEG_LIMIT
    json_fields = ("type", "limit_price")

    @property
    def exact_limit_price(self) -> Decimal:
        """``limit_price`` as a decimal."""
        return self._limit_price

    @exact_limit_price.setter
    def exact_limit_price(self, value: Decimal) -> None:
        self._limit_price = value


def leg_quantity(ratio: Decimal, group: GroupOrderManager | None) -> Decimal:
    """Return the units of a leg with *ratio* to its group."""
    return ratio if group is None else ratio * group.exact_quantity


def leg_ratio(quantity: Decimal, group: GroupOrderManager | None) -> Decimal:
    """Return the ratio of a leg of *quantity* units to its group."""
    return quantity if group is None or not group.exact_quantity else quantity / group.exact_quantity


def group_quantity(leg_quantities: Iterable[int], direction: OrderDirection) -> int:
    """Return the units of a combo whose legs have these quantities: their greatest common divisor, signed.

    Raises
    ------
    ValueError
        If *direction* is neither buy nor sell.
    """
    if direction == OrderDirection.HOLD:
        raise ValueError("A combo order must buy or sell; its direction was Hold.")
    quantity = gcd(*(abs(int(each)) for each in leg_quantities))
    return quantity if direction == OrderDirection.BUY else -quantity


class GroupOrderCacheManager(Dual):
    """Holds back the legs of combo orders until all have arrived."""

    def __init__(self) -> None:
        self._waiting: dict[int, Order] = {}

    def try_get_group_cached_orders(self, order: Order) -> list[Order] | None:
        """Return the whole group of *order* once its last leg is here, else remember it and return ``None``."""
        orders = group_orders(order, self._waiting.get)
        if orders is None:
            self._waiting[order.id] = order
            return None
        for each in orders:
            self._waiting.pop(each.id, None)
        return orders


def insufficient_buying_power_text(values: Mapping[Order, Decimal], reason: str) -> str:
    """Return the message for a group of orders that the account cannot pay for."""
    ids = ",".join(str(order.id) for order in values)
    worth = ",".join(decimal_text(smart_round(value)) for value in values.values())
    return (
        f"Order Error: ids: [{ids}], Insufficient buying power to complete orders (Value:[{worth}]), Reason: {reason}."
    )


class GroupOrderExtensions(Dual):
    """Quantities of combo orders under QuantConnect's names."""

    @staticmethod
    def get_order_leg_group_quantity(leg_ratio: Number, group_order_manager: GroupOrderManager | None) -> float:
        """Return the units of a leg with a ratio to its group."""
        return float(leg_quantity(to_decimal(leg_ratio), group_order_manager))

    @staticmethod
    def get_order_leg_ratio(leg_group_quantity: Number, group_order_manager: GroupOrderManager | None) -> float:
        """Return the ratio of a leg of so many units to its group."""
        return float(leg_ratio(to_decimal(leg_group_quantity), group_order_manager))

    @staticmethod
    def get_group_quantity_by_each_leg_quantity(
        leg_quantity: Iterable[Number], order_direction: OrderDirection
    ) -> float:
        """Return the units of a combo whose legs have these quantities."""
        return float(group_quantity([int(each) for each in leg_quantity], order_direction))
