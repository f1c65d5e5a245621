"""The rules of a brokerage when a strategy names none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from tradinglab.algorithm.benchmark import SecurityBenchmark
from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent, not_supported
from tradinglab.algorithm.models.margin_interest import MarginInterestRateModel
from tradinglab.algorithm.models.settlement import DelayedSettlementModel, ImmediateSettlementModel, SettlementModel
from tradinglab.algorithm.models.shortable import NullShortableProvider, ShortableProvider
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import AccountType, BrokerageName, OrderField, OrderType, SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.market_events import Split
    from tradinglab.algorithm.models.buying_power import BuyingPowerModel
    from tradinglab.algorithm.models.fees import FeeModel
    from tradinglab.algorithm.models.fills import FillModel
    from tradinglab.algorithm.models.slippage import SlippageModel
    from tradinglab.algorithm.orders import Order, OrderTicket, UpdateOrderRequest
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.security_manager import SecurityManager

Verdict = tuple[bool, BrokerageMessageEvent | None]
YES: Verdict = (True, None)

_LEVERAGE = {SecurityType.EQUITY: 2, SecurityType.FOREX: 50, SecurityType.CFD: 50, SecurityType.CRYPTO_FUTURE: 25}
_CURRENCIES = (SecurityType.FOREX, SecurityType.CRYPTO)
_FUTURES = (SecurityType.FUTURE, SecurityType.FUTURE_OPTION)
_IB_FEES = (SecurityType.EQUITY, SecurityType.OPTION, SecurityType.FUTURE, SecurityType.FUTURE_OPTION)
_SETTLES_NEXT_DAY = (SecurityType.EQUITY, SecurityType.OPTION)


def no(message: str) -> Verdict:
    """Return that a brokerage does not do what was asked, and why."""
    return False, not_supported(message)


class BrokerageModel(Dual):
    """Makes a brokerage's rules from its name."""

    @staticmethod
    def create(
        order_provider: object, brokerage: BrokerageName, account_type: AccountType = AccountType.MARGIN
    ) -> DefaultBrokerageModel:
        """Return the model of a brokerage."""
        from tradinglab.algorithm.models.brokerage import create_brokerage_model

        return create_brokerage_model(brokerage, account_type)

    @staticmethod
    def get_brokerage_name(brokerage_model: DefaultBrokerageModel) -> BrokerageName:
        """Return the name of a model's brokerage."""
        from tradinglab.algorithm.models.brokerage import brokerage_name

        return brokerage_name(brokerage_model)


