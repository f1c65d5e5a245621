"""Brokerages of shares, options and futures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.brokerage.base import YES, DefaultBrokerageModel, Verdict, no
from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent, BrokerageMessageType
from tradinglab.algorithm.models.brokerage.ruled import (
    BASIC,
    NO_UPDATE,
    RuledBrokerageModel,
    auction_types,
    check_market_on_open,
    clock_time,
    crosses_zero,
)
from tradinglab.algorithm.models.fees import (
    AlpacaFeeModel,
    AlphaStreamsFeeModel,
    AxosFeeModel,
    CharlesSchwabFeeModel,
    ExanteFeeModel,
    EzeFeeModel,
    PublicFeeModel,
    RBIFeeModel,
    TastytradeFeeModel,
    TDAmeritradeFeeModel,
    TradeStationFeeModel,
    WebullFeeModel,
    WolverineFeeModel,
)
from tradinglab.algorithm.models.settlement import ImmediateSettlementModel, SettlementModel
from tradinglab.algorithm.models.shortable import LocalDiskShortableProvider, ShortableProvider
from tradinglab.algorithm.models.slippage import AlphaStreamsSlippageModel, SlippageModel
from tradinglab.algorithm.orders import DayTimeInForce
from tradinglab.core.enums import AccountType, OrderType, SecurityType
from tradinglab.core.market import Market

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, UpdateOrderRequest
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.core.local_market_hours import MarketHoursSegment

_AUCTIONS = (OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE)
_COMBOS = (OrderType.COMBO_MARKET, OrderType.COMBO_LIMIT)
_LISTED = (SecurityType.EQUITY, SecurityType.OPTION, SecurityType.INDEX_OPTION)


def _outside_hours(order: Order) -> bool:
    return bool(getattr(order.properties, "outside_regular_trading_hours", False))


class AlpacaBrokerageModel(RuledBrokerageModel):
    """Alpaca: shares, options and coins."""

    order_types: ClassVar[Mapping[SecurityType, tuple[OrderType, ...]]] = {
        SecurityType.EQUITY: (*BASIC, OrderType.TRAILING_STOP, *_AUCTIONS),
        SecurityType.OPTION: (OrderType.MARKET, OrderType.LIMIT),
        SecurityType.CRYPTO: (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT),
    }
    not_across_zero = auction_types()
    fee_model = AlpacaFeeModel

    def __init__(self, account_type: AccountType | None = None) -> None:
        super().__init__(AccountType.MARGIN)

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether the order's time suits its type."""
        if _outside_hours(order) and (
            order.type != OrderType.LIMIT or not isinstance(order.time_in_force, DayTimeInForce)
        ):
            return no(f"The {self.name} takes only limit orders for the day outside regular trading hours.")
        return check_market_on_open(security, order, (SecurityType.EQUITY,), _from_evening)


def _from_evening(session: MarketHoursSegment) -> tuple[time, time]:
    return time(19), clock_time(session.start - timedelta(minutes=2))


class AlphaStreamsBrokerageModel(DefaultBrokerageModel):
    """Alpha Streams: no leverage but for currencies, its own fees and slippage."""

    leverages: ClassVar[Mapping[SecurityType, int]] = {SecurityType.FOREX: 10, SecurityType.CFD: 10}

    def __init__(self, account_type: AccountType = AccountType.MARGIN) -> None:
        if account_type == AccountType.CASH:
            raise ValueError("The Alpha Streams brokerage does not support cash accounts.")
        super().__init__(account_type)

    def get_fee_model(self, security: Security) -> AlphaStreamsFeeModel:
        """Return what orders in a security cost."""
        return AlphaStreamsFeeModel()

    def get_slippage_model(self, security: Security) -> SlippageModel:
        """Return how far fills of a security miss the price."""
        return AlphaStreamsSlippageModel()

    def get_settlement_model(self, security: Security) -> SettlementModel:
        """Return when the money of a sale may be used."""
        return ImmediateSettlementModel()


