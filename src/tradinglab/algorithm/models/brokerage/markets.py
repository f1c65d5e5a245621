"""Brokerages of currencies, of India's exchanges and of futures."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.brokerage.base import YES, Verdict, no
from tradinglab.algorithm.models.brokerage.ruled import BASIC, RuledBrokerageModel
from tradinglab.algorithm.models.fees import ConstantFeeModel, FeeModel, FxcmFeeModel, SamcoFeeModel, ZerodhaFeeModel
from tradinglab.algorithm.models.settlement import (
    AccountCurrencyImmediateSettlementModel,
    ImmediateSettlementModel,
    SettlementModel,
)
from tradinglab.algorithm.orders import DayTimeInForce, GoodTilCanceledTimeInForce, GoodTilDateTimeInForce
from tradinglab.core.enums import AccountType, OrderType, SecurityType
from tradinglab.core.market import Market

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, UpdateOrderRequest
    from tradinglab.algorithm.securities.security import Security

_INDIAN_LEVERAGE = Decimal(5)
_INDIAN = (SecurityType.EQUITY, SecurityType.FUTURE, SecurityType.OPTION, SecurityType.INDEX)
_FX = (SecurityType.FOREX, SecurityType.CFD)
_MOST_PIPS = 15_000


class _FxBrokerageModel(RuledBrokerageModel):
    """Currencies and contracts for difference; the latter settle in the account's currency."""

    security_types = _FX

    def get_settlement_model(self, security: Security) -> SettlementModel:
        """Return when and in which currency profits are paid."""
        is_cfd = security.type == SecurityType.CFD
        return AccountCurrencyImmediateSettlementModel() if is_cfd else ImmediateSettlementModel()


class OandaBrokerageModel(_FxBrokerageModel):
    """Oanda's rules."""

    DEFAULT_MARKET_MAP: ClassVar[Mapping[SecurityType, str]] = {
        SecurityType.BASE: Market.USA,
        SecurityType.EQUITY: Market.USA,
        SecurityType.OPTION: Market.USA,
        SecurityType.FOREX: Market.OANDA,
        SecurityType.CFD: Market.OANDA,
    }
    account_types = (AccountType.MARGIN,)
    order_types = BASIC
    times_in_force = (GoodTilCanceledTimeInForce,)
    benchmark = ("EURUSD", SecurityType.FOREX, Market.OANDA)

    def get_fee_model(self, security: Security) -> FeeModel:
        """Return that orders are free."""
        return ConstantFeeModel(0)


class FxcmBrokerageModel(_FxBrokerageModel):
    """FXCM's rules: whole lots, limits and stops on the right side of the price and not too far from it."""

    DEFAULT_MARKET_MAP: ClassVar[Mapping[SecurityType, str]] = {
        SecurityType.BASE: Market.USA,
        SecurityType.EQUITY: Market.USA,
        SecurityType.OPTION: Market.USA,
        SecurityType.FOREX: Market.FXCM,
        SecurityType.CFD: Market.FXCM,
    }
    order_types = (OrderType.LIMIT, OrderType.MARKET, OrderType.STOP_MARKET)
    benchmark = ("EURUSD", SecurityType.FOREX, Market.FXCM)
    fee_model = FxcmFeeModel

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether size, price and time in force suit."""
        lot = security.symbol_properties.exact_lot_size
        if order.exact_quantity % lot:
            return no(f"The order quantity must be a multiple of LotSize: [{lot}].")
        if order.type == OrderType.MARKET:
            is_gtc = isinstance(order.time_in_force, GoodTilCanceledTimeInForce)
            kind = type(order.time_in_force).__name__
            return YES if is_gtc else no(f"The {self.name} does not support {kind} time in force.")
        name = "exact_limit_price" if order.type == OrderType.LIMIT else "exact_stop_price"
        return _check_price(security, order.type, order.exact_quantity > 0, getattr(order, name))

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the brokerage takes a change of an order, and if not, why."""
        lot = security.symbol_properties.exact_lot_size
        quantity = order.exact_quantity if request.exact_quantity is None else request.exact_quantity
        if request.exact_quantity is not None and quantity % lot:
            return no(f"The order quantity must be a multiple of LotSize: [{lot}].")
        price = request.exact_limit_price if order.type == OrderType.LIMIT else request.exact_stop_price
        return _check_price(security, order.type, quantity > 0, security.exact_price if price is None else price)


