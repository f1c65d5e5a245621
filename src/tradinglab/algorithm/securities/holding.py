"""The position in one security and what it has earned."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.securities.cash import ConvertibleCashAmount
from tradinglab.core.decimals import ZERO, Number, round_half_even, to_decimal
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.portfolio_target import PortfolioTarget
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.core.enums import SecurityType
    from tradinglab.core.symbol import Symbol

HoldingListener = Callable[["SecurityHolding", Decimal, Decimal], None]


class HoldingState(Dual):
    """What a position remembers: quantity, average price and running totals."""

    __slots__ = (
        "_average_price", "_currency_converter", "_fees", "_float_quantity", "_invested", "_last_trade_profit",
        "_listeners", "_lot_size", "_price", "_profit", "_quantity", "_sale_volume", "_security", "_dividends",
        "target",
    )  # fmt: skip

    def __init__(self, security: Security, currency_converter: CashBook) -> None:
        self._security = security
        self._currency_converter = currency_converter
        self._listeners: list[HoldingListener] = []
        self._price: tuple[Decimal, Decimal] | None = None
        self._quantity = self._average_price = ZERO
        self._float_quantity = 0.0
        self._invested = False
        self._sale_volume = self._profit = self._last_trade_profit = self._fees = self._dividends = ZERO
        self.target: PortfolioTarget | None = None

    @property
    def symbol(self) -> Symbol:
        """The symbol of the security."""
        return self._security.symbol

    @property
    def security(self) -> Security:
        """The security that is held."""
        return self._security

    @property
    def type(self) -> SecurityType:
        """The class of the security."""
        return self._security.type

    @property
    def quantity(self) -> float:
        """Units held: positive if long, negative if short."""
        return self._float_quantity

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal."""
        return self._quantity

    @property
    def absolute_quantity(self) -> float:
        """Units held, without a sign."""
        return abs(self._float_quantity)

    @property
    def average_price(self) -> float:
        """The average price at which the position was opened."""
        return float(self._average_price)

    @property
    def exact_average_price(self) -> Decimal:
        """``average_price`` as a decimal."""
        return self._average_price

    @property
    def invested(self) -> bool:
        """Whether at least one lot is held."""
        return self._invested

    @property
    def hold_stock(self) -> bool:
        """Whether at least one lot is held."""
        return self._invested

    @property
    def is_long(self) -> bool:
        """Whether the position is long."""
        return self._quantity > 0

    @property
    def is_short(self) -> bool:
        """Whether the position is short."""
        return self._quantity < 0

    @property
    def total_sale_volume(self) -> float:
        """Worth of all that was bought and sold, in the account's currency."""
        return float(self._sale_volume)

    @property
    def exact_total_sale_volume(self) -> Decimal:
        """``total_sale_volume`` as a decimal."""
        return self._sale_volume

    @property
    def total_fees(self) -> float:
        """Fees paid, in the account's currency."""
        return float(self._fees)

    @property
    def exact_total_fees(self) -> Decimal:
        """``total_fees`` as a decimal."""
        return self._fees

    @property
    def total_dividends(self) -> float:
        """Dividends received, in the account's currency."""
        return float(self._dividends)

    @property
    def exact_profit(self) -> Decimal:
        """``profit`` as a decimal."""
        return self._profit + self._dividends

    @property
    def profit(self) -> float:
        """Profit of all closed positions, with dividends and before fees, in the account's currency."""
        return float(self.exact_profit)

    @property
    def exact_net_profit(self) -> Decimal:
        """``net_profit`` as a decimal."""
        return self.exact_profit - self._fees

    @property
    def net_profit(self) -> float:
        """``profit`` less fees."""
        return float(self.exact_net_profit)

    @property
    def last_trade_profit(self) -> float:
        """Profit of the last fill that reduced the position, in the account's currency."""
        return float(self._last_trade_profit)

    def add_new_fee(self, new_fee: Number) -> None:
        """Count a fee, in the account's currency."""
        self._fees += to_decimal(new_fee)

    def add_new_profit(self, profit_loss: Number) -> None:
        """Count the profit of a closed position, in the account's currency."""
        self._profit += to_decimal(profit_loss)

    def add_new_sale(self, sale_value: Number) -> None:
        """Count the worth of a fill, in the account's currency."""
        self._sale_volume += to_decimal(sale_value)

    def add_new_dividend(self, dividend: Number) -> None:
        """Count a dividend, in the account's currency."""
        self._dividends += to_decimal(dividend)

    def set_last_trade_profit(self, last_trade_profit: Number) -> None:
        """Set the profit of the last fill that reduced the position."""
        self._last_trade_profit = to_decimal(last_trade_profit)

    def set_holdings(self, average_price: Number, quantity: Number) -> None:
        """Set quantity and average price."""
        before = self._quantity, self._average_price
        self._quantity = to_decimal(quantity)
        self._float_quantity = float(self._quantity)
        self._average_price = to_decimal(average_price)
        # less than a lot cannot be traded: crypto fees leave such crumbs
        self._invested = abs(self._quantity) >= self._security.symbol_properties.exact_lot_size
        for listener in self._listeners:
            listener(self, *before)  # type: ignore[arg-type]

    def listen(self, listener: HoldingListener) -> None:
        """Call *listener* after the quantity was set, with the quantity and average price before."""
        self._listeners.append(listener)


