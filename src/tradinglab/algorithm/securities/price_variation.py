"""The smallest step by which the price of an order may change."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.decimals import ONE, ZERO, Number, to_decimal
from tradinglab.core.dual import Spelled
from tradinglab.core.enums import SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.securities.security import Security

_SUB_DOLLAR_STEP = Decimal("0.0001")


class GetMinimumPriceVariationParameters(Spelled):
    """A security, and the price whose step is asked for."""

    __slots__ = ("exact_reference_price", "security")

    def __init__(self, security: Security, reference_price: Number) -> None:
        self.security = security
        self.exact_reference_price = to_decimal(reference_price)

    @property
    def reference_price(self) -> float:
        """The price whose step is asked for."""
        return float(self.exact_reference_price)


class SecurityPriceVariationModel(Spelled):
    """The step that the symbol properties give."""

    def get_minimum_price_variation(self, parameters: GetMinimumPriceVariationParameters) -> Decimal | float:
        """Return the smallest step of the price; 0 if any price will do."""
        return parameters.security.symbol_properties.exact_minimum_price_variation


class AdjustedPriceVariationModel(SecurityPriceVariationModel):
    """Any price will do: adjusted prices are on no grid."""

    def get_minimum_price_variation(self, parameters: GetMinimumPriceVariationParameters) -> Decimal | float:
        """Return 0."""
        return ZERO


class EquityPriceVariationModel(SecurityPriceVariationModel):
    """The US rule for shares: a hundredth of a cent below one dollar."""

    def get_minimum_price_variation(self, parameters: GetMinimumPriceVariationParameters) -> Decimal | float:
        """Return the smallest step of the price.

        Raises
        ------
        ValueError
            If the security is not a share.
        """
        if parameters.security.type != SecurityType.EQUITY:
            raise ValueError(f"EquityPriceVariationModel is for shares; {parameters.security} is not one.")
        if parameters.exact_reference_price < ONE:
            return _SUB_DOLLAR_STEP
        return super().get_minimum_price_variation(parameters)


class SecurityDataFilter(Spelled):
    """Which data points reach the algorithm: all."""

    def filter(self, vehicle: Security, data: BaseData) -> bool:
        """Return whether *data* may pass."""
        return True
