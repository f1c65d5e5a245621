"""The models by which a security is filled, charged, margined and settled, and how an author sets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from tradinglab.algorithm.margin_terms import MarginTerms
from tradinglab.algorithm.models.adapter import adapt
from tradinglab.algorithm.securities.dynamic import DynamicProperties

if TYPE_CHECKING:
    from tradinglab.algorithm.models.buying_power import BuyingPowerModel
    from tradinglab.algorithm.models.fees import FeeModel
    from tradinglab.algorithm.models.fills import FillModel
    from tradinglab.algorithm.models.margin_interest import MarginInterestRateModel
    from tradinglab.algorithm.models.settlement import SettlementModel
    from tradinglab.algorithm.models.shortable import ShortableProvider
    from tradinglab.algorithm.models.slippage import SlippageModel
    from tradinglab.algorithm.models.volatility import BaseVolatilityModel
    from tradinglab.algorithm.securities.portfolio_model import SecurityPortfolioModel
    from tradinglab.algorithm.securities.price_variation import SecurityDataFilter, SecurityPriceVariationModel
    from tradinglab.data.source import DataSource


_MODELS = frozenset(
    ("fee_model", "fill_model", "portfolio_model", "settlement_model", "shortable_provider", "slippage_model",
     "volatility_model", "margin_interest_rate_model", "_buying_power_model", "_holdings")
)  # fmt: skip


class SecurityModels(DynamicProperties):
    """Slots for each model, and a setter for each in QuantConnect's manner.

    A model is an object with the methods of its kind, in either spelling; it need not derive from ours.
    """

    __slots__ = (
        "_buying_power_model",
        "data_filter",
        "data_source",
        "fee_model",
        "fill_model",
        "margin_interest_rate_model",
        "portfolio_model",
        "price_variation_model",
        "settlement_model",
        "shortable_provider",
        "slippage_model",
        "volatility_model",
    )
    _buying_power_model: BuyingPowerModel
    data_filter: SecurityDataFilter
    data_source: DataSource | None
    fee_model: FeeModel
    fill_model: FillModel
    margin_interest_rate_model: MarginInterestRateModel
    portfolio_model: SecurityPortfolioModel
    price_variation_model: SecurityPriceVariationModel
    settlement_model: SettlementModel
    shortable_provider: ShortableProvider
    slippage_model: SlippageModel
    volatility_model: BaseVolatilityModel

    #: How often any security was given another model.
    changes: ClassVar[int] = 0
    #: What makes of each model, by the name of its slot, the one that is used in its place; ``None`` uses all as given.
    replacing: ClassVar[Callable[[str, object], object] | None] = None

    def __setattr__(self, name: str, value: object) -> None:
        if name in _MODELS:
            SecurityModels.changes += 1
            if SecurityModels.replacing is not None:
                value = SecurityModels.replacing(name, value)
        super().__setattr__(name, value)

    @property
    def buying_power_model(self) -> BuyingPowerModel:
        """How much may be bought."""
        return self._buying_power_model

    @buying_power_model.setter
    def buying_power_model(self, value: BuyingPowerModel) -> None:
        self._buying_power_model = value
        MarginTerms.changes += 1

    @property
    def margin_model(self) -> BuyingPowerModel:
        """The buying power model, under its other name."""
        return self.buying_power_model

    @margin_model.setter
    def margin_model(self, value: Any) -> None:
        self.set_buying_power_model(value)

    def set_fee_model(self, fee_model: Any) -> None:
        """Set what an order costs."""
        from tradinglab.algorithm.models.fees import adapt_fee_model

        self.fee_model = adapt_fee_model(fee_model)

    def set_fill_model(self, fill_model: Any) -> None:
        """Set when and at which price an order is filled."""
        self.fill_model = adapt(fill_model, "fill", "market_fill", "limit_fill", "stop_market_fill", "stop_limit_fill",
                                "limit_if_touched_fill", "trailing_stop_fill", "market_on_open_fill",
                                "market_on_close_fill")  # fmt: skip

    def set_slippage_model(self, slippage_model: Any) -> None:
        """Set how far a fill misses the price."""
        self.slippage_model = adapt(slippage_model, "get_slippage_approximation")

    def set_settlement_model(self, settlement_model: Any) -> None:
        """Set when the money of a sale may be used."""
        self.settlement_model = adapt(settlement_model, "apply_funds", "scan", "get_unsettled_cash")

    def set_volatility_model(self, volatility_model: Any) -> None:
        """Set how the security's volatility is measured."""
        self.volatility_model = adapt(
            volatility_model, "update", "get_history_requirements", "set_subscription_data_config_provider"
        )

    def set_buying_power_model(self, buying_power_model: Any) -> None:
        """Set how much may be bought."""
        self.buying_power_model = adapt(
            buying_power_model, "get_leverage", "set_leverage", "get_maintenance_margin",
            "get_initial_margin_requirement", "get_initial_margin_required_for_order",
            "has_sufficient_buying_power_for_order", "get_maximum_order_quantity_for_target_buying_power",
            "get_maximum_order_quantity_for_delta_buying_power", "get_reserved_buying_power_for_position",
            "get_buying_power",
        )  # fmt: skip

    def set_margin_model(self, margin_model: Any) -> None:
        """Set how much may be bought; the same as ``set_buying_power_model``."""
        self.set_buying_power_model(margin_model)

    def set_margin_interest_rate_model(self, margin_interest_rate_model: Any) -> None:
        """Set what borrowing costs."""
        self.margin_interest_rate_model = adapt(margin_interest_rate_model, "apply_margin_interest_rate")

    def set_shortable_provider(self, shortable_provider: Any) -> None:
        """Set how much can be sold short."""
        self.shortable_provider = adapt(shortable_provider, "shortable_quantity", "fee_rate", "rebate_rate")
        bind = getattr(shortable_provider, "bind", None)
        if bind is not None:
            bind(self.data_source)

    def set_data_filter(self, data_filter: Any) -> None:
        """Set which ticks reach the algorithm."""
        self.data_filter = adapt(data_filter, "filter")

    def set_price_variation_model(self, price_variation_model: Any) -> None:
        """Set the smallest step of an order's price."""
        self.price_variation_model = adapt(price_variation_model, "get_minimum_price_variation")

    def set_portfolio_model(self, portfolio_model: Any) -> None:
        """Set how a fill is booked."""
        self.portfolio_model = adapt(portfolio_model, "process_fill")