class SecurityHolding(HoldingState):
    """The position in a security, valued at its present price in the account's currency."""

    __slots__ = ()

    @property
    def exact_price(self) -> Decimal:
        """``price`` as a decimal."""
        current = self._security.exact_price
        if self._price is not None:
            if self._price[1] == current:
                return self._price[0]
            self._price = None
        return current

    @property
    def price(self) -> float:
        """The present price of the security."""
        return self._security.price if self._price is None else float(self.exact_price)

    def update_market_price(self, closing_price: Number) -> None:
        """Value the position at a price of one's own, until the security's price changes."""
        self._price = to_decimal(closing_price), self._security.exact_price

    @property
    def leverage(self) -> float:
        """The leverage of the security."""
        return self._security.leverage

    def exact_quantity_value(self, quantity: Decimal, price: Decimal | None = None) -> ConvertibleCashAmount:
        """Return what a quantity is worth at a price (the present one if none is given), as a decimal amount."""
        security = self._security
        price = self.exact_price if price is None else price
        amount = price * quantity * security.symbol_properties.exact_contract_multiplier
        return ConvertibleCashAmount(amount, security.quote_currency)

    def get_quantity_value(self, quantity: Number, price: Number | None = None) -> ConvertibleCashAmount:
        """Return what a quantity is worth at a price, the present one if none is given."""
        return self.exact_quantity_value(to_decimal(quantity), None if price is None else to_decimal(price))

    @property
    def exact_holdings_cost(self) -> Decimal:
        """``holdings_cost`` as a decimal."""
        if not self._quantity:
            return ZERO
        return self.exact_quantity_value(self._quantity, self._average_price).exact_in_account_currency

    @property
    def holdings_cost(self) -> float:
        """What was paid for the position."""
        return float(self.exact_holdings_cost)

    @property
    def absolute_holdings_cost(self) -> float:
        """What was paid for the position, without a sign."""
        return float(abs(self.exact_holdings_cost))

    @property
    def exact_unlevered_holdings_cost(self) -> Decimal:
        """``unlevered_holdings_cost`` as a decimal."""
        return self.exact_holdings_cost / self._security.exact_leverage

    @property
    def unlevered_holdings_cost(self) -> float:
        """What was paid for the position out of one's own money."""
        return float(self.exact_unlevered_holdings_cost)

    @property
    def unlevered_absolute_holdings_cost(self) -> float:
        """What was paid for the position out of one's own money, without a sign."""
        return float(abs(self.exact_unlevered_holdings_cost))

    @property
    def exact_holdings_value(self) -> Decimal:
        """``holdings_value`` as a decimal."""
        if not self._quantity:
            return ZERO
        return self.exact_quantity_value(self._quantity).exact_in_account_currency

    @property
    def holdings_value(self) -> float:
        """What the position is worth."""
        return float(self.exact_holdings_value)

    @property
    def absolute_holdings_value(self) -> float:
        """What the position is worth, without a sign."""
        return float(abs(self.exact_holdings_value))

    @property
    def exact_unrealized_profit(self) -> Decimal:
        """``unrealized_profit`` as a decimal."""
        return self.exact_total_close_profit()

    @property
    def unrealized_profit(self) -> float:
        """What closing the position now would earn, less the fee of doing so."""
        return float(self.exact_total_close_profit())

    @property
    def exact_unrealized_profit_percent(self) -> Decimal:
        """``unrealized_profit_percent`` as a decimal."""
        cost = abs(self.exact_holdings_cost)
        return self.exact_unrealized_profit / cost if cost else ZERO

    @property
    def unrealized_profit_percent(self) -> float:
        """``unrealized_profit`` as a fraction of what was paid."""
        return float(self.exact_unrealized_profit_percent)

    def exact_total_close_profit(
        self,
        include_fees: bool = True,
        exit_price: Decimal | None = None,
        entry_price: Decimal | None = None,
        quantity: Decimal | None = None,
    ) -> Decimal:
        """Return ``total_close_profit`` as a decimal."""
        if quantity is None:
            if not self._invested:
                return ZERO
            quantity = self._quantity
        fees = self._closing_fees(quantity) if include_fees else ZERO
        if exit_price is None:
            security = self._security
            exit_price = security.exact_bid_price if self.is_long else security.exact_ask_price
        entry = self.exact_quantity_value(quantity, self._average_price if entry_price is None else entry_price)
        worth = self.exact_quantity_value(quantity, exit_price)
        return worth.exact_in_account_currency - entry.exact_in_account_currency - fees

    def total_close_profit(
        self,
        include_fees: bool = True,
        exit_price: Number | None = None,
        entry_price: Number | None = None,
        quantity: Number | None = None,
    ) -> float:
        """Return what closing the position would earn: at the bid if long, at the ask if short."""
        prices = [None if value is None else to_decimal(value) for value in (exit_price, entry_price, quantity)]
        return float(self.exact_total_close_profit(include_fees, *prices))

    def _closing_fees(self, quantity: Decimal) -> Decimal:
        from tradinglab.algorithm.models.order_costs import market_order_fees

        fee = market_order_fees(self._security, -quantity)
        return self._currency_converter.exact_to_account_currency(fee.exact_amount, str(fee.currency))

    def __str__(self) -> str:
        return f"{self.symbol}: {self._quantity} @ {self._average_price}"

    to_string = __str__


