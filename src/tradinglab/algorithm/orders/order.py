"""The order: what was asked for, and what became of it.

Authors read floats; the exact decimals behind them carry LEAN's scale, which its hash over all
orders needs. Times are kept as nanoseconds UTC and read as naive datetimes in UTC.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from tradinglab.algorithm.orders.properties import OrderProperties
from tradinglab.algorithm.orders.text import Moment, instant_ns
from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import ZERO, Number, strip_zeros, to_decimal
from tradinglab.core.dual import NetObject
from tradinglab.core.enums import DataNormalizationMode, OrderDirection, OrderStatus, OrderType, SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache
from tradinglab.core.system_decimal import decimal_text

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.combo import GroupOrderManager
    from tradinglab.algorithm.orders.protocols import HasSymbol, PricedSecurity
    from tradinglab.algorithm.orders.requests import SubmitOrderRequest, UpdateOrderRequest
    from tradinglab.algorithm.orders.submission import OrderSubmissionData
    from tradinglab.algorithm.orders.time_in_force import TimeInForce

T = TypeVar("T", bound="Order")

_KINDS: dict[OrderType, type[Order]] = {}
# Read without asking the enumerations, which also look for other spellings.
_NONE, _NEW, _RAW = OrderStatus.NONE, OrderStatus.NEW, DataNormalizationMode.RAW
_BUY, _SELL, _HOLD = OrderDirection.BUY, OrderDirection.SELL, OrderDirection.HOLD


def _kind_of(order_type: OrderType) -> type[Order]:
    if order_type not in _KINDS:
        # Rare kinds are in modules of their own, which enter them when they are loaded.
        for module in ("combo", "trailing_stop"):
            import_module(f"tradinglab.algorithm.orders.{module}")
    return _KINDS[order_type]


def direction_of(quantity: Decimal) -> OrderDirection:
    """Return the direction of an order for *quantity* units."""
    if quantity > 0:
        return _BUY
    return _SELL if quantity < 0 else _HOLD


def symbol_of(traded: Symbol | str | HasSymbol) -> Symbol:
    """Return a symbol itself, the one that a ticker stands for, or that of a security.

    Raises
    ------
    UnknownTickerError
        If the ticker stands for none.
    """
    if isinstance(traded, Symbol):
        return traded
    return SymbolCache.get_symbol(traded) if isinstance(traded, str) else traded.symbol


def better_value(quantity: Decimal, limit: Decimal, price: Decimal) -> Decimal:
    """Return the value of *quantity* at the better of a limit and the market's price, one of which it trades at."""
    return quantity * (max if quantity < 0 else min)(limit, price) if quantity else ZERO


class OrderTimes(NetObject):
    """When an order was made, filled, updated and cancelled: nanoseconds, read as datetimes in UTC."""

    __slots__ = ("canceled_time_ns", "last_fill_time_ns", "last_update_time_ns", "time_ns")
    time_ns: int
    last_fill_time_ns: int | None
    last_update_time_ns: int | None
    canceled_time_ns: int | None

    @property
    def time(self) -> datetime:
        """When the order was made, in UTC."""
        return from_ns(self.time_ns)

    @property
    def created_time(self) -> datetime:
        """The same as ``time``."""
        return self.time

    @property
    def last_fill_time(self) -> datetime | None:
        """When the order was last filled, in UTC."""
        return _moment(self.last_fill_time_ns)

    @property
    def last_update_time(self) -> datetime | None:
        """When the order was last updated, in UTC."""
        return _moment(self.last_update_time_ns)

    @property
    def canceled_time(self) -> datetime | None:
        """When the order was cancelled, in UTC."""
        return _moment(self.canceled_time_ns)


