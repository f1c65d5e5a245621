"""Orders: the methods with which a strategy sends them."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.api.order_checks import check_order, is_daily_only, is_too_late_for_close
from tradinglab.algorithm.orders import (
    GoodTilDateTimeInForce,
    GroupOrderManager,
    Leg,
    OrderProperties,
    OrderResponse,
    OrderTicket,
    SubmitOrderRequest,
    TimeInForce,
    TrailingStopOrder,
)
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import OrderDirection, OrderStatus, OrderType, SecurityType

if TYPE_CHECKING:
    from decimal import Decimal

    from tradinglab.algorithm.api.core import SymbolLike
    from tradinglab.algorithm.securities import Security

_FUTURES = (SecurityType.FUTURE, SecurityType.FUTURE_OPTION)


class TradingMethods(AlgorithmCore):
    """Orders of every type, for one security or for several at once."""

    def buy(self, symbol: SymbolLike, quantity: Number) -> OrderTicket:
        """Buy a quantity at the market."""
        return self.market_order(symbol, abs(to_decimal(quantity)))

    def sell(self, symbol: SymbolLike, quantity: Number) -> OrderTicket:
        """Sell a quantity at the market."""
        return self.market_order(symbol, -abs(to_decimal(quantity)))

    def order(self, symbol: SymbolLike, quantity: Number, asynchronous: bool = False, tag: str = "",
              order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at the market; the same as ``market_order``."""
        return self.market_order(symbol, quantity, asynchronous, tag, order_properties)

    def market_order(self, symbol: SymbolLike, quantity: Number, asynchronous: bool = False, tag: str = "",
                     order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Buy (or, with a negative quantity, sell) now, at the market.

        When the exchange is closed the order waits for the next open. A security with daily bars
        alone has no price during the day, so its order is filled at the close.
        """
        security = self.lab_security_for_order(symbol)
        if security.type not in _FUTURES:
            if not security.exchange.exchange_open:
                ticket = self.market_on_open_order(security.symbol, quantity, asynchronous, tag, order_properties)
                self.lab_warn_of_conversion(
                    ticket,
                    "Warning: market orders submitted while the market is closed are automatically converted into "
                    "MarketOnOpen orders to fill at the next market open.",
                )
                return ticket
            if not security.exchange.hours.is_market_always_open and is_daily_only(self, security):
                late = is_too_late_for_close(self, security)
                method = self.market_on_open_order if late else self.market_on_close_order
                ticket = method(security.symbol, quantity, asynchronous, tag, order_properties)
                self.lab_warn_of_conversion(
                    ticket,
                    "Warning: market orders on daily resolution data sent during market hours are automatically "
                    "converted into MarketOnClose orders (or MarketOnOpen near the close).",
                )
                return ticket
        return self.lab_submit(OrderType.MARKET, security, quantity, tag, order_properties, asynchronous)

    def market_on_open_order(self, symbol: SymbolLike, quantity: Number, asynchronous: bool = False, tag: str = "",
                             order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at the next open."""
        security = self.lab_security_for_order(symbol)
        properties = self.lab_auction_properties(order_properties)
        return self.lab_submit(OrderType.MARKET_ON_OPEN, security, quantity, tag, properties, asynchronous)

    def market_on_close_order(self, symbol: SymbolLike, quantity: Number, asynchronous: bool = False, tag: str = "",
                              order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at the next close."""
        security = self.lab_security_for_order(symbol)
        properties = self.lab_auction_properties(order_properties)
        return self.lab_submit(OrderType.MARKET_ON_CLOSE, security, quantity, tag, properties, asynchronous)

    def limit_order(self, symbol: SymbolLike, quantity: Number, limit_price: Number, asynchronous: bool = False,
                    tag: str = "", order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at a price or better."""
        return self.lab_submit(
            OrderType.LIMIT, self.lab_security_for_order(symbol), quantity, tag, order_properties, asynchronous,
            limit_price=limit_price,
        )  # fmt: skip

    def stop_market_order(self, symbol: SymbolLike, quantity: Number, stop_price: Number, asynchronous: bool = False,
                          tag: str = "", order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at the market once the price has reached the stop."""
        return self.lab_submit(
            OrderType.STOP_MARKET, self.lab_security_for_order(symbol), quantity, tag, order_properties, asynchronous,
            stop_price=stop_price,
        )  # fmt: skip

    def stop_limit_order(self, symbol: SymbolLike, quantity: Number, stop_price: Number, limit_price: Number,
                         asynchronous: bool = False, tag: str = "",
                         order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at a limit once the price has reached the stop."""
        return self.lab_submit(
            OrderType.STOP_LIMIT, self.lab_security_for_order(symbol), quantity, tag, order_properties, asynchronous,
            stop_price=stop_price, limit_price=limit_price,
        )  # fmt: skip

    def limit_if_touched_order(self, symbol: SymbolLike, quantity: Number, trigger_price: Number, limit_price: Number,
                               asynchronous: bool = False, tag: str = "",
                               order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at a limit once the price has touched the trigger."""
        return self.lab_submit(
            OrderType.LIMIT_IF_TOUCHED, self.lab_security_for_order(symbol), quantity, tag, order_properties,
            asynchronous, trigger_price=trigger_price, limit_price=limit_price,
        )  # fmt: skip

    def trailing_stop_order(self, symbol: SymbolLike, quantity: Number, *prices: Number | bool,
                            asynchronous: bool = False, tag: str = "",
                            order_properties: OrderProperties | None = None,
                            stop_price: Number | None = None, trailing_amount: Number | None = None,
                            trailing_as_percentage: bool | None = None) -> OrderTicket:  # fmt: skip
        """Order at the market when the price turns against the position by an amount.

        ``(symbol, quantity, [stop_price,] trailing_amount, trailing_as_percentage)``: without a
        stop price the first one is worked out from the current price.
        """
        security = self.lab_security_for_order(symbol)
        rest: list[Number | bool] = list(prices)
        if trailing_as_percentage is None:
            at = next((i for i, value in enumerate(rest) if isinstance(value, bool)), None)
            if at is None:
                raise TypeError("trailing_stop_order: trailing_as_percentage (True or False) is missing")
            trailing_as_percentage = bool(rest[at])
            rest, extra = rest[:at], rest[at + 1 :]
            if extra:
                asynchronous = bool(extra[0])
                tag = str(extra[1]) if len(extra) > 1 else tag
        if trailing_amount is None:
            trailing_amount = rest.pop()
        if stop_price is None and rest:
            stop_price = rest.pop()
        amount = to_decimal(trailing_amount)
        if stop_price is None:
            direction = OrderDirection.BUY if quantity > 0 else OrderDirection.SELL  # type: ignore[operator]
            stop_price = TrailingStopOrder.calculate_exact_stop_price(
                security.exact_price, amount, trailing_as_percentage, direction
            )
        return self.lab_submit(
            OrderType.TRAILING_STOP, security, quantity, tag, order_properties, asynchronous,
            stop_price=stop_price, trailing_amount=amount, trailing_as_percentage=trailing_as_percentage,
        )  # fmt: skip

    def combo_market_order(self, legs: list[Leg], quantity: int, asynchronous: bool = False, tag: str = "",
                           order_properties: OrderProperties | None = None) -> list[OrderTicket]:  # fmt: skip
        """Order several legs at the market: all are filled or none is."""
        return self.lab_submit_combo(OrderType.COMBO_MARKET, legs, quantity, ZERO, asynchronous, tag, order_properties)

    def combo_limit_order(self, legs: list[Leg], quantity: int, limit_price: Number, asynchronous: bool = False,
                          tag: str = "",
                          order_properties: OrderProperties | None = None) -> list[OrderTicket]:  # fmt: skip
        """Order several legs at a limit on the price of them all."""
        price = to_decimal(limit_price)
        if price == 0:
            raise ValueError("combo_limit_order requires a limit price; it was 0")
        if any(leg.order_price for leg in legs):
            raise ValueError("combo_limit_order does not support limit prices for individual legs")
        return self.lab_submit_combo(OrderType.COMBO_LIMIT, legs, quantity, price, asynchronous, tag, order_properties)

    def combo_leg_limit_order(self, legs: list[Leg], quantity: int, asynchronous: bool = False, tag: str = "",
                              order_properties: OrderProperties | None = None) -> list[OrderTicket]:  # fmt: skip
        """Order several legs, each at a limit of its own."""
        if not all(leg.order_price for leg in legs):
            raise ValueError("combo_leg_limit_order requires a limit price for each leg")
        return self.lab_submit_combo(
            OrderType.COMBO_LEG_LIMIT, legs, quantity, ZERO, asynchronous, tag, order_properties
        )

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
            self.error(response.error_message)
            reason = response.error_message or str(response.error_code)
            self.lab_refusals[reason] = self.lab_refusals.get(reason, 0) + 1
        return response

    def lab_submit(self, order_type: OrderType, security: Security, quantity: Number, tag: str,
                properties: OrderProperties | None, asynchronous: bool,
                **prices: Number | bool) -> OrderTicket:  # fmt: skip
        """Make an order of a type and hand it in."""
        request = self.lab_request(order_type, security, to_decimal(quantity), tag, properties, asynchronous, **prices)
        return self.submit_order_request(request)

    def lab_request(self, order_type: OrderType, security: Security, quantity: Decimal, tag: str,
                 properties: OrderProperties | None, asynchronous: bool, *,
                 group_order_manager: GroupOrderManager | None = None,
                 trailing_as_percentage: bool = False, **prices: Number | bool) -> SubmitOrderRequest:  # fmt: skip
        """Make the request of an order."""
        return SubmitOrderRequest(
            order_type, security.type, security.symbol, quantity,
            to_decimal(prices.get("stop_price", ZERO)), to_decimal(prices.get("limit_price", ZERO)),
            to_decimal(prices.get("trigger_price", ZERO)), to_decimal(prices.get("trailing_amount", ZERO)),
            trailing_as_percentage, self.lab_utc_ns, tag,
            properties if properties is not None else self.default_order_properties.clone(),
            group_order_manager, asynchronous,
        )  # fmt: skip

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
        group = GroupOrderManager(
            self.transactions.get_increment_group_order_manager_id(), len(legs), quantity, limit_price
        )
        requests = []
        for leg in legs:
            security = self.lab_security_for_order(leg.symbol)
            price = to_decimal(leg.order_price) if leg.order_price else limit_price
            request = self.lab_request(
                order_type, security, to_decimal(leg.quantity) * to_decimal(quantity), tag, properties, asynchronous,
                group_order_manager=group, limit_price=price,
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
            return added
        if security is not None and not security.is_delisted:
            return security
        raise ValueError(
            f"The symbol {wanted} is not found in the algorithm's securities collection and cannot be re-added due to "
            "it being delisted or no longer tradable."
        )
