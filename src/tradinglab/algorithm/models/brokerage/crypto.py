"""Exchanges of coins and of futures on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.brokerage.base import YES, DefaultBrokerageModel, Verdict, no
from tradinglab.algorithm.models.brokerage.kraken_leverage import kraken_leverage
from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent
from tradinglab.algorithm.models.brokerage.ruled import (
    BASIC,
    NO_UPDATE,
    RuledBrokerageModel,
    is_working,
)
from tradinglab.algorithm.models.buying_power import BuyingPowerModel, CashBuyingPowerModel, SecurityMarginModel
from tradinglab.algorithm.models.fees import (
    BitfinexFeeModel,
    BybitFeeModel,
    BybitFuturesFeeModel,
    CoinbaseFeeModel,
    FeeModel,
    FTXFeeModel,
    FTXUSFeeModel,
    KrakenFeeModel,
    dYdXFeeModel,
)
from tradinglab.algorithm.models.margin_interest import (
    BybitFutureMarginInterestRateModel,
    MarginInterestRateModel,
    dYdXFutureMarginInterestRateModel,
    is_perpetual,
)
from tradinglab.algorithm.orders import GoodTilCanceledTimeInForce
from tradinglab.core.enums import AccountType, OrderType, SecurityType
from tradinglab.core.market import Market

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, UpdateOrderRequest
    from tradinglab.algorithm.securities.security import Security

_COINS = (SecurityType.CRYPTO,)
_LAST_STOP_MARKET = datetime(2019, 3, 23, 1)
_BYBIT_LEVERAGE = Decimal(10)
_BITFINEX_LEVERAGE = Decimal("3.3")
_FTX_LEVERAGE = Decimal(3)


class BitfinexBrokerageModel(RuledBrokerageModel):
    """Bitfinex's rules."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO: Market.BITFINEX}
    benchmark = ("BTCUSD", SecurityType.CRYPTO, Market.BITFINEX)
    security_types = _COINS
    order_types = BASIC
    has_minimum_size = True
    fee_model = BitfinexFeeModel

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security.

        Raises
        ------
        ValueError
            If the exchange does not trade its class of asset.
        """
        if self.is_unlevered(security):
            return Decimal(1)
        if security.type == SecurityType.CRYPTO:
            return _BITFINEX_LEVERAGE
        raise ValueError(f"The {self.name} has no leverage for {security.type}.")

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the exchange takes a change of an order: one that leaves it large enough."""
        quantity = request.exact_quantity
        return YES if quantity is None else self.is_valid_order_size(security, quantity)


class CoinbaseBrokerageModel(RuledBrokerageModel):
    """Coinbase's rules: cash accounts only, no stop-market orders since March 2019."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO: Market.COINBASE}
    benchmark = ("BTCUSD", SecurityType.CRYPTO, Market.COINBASE)
    account_types = (AccountType.CASH,)
    default_account = AccountType.CASH
    security_types = _COINS
    order_types = BASIC
    has_minimum_size = True
    fee_model = CoinbaseFeeModel

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return 1."""
        return Decimal(1)

    def get_buying_power_model(self, security: Security) -> BuyingPowerModel:
        """Return that only what is at hand may be spent."""
        return CashBuyingPowerModel()

    def can_submit_order(
        self, security: Security, order: Order, message: BrokerageMessageEvent | None = None
    ) -> Verdict | bool:
        """Return whether the exchange takes an order: not one that it has already."""
        return no(NO_UPDATE) if order.broker_id else super().can_submit_order(security, order)

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether the exchange still had stop-market orders."""
        if order.type == OrderType.STOP_MARKET and order.time >= _LAST_STOP_MARKET:
            return no(f"Stop Market orders are no longer supported since {_LAST_STOP_MARKET}.")
        return YES

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the exchange takes a change of an order: of working limit orders without an end."""
        if order.type != OrderType.LIMIT:
            return no(f"Order with type {order.type} can't be modified, only LIMIT.")
        if not isinstance(order.time_in_force, GoodTilCanceledTimeInForce):
            return no("Order's parameter 'TimeInForce' is not instance of Good Til Cancelled class.")
        return _check_working(security, order, request)


class GDAXBrokerageModel(CoinbaseBrokerageModel):
    """Coinbase under its old name."""


