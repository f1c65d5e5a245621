"""Binance: coins, and futures that are margined in dollars or in coin."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.brokerage.base import YES, Verdict, no
from tradinglab.algorithm.models.brokerage.ruled import BASIC, RuledBrokerageModel
from tradinglab.algorithm.models.buying_power import (
    BinanceCryptoFutureMarginModel,
    BuyingPowerModel,
    CryptoFutureMarginModel,
)
from tradinglab.algorithm.models.fees import (
    BinanceCoinFuturesFeeModel,
    BinanceFeeModel,
    BinanceFuturesFeeModel,
    FeeModel,
)
from tradinglab.algorithm.models.margin_interest import (
    BinanceFutureMarginInterestRateModel,
    MarginInterestRateModel,
    is_perpetual,
)
from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import AccountType, OrderType, SecurityType
from tradinglab.core.market import Market

if TYPE_CHECKING:
    from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.securities.security import Security

_SPOT_LEVERAGE = Decimal(3)
_FUTURE_LEVERAGE = Decimal(25)


class BinanceBrokerageModel(RuledBrokerageModel):
    """Binance's rules for coins: the order's worth in the quote currency has a minimum, no stop-market orders."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO: Market.BINANCE}
    benchmark = ("BTCUSDC", SecurityType.CRYPTO, Market.BINANCE)
    default_account: ClassVar[AccountType] = AccountType.CASH
    order_types = BASIC
    takes_updates = False
    fee_model: ClassVar[type[FeeModel] | None] = BinanceFeeModel

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security."""
        if self.is_unlevered(security):
            return Decimal(1)
        return _FUTURE_LEVERAGE if security.type == SecurityType.CRYPTO_FUTURE else _SPOT_LEVERAGE

    def can_submit_order(
        self, security: Security, order: Order, message: BrokerageMessageEvent | None = None
    ) -> Verdict | bool:
        """Return whether the exchange takes an order, and if not, why."""
        if order.type == OrderType.MARKET and not security.has_data:
            return no("There is no data for this symbol yet, please check the security.has_data flag.")
        return super().can_submit_order(security, order)

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether the order is worth enough, at each of its prices."""
        if order.type == OrderType.STOP_MARKET and security.type != SecurityType.CRYPTO_FUTURE:
            return no(f"{order.type} orders are not supported for this symbol.")
        least = security.symbol_properties.exact_minimum_order_size
        if least is not None:
            for price in _prices(security, order):
                worth = abs(order.exact_quantity) * price
                if worth <= least:
                    ticker = security.symbol.value
                    return no(f"The minimum order size (in quote currency) for {ticker} is {least}. "
                              f"Order size was {worth}.")  # fmt: skip
        if security.type not in (SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE):
            return no(f"The {self.name} does not support {security.type} security type.")
        return YES


def _prices(security: Security, order: Order) -> list[Decimal]:
    """Return the prices at which an order may trade."""
    if order.type == OrderType.MARKET:
        return [security.exact_ask_price if order.exact_quantity > 0 else security.exact_bid_price]
    names = ("exact_limit_price", "exact_stop_price")
    return [getattr(order, name) for name in names if hasattr(order, name)]


class BinanceUSBrokerageModel(BinanceBrokerageModel):
    """Binance's house in the US: cash accounts only."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO: Market.BINANCE_US}
    benchmark = ("BTCUSDC", SecurityType.CRYPTO, Market.BINANCE_US)
    account_types = (AccountType.CASH,)

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return 1."""
        return Decimal(1)


class BinanceFuturesBrokerageModel(BinanceBrokerageModel):
    """Binance's futures that are margined in dollar coins."""

    benchmark = ("BTCUSDT", SecurityType.CRYPTO_FUTURE, Market.BINANCE)
    account_types = (AccountType.MARGIN,)
    default_account: ClassVar[AccountType] = AccountType.MARGIN
    fee_model: ClassVar[type[FeeModel] | None] = BinanceFuturesFeeModel
    margin_model: ClassVar[type[CryptoFutureMarginModel]] = BinanceCryptoFutureMarginModel

    def get_margin_interest_rate_model(self, security: Security) -> MarginInterestRateModel:
        """Return the funding of perpetual futures."""
        if is_perpetual(security):
            return BinanceFutureMarginInterestRateModel()
        return super().get_margin_interest_rate_model(security)

    def get_buying_power_model(self, security: Security) -> BuyingPowerModel:
        """Return how much of a security may be bought."""
        if security.type == SecurityType.CRYPTO_FUTURE:
            return self.margin_model(to_decimal(self.get_leverage(security)))
        return super().get_buying_power_model(security)


class BinanceCoinFuturesBrokerageModel(BinanceFuturesBrokerageModel):
    """Binance's futures that are margined in coin."""

    benchmark = ("BTCUSD", SecurityType.CRYPTO_FUTURE, Market.BINANCE)
    fee_model = BinanceCoinFuturesFeeModel
    margin_model = CryptoFutureMarginModel