class Order(OrderTimes):
    """Base of all orders.

    Parameters
    ----------
    symbol
        What to trade.
    quantity
        How many units: positive to buy, negative to sell.
    time
        When the order was made, in UTC.
    tag
        A note that stays with the order.
    properties
        Time in force and what the broker understands; default: good until cancelled.
    """

    __slots__ = (
        "_group_order_manager",
        "_id",
        "_price",
        "_quantity",
        "broker_id",
        "contingent_id",
        "order_submission_data",
        "price_adjustment_mode",
        "price_currency",
        "properties",
        "status",
        "symbol",
        "tag",
    )

    order_type: ClassVar[OrderType]
    json_fields: ClassVar[tuple[str, ...]] = ("type",)
    """Members in JSON that this class adds to its base, in LEAN's order."""

    broker_id: list[str]
    contingent_id: int
    order_submission_data: OrderSubmissionData | None
    price_adjustment_mode: DataNormalizationMode
    price_currency: str
    properties: OrderProperties
    status: OrderStatus
    symbol: Symbol
    tag: str | None

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "order_type" in vars(cls):
            _KINDS[cls.order_type] = cls

    def __init__(
        self,
        symbol: Symbol | str | HasSymbol,
        quantity: Number,
        time: Moment,
        tag: str | None = "",
        properties: OrderProperties | None = None,
        *,
        group_order_manager: GroupOrderManager | None = None,
    ) -> None:
        self._id = 0
        self._group_order_manager = group_order_manager
        self._price = ZERO
        self.symbol = symbol_of(symbol)
        self.exact_quantity = to_decimal(quantity)
        self.time_ns = instant_ns(time)
        self.last_fill_time_ns = self.last_update_time_ns = self.canceled_time_ns = None
        self.tag = tag
        self.properties = OrderProperties() if properties is None else properties
        self.price_currency = ""
        self.status = _NONE
        self.broker_id = []
        self.contingent_id = 0
        self.order_submission_data = None
        self.price_adjustment_mode = _RAW

    @property
    def id(self) -> int:
        """Number of the order in its algorithm."""
        return self._id

    @id.setter
    def id(self, value: int) -> None:
        self._id = value
        if value and self._group_order_manager is not None:
            self._group_order_manager.order_ids.add(value)

    @property
    def group_order_manager(self) -> GroupOrderManager | None:
        """What the legs of a combo order share; ``None`` for others."""
        return self._group_order_manager

    @group_order_manager.setter
    def group_order_manager(self, value: GroupOrderManager | None) -> None:
        self._group_order_manager = value

    @property
    def type(self) -> OrderType:
        """The type of the order."""
        return self.order_type

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal without trailing zeros."""
        return self._quantity

    @exact_quantity.setter
    def exact_quantity(self, value: Decimal) -> None:
        self._quantity = strip_zeros(value)

    @property
    def quantity(self) -> float:
        """Units: positive to buy, negative to sell."""
        return float(self.exact_quantity)

    @quantity.setter
    def quantity(self, value: Number) -> None:
        self.exact_quantity = to_decimal(value)

    @property
    def absolute_quantity(self) -> float:
        """Units, without a sign."""
        return abs(float(self.exact_quantity))

    @property
    def exact_absolute_quantity(self) -> Decimal:
        """``absolute_quantity`` as a decimal."""
        return abs(self.exact_quantity)

    @property
    def exact_price(self) -> Decimal:
        """``price`` as a decimal without trailing zeros."""
        return self._price

    @exact_price.setter
    def exact_price(self, value: Decimal) -> None:
        self._price = strip_zeros(value)

    @property
    def price(self) -> float:
        """Average price of what was filled so far, 0 before."""
        return float(self._price)

    @price.setter
    def price(self, value: Number) -> None:
        self.exact_price = to_decimal(value)

    @property
    def direction(self) -> OrderDirection:
        """Buy, sell, or hold when the quantity is 0."""
        return direction_of(self.exact_quantity)

    @property
    def security_type(self) -> SecurityType:
        """Class of the asset."""
        return self.symbol.security_type

    @property
    def time_in_force(self) -> TimeInForce:
        """How long the order works."""
        return self.properties.time_in_force

    @property
    def exact_value(self) -> Decimal:
        """``value`` as a decimal."""
        return self.exact_quantity * self._price

    @property
    def value(self) -> float:
        """Quantity times price, in the quote currency."""
        return float(self.exact_value)

    @property
    def is_marketable(self) -> bool:
        """Whether the order could trade at once when it was submitted."""
        return False

    def get_exact_value(self, security: PricedSecurity) -> Decimal:
        """Return what the order is worth in the account's currency, as a decimal."""
        value = self._value_in_quote_currency(security)
        rate = security.quote_currency.exact_conversion_rate
        return value * rate * security.symbol_properties.exact_contract_multiplier

    def get_value(self, security: PricedSecurity) -> float:
        """Return what the order is worth in the account's currency."""
        return float(self.get_exact_value(security))

    def _value_in_quote_currency(self, security: PricedSecurity) -> Decimal:
        return self.exact_quantity * security.exact_price

    def get_default_tag(self) -> str:
        """Return the tag of an order that was given none."""
        return ""

    def apply_update_order_request(self, request: UpdateOrderRequest) -> None:
        """Take over what *request* changes.

        Raises
        ------
        ValueError
            If the request is for another order.
        """
        self._apply_tag(request)
        if request.exact_quantity is not None:
            self.exact_quantity = request.exact_quantity

    def _apply_tag(self, request: UpdateOrderRequest) -> None:
        if request.order_id != self._id:
            raise ValueError(f"The update is for order {request.order_id}, this is order {self._id}.")
        if request.tag is not None:
            self.tag = request.tag

    def clone(self) -> Self:
        """Return a copy; the legs of a combo order still share their group."""
        twin = copy(self)
        twin.broker_id = list(self.broker_id)
        twin.properties = self.properties.clone()
        if self.order_submission_data is not None:
            twin.order_submission_data = self.order_submission_data.clone()
        return twin

    @staticmethod
    def create_order(request: SubmitOrderRequest) -> Order:
        """Return the new order that *request* asks for."""
        order = _kind_of(request.order_type)._from_request(request)
        order.status = _NEW
        order.id = request.order_id
        return order

    @classmethod
    def _from_request(cls, request: SubmitOrderRequest) -> Order:
        given = request._order_properties or OrderProperties()
        return order_without_prices(cls, request._symbol, request.exact_quantity, request.time_ns, request._tag, given)

    def __str__(self) -> str:
        tag = f": {self.tag}" if self.tag else ""
        quantity = self.exact_quantity
        return (
            f"OrderId: {self._id} (BrokerId: {','.join(self.broker_id)}) {self.status} {self.type} order for "
            f"{decimal_text(quantity)} unit{'' if quantity == 1 else 's'} of {self.symbol}{tag}"
        )

    def __repr__(self) -> str:
        return f"<{self}>"

    def to_string(self) -> str:
        """Return the order as text."""
        return str(self)


def order_without_prices(
    kind: type[T], symbol: Symbol, quantity: Decimal, utc_ns: int, tag: str | None, properties: OrderProperties
) -> T:
    """Return an order that has no prices: the constructor's work, without its leniency."""
    order = kind.__new__(kind)
    order._id = 0
    order._group_order_manager = None
    order._price = ZERO
    order.symbol = symbol
    order._quantity = strip_zeros(quantity)
    order.time_ns = utc_ns
    order.last_fill_time_ns = order.last_update_time_ns = order.canceled_time_ns = None
    order.tag = tag
    order.properties = properties
    order.price_currency = ""
    order.status = _NONE
    order.broker_id = []
    order.contingent_id = 0
    order.order_submission_data = None
    order.price_adjustment_mode = _RAW
    return order


def _moment(utc_ns: int | None) -> datetime | None:
    return None if utc_ns is None else from_ns(utc_ns)
