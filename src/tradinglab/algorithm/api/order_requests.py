"""What all orders have in common: they are made into requests, checked and handed in."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import TYPE_CHECKING

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.api.order_checks import check_order
from tradinglab.algorithm.orders import (
    GoodTilDateTimeInForce,
    OrderProperties,
    OrderResponse,
    OrderTicket,
    SubmitOrderRequest,
    TimeInForce,
)
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import OrderResponseErrorCode as Code
from tradinglab.core.enums import OrderStatus, OrderType, SecurityType
from tradinglab.core.surface import did_you_mean

if TYPE_CHECKING:
    from decimal import Decimal

    from tradinglab.algorithm.api.core import SymbolLike
    from tradinglab.algorithm.orders import GroupOrderManager, Leg
    from tradinglab.algorithm.securities import Security

_MAY_BE_NEGATIVE = (SecurityType.CFD, SecurityType.FUTURE, SecurityType.INDEX)
_WITHOUT_DATA = (Code.SECURITY_PRICE_ZERO, Code.SECURITY_HAS_NO_DATA)


def tag_first(
    tag: str, properties: OrderProperties | str | None, given: OrderProperties | None
) -> tuple[str, OrderProperties | None]:
    """Return tag and properties of a call that leaves out ``asynchronous``, as all did before LEAN had it."""
    return tag, given if not properties or isinstance(properties, str) else properties


class OrderRequests(AlgorithmCore):
    """Makes requests of orders, checks them, and says what could be ordered."""

    def submit_order_request(self, request: SubmitOrderRequest) -> OrderTicket:
        """Check an order and hand it to the transaction manager."""
        response = self.lab_checked(request)
        if response.is_error:
            return OrderTicket.invalid_submit_request(self.transactions, request, response)
        return self.transactions.add_order(request)

    def set_maximum_orders(self, maximum: int) -> None:
        """Set how many orders a backtest may send before it is stopped."""
        if not self.get_locked():
            self.lab_maximum_orders = maximum

    def is_market_open(self, symbol: SymbolLike) -> bool:
        """Return whether a security's exchange is in its regular hours now."""
        return bool(self.lab_security(symbol).exchange.exchange_open)

    def shortable(self, symbol: SymbolLike, quantity: Number = 0, update_order_id: int | None = None) -> bool:
        """Return whether a quantity can be sold short now, beside the position and the open orders there are.

        The open order *update_order_id* is left out: its quantity is about to change.
        """
        security = self.lab_security(symbol)
        available = self.shortable_quantity(symbol)
        if available is None:
            return True
        taken = security.holdings.exact_quantity + sum(
            (
                ticket.exact_quantity - ticket.exact_quantity_filled
                for ticket in self.transactions.get_open_order_tickets(security.symbol)
                if ticket.order_id != update_order_id
            ),
            start=ZERO,
        )
        floor = -to_decimal(available)
        return taken > floor and taken - abs(to_decimal(quantity)) >= floor

    def shortable_quantity(self, symbol: SymbolLike) -> int | None:
        """Return the units that can be sold short now; ``None`` is no limit."""
        security = self.lab_security(symbol)
        return security.shortable_provider.shortable_quantity(security.symbol, security.local_time)

    def lab_checked(self, request: SubmitOrderRequest) -> OrderResponse:
        """Check an order and count the refusal, if it is one."""
        response = check_order(self, request)
        if response.is_error:
            self.lab_tell_refusal(request, response)
            reason = response.error_message or str(response.error_code)
            self.lab_refusals[reason] = self.lab_refusals.get(reason, 0) + 1
        return response

    def lab_tell_refusal(self, request: SubmitOrderRequest, response: OrderResponse) -> None:
        """Write why an order is refused; that a security has no price only once, for it may have none all along."""
        if response.error_code in _WITHOUT_DATA:
            key = f"{response.error_code} {request.symbol.id}"
            if key in self.lab_warned:
                return
            self.lab_warned.add(key)
        self.error(response.error_message)

    def lab_submit(self, order_type: OrderType, security: Security, quantity: Number, tag: str,
                   properties: OrderProperties | None, asynchronous: bool | str, *,
                   trailing_as_percentage: bool = False, **prices: Number) -> OrderTicket:  # fmt: skip
        """Make an order of a type and hand it in."""
        if isinstance(asynchronous, str):
            asynchronous, tag, properties = False, *tag_first(asynchronous, tag, properties)
        if prices:
            self.lab_warn_of_negative_prices(order_type, security, prices)
        request = self.lab_request(
            order_type, security, to_decimal(quantity), tag, properties, asynchronous, prices,
            trailing_as_percentage=trailing_as_percentage,
        )  # fmt: skip
        return self.submit_order_request(request)

    def lab_request(self, order_type: OrderType, security: Security, quantity: Decimal, tag: str,
                    properties: OrderProperties | None, asynchronous: bool, prices: Mapping[str, Number], *,
                    group_order_manager: GroupOrderManager | None = None,
                    trailing_as_percentage: bool = False) -> SubmitOrderRequest:  # fmt: skip
        """Make the request of an order."""
        request = SubmitOrderRequest.of(
            order_type, security.symbol, quantity, self.time_keeper.utc_ns, tag,
            self.default_order_properties.clone() if properties is None else properties, asynchronous=asynchronous,
            group_order_manager=group_order_manager, trailing_as_percentage=trailing_as_percentage,
        )  # fmt: skip
        for name, price in prices.items():
            setattr(request, f"exact_{name}", to_decimal(price))
        return request

    def lab_submit_combo(self, order_type: OrderType, legs: list[Leg], quantity: int, limit_price: Decimal,
                         asynchronous: bool, tag: str,
                         properties: OrderProperties | None) -> list[OrderTicket]:  # fmt: skip
        """Make an order for each leg of a combo and hand them in together."""
        divisor = gcd(*(int(leg.quantity) for leg in legs))
        if divisor != 1:
            raise ValueError(
                "The quantity of a combo sets its size, the legs' quantities only their ratio: "
                f"give {quantity * divisor} and legs divided by {divisor}."
            )
        from tradinglab.algorithm.orders import GroupOrderManager

        group = GroupOrderManager(
            self.transactions.get_increment_group_order_manager_id(), len(legs), quantity, limit_price
        )
        requests = []
        for leg in legs:
            security = self.lab_security_for_order(leg.symbol)
            price = to_decimal(leg.order_price) if leg.order_price else limit_price
            request = self.lab_request(
                order_type, security, to_decimal(leg.quantity) * to_decimal(quantity), tag, properties, asynchronous,
                {"limit_price": price}, group_order_manager=group,
            )  # fmt: skip
            response = self.lab_checked(request)
            if response.is_error:
                return [OrderTicket.invalid_submit_request(self.transactions, request, response)]
            requests.append(request)
        return [self.transactions.add_order(request) for request in requests]

    def lab_auction_properties(self, properties: OrderProperties | None) -> OrderProperties:
        """Return properties without a good-til-date, which an order for the open or close cannot have."""
        chosen = properties if properties is not None else self.default_order_properties.clone()
        if isinstance(chosen.time_in_force, GoodTilDateTimeInForce):
            chosen.time_in_force = TimeInForce.GOOD_TIL_CANCELED
            self.lab_once(
                "gtd",
                "Warning: Good-Til-Date Time-In-Force is not supported for MOO and MOC orders. "
                "The time-in-force will be reset to Good-Til-Canceled (GTC).",
            )
        return chosen

    def lab_warn_of_conversion(self, ticket: OrderTicket, message: str) -> None:
        """Say once that an order was turned into another type."""
        if ticket.status != OrderStatus.INVALID:
            self.lab_once(message, message)

    def lab_security_for_order(self, symbol: SymbolLike) -> Security:
        """Return the security to trade, which is added if it was not."""
        wanted = self.lab_symbol(symbol)
        security = self.securities.get(wanted)
        if security is not None and (security.is_tradable or security.is_delisted or wanted.is_canonical()):
            return security
        if security is None and wanted.security_type != SecurityType.INDEX and not wanted.is_canonical():
            added = self.lab_add_security_by_symbol(wanted)
            self.lab_seed([added])
            self.lab_tell_added(added)
            return added
        if security is not None and not security.is_delisted:
            return security
        raise ValueError(
            f"The symbol {wanted} is not found in the algorithm's securities collection and cannot be re-added due to "
            "it being delisted or no longer tradable."
        )

    def lab_warn_of_negative_prices(
        self, order_type: OrderType, security: Security, prices: Mapping[str, Number]
    ) -> None:
        """Say once for each field that an order has a price that its security cannot have."""
        if security.type in _MAY_BE_NEGATIVE:
            return
        for field, price in prices.items():
            if price < 0:  # type: ignore[operator]  # every kind of number can be compared with 0
                text = (
                    f"Warning: {field} of a {order_type} order for {security.symbol.value} is {price}, below 0, "
                    "where its price will never be. The order was handed in as it is, as in LEAN."
                )
                self.lab_once(f"negative {field}", text)

    def lab_tell_added(self, security: Security) -> None:
        """Warn that an order added a security, as it does in LEAN: its ticker may be misspelt."""
        symbol = security.symbol
        configs = self.subscription_manager.subscription_data_config_service.get_subscription_data_configs(symbol)
        bars = f"{str(configs[0].resolution).lower()} bars"
        known = [each.symbol.value for each in self.securities.values() if each is not security]
        text = (
            f"Warning: an order for {symbol.value} added it as {security.type} of the market {symbol.id.market} with "
            f"{bars}: the strategy had not added it{did_you_mean(symbol.value, known) or '.'}"
        )
        source = self.lab_context.source
        if not any(source.has(symbol, each.resolution, each.tick_type) for each in configs):
            text += f" The source {source.name} has no {bars} of {symbol.value}, so its orders are refused."
        self.lab_once(f"added {symbol.id}", text)