class DefaultBrokerageModel(BrokerageModel):
    """Takes every order; margin, fees and fills of each class of asset as LEAN's default.

    A brokerage is described by overriding a few class attributes and methods; a strategy's own model may
    return a bare bool where a verdict with a message is asked for.

    Parameters
    ----------
    account_type
        Margin or cash.
    """

    #: Market in which a ticker is looked for when none is given.
    DEFAULT_MARKET_MAP: ClassVar[Mapping[SecurityType, str]] = {
        SecurityType.BASE: Market.USA,
        SecurityType.EQUITY: Market.USA,
        SecurityType.OPTION: Market.USA,
        SecurityType.FUTURE: Market.CME,
        SecurityType.FUTURE_OPTION: Market.CME,
        SecurityType.FOREX: Market.OANDA,
        SecurityType.CFD: Market.OANDA,
        SecurityType.CRYPTO: Market.COINBASE,
        SecurityType.CRYPTO_FUTURE: Market.BINANCE,
        SecurityType.INDEX: Market.USA,
        SecurityType.INDEX_OPTION: Market.USA,
    }
    markets: ClassVar[Mapping[SecurityType, str]] = {}
    benchmark: ClassVar[tuple[str, SecurityType, str]] = ("SPY", SecurityType.EQUITY, Market.USA)
    leverages: ClassVar[Mapping[SecurityType, int]] = _LEVERAGE
    free_buying_power: ClassVar[Number] = 0

    # On the class, because a strategy's model need not call our constructor.
    _account_type = AccountType.MARGIN

    def __init__(self, account_type: AccountType = AccountType.MARGIN) -> None:
        self._account_type = account_type

    @property
    def account_type(self) -> AccountType:
        """Margin or cash."""
        return self._account_type

    @property
    def required_free_buying_power_percent(self) -> Decimal | float:
        """Fraction of the portfolio's value that must stay free."""
        return to_decimal(self.free_buying_power)

    @property
    def default_markets(self) -> dict[SecurityType, str]:
        """Market of each class of asset when none is given."""
        return {**self.DEFAULT_MARKET_MAP, **self.markets}

    def can_submit_order(
        self, security: Security, order: Order, message: BrokerageMessageEvent | None = None
    ) -> Verdict | bool:
        """Return whether the brokerage takes an order, and if not, why."""
        if security.type in _FUTURES and order.type == OrderType.MARKET_ON_OPEN:
            return no("MarketOnOpen orders are not supported for futures and future options.")
        return YES

    @staticmethod
    def is_valid_order_size(security: Security, order_quantity: Number) -> Verdict:
        """Return whether a quantity reaches the minimum order size, and if not, what to say."""
        least = security.symbol_properties.exact_minimum_order_size
        if least is None or abs(to_decimal(order_quantity)) >= least:
            return YES
        return no(
            f"The minimum order size (in quote currency) for {security.symbol.value} is {least}. "
            f"Order quantity was {order_quantity}."
        )

    def can_update_order(
        self,
        security: Security,
        order: Order,
        request: UpdateOrderRequest,
        message: BrokerageMessageEvent | None = None,
    ) -> Verdict | bool:
        """Return whether the brokerage takes a change of an order, and if not, why."""
        return YES

    def can_execute_order(self, security: Security, order: Order) -> bool:
        """Return whether an order can trade now."""
        return True

    def apply_split(self, tickets: list[OrderTicket], split: Split) -> None:
        """Change working orders so that they are worth the same in the new shares."""
        from tradinglab.algorithm.orders import UpdateOrderFields

        factor = split.exact_split_factor
        for ticket in tickets:
            fields = UpdateOrderFields()
            fields.quantity = int(to_decimal(ticket.quantity) / factor)
            for name, field in _scaled_fields(ticket):
                setattr(fields, name, to_decimal(ticket.get(field)) * factor)
            ticket.update(fields)

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security."""
        if self.account_type == AccountType.CASH:
            return Decimal(1)
        return Decimal(self.leverages.get(security.type, 1))

    def get_benchmark(self, securities: SecurityManager) -> Any:
        """Return what a strategy is measured against when it does not say."""
        symbol = Symbol.create(*self.benchmark)
        return SecurityBenchmark(securities.create_benchmark_security(symbol))

    def get_fill_model(self, security: Security) -> FillModel:
        """Return when and at which price orders in a security are filled."""
        from tradinglab.algorithm.models import fills

        if security.type == SecurityType.EQUITY:
            return fills.EquityFillModel()
        return fills.FutureFillModel() if security.type == SecurityType.FUTURE else fills.ImmediateFillModel()

    def get_fee_model(self, security: Security) -> FeeModel:
        """Return what orders in a security cost."""
        from tradinglab.algorithm.models.fees import ConstantFeeModel, InteractiveBrokersFeeModel

        return InteractiveBrokersFeeModel() if security.type in _IB_FEES else ConstantFeeModel(0)

    def get_slippage_model(self, security: Security) -> SlippageModel:
        """Return how far fills of a security miss the price."""
        from tradinglab.algorithm.models.slippage import NullSlippageModel

        return NullSlippageModel.INSTANCE

    def get_settlement_model(self, security: Security) -> SettlementModel:
        """Return when the money of a sale may be used."""
        if self.account_type == AccountType.CASH and security.type in _SETTLES_NEXT_DAY:
            return DelayedSettlementModel(*_settlement())
        return ImmediateSettlementModel()

    def get_buying_power_model(self, security: Security) -> BuyingPowerModel:
        """Return how much of a security may be bought."""
        from tradinglab.algorithm.models import buying_power

        leverage = to_decimal(self.get_leverage(security))
        if security.type in _CURRENCIES and self.account_type == AccountType.CASH:
            return buying_power.CashBuyingPowerModel()
        if security.type == SecurityType.CRYPTO_FUTURE:
            return buying_power.CryptoFutureMarginModel(leverage)
        return buying_power.SecurityMarginModel(leverage, to_decimal(self.required_free_buying_power_percent))

    def get_shortable_provider(self, security: Security) -> ShortableProvider:
        """Return how much of a security can be sold short."""
        return NullShortableProvider.INSTANCE

    def get_margin_interest_rate_model(self, security: Security) -> MarginInterestRateModel:
        """Return what holding a security costs."""
        return MarginInterestRateModel.NULL


def _settlement() -> tuple[int, timedelta]:
    from tradinglab.algorithm.securities.security_types import Equity

    return Equity.DEFAULT_SETTLEMENT_DAYS, Equity.DEFAULT_SETTLEMENT_TIME


def _scaled_fields(ticket: OrderTicket) -> list[tuple[str, OrderField]]:
    """Return the prices of an order that a split changes."""
    kind = ticket.order_type
    fields = []
    if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED, OrderType.COMBO_LEG_LIMIT):
        fields.append(("limit_price", OrderField.LIMIT_PRICE))
    if kind in (OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP):
        fields.append(("stop_price", OrderField.STOP_PRICE))
    if kind == OrderType.LIMIT_IF_TOUCHED:
        fields.append(("trigger_price", OrderField.TRIGGER_PRICE))
    if kind == OrderType.TRAILING_STOP and not ticket.get(OrderField.TRAILING_AS_PERCENTAGE):
        fields.append(("trailing_amount", OrderField.TRAILING_AMOUNT))
    return fields


def verdict(answer: Verdict | bool) -> Verdict:
    """Return a model's answer as whether and why not, also if it was a bare bool."""
    return answer if isinstance(answer, tuple) else (bool(answer), None)


def submit_verdict(model: DefaultBrokerageModel, security: Security, order: Order) -> Verdict:
    """Ask whether a brokerage takes an order; a strategy's own model may want the message as an argument."""
    return verdict(model.can_submit_order(security, order, None))


def update_verdict(
    model: DefaultBrokerageModel, security: Security, order: Order, request: UpdateOrderRequest
) -> Verdict:
    """Ask whether a brokerage takes a change of an order."""
    return verdict(model.can_update_order(security, order, request, None))