class AxosClearingBrokerageModel(RuledBrokerageModel):
    """Axos: shares, in whole numbers."""

    DEFAULT_MARKET_MAP: ClassVar[Mapping[SecurityType, str]] = {SecurityType.EQUITY: Market.USA}
    security_types = (SecurityType.EQUITY,)
    order_types = (OrderType.LIMIT, OrderType.MARKET, OrderType.MARKET_ON_CLOSE)
    has_whole_quantities = True
    has_benchmark = False
    fee_model = AxosFeeModel

    def get_shortable_provider(self, security: Security) -> ShortableProvider:
        """Return how much of a security can be sold short."""
        is_equity = security.type == SecurityType.EQUITY
        return LocalDiskShortableProvider("axos") if is_equity else super().get_shortable_provider(security)


class BloombergFixBrokerageModel(RuledBrokerageModel):
    """Bloomberg over FIX: margin accounts only."""

    account_types = (AccountType.MARGIN,)
    security_types = (*_LISTED, SecurityType.FUTURE)
    order_types = (*BASIC, *_AUCTIONS)


class CharlesSchwabBrokerageModel(RuledBrokerageModel):
    """Charles Schwab: shares and options."""

    security_types = _LISTED
    order_types = (*BASIC, *_COMBOS, *_AUCTIONS)
    fee_model = CharlesSchwabFeeModel


class ExanteBrokerageModel(RuledBrokerageModel):
    """Exante: many classes of asset, little leverage."""

    default_account = AccountType.CASH
    security_types = (
        SecurityType.FOREX,
        SecurityType.EQUITY,
        SecurityType.INDEX,
        SecurityType.OPTION,
        SecurityType.FUTURE,
        SecurityType.CFD,
        SecurityType.CRYPTO,
    )
    fee_model = ExanteFeeModel

    def can_submit_order(
        self, security: Security, order: Order, message: BrokerageMessageEvent | None = None
    ) -> Verdict | bool:
        """Return whether the brokerage takes an order; one without a price it does not."""
        if not order.exact_price:
            return no("Order price is not set.")
        return super().can_submit_order(security, order)

    def get_leverage(self, security: Security) -> Decimal | float:
        """Return how many times one's own money may be held of a security."""
        if self.is_unlevered(security):
            return Decimal(1)
        known = {SecurityType.FOREX: Decimal("1.05"), SecurityType.EQUITY: Decimal("1.2")}
        return known.get(security.type, Decimal("1.0"))


class EzeBrokerageModel(RuledBrokerageModel):
    """Eze: margin accounts only, whole numbers."""

    account_types = (AccountType.MARGIN,)
    security_types = (*_LISTED, SecurityType.FUTURE, SecurityType.FUTURE_OPTION, SecurityType.INDEX)
    order_types = (*BASIC, *_AUCTIONS)
    has_whole_quantities = True
    fee_model = EzeFeeModel


