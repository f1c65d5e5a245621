"""Questions that a buying power model is asked, and its answers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power.amounts import BuyingPower, ReservedBuyingPowerForPosition
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import NetObject
from tradinglab.core.enums import OrderDirection

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security


class InitialMarginParameters(NetObject):
    """A security and the quantity whose initial margin is asked for."""

    __slots__ = ("exact_quantity", "security")

    def __init__(self, security: Security, quantity: Number) -> None:
        self.security = security
        self.exact_quantity = to_decimal(quantity)

    @property
    def quantity(self) -> float:
        """Units: positive long, negative short."""
        return float(self.exact_quantity)


class InitialMarginRequiredForOrderParameters(NetObject):
    """A security and the order whose margin and fee are asked for."""

    __slots__ = ("currency_converter", "order", "security")

    def __init__(self, currency_converter: CashBook, security: Security, order: Order) -> None:
        self.currency_converter = currency_converter
        self.security = security
        self.order = order


class MaintenanceMarginParameters(NetObject):
    """A security and the position whose maintenance margin is asked for."""

    __slots__ = ("exact_holdings_cost", "exact_holdings_value", "exact_quantity", "security")

    def __init__(self, security: Security, quantity: Number, holdings_cost: Number, holdings_value: Number) -> None:
        self.security = security
        self.exact_quantity = to_decimal(quantity)
        self.exact_holdings_cost = to_decimal(holdings_cost)
        self.exact_holdings_value = to_decimal(holdings_value)

    @property
    def quantity(self) -> float:
        """Units: positive long, negative short."""
        return float(self.exact_quantity)

    @property
    def absolute_quantity(self) -> float:
        """Units without a sign."""
        return abs(self.quantity)

    @property
    def holdings_cost(self) -> float:
        """What was paid, in the account's currency."""
        return float(self.exact_holdings_cost)

    @property
    def absolute_holdings_cost(self) -> float:
        """What was paid, without a sign."""
        return abs(self.holdings_cost)

    @property
    def holdings_value(self) -> float:
        """What the position is worth, in the account's currency."""
        return float(self.exact_holdings_value)

    @property
    def absolute_holdings_value(self) -> float:
        """What the position is worth, without a sign."""
        return abs(self.holdings_value)

    @staticmethod
    def for_current_holdings(security: Security) -> MaintenanceMarginParameters:
        """Ask for the position as it is."""
        held = security.holdings
        return MaintenanceMarginParameters(
            security, held.exact_quantity, held.exact_holdings_cost, held.exact_holdings_value
        )

    @staticmethod
    def for_quantity_at_current_price(security: Security, quantity: Number) -> MaintenanceMarginParameters:
        """Ask for a position of some quantity at the present price."""
        value = security.holdings.exact_quantity_value(to_decimal(quantity)).exact_in_account_currency
        return MaintenanceMarginParameters(security, quantity, value, value)


class HasSufficientBuyingPowerForOrderResult(NetObject):
    """Whether an order can be paid for, and if not, why."""

    __slots__ = ("is_sufficient", "reason")

    def __init__(self, is_sufficient: bool, reason: str | None = None) -> None:
        self.is_sufficient = is_sufficient
        self.reason = reason or ""


class HasSufficientBuyingPowerForOrderParameters(NetObject):
    """An order that is to be paid for."""

    __slots__ = ("order", "portfolio", "security")

    def __init__(self, portfolio: SecurityPortfolioManager, security: Security, order: Order) -> None:
        self.portfolio = portfolio
        self.security = security
        self.order = order

    def sufficient(self) -> HasSufficientBuyingPowerForOrderResult:
        """Answer that it can."""
        return HasSufficientBuyingPowerForOrderResult(True)

    def insufficient(self, reason: str) -> HasSufficientBuyingPowerForOrderResult:
        """Answer that it cannot, and why."""
        return HasSufficientBuyingPowerForOrderResult(False, reason)


