"""What a fill model is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from tradinglab.algorithm.orders import Order, OrderEvent
from tradinglab.algorithm.slice import KeyValuePair
from tradinglab.core.dual import Dual, NetObject

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.enums import Resolution
    from tradinglab.core.symbol import Symbol


class FilledSubscription(Protocol):
    """What a fill model asks of a subscription."""

    @property
    def type(self) -> type[BaseData]:
        """Type of its data points."""

    @property
    def resolution(self) -> Resolution:
        """Time that one bar spans."""

    @property
    def is_internal_feed(self) -> bool:
        """Whether its data stay hidden from the strategy."""

    @property
    def extended_market_hours(self) -> bool:
        """Whether it has bars outside regular hours."""


class SubscriptionProvider(Protocol):
    """Where the subscriptions of a symbol are found."""

    def get_subscription_data_configs(
        self, symbol: Symbol, include_internal_configs: bool = False, /
    ) -> Iterable[FilledSubscription]:
        """Return the subscriptions to a symbol."""


class SecuritiesForOrders(Dual):
    """The security of each order of a group; iteration gives pairs, as over LEAN's dictionaries."""

    def __init__(self, securities: Mapping[Order, Security]) -> None:
        self._securities = securities

    def __iter__(self) -> Iterator[KeyValuePair[Security]]:
        return iter([KeyValuePair(order, security) for order, security in self._securities.items()])

    def __len__(self) -> int:
        return len(self._securities)

    def __contains__(self, order: object) -> bool:
        return order in self._securities

    def __getitem__(self, order: Order) -> Security:
        return self._securities[order]

    @property
    def count(self) -> int:
        """Number of orders."""
        return len(self._securities)

    def keys(self) -> KeysView[Order]:
        """Return the orders."""
        return self._securities.keys()

    def values(self) -> ValuesView[Security]:
        """Return the securities."""
        return self._securities.values()

    def items(self) -> ItemsView[Order, Security]:
        """Return orders and securities."""
        return self._securities.items()


class FillModelParameters(NetObject):
    """A security, its order, and what else decides the fill.

    Parameters
    ----------
    security, order
        What to fill.
    config_provider
        Where subscriptions are found.
    stale_price_time_span
        How old a price may be before a fill at it carries a warning.
    securities_for_orders
        Every order of a combo with its security; by default only the one.
    on_order_updated
        Called when a fill model changes the order, such as the stop price of a trailing stop.
    """

    __slots__ = ("config_provider", "on_order_updated", "order", "securities_for_orders", "security",
                 "stale_price_time_span")  # fmt: skip
    security: Security
    order: Order
    config_provider: SubscriptionProvider
    stale_price_time_span: timedelta
    securities_for_orders: SecuritiesForOrders
    on_order_updated: Callable[[Order], None]

    def __init__(
        self,
        security: Security,
        order: Order,
        config_provider: SubscriptionProvider,
        stale_price_time_span: timedelta,
        securities_for_orders: Mapping[Order, Security] | SecuritiesForOrders | None = None,
        on_order_updated: Callable[[Order], None] | None = None,
    ) -> None:
        if not isinstance(securities_for_orders, SecuritiesForOrders):
            securities_for_orders = SecuritiesForOrders(securities_for_orders or {order: security})
        self.security = security
        self.order = order
        self.config_provider = config_provider
        self.stale_price_time_span = stale_price_time_span
        self.securities_for_orders = securities_for_orders
        self.on_order_updated = on_order_updated or _ignore

    def legs(self) -> list[tuple[Order, Security]]:
        """Return the orders with their securities, by number."""
        return sorted(self.securities_for_orders.items(), key=lambda leg: leg[0].id)


def _ignore(order: Order) -> None:
    pass


class Fill(Dual):
    """The order events of one attempt to fill: one, one for each leg of a combo, or none."""

    def __init__(self, order_events: Iterable[OrderEvent] | OrderEvent) -> None:
        self._order_events = [order_events] if isinstance(order_events, OrderEvent) else list(order_events)

    def __iter__(self) -> Iterator[OrderEvent]:
        return iter(self._order_events)

    def __len__(self) -> int:
        return len(self._order_events)