class FTXBrokerageModel(RuledBrokerageModel):
    """FTX's rules, for the years in which there was one."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO: Market.FTX}
    benchmark = ("BTCUSD", SecurityType.CRYPTO, Market.FTX)
    security_types = _COINS
    order_types = BASIC
    has_minimum_size = True
    takes_updates = False
    fee_model: ClassVar[type[FeeModel] | None] = FTXFeeModel

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security."""
        return Decimal(1) if self.account_type == AccountType.CASH else _FTX_LEVERAGE

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether a stop is beyond the market."""
        if order.type not in (OrderType.STOP_MARKET, OrderType.STOP_LIMIT):
            return YES
        if not security.has_data:
            return no("There is no data for this symbol yet.")
        stop: Decimal = getattr(order, "exact_stop_price")  # noqa: B009 - only stops have it
        if order.exact_quantity < 0 and stop > security.exact_bid_price:
            return no("Trigger price too high: must be below current market price.")
        if order.exact_quantity > 0 and stop < security.exact_ask_price:
            return no("Trigger price too low: must be above current market price.")
        return YES


class FTXUSBrokerageModel(FTXBrokerageModel):
    """FTX's house in the US."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO: Market.FTXUS}
    benchmark = ("BTCUSD", SecurityType.CRYPTO, Market.FTXUS)
    fee_model = FTXUSFeeModel


class KrakenBrokerageModel(RuledBrokerageModel):
    """Kraken's rules: leverage depends on the pair."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO: Market.KRAKEN}
    benchmark = ("BTCUSD", SecurityType.CRYPTO, Market.KRAKEN)
    default_account = AccountType.CASH
    security_types = _COINS
    order_types = (*BASIC, OrderType.LIMIT_IF_TOUCHED)
    has_minimum_size = True
    takes_updates = False
    fee_model = KrakenFeeModel

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security."""
        return Decimal(1) if self.account_type == AccountType.CASH else kraken_leverage(security.symbol.value)


class BybitBrokerageModel(RuledBrokerageModel):
    """Bybit's rules: coins and futures."""

    markets: ClassVar[Mapping[SecurityType, str]] = {
        SecurityType.CRYPTO: Market.BYBIT,
        SecurityType.CRYPTO_FUTURE: Market.BYBIT,
    }
    benchmark = ("BTCUSDC", SecurityType.CRYPTO, Market.BYBIT)
    default_account = AccountType.CASH
    security_types = (SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE, SecurityType.BASE)
    order_types = BASIC
    has_minimum_size = True

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security."""
        return Decimal(1) if self.is_unlevered(security) else _BYBIT_LEVERAGE

    def get_fee_model(self, security: Security) -> FeeModel:
        """Return what orders in a security cost.

        Raises
        ------
        ValueError
            If the exchange does not trade its class of asset.
        """
        if security.type == SecurityType.CRYPTO:
            return BybitFeeModel()
        if security.type == SecurityType.CRYPTO_FUTURE:
            return BybitFuturesFeeModel()
        if security.type == SecurityType.BASE:
            return super().get_fee_model(security)
        raise ValueError(f"The {self.name} does not support {security.type}.")

    def get_margin_interest_rate_model(self, security: Security) -> MarginInterestRateModel:
        """Return the funding of perpetual futures."""
        if is_perpetual(security):
            return BybitFutureMarginInterestRateModel()
        return super().get_margin_interest_rate_model(security)

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the exchange takes a change of an order: of working orders for futures."""
        if security.type != SecurityType.CRYPTO_FUTURE:
            return no(NO_UPDATE)
        return _check_working(security, order, request)


class dYdXBrokerageModel(RuledBrokerageModel):  # noqa: N801 - QuantConnect's name
    """dYdX's rules: futures only."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.CRYPTO_FUTURE: Market.DYDX}
    benchmark = ("BTCUSD", SecurityType.CRYPTO_FUTURE, Market.DYDX)
    account_types = (AccountType.MARGIN,)
    security_types = (SecurityType.CRYPTO_FUTURE,)
    order_types = BASIC
    has_minimum_size = True

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return that it takes no change."""
        return no(NO_UPDATE)

    def get_buying_power_model(self, security: Security) -> BuyingPowerModel:
        """Return how much of a security may be bought."""
        if security.type == SecurityType.CRYPTO_FUTURE:
            return SecurityMarginModel(Decimal(self.get_leverage(security)))
        return super().get_buying_power_model(security)

    def get_fee_model(self, security: Security) -> FeeModel:
        """Return what orders in a security cost."""
        is_future = security.type == SecurityType.CRYPTO_FUTURE
        return dYdXFeeModel() if is_future else super().get_fee_model(security)

    def get_margin_interest_rate_model(self, security: Security) -> MarginInterestRateModel:
        """Return the funding of futures."""
        if security.type == SecurityType.CRYPTO_FUTURE:
            return dYdXFutureMarginInterestRateModel()
        return super().get_margin_interest_rate_model(security)


def _check_working(security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
    """Return whether an order still works and stays large enough."""
    if not is_working(order):
        return no(f"Order with status {order.status} can't be modified")
    quantity = request.exact_quantity
    return YES if quantity is None else DefaultBrokerageModel.is_valid_order_size(security, quantity)
