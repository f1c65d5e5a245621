"""Settlement, margin interest, volatility, shortable stock, interest rates and initializers."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import sqrt
from statistics import mean, stdev

import pytest
from tests.securities_kit import MONDAY, NEW_YORK, Account

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.models.interest_rate import (
    ConstantRiskFreeRateInterestRateModel,
    FuncRiskFreeRateInterestRateModel,
    InterestRateProvider,
)
from tradinglab.algorithm.models.margin_interest import (
    BinanceFutureMarginInterestRateModel,
    MarginInterestRateParameters,
    ShortMarginInterestRateModel,
)
from tradinglab.algorithm.models.security_initializer import (
    BrokerageModelSecurityInitializer,
    CompositeSecurityInitializer,
    FuncSecurityInitializer,
    FuncSecuritySeeder,
    SecurityInitializer,
    SecuritySeeder,
)
from tradinglab.algorithm.models.settlement import (
    AccountCurrencyImmediateSettlementModel,
    DelayedSettlementModel,
    ScanSettlementModelParameters,
    SettlementModel,
)
from tradinglab.algorithm.models.shortable import LocalDiskShortableProvider, ShortableProvider
from tradinglab.algorithm.models.volatility import (
    IndicatorVolatilityModel,
    RelativeStandardDeviationVolatilityModel,
    StandardDeviationOfReturnsVolatilityModel,
    VolatilityModel,
)
from tradinglab.algorithm.securities import Security
from tradinglab.core.clock import HOUR_NS, day_of_date, from_ns
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.interest import InterestRates
from tradinglab.data.source import ShortableDay

# Settlement.


def at(account: Account, *, days: int = 0, hours: int = 0) -> None:
    account.clock.utc_ns = NEW_YORK.to_utc(MONDAY + timedelta(days=days, hours=hours))


def scan(account: Account, security: Security) -> None:
    security.settlement_model.scan(ScanSettlementModelParameters(account.portfolio, security, account.clock.utc_time))


def test_money_of_a_sale_settles_on_a_later_trading_day() -> None:
    """Sold on Friday, a Saturday and Sunday later, at six on Monday morning."""
    account = Account()
    plain = account.add("IBM", price=100)
    symbol = plain.symbol
    account.securities.clear()
    spy = account.securities.create_security(
        symbol, [], hours=MarketHoursDatabase.default().get_exchange_hours("usa", symbol, SecurityType.EQUITY),
        symbol_properties=plain.symbol_properties, cash_book=account.portfolio.cash_book,
    )  # fmt: skip
    account.securities.add(spy)
    spy.set_settlement_model(DelayedSettlementModel(1, timedelta(hours=6)))
    at(account, days=4, hours=10)
    account.price(spy, 100)
    account.fill(spy, 10, 100)
    assert account.portfolio.cash == 99_000
    account.fill(spy, -10, 110)
    assert (account.portfolio.cash, account.portfolio.unsettled_cash) == (99_000, 1_100)
    assert account.portfolio.total_portfolio_value == 100_100
    assert account.portfolio.margin_remaining == 99_000
    assert spy.settlement_model.get_unsettled_cash().amount == 1_100
    at(account, days=7, hours=5)
    scan(account, spy)
    assert account.portfolio.cash == 99_000
    at(account, days=7, hours=6)
    scan(account, spy)
    assert (account.portfolio.cash, account.portfolio.unsettled_cash) == (100_100, 0)


def test_profit_in_another_currency_is_changed_at_once() -> None:
    account = Account()
    account.portfolio.set_cash("EUR", 0, Decimal("1.5"))
    dax = account.add("DE30EUR", SecurityType.CFD, price=100, quote="EUR")
    dax.set_settlement_model(AccountCurrencyImmediateSettlementModel())
    account.fill(dax, 1, 100)
    account.fill(dax, -1, 110)
    assert account.portfolio.cash_book["USD"].amount == 100_015
    assert account.portfolio.cash_book["EUR"].amount == 0


def test_strategys_own_settlement_model() -> None:
    class Half(SettlementModel):
        def ApplyFunds(self, parameters):  # type: ignore[no-untyped-def]
            cash = parameters.cash_amount
            parameters.portfolio.cash_book[cash.currency].add_amount(cash.amount / 2)

    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_settlement_model(Half())
    account.fill(spy, 10, 100)
    assert account.portfolio.cash == 99_500


# Margin interest.


class Funding:
    """A data source that knows one funding rate."""

    def __init__(self, since_ns: int, rate: str) -> None:
        self.rows = [(since_ns, Decimal(rate))]

    def margin_interest_rates(self, symbol: object) -> list[tuple[int, Decimal]]:
        return self.rows


def test_perpetual_future_is_funded_every_eight_hours() -> None:
    account = Account()
    contract = account.add("BTCUSDT", SecurityType.CRYPTO_FUTURE, price=20_000, quote="USDT", lot="0.001")
    usdt = account.portfolio.cash_book["USDT"]
    usdt.conversion_rate = 1
    start = account.clock.utc_ns // (24 * HOUR_NS) * 24 * HOUR_NS
    contract.data_source = Funding(start, "0.0001")  # type: ignore[assignment]
    contract.set_margin_interest_rate_model(BinanceFutureMarginInterestRateModel())

    def charge(hours: int) -> float:
        time = from_ns(start + hours * HOUR_NS)
        contract.margin_interest_rate_model.apply_margin_interest_rate(MarginInterestRateParameters(contract, time))
        return usdt.amount

    assert charge(1) == 0  # nothing is held
    account.fill(contract, 2, 20_000)
    assert charge(7) == 0
    assert charge(8) == -4  # 40,000 * 0.0001
    assert charge(9) == -4
    assert charge(25) == -12  # at 16 and at midnight
    account.fill(contract, -4, 20_000)
    assert charge(32) == -8


def test_borrowed_shares_cost_their_rate_each_day() -> None:
    class Lender(ShortableProvider):
        def fee_rate(self, symbol: object, local_time: datetime) -> float:
            return 0.036

    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_shortable_provider(Lender())
    model = ShortMarginInterestRateModel()
    account.fill(spy, -100, 100)
    for days in (0, 0, 2):
        model.apply_margin_interest_rate(MarginInterestRateParameters(spy, MONDAY + timedelta(days=days, hours=1)))
    assert model.amount == -2  # 10,000 * 0.036 / 360 * 2
    assert account.portfolio.cash == 110_000 - 2


# Volatility.


def bars(security: Security, prices: list[float], step: timedelta) -> list[TradeBar]:
    return [
        TradeBar(MONDAY + n * step, security.symbol, price, price, price, price, 1, step)
        for n, price in enumerate(prices)
    ]


def test_volatility_of_returns_is_their_yearly_deviation() -> None:
    spy = Account().add("SPY")
    spy.set_volatility_model(StandardDeviationOfReturnsVolatilityModel(3))
    prices = [100.0, 101, 99, 103, 102]
    for bar in bars(spy, prices, timedelta(days=1)):
        spy.set_market_price(bar)
    returns = [after / before - 1 for before, after in pairwise(prices)][-3:]
    assert spy.volatility_model.volatility == pytest.approx(stdev(returns) * sqrt(252))


def test_volatility_takes_one_price_a_period() -> None:
    spy = Account().add("SPY")
    model = StandardDeviationOfReturnsVolatilityModel(Resolution.HOUR)
    spy.set_volatility_model(model)
    assert model.warm_up_bars == (721, Resolution.HOUR)
    for bar in bars(spy, [100.0 + n % 7 for n in range(181)], timedelta(minutes=1)):
        spy.set_market_price(bar)
    returns = [(100 + 60 * n % 7) / (100 + 60 * (n - 1) % 7) - 1 for n in (1, 2, 3)]
    assert model.volatility == pytest.approx(stdev(returns) * sqrt(252))


def test_relative_volatility_is_deviation_over_mean() -> None:
    spy = Account().add("SPY")
    model = RelativeStandardDeviationVolatilityModel(timedelta(days=1), 3)
    prices = [100.0, 104, 96, 103]
    for bar in bars(spy, prices, timedelta(days=1)):
        model.update(spy, bar)
    assert model.volatility == pytest.approx(stdev(prices[1:]) / mean(prices[1:]))
    model.reset()
    assert model.volatility == 0


def test_too_few_periods_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        StandardDeviationOfReturnsVolatilityModel(1)


def test_indicator_as_volatility() -> None:
    class Current:
        value = 0.0

    class Indicator:
        current = Current()

    def update(security: Security, data: TradeBar, indicator: Indicator) -> None:
        indicator.current.value = data.close / 1000

    spy = Account().add("SPY")
    assert spy.volatility_model is VolatilityModel.NULL
    spy.set_volatility_model(IndicatorVolatilityModel(Indicator(), update))  # type: ignore[arg-type]
    spy.set_market_price(bars(spy, [200.0], timedelta(minutes=1))[0])
    assert spy.volatility_model.volatility == 0.2


# Shortable stock.


class Lending:
    """A data source in which one brokerage lends 2,000 shares on one day."""

    def shortable(self, symbol: object, brokerage: str) -> dict[int, ShortableDay]:
        assert brokerage == "testbrokerage"
        return {day_of_date(MONDAY.date()): ShortableDay(2000, Decimal("0.05"), Decimal("0.0025"))}


def test_shortable_quantity_of_a_day() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    spy.data_source = Lending()  # type: ignore[assignment]
    spy.set_shortable_provider(LocalDiskShortableProvider("TestBrokerage"))
    assert spy.total_shortable_quantity == 2000  # type: ignore[attr-defined]
    assert spy.shortable  # type: ignore[attr-defined]
    assert spy.shortable_provider.fee_rate(spy.symbol, spy.local_time) == Decimal("0.0025")
    at(account, days=1)
    assert spy.total_shortable_quantity is None  # type: ignore[attr-defined]
    assert spy.shortable_provider.rebate_rate(spy.symbol, spy.local_time) == 0


# Interest rates.


def test_interest_rates() -> None:
    monday = day_of_date(MONDAY.date())
    provider = InterestRateProvider(InterestRates.of([(monday, Decimal("0.01")), (monday + 1, Decimal("0.02"))]))
    assert provider.get_interest_rate(MONDAY) == 0.01
    assert provider.get_interest_rate(MONDAY + timedelta(days=400)) == 0.02
    assert provider.get_risk_free_rate(MONDAY, MONDAY + timedelta(days=3)) == 0.0175
    assert ConstantRiskFreeRateInterestRateModel(0.03).get_interest_rate(MONDAY) == 0.03
    assert FuncRiskFreeRateInterestRateModel(lambda day: day.day / 100).get_interest_rate(MONDAY) == 0.07
    assert provider.get_average_risk_free_rate([]) == 0


# Initializers.


def test_initializers_run_in_turn() -> None:
    calls: list[str] = []

    class Own:
        def Initialize(self, security: Security) -> None:
            calls.append("own")

    class Derived(SecurityInitializer):
        def initialize(self, security: Security) -> None:
            calls.append("derived")

    spy = Account().add("SPY")
    both = CompositeSecurityInitializer(lambda security: calls.append("function"), Own(), Derived())  # type: ignore[arg-type]
    both.add_security_initializer(FuncSecurityInitializer(lambda security: calls.append("last")))
    both.initialize(spy)
    assert calls == ["function", "own", "derived", "last"]


def test_another_brokerage_replaces_only_the_brokerages_initializer() -> None:
    from tradinglab.algorithm.models.brokerage import DefaultBrokerageModel

    own = FuncSecurityInitializer(lambda security: None)
    first, second = (BrokerageModelSecurityInitializer(DefaultBrokerageModel()) for _ in range(2))
    assert CompositeSecurityInitializer(first, own).with_brokerage(second).initializers == [second, own]


def test_seeder_gives_the_first_price() -> None:
    from tradinglab.algorithm.models.brokerage import DefaultBrokerageModel

    spy = Account().add("SPY")
    seeder = FuncSecuritySeeder(lambda security: bars(security, [100.0, 101.0], timedelta(minutes=1)))
    BrokerageModelSecurityInitializer(DefaultBrokerageModel(), seeder).initialize(spy)
    assert spy.price == 101
    assert not FuncSecuritySeeder(lambda security: None).seed_security(spy)
    assert SecuritySeeder.NULL.seed_security(spy)
