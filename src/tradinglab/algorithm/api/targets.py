"""Positions as shares of the portfolio: set_holdings and liquidate."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.api.trading import TradingMethods
from tradinglab.algorithm.portfolio_target import PortfolioTarget, order_targets_by_margin_impact, sized_order
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import OrderType

if TYPE_CHECKING:
    from tradinglab.algorithm.api.core import SymbolLike
    from tradinglab.algorithm.orders import OrderProperties, OrderTicket
    from tradinglab.core.symbol import Symbol

_MARKET = (OrderType.MARKET, OrderType.MARKET_ON_OPEN)


class TargetMethods(TradingMethods):
    """Orders that bring positions to a share of the portfolio's value."""

    def set_holdings(self, symbol: SymbolLike | list[PortfolioTarget], percentage: Number | bool = 0,
                     liquidate_existing_holdings: bool = False, asynchronous: bool = False, tag: str | None = None,
                     order_properties: OrderProperties | None = None, *,
                     targets: list[PortfolioTarget] | None = None) -> list[OrderTicket]:  # fmt: skip
        """Bring a position to a fraction of the portfolio's value (0.5 is half; negative is short).

        Given a list of ``PortfolioTarget`` it does so for all of them, reductions first.
        """
        if isinstance(symbol, (list, tuple)):
            liquidate = liquidate_existing_holdings or bool(percentage)
            return self.lab_set_targets(list(symbol), liquidate, asynchronous, tag, order_properties)
        chosen = self.lab_symbol(symbol)
        quantity = self.lab_order_quantity(chosen, percentage)
        return self.lab_order_difference(
            chosen, quantity, liquidate_existing_holdings, asynchronous, tag, order_properties
        )

    def calculate_order_quantity(self, symbol: SymbolLike, target: Number) -> float:
        """Return the order that would bring a position to a fraction of the portfolio's value."""
        return float(self.lab_order_quantity(self.lab_symbol(symbol), target))

    def liquidate(self, symbol: SymbolLike | list[SymbolLike] | None = None,
                  asynchronous: bool | str = False, tag: str | None = None,
                  order_properties: OrderProperties | None = None) -> list[OrderTicket]:  # fmt: skip
        """Close a position, or all, at the market and cancel its open orders."""
        if isinstance(asynchronous, str):
            tag = asynchronous
            asynchronous = False
        if not self.settings.liquidate_enabled:
            self.debug(
                "liquidate() is currently disabled by settings. To re-enable please set "
                "'settings.liquidate_enabled' to True"
            )
            return []
        if symbol is None:
            chosen: Iterable[Symbol] = sorted(self.securities.keys(), key=lambda s: s.value)
        elif isinstance(symbol, (list, tuple, set)):
            chosen = [self.lab_symbol(s) for s in symbol]
        else:
            chosen = [self.lab_symbol(symbol)]
        tickets = (self.lab_liquidate_one(s, asynchronous, tag or "Liquidated", order_properties) for s in chosen)
        return [ticket for ticket in tickets if ticket is not None]

    def lab_liquidate_one(self, symbol: Symbol, asynchronous: bool, tag: str,
                       order_properties: OrderProperties | None) -> OrderTicket | None:  # fmt: skip
        """Close one position and cancel its open orders; return the ticket if there was one to close."""
        if symbol not in self.securities:
            self.lab_once(
                "liquidate",
                f"Warning: liquidate ignored symbol '{symbol}' because it has not been added to the algorithm. "
                "Add the security before liquidating it.",
            )
            return None
        orders = self.transactions.get_open_orders(symbol)
        holding = self.portfolio[symbol]
        quantity = holding.exact_quantity if holding.invested else ZERO
        if len(orders) == 1 and quantity and orders[0].type == OrderType.MARKET:
            if orders[0].exact_quantity == -quantity:
                return None
        pending = ZERO
        for order in orders:
            if order.type == OrderType.MARKET:
                ticket = self.transactions.get_order_ticket(order.id)
                pending += ticket.exact_quantity_remaining if ticket is not None else ZERO
            else:
                self.transactions.cancel_order(order.id, tag)
        if not quantity:
            return None
        return self.order(symbol, -quantity - pending, asynchronous, tag, order_properties)

    def lab_set_targets(self, targets: list[PortfolioTarget], liquidate: bool, asynchronous: bool, tag: str | None,
                     order_properties: OrderProperties | None) -> list[OrderTicket]:  # fmt: skip
        """Order what brings positions to targets, those that free margin first."""
        tickets: list[OrderTicket] = []
        if liquidate:
            tickets += self.lab_liquidate_others({t.symbol for t in targets}, tag, order_properties)
        deltas = [PortfolioTarget(t.symbol, self.lab_order_quantity(t.symbol, t.exact_quantity)) for t in targets]
        for target in order_targets_by_margin_impact(deltas, self, target_is_delta=True):
            tickets += self.lab_order_difference(
                target.symbol, target.exact_quantity, False, asynchronous, tag, order_properties
            )
        return tickets

    def lab_order_difference(self, symbol: Symbol, order_quantity: Decimal, liquidate: bool, asynchronous: bool,
                          tag: str | None, order_properties: OrderProperties | None) -> list[OrderTicket]:  # fmt: skip
        """Order a quantity less what market orders already wait for."""
        tickets: list[OrderTicket] = []
        if liquidate:
            tickets += self.lab_liquidate_others({symbol}, tag, order_properties)
        pending = ZERO
        for ticket in self.transactions.get_open_order_tickets(symbol):
            if ticket.order_type in _MARKET:
                pending += ticket.exact_quantity_remaining
        quantity = order_quantity - pending
        if not quantity:
            return tickets
        security = self.securities.get(symbol)
        if security is None:
            self.error(f"{symbol} not found in portfolio. Request this data when initializing the algorithm.")
            return tickets
        method = self.market_order if security.exchange.exchange_open else self.market_on_open_order
        tickets.append(method(symbol, quantity, asynchronous, tag or "", order_properties))
        return tickets

    def lab_liquidate_others(self, keep: set[Symbol], tag: str | None,
                          order_properties: OrderProperties | None) -> list[OrderTicket]:  # fmt: skip
        """Close every position but those of some symbols."""
        others = [symbol for symbol in self.portfolio.keys() if symbol not in keep]  # noqa: SIM118
        others.sort(key=lambda symbol: symbol.value)
        return self.liquidate([*others], False, tag, order_properties)

    def lab_order_quantity(self, symbol: Symbol, target: Number) -> Decimal:
        """Return the order that would bring a position to a fraction of the portfolio's value."""
        found = sized_order(self, symbol, to_decimal(target))
        return ZERO if found is None else found[1]
