"""Buying power of cash accounts that trade pairs, of crypto futures and of day traders."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from tests.securities_kit import NEW_YORK, Account

from tradinglab.algorithm.models.buying_power import (
    BinanceCryptoFutureMarginModel,
    BuyingPowerParameters,
    CashBuyingPowerModel,
    HasSufficientBuyingPowerForOrderParameters,
    PatternDayTradingMarginModel,
)
from tradinglab.algorithm.models.fees import FeeModel
from tradinglab.algorithm.orders import CashAmount, LimitOrder, MarketOrder, OrderFee, StopMarketOrder
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.algorithm.securities import Security
from tradinglab.core.enums import OrderDirection, SecurityType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol


class Tenth(FeeModel):
    """A tenth of a percent."""

    def get_order_fee(self, parameters):  # type: ignore[no-untyped-def]
        worth = abs(parameters.order.exact_quantity) * parameters.security.exact_price
        return OrderFee(CashAmount(worth * Decimal("0.001"), "USD"))


def coins(fee: FeeModel | None = None) -> tuple[Account, Security]:
    """Return an account of 10,000 dollars and bitcoins at 100 dollars."""
    account = Account(10_000)
    coin = account.add("BTCUSD", SecurityType.CRYPTO, price=100, quote="USD", lot="0.01", fee=fee)
    account.portfolio.cash_book["BTC"].conversion_rate = 100
    coin.set_buying_power_model(CashBuyingPowerModel())
    return account, coin


def passes(account: Account, coin: Security, order: MarketOrder | LimitOrder | StopMarketOrder) -> bool:
    account.submit(order, 99)
    parameters = HasSufficientBuyingPowerForOrderParameters(account.portfolio, coin, order)
    return coin.buying_power_model.has_sufficient_buying_power_for_order(parameters).is_sufficient


def market(coin: Security, quantity: str) -> MarketOrder:
    return MarketOrder(coin.symbol, Decimal(quantity), coin.utc_ns)


def test_cash_is_all_that_can_be_spent() -> None:
    account, coin = coins()
    assert passes(account, coin, market(coin, "100"))
    assert not passes(account, coin, market(coin, "100.01"))
    assert not passes(account, coin, market(coin, "-0.01"))


def test_coins_at_hand_are_all_that_can_be_sold() -> None:
    account, coin = coins()
    account.fill(coin, 5, 100)
    assert passes(account, coin, market(coin, "-5"))
    assert not passes(account, coin, market(coin, "-5.01"))


def test_open_orders_hold_their_cash() -> None:
    account, coin = coins()
    account.submit(LimitOrder(coin.symbol, 50, 90, coin.utc_ns), 1)  # 4,500 dollars
    assert passes(account, coin, LimitOrder(coin.symbol, 55, 100, coin.utc_ns))
    assert not passes(account, coin, LimitOrder(coin.symbol, 56, 100, coin.utc_ns))
    assert passes(account, coin, market(coin, "55"))
    assert not passes(account, coin, market(coin, "55.01"))


def test_open_orders_hold_their_coins() -> None:
    account, coin = coins()
    account.fill(coin, 5, 100)
    account.submit(StopMarketOrder(coin.symbol, -3, 90, coin.utc_ns), 1)
    assert passes(account, coin, market(coin, "-2"))
    assert not passes(account, coin, market(coin, "-2.01"))


def test_fee_of_a_limit_order_must_fit() -> None:
    account, coin = coins(Tenth())
    assert passes(account, coin, LimitOrder(coin.symbol, Decimal("99.9"), 100, coin.utc_ns))
    assert not passes(account, coin, LimitOrder(coin.symbol, 100, 100, coin.utc_ns))


def test_target_leaves_room_for_the_fee() -> None:
    """9,975 at 100 is 99.75 coins; with a fee of 0.1 % that costs 9,984.975; less 0.0996 coins it fits."""
    account, coin = coins(Tenth())
    target = PortfolioTarget.percent(account, coin.symbol, 1)
    assert target is not None
    assert target.exact_quantity == Decimal("99.65")


def test_target_counts_the_coins_at_hand() -> None:
    account, coin = coins()
    account.fill(coin, 40, 100)
    target = PortfolioTarget.percent(account, coin.symbol, Decimal("0.5"), True)
    assert target is not None
    assert target.exact_quantity == Decimal("9.87")  # 4,987.50 - 4,000
    assert PortfolioTarget.percent(account, coin.symbol, 0, True).quantity == -40  # type: ignore[union-attr]
    assert PortfolioTarget.percent(account, coin.symbol, -1) is None
    assert "shorting" in account.errors[-1]


def test_share_cannot_be_bought_by_the_cash_model() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_buying_power_model(CashBuyingPowerModel())
    assert not passes(account, spy, market(spy, "1"))
    assert PortfolioTarget.percent(account, "SPY", 1) is None


def test_buying_power_is_in_coins() -> None:
    account, coin = coins()
    account.fill(coin, 5, 100)
    model = coin.buying_power_model
    assert model.get_buying_power(BuyingPowerParameters(account.portfolio, coin, OrderDirection.BUY)).value == 95
    assert model.get_buying_power(BuyingPowerParameters(account.portfolio, coin, OrderDirection.SELL)).value == 5
    assert account.portfolio.total_margin_used == 0


def test_cash_has_no_leverage() -> None:
    _, coin = coins()
    coin.set_leverage(1)
    with pytest.raises(ValueError, match="no leverage"):
        coin.set_leverage(2)


# Crypto futures.


def future(ticker: str, quote: str, *, base_rate: float = 20_000) -> tuple[Account, Security]:
    account = Account()
    contract = account.add(ticker, SecurityType.CRYPTO_FUTURE, price=20_000, quote=quote, lot="0.001")
    book = account.portfolio.cash_book
    book["USDT" if quote == "USDT" else "BTC"].set_amount(1_000 if quote == "USDT" else 1)
    book[quote].conversion_rate = 1
    book["BTC"].conversion_rate = base_rate
    return account, contract


def test_margin_of_a_dollar_future_is_a_25th_of_its_worth() -> None:
    account, contract = future("BTCUSDT", "USDT")
    account.fill(contract, "0.5", 20_000)
    assert account.portfolio.total_margin_used == 400  # 10,000 / 25
    assert account.portfolio.cash_book["USDT"].amount == 1_000  # nothing was paid
    assert passes(account, contract, market(contract, "0.74"))
    assert passes(account, contract, market(contract, "1.25"))
    assert not passes(account, contract, market(contract, "1.26"))


def test_coin_future_is_worth_its_face_in_coin() -> None:
    """100 dollars a contract at 20,000 is 0.005 coin."""
    _, contract = future("BTCUSD", "USD")
    value = contract.holdings.get_quantity_value(100)
    assert (value.amount, value.cash.symbol) == (0.005, "BTC")
    assert value.in_account_currency == 100


def test_positions_in_the_same_collateral_share_it() -> None:
    account, contract = future("BTCUSDT", "USDT")
    other = account.add("ETHUSDT", SecurityType.CRYPTO_FUTURE, price=1_000, quote="USDT", lot="0.001")
    account.fill(other, 15, 1_000)  # binds 600 of 1,000
    assert passes(account, contract, market(contract, "0.5"))
    assert not passes(account, contract, market(contract, "0.51"))


def test_binance_credits_pool_all_assets() -> None:
    account, contract = future("BTCUSDT", "USDT")
    account.portfolio.set_cash("BNFCR", 500, 1)
    contract.set_buying_power_model(BinanceCryptoFutureMarginModel(25))
    # 100,000 USD, 1,000 USDT and 500 credits as collateral
    assert passes(account, contract, market(contract, "126"))
    assert not passes(account, contract, market(contract, "127"))


# Day trading.


@pytest.mark.parametrize(("hour", "minute", "leverage"), [(10, 0, 4), (15, 49, 4), (15, 51, 2), (20, 0, 2)], ids=str)
def test_day_traders_have_more_leverage_during_the_session(hour: int, minute: int, leverage: int) -> None:
    account = Account()
    symbol = Symbol.create("SPY", SecurityType.EQUITY, "usa")
    plain = account.add("IBM", price=100)
    spy = account.securities.create_security(
        symbol, [], hours=MarketHoursDatabase.default().get_exchange_hours("usa", symbol, SecurityType.EQUITY),
        symbol_properties=plain.symbol_properties, cash_book=account.portfolio.cash_book,
    )  # fmt: skip
    account.securities.add(spy)
    account.price(spy, 100)
    spy.set_buying_power_model(PatternDayTradingMarginModel())
    account.clock.utc_ns = NEW_YORK.to_utc(datetime(2013, 10, 7) + timedelta(hours=hour, minutes=minute))
    assert spy.leverage == leverage
    account.fill(spy, 100, 100)
    assert account.portfolio.total_margin_used == 10_000 / leverage
