"""The position in one security and what it has earned."""

from __future__ import annotations

from decimal import Decimal

from tradinglab.algorithm.securities.cash import ConvertibleCashAmount
from tradinglab.algorithm.securities.holding_state import HoldingState
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.core.decimals import ZERO, Number, round_half_even, to_decimal


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
        PriceCache.pushes += 1

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