class _SizingParameters(NetObject):
    """What both questions of size have in common."""

    __slots__ = (
        "exact_minimum_order_margin_portfolio_percentage",
        "portfolio",
        "security",
        "silence_non_error_reasons",
    )

    def __init__(
        self,
        portfolio: SecurityPortfolioManager,
        security: Security,
        minimum_order_margin_portfolio_percentage: Number,
        silence_non_error_reasons: bool = False,
    ) -> None:
        self.portfolio = portfolio
        self.security = security
        self.exact_minimum_order_margin_portfolio_percentage = to_decimal(minimum_order_margin_portfolio_percentage)
        self.silence_non_error_reasons = silence_non_error_reasons

    @property
    def minimum_order_margin_portfolio_percentage(self) -> float:
        """Fraction of the portfolio below which an order is not worth it."""
        return float(self.exact_minimum_order_margin_portfolio_percentage)


class GetMaximumOrderQuantityForTargetBuyingPowerParameters(_SizingParameters):
    """Asks for the order after which a position's margin is a fraction of the portfolio's value."""

    __slots__ = ("exact_target_buying_power",)

    def __init__(
        self,
        portfolio: SecurityPortfolioManager,
        security: Security,
        target_buying_power: Number,
        minimum_order_margin_portfolio_percentage: Number,
        silence_non_error_reasons: bool = False,
    ) -> None:
        super().__init__(portfolio, security, minimum_order_margin_portfolio_percentage, silence_non_error_reasons)
        self.exact_target_buying_power = to_decimal(target_buying_power)

    @property
    def target_buying_power(self) -> float:
        """Fraction of the portfolio's value: positive long, negative short."""
        return float(self.exact_target_buying_power)


class GetMaximumOrderQuantityForDeltaBuyingPowerParameters(_SizingParameters):
    """Asks for the order that changes a position's margin by an amount."""

    __slots__ = ("exact_delta_buying_power",)

    def __init__(
        self,
        portfolio: SecurityPortfolioManager,
        security: Security,
        delta_buying_power: Number,
        minimum_order_margin_portfolio_percentage: Number,
        silence_non_error_reasons: bool = False,
    ) -> None:
        super().__init__(portfolio, security, minimum_order_margin_portfolio_percentage, silence_non_error_reasons)
        self.exact_delta_buying_power = to_decimal(delta_buying_power)

    @property
    def delta_buying_power(self) -> float:
        """The change of margin: positive towards long, negative towards short."""
        return float(self.exact_delta_buying_power)


class GetMaximumOrderQuantityResult(NetObject):
    """The size of an order; if it is zero, why."""

    __slots__ = ("exact_quantity", "is_error", "reason")

    def __init__(self, quantity: Number = ZERO, reason: str | None = None, is_error: bool | None = None) -> None:
        self.exact_quantity: Decimal = to_decimal(quantity)
        self.reason = reason or ""
        self.is_error = bool(self.reason) if is_error is None else is_error

    @property
    def quantity(self) -> float:
        """Units to order: positive to buy, negative to sell."""
        return float(self.exact_quantity)


class ReservedBuyingPowerForPositionParameters(NetObject):
    """A security whose bound margin is asked for."""

    __slots__ = ("security",)

    def __init__(self, security: Security) -> None:
        self.security = security

    def result_in_account_currency(self, reserved_buying_power: Number) -> ReservedBuyingPowerForPosition:
        """Answer with an amount."""
        return ReservedBuyingPowerForPosition(reserved_buying_power)


class BuyingPowerParameters(NetObject):
    """A security, and the direction in which it would be traded."""

    __slots__ = ("direction", "portfolio", "security")

    def __init__(self, portfolio: SecurityPortfolioManager, security: Security, direction: OrderDirection) -> None:
        self.portfolio = portfolio
        self.security = security
        self.direction = direction

    def result(self, buying_power: Number, currency: str) -> BuyingPower:
        """Answer with an amount of a currency."""
        return BuyingPower(buying_power)

    def result_in_account_currency(self, buying_power: Number) -> BuyingPower:
        """Answer with an amount of the account's currency."""
        return BuyingPower(buying_power)
