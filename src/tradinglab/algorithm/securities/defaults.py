"""The models that a security has before a brokerage or an author says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.enums import SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.security import Security

_LEVERAGE = {SecurityType.EQUITY: 2, SecurityType.FOREX: 50, SecurityType.CFD: 50, SecurityType.INDEX: 50}
_IB_FEES = (SecurityType.BASE, SecurityType.EQUITY, SecurityType.FOREX, SecurityType.OPTION, SecurityType.FUTURE)


def set_default_models(security: Security) -> None:
    """Give a security the models of its class of asset, as LEAN's constructors do."""
    from tradinglab.algorithm.models import buying_power
    from tradinglab.algorithm.models.margin_interest import (
        BinanceFutureMarginInterestRateModel,
        MarginInterestRateModel,
        is_perpetual,
    )
    from tradinglab.algorithm.models.settlement import ImmediateSettlementModel
    from tradinglab.algorithm.models.shortable import NullShortableProvider
    from tradinglab.algorithm.models.volatility import VolatilityModel
    from tradinglab.algorithm.securities.portfolio_model import SecurityPortfolioModel
    from tradinglab.algorithm.securities.price_variation import (
        AdjustedPriceVariationModel,
        SecurityDataFilter,
        SecurityPriceVariationModel,
    )

    kind = security.type
    is_equity = kind == SecurityType.EQUITY
    _set_order_models(security)
    security.settlement_model = ImmediateSettlementModel()
    security.volatility_model = VolatilityModel.NULL
    security.margin_interest_rate_model = MarginInterestRateModel.NULL
    security.shortable_provider = NullShortableProvider.INSTANCE
    security.portfolio_model = SecurityPortfolioModel()
    security.data_filter = SecurityDataFilter()
    security.price_variation_model = AdjustedPriceVariationModel() if is_equity else SecurityPriceVariationModel()
    if kind == SecurityType.CRYPTO:
        security.buying_power_model = buying_power.CashBuyingPowerModel()
    elif kind == SecurityType.CRYPTO_FUTURE:
        security.buying_power_model = buying_power.CryptoFutureMarginModel()
        if is_perpetual(security):
            security.margin_interest_rate_model = BinanceFutureMarginInterestRateModel()
    else:
        security.buying_power_model = buying_power.SecurityMarginModel(_LEVERAGE.get(kind, 1))


def _set_order_models(security: Security) -> None:
    from tradinglab.algorithm.models import fees
    from tradinglab.algorithm.models.fills import EquityFillModel, ImmediateFillModel
    from tradinglab.algorithm.models.slippage import NullSlippageModel
    from tradinglab.algorithm.securities.security_types import CryptoFuture

    kind = security.type
    security.fill_model = EquityFillModel() if kind == SecurityType.EQUITY else ImmediateFillModel()
    security.slippage_model = NullSlippageModel.INSTANCE
    if kind in _IB_FEES:
        security.fee_model = fees.InteractiveBrokersFeeModel()
    elif kind == SecurityType.CRYPTO:
        security.fee_model = fees.GDAXFeeModel()
    elif isinstance(security, CryptoFuture):
        in_coin = security.is_crypto_coin_future()
        security.fee_model = fees.BinanceCoinFuturesFeeModel() if in_coin else fees.BinanceFuturesFeeModel()
    else:
        security.fee_model = fees.ConstantFeeModel(0)
