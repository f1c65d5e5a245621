"""LEAN's names of interfaces, for strategies that annotate with them: here each is the base class of its kind."""

from __future__ import annotations

from tradinglab.algorithm.models.brokerage.base import DefaultBrokerageModel as IBrokerageModel
from tradinglab.algorithm.models.buying_power.model import BuyingPowerModel as IBuyingPowerModel
from tradinglab.algorithm.models.fees import FeeModel as IFeeModel
from tradinglab.algorithm.models.fills import FillModel as IFillModel
from tradinglab.algorithm.models.interest_rate import RiskFreeInterestRateModel as IRiskFreeInterestRateModel
from tradinglab.algorithm.models.margin_call import MarginCallModel as IMarginCallModel
from tradinglab.algorithm.models.margin_interest import MarginInterestRateModel as IMarginInterestRateModel
from tradinglab.algorithm.models.security_initializer import SecurityInitializer as ISecurityInitializer
from tradinglab.algorithm.models.security_initializer import SecuritySeeder as ISecuritySeeder
from tradinglab.algorithm.models.settlement import SettlementModel as ISettlementModel
from tradinglab.algorithm.models.shortable import ShortableProvider as IShortableProvider
from tradinglab.algorithm.models.slippage import SlippageModel as ISlippageModel
from tradinglab.algorithm.models.volatility import BaseVolatilityModel as IVolatilityModel
from tradinglab.algorithm.portfolio_target import PortfolioTarget as IPortfolioTarget
from tradinglab.algorithm.securities import CashBook as ICurrencyConverter
from tradinglab.algorithm.securities import SecurityDataFilter as ISecurityDataFilter
from tradinglab.algorithm.securities import SecurityPortfolioModel as ISecurityPortfolioModel
from tradinglab.algorithm.securities import SecurityPriceVariationModel as IPriceVariationModel

__all__ = [
    "IBrokerageModel",
    "IBuyingPowerModel",
    "ICurrencyConverter",
    "IFeeModel",
    "IFillModel",
    "IMarginCallModel",
    "IMarginInterestRateModel",
    "IPortfolioTarget",
    "IPriceVariationModel",
    "IRiskFreeInterestRateModel",
    "ISecurityDataFilter",
    "ISecurityInitializer",
    "ISecurityPortfolioModel",
    "ISecuritySeeder",
    "ISettlementModel",
    "IShortableProvider",
    "ISlippageModel",
    "IVolatilityModel",
]
