"""The buying power of crypto futures: margin in the collateral's currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.margin_terms import leverage_of
from tradinglab.algorithm.models.buying_power.amounts import InitialMargin, MaintenanceMargin, exact
from tradinglab.algorithm.models.buying_power.parameters import InitialMarginParameters, MaintenanceMarginParameters
from tradinglab.algorithm.models.buying_power.queries import maintenance_margin
from tradinglab.algorithm.models.buying_power.variants import SecurityMarginModel
from tradinglab.core.decimals import ZERO, Number
from tradinglab.core.enums import OrderDirection, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security

_CREDITS = "BNFCR"


class CryptoFutureMarginModel(SecurityMarginModel):
    """Margin is held in the quote currency, or in the coin for contracts that are margined in coin."""

    def __init__(self, leverage: Number = 25, *_: Number) -> None:
        super().__init__(leverage, 0)

    def get_maintenance_margin(self, parameters: MaintenanceMarginParameters) -> MaintenanceMargin:
        """Return the margin that keeping a position takes: the same as for opening it."""
        initial = InitialMarginParameters(parameters.security, parameters.exact_quantity)
        return MaintenanceMargin(exact(self.get_initial_margin_requirement(initial)))

    def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
        """Return the margin that opening a position takes; never negative."""
        security, quantity = parameters.security, parameters.exact_quantity
        if not security.has_data or not quantity:
            return InitialMargin.ZERO
        value = security.holdings.exact_quantity_value(quantity, security.exact_price)
        margin = abs(value.exact_amount) / leverage_of(self, security)
        return InitialMargin(margin * value.cash.exact_conversion_rate)

    def get_margin_remaining(
        self, portfolio: SecurityPortfolioManager, security: Security, direction: OrderDirection
    ) -> Decimal:
        """Return the margin that an order may use of the collateral that it shares with other futures."""
        collateral = collateral_of(security)
        total = self.get_total_collateral_amount(portfolio, security, collateral)
        result = total
        for other in portfolio.securities.invested:
            if other.type == SecurityType.CRYPTO_FUTURE and other.symbol != security.symbol:
                if self.shares_collateral(portfolio, collateral, other):
                    result -= maintenance_margin(other.buying_power_model, other)
        result += self._freed_margin(security, direction)
        result -= total * self._required_free
        return max(ZERO, result * collateral.exact_conversion_rate)

    def shares_collateral(self, portfolio: SecurityPortfolioManager, collateral: Cash, other: Security) -> bool:
        """Return whether another future is margined with the same currency."""
        return collateral is collateral_of(other)

    def get_total_collateral_amount(
        self, portfolio: SecurityPortfolioManager, security: Security, collateral: Cash
    ) -> Decimal:
        """Return the collateral at hand."""
        return collateral.exact_amount


class BinanceCryptoFutureMarginModel(CryptoFutureMarginModel):
    """Binance: accounts in credits mode (which hold BNFCR) use all their assets as collateral."""

    def shares_collateral(self, portfolio: SecurityPortfolioManager, collateral: Cash, other: Security) -> bool:
        """Return whether another future is margined with the same currency."""
        return _CREDITS in portfolio.cash_book or super().shares_collateral(portfolio, collateral, other)

    def get_total_collateral_amount(
        self, portfolio: SecurityPortfolioManager, security: Security, collateral: Cash
    ) -> Decimal:
        """Return the collateral at hand."""
        book = portfolio.cash_book
        if _CREDITS not in book:
            return super().get_total_collateral_amount(portfolio, security, collateral)
        return sum(
            (book.exact_convert(cash.exact_amount, cash.symbol, collateral.symbol) for cash in book.values()), ZERO
        )


def collateral_of(security: Security) -> Cash:
    """Return the currency with which a crypto future is margined."""
    from tradinglab.algorithm.securities.security_types import CryptoFuture

    if not isinstance(security, CryptoFuture):
        raise TypeError(f"{security} is no crypto future.")
    return security.base_currency if security.is_crypto_coin_future() else security.quote_currency