class EquityHolding(SecurityHolding):
    """A position in a share."""

    __slots__ = ()


class ForexHolding(SecurityHolding):
    """A position in a currency pair."""

    __slots__ = ()

    def total_close_profit_pips(self) -> float:
        """Return what closing the position would earn, in pips."""
        security = self._security
        pip = security.symbol_properties.exact_minimum_price_variation * 10
        worth = pip * abs(self._quantity) * security.quote_currency.exact_conversion_rate
        return float(round_half_even(self.exact_total_close_profit() / worth, 1))


class CfdHolding(SecurityHolding):
    """A position in a contract for difference."""

    __slots__ = ()


class CryptoHolding(SecurityHolding):
    """A holding of a coin."""

    __slots__ = ()


class IndexHolding(SecurityHolding):
    """A position in an index."""

    __slots__ = ()


class CryptoFutureHolding(SecurityHolding):
    """A position in a crypto future: valued in its quote currency, or in the coin if margined in coin."""

    __slots__ = ()

    def exact_quantity_value(self, quantity: Decimal, price: Decimal | None = None) -> ConvertibleCashAmount:
        """Return what a quantity is worth at a price, as a decimal amount of the collateral."""
        from tradinglab.algorithm.securities.security_types import CryptoFuture

        security = self._security
        if not isinstance(security, CryptoFuture) or security.symbol.id.market == "dydx":
            return super().exact_quantity_value(quantity, price)
        if not security.is_crypto_coin_future():
            return super().exact_quantity_value(quantity, price)
        price = self.exact_price if price is None else price
        amount = quantity * security.symbol_properties.exact_contract_multiplier / price
        return ConvertibleCashAmount(amount, security.base_currency)
