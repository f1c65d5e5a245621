"""How much may be bought: margin, leverage and the size of orders."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.models.buying_power.amounts import (
        BuyingPower,
        InitialMargin,
        MaintenanceMargin,
        Margin,
        ReservedBuyingPowerForPosition,
    )
    from tradinglab.algorithm.models.buying_power.cash import CashBuyingPowerModel
    from tradinglab.algorithm.models.buying_power.crypto_future import (
        BinanceCryptoFutureMarginModel,
        CryptoFutureMarginModel,
    )
    from tradinglab.algorithm.models.buying_power.extensions import BuyingPowerModelExtensions
    from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel, NullBuyingPowerModel
    from tradinglab.algorithm.models.buying_power.parameters import (
        BuyingPowerParameters,
        GetMaximumOrderQuantityForDeltaBuyingPowerParameters,
        GetMaximumOrderQuantityForTargetBuyingPowerParameters,
        GetMaximumOrderQuantityResult,
        HasSufficientBuyingPowerForOrderParameters,
        HasSufficientBuyingPowerForOrderResult,
        InitialMarginParameters,
        InitialMarginRequiredForOrderParameters,
        MaintenanceMarginParameters,
        ReservedBuyingPowerForPositionParameters,
    )
    from tradinglab.algorithm.models.buying_power.queries import (
        above_minimum_order_margin,
        buying_power_of,
        initial_margin,
        is_worth_ordering,
        maintenance_margin,
        reserved_margin,
    )
    from tradinglab.algorithm.models.buying_power.sizing import SizingError
    from tradinglab.algorithm.models.buying_power.variants import (
        ConstantBuyingPowerModel,
        PatternDayTradingMarginModel,
        SecurityMarginModel,
    )

__all__ = [
    "BinanceCryptoFutureMarginModel",
    "BuyingPower",
    "BuyingPowerModel",
    "BuyingPowerModelExtensions",
    "BuyingPowerParameters",
    "CashBuyingPowerModel",
    "ConstantBuyingPowerModel",
    "CryptoFutureMarginModel",
    "GetMaximumOrderQuantityForDeltaBuyingPowerParameters",
    "GetMaximumOrderQuantityForTargetBuyingPowerParameters",
    "GetMaximumOrderQuantityResult",
    "HasSufficientBuyingPowerForOrderParameters",
    "HasSufficientBuyingPowerForOrderResult",
    "InitialMargin",
    "InitialMarginParameters",
    "InitialMarginRequiredForOrderParameters",
    "MaintenanceMargin",
    "MaintenanceMarginParameters",
    "Margin",
    "NullBuyingPowerModel",
    "PatternDayTradingMarginModel",
    "ReservedBuyingPowerForPosition",
    "ReservedBuyingPowerForPositionParameters",
    "SecurityMarginModel",
    "SizingError",
    "above_minimum_order_margin",
    "buying_power_of",
    "initial_margin",
    "is_worth_ordering",
    "maintenance_margin",
    "reserved_margin",
]
