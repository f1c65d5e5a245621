"""What every brokerage model keeps to, and the particular rules of some."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.securities_kit import NEW_YORK, Account

from tradinglab.algorithm.models.brokerage import (
    BrokerageMessageEvent,
    BrokerageMessageType,
    BrokerageModel,
    DefaultBrokerageModel,
    InteractiveBrokersBrokerageModel,
    RuledBrokerageModel,
    brokerage_model_type,
    submit_verdict,
    update_verdict,
)
from tradinglab.algorithm.models.brokerage.catalogue import MODELS
from tradinglab.algorithm.models.buying_power import BuyingPowerModel, CashBuyingPowerModel, SecurityMarginModel
from tradinglab.algorithm.models.security_initializer import BrokerageModelSecurityInitializer
from tradinglab.algorithm.models.settlement import DelayedSettlementModel, ImmediateSettlementModel
from tradinglab.algorithm.orders import (
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    Order,
    OrderProperties,
    StopMarketOrder,
    TimeInForce,
    TrailingStopOrder,
    UpdateOrderFields,
    UpdateOrderRequest,
)
from tradinglab.algorithm.securities import Security
from tradinglab.core.enums import AccountType, BrokerageName, SecurityType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol

KINDS = {
    SecurityType.EQUITY: "SPY",
    SecurityType.FOREX: "EURUSD",
    SecurityType.CFD: "XAUUSD",
    SecurityType.CRYPTO: "BTCUSD",
    SecurityType.CRYPTO_FUTURE: "BTCUSDT",
}


def make(name: BrokerageName) -> DefaultBrokerageModel:
    cls = brokerage_model_type(name)
    return cls() if issubclass(cls, RuledBrokerageModel) else cls(AccountType.MARGIN)


def security(kind: SecurityType, price: float = 100) -> tuple[Account, Security]:
    account = Account()
    quote = "USDT" if kind == SecurityType.CRYPTO_FUTURE else "USD"
    found = account.add(KINDS[kind], kind, price=price, quote=quote)

    class Config:
        is_internal_feed = False

    found._configs.append(Config())  # type: ignore[arg-type]
    return account, found


def allowed(model: DefaultBrokerageModel, found: Security, order: Order) -> bool:
    return submit_verdict(model, found, order)[0]


def market(found: Security, quantity: Any = 100) -> MarketOrder:
    return MarketOrder(found.symbol, quantity, found.utc_ns)


@pytest.fixture(params=sorted(MODELS), ids=str)
def model(request: pytest.FixtureRequest) -> DefaultBrokerageModel:
    return make(request.param)


def test_name_and_model_belong_together(model: DefaultBrokerageModel) -> None:
    name = BrokerageModel.get_brokerage_name(model)
    assert type(BrokerageModel.create(None, name, model.account_type)) is type(model)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_prepares_securities_or_says_that_it_does_not_trade_them(
    model: DefaultBrokerageModel, kind: SecurityType
) -> None:
    _, found = security(kind)
    try:
        BrokerageModelSecurityInitializer(model).initialize(found)
    except ValueError:
        with pytest.raises(ValueError, match=type(model).__name__):
            BrokerageModelSecurityInitializer(model).initialize(found)
        return
    assert isinstance(found.buying_power_model, BuyingPowerModel)
    assert found.leverage >= 1
    if model.account_type == AccountType.CASH:
        assert found.leverage == 1 or kind == SecurityType.CRYPTO_FUTURE


def test_answers_are_verdicts_with_a_reason(model: DefaultBrokerageModel) -> None:
    for kind in KINDS:
        _, found = security(kind)
        for order in (market(found), LimitOrder(found.symbol, 100, 90, found.utc_ns)):
            passed, message = submit_verdict(model, found, order)
            assert passed is (message is None)
            if message is not None:
                assert message.message
                assert message.type == BrokerageMessageType.WARNING
            request = UpdateOrderRequest(found.utc_ns, order.id, UpdateOrderFields())
            passed, message = update_verdict(model, found, order, request)
            assert passed is (message is None)
            assert model.can_execute_order(found, order) in (True, False)


def test_default_markets_are_markets(model: DefaultBrokerageModel) -> None:
    assert model.default_markets
    assert all(isinstance(market_name, str) for market_name in model.default_markets.values())


def test_accounts_that_a_brokerage_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="CoinbaseBrokerageModel supports accounts of type Cash only"):
        BrokerageModel.create(None, BrokerageName.COINBASE, AccountType.MARGIN)
    with pytest.raises(ValueError, match="Margin only"):
        BrokerageModel.create(None, BrokerageName.OANDA_BROKERAGE, AccountType.CASH)
    with pytest.raises(ValueError, match="has no rules"):
        BrokerageModel.create(None, BrokerageName.ATREYU)


# LEAN's defaults.


@pytest.mark.parametrize(
    ("kind", "leverage"),
    [
        (SecurityType.EQUITY, 2),
        (SecurityType.FOREX, 50),
        (SecurityType.CFD, 50),
        (SecurityType.CRYPTO, 1),
        (SecurityType.CRYPTO_FUTURE, 25),
    ],
)
def test_default_leverage(kind: SecurityType, leverage: int) -> None:
    _, found = security(kind)
    BrokerageModelSecurityInitializer(DefaultBrokerageModel()).initialize(found)
    assert found.leverage == leverage
    BrokerageModelSecurityInitializer(DefaultBrokerageModel(AccountType.CASH)).initialize(found)
    assert found.leverage == 1


def test_cash_account_settles_shares_later_and_buys_pairs_with_what_it_has() -> None:
    cash, margin = DefaultBrokerageModel(AccountType.CASH), DefaultBrokerageModel()
    _, share = security(SecurityType.EQUITY)
    _, coin = security(SecurityType.CRYPTO)
    assert isinstance(cash.get_settlement_model(share), DelayedSettlementModel)
    assert isinstance(margin.get_settlement_model(share), ImmediateSettlementModel)
    assert isinstance(cash.get_buying_power_model(coin), CashBuyingPowerModel)
    assert isinstance(margin.get_buying_power_model(coin), SecurityMarginModel)


def test_message_reads_as_in_lean() -> None:
    event = BrokerageMessageEvent(BrokerageMessageType.INFORMATION, "", "Symbol AIG can not be submitted")
    assert str(event) == "Information - Code:  - Symbol AIG can not be submitted"


# A strategy's own rules.


def test_bare_bool_is_a_verdict_too() -> None:
    class Minimum(DefaultBrokerageModel):
        def __init__(self, least: float) -> None:  # does not call ours
            self.least = least

        def CanSubmitOrder(self, security, order, message):  # type: ignore[no-untyped-def]
            return order.quantity >= self.least

    _, share = security(SecurityType.EQUITY)
    own = Minimum(50)
    assert own.account_type == AccountType.MARGIN
    assert allowed(own, share, market(share, 50))
    assert not allowed(own, share, market(share, 49))


def test_markets_may_be_a_plain_attribute() -> None:
    class Own(DefaultBrokerageModel):
        default_markets = {SecurityType.CRYPTO: "binance"}  # type: ignore[assignment]

    assert Own().default_markets[SecurityType.CRYPTO] == "binance"


# Particular rules.


def test_interactive_brokers_limits_the_size_of_forex_orders() -> None:
    broker = InteractiveBrokersBrokerageModel()
    _, pair = security(SecurityType.FOREX, 1.25)
    assert not allowed(broker, pair, market(pair, 19_999))
    assert allowed(broker, pair, market(pair, 20_000))
    assert allowed(broker, pair, market(pair, -6_000_000))
    assert not allowed(broker, pair, market(pair, 6_000_001))
    assert broker.get_benchmark(None).evaluate(datetime(2013, 10, 7)) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(("hour", "minute", "passes"), [(9, 27, True), (9, 28, False), (12, 0, False), (16, 0, True)])
def test_interactive_brokers_takes_orders_for_the_open_while_it_is_ahead(hour: int, minute: int, passes: bool) -> None:
    account, plain = security(SecurityType.EQUITY)
    symbol = Symbol.create("IBM", SecurityType.EQUITY, "usa")
    share = account.securities.create_security(
        symbol, [], hours=MarketHoursDatabase.default().get_exchange_hours("usa", symbol, SecurityType.EQUITY),
        symbol_properties=plain.symbol_properties, cash_book=account.portfolio.cash_book,
    )  # fmt: skip
    account.securities.add(share)
    account.clock.utc_ns = NEW_YORK.to_utc(datetime(2013, 10, 7) + timedelta(hours=hour, minutes=minute))
    order = MarketOnOpenOrder(share.symbol, 1, share.utc_ns)
    assert allowed(InteractiveBrokersBrokerageModel(), share, order) is passes


def test_market_on_close_is_not_for_every_class_of_asset() -> None:
    _, pair = security(SecurityType.FOREX)
    order = MarketOnCloseOrder(pair.symbol, 100_000, pair.utc_ns)
    assert not allowed(InteractiveBrokersBrokerageModel(), pair, order)


def test_types_of_order_by_class_of_asset() -> None:
    broker = make(BrokerageName.ALPACA)
    _, share = security(SecurityType.EQUITY)
    _, coin = security(SecurityType.CRYPTO)
    assert allowed(broker, share, TrailingStopOrder(share.symbol, 1, 90, 1, False, share.utc_ns))
    assert not allowed(broker, coin, TrailingStopOrder(coin.symbol, 1, 90, 1, False, coin.utc_ns))
    _, pair = security(SecurityType.FOREX)
    assert not allowed(broker, pair, market(pair))


def test_time_in_force_that_a_brokerage_has_not() -> None:
    _, pair = security(SecurityType.FOREX)
    properties = OrderProperties()
    properties.time_in_force = TimeInForce.DAY
    order = MarketOrder(pair.symbol, 100, pair.utc_ns, "", properties)
    assert not allowed(make(BrokerageName.OANDA_BROKERAGE), pair, order)
    assert allowed(make(BrokerageName.OANDA_BROKERAGE), pair, market(pair))


def test_tradier_takes_shorts_for_the_day_only() -> None:
    broker = make(BrokerageName.TRADIER_BROKERAGE)
    _, share = security(SecurityType.EQUITY)
    assert not allowed(broker, share, market(share, -1))
    properties = OrderProperties()
    properties.time_in_force = TimeInForce.DAY
    assert allowed(broker, share, MarketOrder(share.symbol, -1, share.utc_ns, "", properties))
    assert not allowed(broker, share, market(share, 10_000_001))
    fields = UpdateOrderFields()
    fields.quantity = 5
    assert not update_verdict(broker, share, market(share), UpdateOrderRequest(0, 0, fields))[0]


def test_binance_minimum_is_of_the_orders_worth() -> None:
    broker = make(BrokerageName.BINANCE)
    _, coin = security(SecurityType.CRYPTO)
    coin.symbol_properties.exact_minimum_order_size = Decimal(10)
    assert allowed(broker, coin, market(coin, "0.11"))
    assert not allowed(broker, coin, market(coin, "0.10"))
    assert not allowed(broker, coin, StopMarketOrder(coin.symbol, 1, 90, coin.utc_ns))
    assert not update_verdict(broker, coin, market(coin), UpdateOrderRequest(0, 0, UpdateOrderFields()))[0]


def test_bitfinex_minimum_is_of_the_quantity() -> None:
    broker = make(BrokerageName.BITFINEX)
    _, coin = security(SecurityType.CRYPTO)
    coin.symbol_properties.exact_minimum_order_size = Decimal("0.5")
    assert allowed(broker, coin, market(coin, "-0.5"))
    assert not allowed(broker, coin, market(coin, "0.49"))


@pytest.mark.parametrize(
    ("ticker", "leverage"), [("BTCUSD", 5), ("BTCETH", 1), ("ADAETH", 3), ("XMRBTC", 2), ("DOGEUSD", 1), ("USDCEUR", 3)]
)
def test_krakens_leverage_by_pair(ticker: str, leverage: int) -> None:
    broker = BrokerageModel.create(None, BrokerageName.KRAKEN, AccountType.MARGIN)
    account = Account()
    quote = ticker[-3:]
    coin = account.add(ticker, SecurityType.CRYPTO, price=1, quote=quote)
    assert broker.get_leverage(coin) == leverage


def test_fxcm_wants_limits_below_and_stops_above_when_buying() -> None:
    broker = make(BrokerageName.FXCM_BROKERAGE)
    _, pair = security(SecurityType.FOREX, 1.25)
    for price, limit_passes in ((1.2, True), (1.3, False)):
        assert allowed(broker, pair, LimitOrder(pair.symbol, 1000, price, pair.utc_ns)) is limit_passes
        assert allowed(broker, pair, StopMarketOrder(pair.symbol, 1000, price, pair.utc_ns)) is not limit_passes
        assert allowed(broker, pair, LimitOrder(pair.symbol, -1000, price, pair.utc_ns)) is not limit_passes
    assert not allowed(broker, pair, LimitOrder(pair.symbol, 1000, 0.6, pair.utc_ns))  # beyond half the price


def test_whole_quantities() -> None:
    broker = make(BrokerageName.AXOS)
    _, share = security(SecurityType.EQUITY)
    assert allowed(broker, share, market(share, 3))
    assert not allowed(broker, share, market(share, "2.5"))


def test_orders_across_zero() -> None:
    broker = make(BrokerageName.ALPACA)
    account, share = security(SecurityType.EQUITY)
    account.fill(share, 10, 100)
    close = MarketOnCloseOrder(share.symbol, -11, share.utc_ns)
    assert not allowed(broker, share, close)
    assert allowed(broker, share, market(share, -11))
