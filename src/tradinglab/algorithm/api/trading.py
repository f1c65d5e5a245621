"""Orders: the methods with which a strategy sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.api.order_checks import is_daily_only, is_too_late_for_close
from tradinglab.algorithm.api.order_requests import OrderRequests, tag_first
from tradinglab.algorithm.orders import (
    OrderProperties,
    OrderTicket,
)
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import OrderDirection, OrderType, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.api.core import SymbolLike
    from tradinglab.algorithm.orders import Leg

_FUTURES = (SecurityType.FUTURE, SecurityType.FUTURE_OPTION)


class TradingMethods(OrderRequests):
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
        if not asynchronous:
            taken = self.transactions.take_at_market(security, to_decimal(quantity), tag, order_properties)
            if taken is not None:
                return taken
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

    def market_on_open_order(self, symbol: SymbolLike, quantity: Number, asynchronous: bool | str = False,
                             tag: str = "",
                             order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at the next open."""
        if isinstance(asynchronous, str):
            asynchronous, tag, order_properties = False, *tag_first(asynchronous, tag, order_properties)
        security = self.lab_security_for_order(symbol)
        properties = self.lab_auction_properties(order_properties)
        if not asynchronous:
            taken = self.transactions.take_at_open(security, to_decimal(quantity), tag, properties)
            if taken is not None:
                return taken
        return self.lab_submit(OrderType.MARKET_ON_OPEN, security, quantity, tag, properties, asynchronous)

    def market_on_close_order(self, symbol: SymbolLike, quantity: Number, asynchronous: bool | str = False,
                              tag: str = "",
                              order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at the next close."""
        if isinstance(asynchronous, str):
            asynchronous, tag, order_properties = False, *tag_first(asynchronous, tag, order_properties)
        security = self.lab_security_for_order(symbol)
        properties = self.lab_auction_properties(order_properties)
        return self.lab_submit(OrderType.MARKET_ON_CLOSE, security, quantity, tag, properties, asynchronous)

    def limit_order(self, symbol: SymbolLike, quantity: Number, limit_price: Number, asynchronous: bool | str = False,
                    tag: str = "", order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at a price or better."""
        return self.lab_submit(
            OrderType.LIMIT, self.lab_security_for_order(symbol), quantity, tag, order_properties, asynchronous,
            limit_price=limit_price,
        )  # fmt: skip

    def stop_market_order(self, symbol: SymbolLike, quantity: Number, stop_price: Number,
                          asynchronous: bool | str = False, tag: str = "",
                          order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at the market once the price has reached the stop."""
        return self.lab_submit(
            OrderType.STOP_MARKET, self.lab_security_for_order(symbol), quantity, tag, order_properties, asynchronous,
            stop_price=stop_price,
        )  # fmt: skip

    def stop_limit_order(self, symbol: SymbolLike, quantity: Number, stop_price: Number, limit_price: Number,
                         asynchronous: bool | str = False, tag: str = "",
                         order_properties: OrderProperties | None = None) -> OrderTicket:  # fmt: skip
        """Order at a limit once the price has reached the stop."""
        return self.lab_submit(
            OrderType.STOP_LIMIT, self.lab_security_for_order(symbol), quantity, tag, order_properties, asynchronous,
            stop_price=stop_price, limit_price=limit_price,
        )  # fmt: skip

    def limit_if_touched_order(self, symbol: SymbolLike, quantity: Number, trigger_price: Number, limit_price: Number,
                               asynchronous: bool | str = False, tag: str = "",
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
            from tradinglab.algorithm.orders import TrailingStopOrder

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