def _check_price(security: Security, kind: OrderType, is_buy: bool, price: Decimal) -> Verdict:
    """Return whether a limit or stop is on the right side of the market and within reach."""
    if kind not in (OrderType.LIMIT, OrderType.STOP_MARKET):
        return YES
    market = security.exact_price
    below = is_buy if kind == OrderType.LIMIT else not is_buy  # where such an order waits
    if price > market if below else price < market:
        return no("Limit Buy orders and Stop Sell orders must be below market, Limit Sell orders and Stop Buy orders "
                  "must be above market.")  # fmt: skip
    pip = security.symbol_properties.exact_minimum_price_variation * 10
    reach = min(pip * _MOST_PIPS, market / 2)
    if abs(price - market) > reach:
        return no(f"The {kind} price is too far from the market: {price}, which is at {market}; at most {reach}.")
    return YES


class _IndianBrokerageModel(RuledBrokerageModel):
    """Five times leverage on India's exchanges."""

    times_in_force = (GoodTilCanceledTimeInForce, DayTimeInForce, GoodTilDateTimeInForce)

    def can_execute_order(self, security: Security, order: Order) -> bool:
        """Return whether an order can trade now."""
        known = self.security_types or ()
        return security.type in known and isinstance(order.time_in_force, self.times_in_force)

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security.

        Raises
        ------
        ValueError
            If the brokerage does not trade its class of asset.
        """
        if self.is_unlevered(security):
            return Decimal(1)
        if security.type in _INDIAN:
            return _INDIAN_LEVERAGE
        raise ValueError(f"The {self.name} has no leverage for {security.type}.")


class SamcoBrokerageModel(_IndianBrokerageModel):
    """Samco: shares, options and futures."""

    markets: ClassVar[Mapping[SecurityType, str]] = dict.fromkeys(
        (SecurityType.EQUITY, SecurityType.FUTURE, SecurityType.OPTION), Market.INDIA
    )
    security_types = (SecurityType.EQUITY, SecurityType.OPTION, SecurityType.FUTURE)
    order_types = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_MARKET)
    benchmark = ("NIFTYBEES", SecurityType.EQUITY, Market.INDIA)
    fee_model = SamcoFeeModel


class ZerodhaBrokerageModel(_IndianBrokerageModel):
    """Zerodha: shares."""

    markets: ClassVar[Mapping[SecurityType, str]] = {SecurityType.EQUITY: Market.INDIA}
    security_types = (SecurityType.EQUITY,)
    order_types = BASIC
    fee_model = ZerodhaFeeModel


class TradingTechnologiesBrokerageModel(RuledBrokerageModel):
    """Trading Technologies: futures; stops must be beyond the market."""

    DEFAULT_MARKET_MAP: ClassVar[Mapping[SecurityType, str]] = {SecurityType.FUTURE: Market.CME}
    security_types = (SecurityType.FUTURE,)
    order_types = BASIC
    times_in_force = (GoodTilCanceledTimeInForce, DayTimeInForce)
    has_benchmark = False

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether a stop is beyond the market, and its limit beyond the stop."""
        if order.type not in (OrderType.STOP_MARKET, OrderType.STOP_LIMIT):
            return YES
        sign = 1 if order.exact_quantity > 0 else -1
        stop: Decimal = getattr(order, "exact_stop_price")  # noqa: B009 - only stops have it
        if sign * (stop - security.exact_price) <= 0:
            return no(f"{order.type} Sell orders must be below market, {order.type} Buy orders must be above market.")
        if order.type == OrderType.STOP_LIMIT and sign * (getattr(order, "exact_limit_price") - stop) < 0:  # noqa: B009
            return no("StopLimit Buy limit price must be greater than or equal to stop price, StopLimit Sell limit "
                      "price must be smaller than or equal to stop price.")  # fmt: skip
        return YES

    def can_execute_order(self, security: Security, order: Order) -> bool:
        """Return whether an order can trade now."""
        return order.security_type == SecurityType.FUTURE

    def get_fee_model(self, security: Security) -> FeeModel:
        """Return that orders are free."""
        return ConstantFeeModel(0)
