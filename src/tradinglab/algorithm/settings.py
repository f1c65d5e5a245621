"""The settings of an algorithm and of the universes it adds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Dual, other_spelling
from tradinglab.core.enums import DataMappingMode, DataNormalizationMode, Resolution


class AlgorithmSettings(Dual):
    """How an algorithm sizes orders and reads bars; the defaults are LEAN's."""

    liquidate_enabled: bool
    daily_precise_end_time: bool
    daily_consolidation_use_extended_market_hours: bool
    automatic_indicator_warm_up: bool
    rebalance_portfolio_on_security_changes: bool | None
    rebalance_portfolio_on_insight_changes: bool | None
    stale_price_time_span: timedelta
    warm_up_resolution: Resolution | None
    warmup_resolution: Resolution | None
    trading_days_per_year: int | None
    seed_initial_prices: bool
    ignore_unknown_asset_holdings: bool
    performance_sample_period: timedelta
    databases_refresh_period: timedelta
    data_subscription_limit: int
    free_portfolio_value: float | None
    free_portfolio_value_percentage: float
    minimum_order_margin_portfolio_percentage: float
    max_absolute_portfolio_target_percentage: float
    min_absolute_portfolio_target_percentage: float

    def __init__(self) -> None:
        self._values: dict[str, object] = {
            "liquidate_enabled": True,
            "daily_precise_end_time": True,
            "daily_consolidation_use_extended_market_hours": False,
            "automatic_indicator_warm_up": False,
            "rebalance_portfolio_on_security_changes": None,
            "rebalance_portfolio_on_insight_changes": None,
            "stale_price_time_span": timedelta(hours=1),
            "warm_up_resolution": None,
            "trading_days_per_year": None,
            "seed_initial_prices": False,
            "ignore_unknown_asset_holdings": True,
            "performance_sample_period": timedelta(),
            "databases_refresh_period": timedelta(days=1),
            "data_subscription_limit": 2**31 - 1,
        }
        self._decimals: dict[str, Decimal | None] = {
            "free_portfolio_value": None,
            "free_portfolio_value_percentage": Decimal("0.0025"),
            "minimum_order_margin_portfolio_percentage": Decimal("0.001"),
            "max_absolute_portfolio_target_percentage": Decimal(1_000_000_000),
            "min_absolute_portfolio_target_percentage": Decimal("0.0000000001"),
        }

    def exact(self, name: str) -> Decimal:
        """Return a numeric setting as a decimal; 0 if it is not set."""
        return self._decimals[name] or Decimal(0)


def _plain(name: str, doc: str) -> property:
    def read(self: AlgorithmSettings) -> object:
        return self._values[name]

    def write(self: AlgorithmSettings, value: object) -> None:
        self._values[name] = value

    return property(read, write, doc=doc)


def _number(name: str, doc: str) -> property:
    def read(self: AlgorithmSettings) -> float | None:
        value = self._decimals[name]
        return None if value is None else float(value)

    def write(self: AlgorithmSettings, value: Number | None) -> None:
        self._decimals[name] = None if value is None else to_decimal(value)

    return property(read, write, doc=doc)


_PLAIN = {
    "liquidate_enabled": ("LiquidateEnabled", "Whether ``liquidate`` does anything."),
    "daily_precise_end_time": ("DailyPreciseEndTime", "Whether daily bars end at the close, not at midnight."),
    "daily_consolidation_use_extended_market_hours": (
        "DailyConsolidationUseExtendedMarketHours", "Whether bars consolidated to a day take in extended hours."),
    "automatic_indicator_warm_up": ("AutomaticIndicatorWarmUp", "Whether indicators are fed history when created."),
    "rebalance_portfolio_on_security_changes": (
        "RebalancePortfolioOnSecurityChanges", "Whether a change of securities rebalances."),
    "rebalance_portfolio_on_insight_changes": (
        "RebalancePortfolioOnInsightChanges", "Whether a change of insights rebalances."),
    "stale_price_time_span": ("StalePriceTimeSpan", "The age at which a price is too old to fill at."),
    "warm_up_resolution": ("WarmUpResolution", "The resolution of bars during warm-up."),
    "warmup_resolution": ("WarmupResolution", "The same as ``warm_up_resolution``."),
    "trading_days_per_year": ("TradingDaysPerYear", "Trading days in a year, for the statistics."),
    "seed_initial_prices": ("SeedInitialPrices", "Whether a security starts with its last known price."),
    "ignore_unknown_asset_holdings": ("IgnoreUnknownAssetHoldings", "Whether unknown holdings are ignored."),
    "performance_sample_period": ("PerformanceSamplePeriod", "How often performance is sampled."),
    "databases_refresh_period": ("DatabasesRefreshPeriod", "How often databases are read again when live."),
    "data_subscription_limit": ("DataSubscriptionLimit", "The most subscriptions."),
}  # fmt: skip
_NUMBERS = {
    "free_portfolio_value": ("FreePortfolioValue", "Cash that percent orders leave aside."),
    "free_portfolio_value_percentage": (
        "FreePortfolioValuePercentage", "Fraction of the portfolio that percent orders leave aside."),
    "minimum_order_margin_portfolio_percentage": (
        "MinimumOrderMarginPortfolioPercentage", "Fraction of the portfolio below which an order is not worth it."),
    "max_absolute_portfolio_target_percentage": ("MaxAbsolutePortfolioTargetPercentage", "Largest target."),
    "min_absolute_portfolio_target_percentage": ("MinAbsolutePortfolioTargetPercentage", "Smallest target."),
}  # fmt: skip
for _name, (_pascal, _doc) in _PLAIN.items():
    _property = _plain("warm_up_resolution" if _name == "warmup_resolution" else _name, _doc)
    setattr(AlgorithmSettings, _name, _property)
    setattr(AlgorithmSettings, _pascal, _property)
for _name, (_pascal, _doc) in _NUMBERS.items():
    _property = _number(_name, _doc)
    setattr(AlgorithmSettings, _name, _property)
    setattr(AlgorithmSettings, _pascal, _property)


class UniverseSettings(Dual):
    """What securities get that an algorithm adds without saying."""

    def __init__(
        self,
        resolution: Resolution = Resolution.MINUTE,
        leverage: Number = 0,
        fill_forward: bool = True,
        extended_market_hours: bool = False,
        minimum_time_in_universe: timedelta = timedelta(days=1),
        data_normalization_mode: DataNormalizationMode = DataNormalizationMode.ADJUSTED,
    ) -> None:
        self.resolution = resolution
        self.leverage = leverage
        self.fill_forward = fill_forward
        self.extended_market_hours = extended_market_hours
        self.minimum_time_in_universe = minimum_time_in_universe
        self.data_normalization_mode = data_normalization_mode
        self.data_mapping_mode = DataMappingMode.OPEN_INTEREST
        self.contract_depth_offset = 0
        self.asynchronous: bool | None = None

    def __setattr__(self, name: str, value: object) -> None:
        """Both spellings of a setting are one value."""
        object.__setattr__(self, name, value)
        object.__setattr__(self, other_spelling(name), value)