class PublicBrokerageModel(RuledBrokerageModel):
    """Public.com: shares, options and coins."""

    security_types = (*_LISTED, SecurityType.CRYPTO)
    order_types = (*BASIC, OrderType.COMBO_LIMIT)
    fee_model = PublicFeeModel

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether the order's type suits its hours, and settle whether it uses margin."""
        from tradinglab.algorithm.orders import PublicOrderProperties

        if not isinstance(order.properties, PublicOrderProperties):
            return YES
        if _outside_hours(order) and order.type != OrderType.LIMIT:
            return no(f"Outside regular trading hours only limit orders are taken; this one is {order.type}.")
        wanted = order.properties.use_margin
        order.properties.use_margin = self.account_type != AccountType.CASH and (wanted is None or bool(wanted))
        return YES

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the brokerage takes a change of an order: not of a combo."""
        combo = order.group_order_manager is not None
        return no("Public.com does not support updating combo (multi-leg) orders.") if combo else YES


class RBIBrokerageModel(RuledBrokerageModel):
    """RBI: shares."""

    has_minimum_size = True
    security_types = (SecurityType.EQUITY,)
    order_types = BASIC
    fee_model = RBIFeeModel


class TDAmeritradeBrokerageModel(RuledBrokerageModel):
    """TD Ameritrade: shares."""

    has_minimum_size = True
    security_types = (SecurityType.EQUITY,)
    order_types = BASIC
    fee_model = TDAmeritradeFeeModel


class TastytradeBrokerageModel(RuledBrokerageModel):
    """Tastytrade: shares, options and futures."""

    security_types = (*_LISTED, SecurityType.FUTURE, SecurityType.FUTURE_OPTION)
    order_types = (*BASIC, OrderType.COMBO_LIMIT)
    not_across_zero = (OrderType.COMBO_LIMIT,)
    fee_model = TastytradeFeeModel


class TerminalLinkBrokerageModel(RuledBrokerageModel):
    """Bloomberg's terminal: orders cannot be changed."""

    security_types = (*_LISTED, SecurityType.FUTURE)
    order_types = (*BASIC, OrderType.MARKET_ON_OPEN)

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return that it takes no change."""
        return no(NO_UPDATE)


class TradeStationBrokerageModel(RuledBrokerageModel):
    """TradeStation: shares, options and futures."""

    security_types = (*_LISTED, SecurityType.FUTURE)
    order_types = (*BASIC, *_COMBOS, *_AUCTIONS, OrderType.TRAILING_STOP)
    not_across_zero = (*_COMBOS, *_AUCTIONS)
    fee_model = TradeStationFeeModel

    def can_submit_order(
        self, security: Security, order: Order, message: BrokerageMessageEvent | None = None
    ) -> Verdict | bool:
        """Return whether the brokerage takes an order, and if not, why."""
        if _outside_hours(order) and (order.type != OrderType.LIMIT or order.security_type != SecurityType.EQUITY):
            text = "Outside regular trading hours only limit orders for shares are taken."
            code = "NotSupportedOutsideRegularMarketHours"
            return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, code, text)
        return super().can_submit_order(security, order)

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether a market-on-open order comes between 6:00 and a minute before the open."""
        return check_market_on_open(
            security, order, _LISTED, lambda session: (time(6), clock_time(session.start - timedelta(minutes=1)))
        )

    def check_update(self, security: Security, order: Order, request: UpdateOrderRequest) -> Verdict:
        """Return whether the brokerage takes a change: not of the quantity of combos or of what crosses zero."""
        quantity = request.exact_quantity
        if quantity is None or quantity == order.exact_quantity:
            return YES
        if crosses_zero(security, order.exact_quantity):
            text = f"The {self.name} does not change orders that cross zero."
            return False, BrokerageMessageEvent(BrokerageMessageType.WARNING, "UpdateRejected", text)
        if order.type in _COMBOS:
            return no(f"The {self.name} does not change the quantity of {order.type} orders.")
        return YES


class WebullBrokerageModel(RuledBrokerageModel):
    """Webull: shares and options."""

    order_types: ClassVar[Mapping[SecurityType, tuple[OrderType, ...]]] = {
        SecurityType.EQUITY: (*BASIC, OrderType.TRAILING_STOP),
        SecurityType.OPTION: BASIC,
        SecurityType.INDEX_OPTION: BASIC,
    }
    fee_model = WebullFeeModel

    def check(self, security: Security, order: Order) -> Verdict:
        """Return whether the order suits its hours; options may be sold for the day only."""
        is_equity = security.type == SecurityType.EQUITY
        if not is_equity and order.exact_quantity < 0 and not isinstance(order.time_in_force, DayTimeInForce):
            return no("Orders that sell options must be good for the day.")
        if _outside_hours(order):
            if not is_equity:
                return no(f"Outside regular trading hours {security.type} cannot be traded.")
            if order.type == OrderType.MARKET:
                return no("Outside regular trading hours market orders are not taken.")
        return YES


class WolverineBrokerageModel(RuledBrokerageModel):
    """Wolverine: shares and options; orders cannot be changed."""

    has_minimum_size = True
    security_types = (SecurityType.EQUITY, SecurityType.OPTION)
    order_types = (*BASIC, OrderType.MARKET_ON_CLOSE)
    takes_updates = False
    fee_model = WolverineFeeModel
