"""Buying power models that differ from the plain one in a single respect."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power.amounts import InitialMargin, MaintenanceMargin
from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel
from tradinglab.algorithm.models.buying_power.parameters import (
    InitialMarginParameters,
    MaintenanceMarginParameters,
)
from tradinglab.core.decimals import ONE, Number, to_decimal

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.security import Security


class SecurityMarginModel(BuyingPowerModel):
    """Margin as a fraction of value: the model of margin accounts."""


class ConstantBuyingPowerModel(BuyingPowerModel):
    """The same margin for each unit, whatever its price.

    Parameters
    ----------
    margin_required_per_unit_in_account_currency
        Margin of one unit.
    """

    def __init__(self, margin_required_per_unit_in_account_currency: Number) -> None:
        super().__init__()
        self._per_unit = to_decimal(margin_required_per_unit_in_account_currency)

    def set_leverage(self, security: Security, leverage: Number) -> None:
        """Do nothing: the margin of a unit does not depend on leverage."""

    def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
        """Return the margin that opening a position takes."""
        return InitialMargin(parameters.exact_quantity * self._per_unit)

    def get_maintenance_margin(self, parameters: MaintenanceMarginParameters) -> MaintenanceMargin:
        """Return the margin that keeping a position takes."""
        return MaintenanceMargin(abs(parameters.exact_quantity) * self._per_unit)


class PatternDayTradingMarginModel(SecurityMarginModel):
    """More leverage during the session than over night.

    Parameters
    ----------
    closed_market_leverage, open_market_leverage
        Leverage while the market is closed or about to close, and while it is open.
    """

    def __init__(self, closed_market_leverage: Number = 2, open_market_leverage: Number = 4) -> None:
        super().__init__(open_market_leverage)
        self._closed_factor = to_decimal(open_market_leverage) / to_decimal(closed_market_leverage)

    def set_leverage(self, security: Security, leverage: Number) -> None:
        """Do nothing: both leverages are given when the model is made."""

    def exact_leverage(self, security: Security) -> Decimal:
        """Return how many times one's own money may be held now."""
        return super().exact_leverage(security) * (ONE / self._factor(security))

    def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
        """Return the margin that opening a position takes now."""
        margin = super().get_initial_margin_requirement(parameters).exact_value
        return InitialMargin(margin * self._factor(parameters.security))

    def get_maintenance_margin(self, parameters: MaintenanceMarginParameters) -> MaintenanceMargin:
        """Return the margin that keeping a position takes now."""
        margin = super().get_maintenance_margin(parameters).exact_value
        return MaintenanceMargin(margin * self._factor(parameters.security))

    def _factor(self, security: Security) -> Decimal:
        exchange = security.exchange
        return ONE if exchange.exchange_open and not exchange.closing_soon else self._closed_factor
