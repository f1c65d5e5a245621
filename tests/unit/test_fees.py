"""What brokers charge; the amounts are those of LEAN's own unit tests where it has them, else worked by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.order_market import BTCUSD, EURUSD, SPY, Market

from tradinglab.algorithm.models import fees
from tradinglab.algorithm.models.fees import FeeModel, OrderFeeParameters
from tradinglab.algorithm.orders import (
    BinanceOrderProperties,
    BitfinexOrderProperties,
    CashAmount,
    CoinbaseOrderProperties,
    ComboLimitOrder,
    GroupOrderManager,
    KrakenOrderProperties,
    LimitOrder,
    MarketOrder,
    ModifiedFillQuantityOrderFee,
    Order,
    OrderEvent,
    OrderFee,
    OrderProperties,
    OrderSubmissionData,
    StopMarketOrder,
)
from tradinglab.algorithm.orders.order import order_without_prices
from tradinglab.core.enums import OptionRight, OptionStyle, SecurityType
from tradinglab.core.market import Market as Markets
from tradinglab.core.symbol import Symbol

TIME = datetime(2019, 2, 1)
NOON = datetime(2013, 10, 8, 12)
SPY_PUT = Symbol.create_option("SPY", Markets.USA, OptionStyle.AMERICAN, OptionRight.PUT, 150, datetime(2014, 1, 18))


def _market(symbol: Symbol = SPY, price: float = 100, **keywords: Any) -> Market:
    market = Market(symbol, **keywords)
    market.trade(NOON, (price, price, price, price))
    return market


def _fee(model: FeeModel, market: Market, order: Order) -> tuple[Decimal, str]:
    fee = model.get_order_fee(OrderFeeParameters(market.security, order)).value
    return fee.exact_amount, fee.currency


def _resting(order: Order) -> Order:
    order.order_submission_data = OrderSubmissionData(100, 100, 100)
    return order


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [
        (1, 100, "1"),  # the smallest fee
        (1000, 100, "5"),
        (-1000, 100, "5"),
        (1000, 0.5, "2.5"),  # at most half a percent of the value
        (250, 0.1, "0.125"),
        (100, 0.1, "1"),  # the smallest fee counts before the largest
    ],
)
def test_interactive_brokers_shares(quantity: int, price: float, amount: str) -> None:
    fee = _fee(fees.InteractiveBrokersFeeModel(), _market(price=price), MarketOrder(SPY, quantity, TIME))
    assert fee == (Decimal(amount), "USD")


@pytest.mark.parametrize(("units", "amount"), [(1_000, 2), (10_000, 20)])
def test_interactive_brokers_currencies(units: int, amount: float) -> None:
    fee = _fee(fees.InteractiveBrokersFeeModel(), _market(EURUSD), MarketOrder(EURUSD, units, TIME))
    assert fee == (Decimal(amount), "USD")


def test_interactive_brokers_gives_rebates_for_volume() -> None:
    model = fees.InteractiveBrokersFeeModel(3_000_000_000, 60_000)
    assert _fee(model, _market(EURUSD), MarketOrder(EURUSD, 10_000, TIME)) == (Decimal(10), "USD")
    option = _market(SPY_PUT, 0.2)
    assert _fee(model, option, MarketOrder(SPY_PUT, 1000, TIME)) == (Decimal(250), "USD")


@pytest.mark.parametrize(("price", "amount"), [(0.01, 250), (0.2, 650), (0.07, 500)])
@pytest.mark.parametrize("kind", ["market", "limit", "stop", "combo"])
def test_interactive_brokers_options(kind: str, price: float, amount: int) -> None:
    orders: dict[str, Order] = {
        "market": MarketOrder(SPY_PUT, 1000, TIME),
        "limit": LimitOrder(SPY_PUT, 1000, price, TIME),
        "stop": StopMarketOrder(SPY_PUT, 1000, price, TIME),
        "combo": ComboLimitOrder(SPY_PUT, 1000, price, TIME, GroupOrderManager(1, 1, 1000)),
    }
    fee = _fee(fees.InteractiveBrokersFeeModel(), _market(SPY_PUT, price), orders[kind])
    assert fee == (Decimal(amount), "USD")


@pytest.mark.parametrize(
    ("currency", "price", "amount"),
    [
        ("USD", 70_000, "1.4"), ("USD", 10_000, "1"), ("JPY", 3_000_000, "60"), ("JPY", 1_000_000, "40"),
        ("HKD", 600_000, "12"), ("HKD", 200_000, "10"),
    ],
)  # fmt: skip
def test_interactive_brokers_contracts_for_difference(currency: str, price: int, amount: str) -> None:
    symbol = Symbol.create("XAUUSD", SecurityType.CFD, Markets.OANDA)
    market = _market(symbol, price, currency=currency, rate="1")
    fee = _fee(fees.InteractiveBrokersFeeModel(), market, MarketOrder(symbol, 1, TIME))
    assert fee == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("ticker", "market", "each", "currency"),
    [
        ("ES", Markets.CME, "2.15", "USD"), ("MES", Markets.CME, "0.57", "USD"), ("BTC", Markets.CME, "11.02", "USD"),
        ("E7", Markets.CME, "1.37", "USD"), ("ZC", Markets.CBOT, "2.47", "USD"), ("HSI", Markets.HKFE, "40", "HKD"),
        ("FESX", Markets.EUREX, "1.02", "EUR"), ("FDAX", Markets.EUREX, "1.02", "EUR"),
    ],
)  # fmt: skip
def test_interactive_brokers_futures(ticker: str, market: str, each: str, currency: str) -> None:
    symbol = Symbol.create_future(ticker, market, datetime(2026, 12, 18))
    fee = _fee(fees.InteractiveBrokersFeeModel(), _market(symbol), MarketOrder(symbol, 1000, TIME))
    assert fee == (1000 * Decimal(each), currency)


def test_interactive_brokers_does_not_trade_crypto() -> None:
    with pytest.raises(ValueError, match="Unsupported security type: Crypto"):
        _fee(fees.InteractiveBrokersFeeModel(), _market(BTCUSD), MarketOrder(BTCUSD, 1, TIME))


@pytest.mark.parametrize(
    ("model", "buy", "sell"),
    [
        (fees.BitfinexFeeModel(), ("0.002", "BTC"), ("0.2", "USD")),
        (fees.BinanceFeeModel(), ("0.001", "BTC"), ("0.1", "USD")),
        (fees.BybitFeeModel(), ("0.001", "BTC"), ("0.1", "USD")),
        (fees.AlpacaFeeModel(), ("0.0025", "BTC"), ("0.25", "USD")),
        (fees.FTXFeeModel(), ("0.07", "USD"), ("0.07", "USD")),
        (fees.FTXUSFeeModel(), ("0.4", "USD"), ("0.4", "USD")),
        (fees.KrakenFeeModel(), ("0.26", "USD"), ("0.0026", "BTC")),
        (fees.CoinbaseFeeModel(), ("0.3", "USD"), ("0.3", "USD")),
        (fees.AlphaStreamsFeeModel(), ("0.2", "USD"), ("0.2", "USD")),
    ],
)
def test_takers_of_crypto(model: FeeModel, buy: tuple[str, str], sell: tuple[str, str]) -> None:
    market = _market(BTCUSD)
    for quantity, (amount, currency) in ((1, buy), (-1, sell)):
        assert _fee(model, market, MarketOrder(BTCUSD, quantity, TIME)) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    ("model", "buy", "sell"),
    [
        (fees.BitfinexFeeModel(), ("0.001", "BTC"), ("0.11", "USD")),
        (fees.BinanceFeeModel(0.0007, 0.0009), ("0.0007", "BTC"), ("0.077", "USD")),
        (fees.AlpacaFeeModel(), ("0.0015", "BTC"), ("0.15", "USD")),
        (fees.FTXFeeModel(), ("0.0002", "BTC"), ("0.02", "USD")),
        (fees.KrakenFeeModel(), ("0.144", "USD"), ("0.0016", "BTC")),
        (fees.CoinbaseFeeModel(), ("0", "USD"), ("0", "USD")),
    ],
)
def test_makers_of_crypto(model: FeeModel, buy: tuple[str, str], sell: tuple[str, str]) -> None:
    market = _market(BTCUSD)
    orders = ((LimitOrder(BTCUSD, 1, 90, TIME), buy), (LimitOrder(BTCUSD, -1, 110, TIME), sell))
    for order, (amount, currency) in orders:
        assert _fee(model, market, _resting(order)) == (Decimal(amount), currency)


def test_post_only_pays_as_a_maker_and_hidden_as_a_taker() -> None:
    market = _market(BTCUSD)
    order = _resting(LimitOrder(BTCUSD, 1, 110, TIME, properties=BinanceOrderProperties()))
    model = fees.BinanceFeeModel(0.0001, 0.0009)
    assert _fee(model, market, order)[0] == Decimal("0.0009")
    order.properties.PostOnly = True  # type: ignore[attr-defined]
    assert _fee(model, market, order)[0] == Decimal("0.0001")
    hidden = _resting(LimitOrder(BTCUSD, 1, 90, TIME, properties=BitfinexOrderProperties()))
    assert _fee(fees.BitfinexFeeModel(), market, hidden)[0] == Decimal("0.001")
    hidden.properties.hidden = True  # type: ignore[attr-defined]
    assert _fee(fees.BitfinexFeeModel(), market, hidden)[0] == Decimal("0.002")


def test_kraken_takes_the_fee_in_the_currency_of_choice() -> None:
    market = _market(BTCUSD)
    properties = KrakenOrderProperties()
    properties.fee_in_base = True
    assert _fee(fees.KrakenFeeModel(), market, MarketOrder(BTCUSD, 1, TIME, properties=properties)) == (
        Decimal("0.0026"),
        "BTC",
    )
    properties.fee_in_quote = True
    assert _fee(fees.KrakenFeeModel(), market, MarketOrder(BTCUSD, -1, TIME, properties=properties))[1] == "USD"


@pytest.mark.parametrize(
    ("time", "amount"),
    [
        (datetime(2019, 2, 1), "0.3"), (datetime(2019, 3, 23, 1, 29, 59), "0.3"),
        (datetime(2019, 3, 23, 1, 30), "0.25"), (datetime(2019, 4, 1), "0.25"), (datetime(2024, 1, 2), "0.8"),
    ],
)  # fmt: skip
def test_coinbase_changed_its_fees(time: datetime, amount: str) -> None:
    assert _fee(fees.CoinbaseFeeModel(), _market(BTCUSD), MarketOrder(BTCUSD, 1, time)) == (Decimal(amount), "USD")


@pytest.mark.parametrize(("time", "amount"), [(datetime(2019, 2, 1), "0.1"), (datetime(2023, 1, 3), "0.001")])
def test_coinbase_stable_pairs(time: datetime, amount: str) -> None:
    symbol = Symbol.create("DAIUSDC", SecurityType.CRYPTO, Markets.COINBASE)
    market = _market(symbol, currency="USDC")
    assert _fee(fees.CoinbaseFeeModel(), market, MarketOrder(symbol, 1, time)) == (Decimal(amount), "USDC")


def test_coinbase_fees_of_ones_own() -> None:
    properties = CoinbaseOrderProperties()
    order = _resting(LimitOrder(BTCUSD, 1, 101, datetime(2024, 2, 1), properties=properties))
    model = fees.CoinbaseFeeModel(0.0035, 0.0055)
    assert _fee(model, _market(BTCUSD), order)[0] == Decimal("0.55")
    properties.post_only = True
    assert _fee(model, _market(BTCUSD), order)[0] == Decimal("0.35")


def test_futures_on_coins_pay_on_the_position() -> None:
    symbol = Symbol.create("BTCUSDT", SecurityType.CRYPTO_FUTURE, Markets.BINANCE)
    market = _market(symbol, 40_000, currency="USDT")
    order = MarketOrder(symbol, -2, TIME)
    assert _fee(fees.BinanceFuturesFeeModel(), market, order) == (Decimal("32"), "USDT")
    assert _fee(fees.BybitFuturesFeeModel(), market, order) == (Decimal("44"), "USDT")
    assert _fee(fees.dYdXFeeModel(), market, order) == (Decimal("40"), "USDT")
    busd = Symbol.create("BTCBUSD", SecurityType.CRYPTO_FUTURE, Markets.BINANCE)
    assert _fee(fees.BinanceFuturesFeeModel(), _market(busd, 40_000, currency="BUSD"), MarketOrder(busd, 1, TIME)) == (
        Decimal("14.4"),
        "BUSD",
    )


def test_samco_rounds_to_paise() -> None:
    symbol = Symbol.create("SBIN", SecurityType.EQUITY, Markets.INDIA)
    market = _market(symbol, currency="INR", rate="1")
    assert _fee(fees.SamcoFeeModel(), market, MarketOrder(symbol, 1, TIME)) == (Decimal("0.02"), "INR")
    # Sold: 20 brokerage, 250 transaction tax, 34.5 charge, 9.81 state tax, 1 regulator.
    assert _fee(fees.ZerodhaFeeModel(), market, MarketOrder(symbol, -10_000, TIME)) == (Decimal("315.31"), "INR")


@pytest.mark.parametrize(
    ("model", "amount"),
    [
        (fees.FeeModel(), "0"), (fees.EzeFeeModel(), "0"), (fees.AxosFeeModel(), "3.5"), (fees.RBIFeeModel(), "5"),
        (fees.WolverineFeeModel(0.01), "10"), (fees.TDAmeritradeFeeModel(), "0"), (fees.CharlesSchwabFeeModel(), "0"),
        (fees.TastytradeFeeModel(), "0"), (fees.TradeStationFeeModel(), "0"), (fees.TradeStationFeeModel(False), "5"),
        (fees.ExanteFeeModel(), "20"), (fees.WebullFeeModel(), "0"), (fees.ConstantFeeModel(-2.5), "2.5"),
        (fees.AlphaStreamsFeeModel(), "5"), (fees.FxcmFeeModel(), "0"), (fees.PublicFeeModel(), "2.99"),
    ],
)  # fmt: skip
def test_a_thousand_shares_at_night(model: FeeModel, amount: str) -> None:
    assert _fee(model, _market(), MarketOrder(SPY, 1000, TIME))[0] == Decimal(amount)


def test_public_charges_nothing_by_day_and_crypto_by_size() -> None:
    market = _market()
    assert _fee(fees.PublicFeeModel(), market, MarketOrder(SPY, 1000, market.utc(NOON)))[0] == 0
    crypto = _market(BTCUSD)
    for quantity, amount in ((0.1, "0.49"), (0.25, "0.69"), (5, "6.29"), (10, "12.5")):
        assert _fee(fees.PublicFeeModel(), crypto, MarketOrder(BTCUSD, quantity, TIME))[0] == Decimal(amount)


@pytest.mark.parametrize(("pair", "amount"), [("EURUSD", "0.4"), ("NZDUSD", "0.6")])
def test_fxcm_charges_the_majors_less(pair: str, amount: str) -> None:
    symbol = Symbol.create(pair, SecurityType.FOREX, Markets.FXCM)
    market = Market(symbol)
    assert _fee(fees.FxcmFeeModel("EUR"), market, MarketOrder(symbol, -10_000, TIME)) == (Decimal(amount), "EUR")


def test_webull_charges_index_options_by_underlying() -> None:
    index = Symbol.create("SPX", SecurityType.INDEX, Markets.USA)
    option = Symbol.create_option(
        index, Markets.USA, OptionStyle.EUROPEAN, OptionRight.CALL, 4000, datetime(2024, 1, 19)
    )
    for price, amount in ((0.5, "10.7"), (2, "11.6")):
        assert _fee(fees.WebullFeeModel(), _market(option, price), MarketOrder(option, 10, TIME)) == (
            Decimal(amount),
            "USD",
        )


class Older(FeeModel):
    def GetOrderFee(self, security: Any, order: Any) -> float:
        return security.price * order.absolute_quantity * 0.001


class Stranger:
    def GetOrderFee(self, parameters: Any) -> OrderFee:
        return OrderFee(CashAmount(np_like(3), "EUR"))


def np_like(value: float) -> float:
    return type("Own", (float,), {})(value)


def test_models_of_a_strategy() -> None:
    market = _market()
    order = MarketOrder(SPY, -10, TIME)
    assert _fee(Older(), market, order) == (Decimal(1), "USD")
    stranger = fees.adapt_fee_model(Stranger())
    assert _fee(stranger, market, order) == (Decimal(3), "EUR")  # type: ignore[arg-type]


def test_a_fee_is_paid_from_its_cash() -> None:
    market = _market(BTCUSD)
    portfolio: Any = type("Portfolio", (), {"cash_book": market.cash_book})
    event = OrderEvent(MarketOrder(BTCUSD, 1, TIME), TIME, OrderFee.ZERO)
    event.fill_price = 100
    OrderFee(CashAmount("1.50", "USD")).apply_to_portfolio(portfolio, event)
    assert market.cash_book["USD"].exact_amount == Decimal("-1.5")
    ModifiedFillQuantityOrderFee(CashAmount("0.01", "BTC"), "USD", 2).apply_to_portfolio(portfolio, event)
    assert market.cash_book["USD"].exact_amount == Decimal("-3.5")
    assert market.cash_book["BTC"].exact_amount == 0
    assert (str(OrderFee.ZERO), float(OrderFee.ZERO)) == ("0 QCC", 0.0)


@pytest.mark.parametrize(
    ("amount", "text"), [("1.50", "1.5"), ("1.5", "1.5"), ("100", "100"), ("1E+2", "100"), (0.3, "0.3")]
)
def test_a_fee_has_no_trailing_zeros(amount: str | float, text: str) -> None:
    fee = OrderFee(CashAmount(amount, "EUR"))
    assert (str(fee.value.exact_amount), fee.value.currency) == (text, "EUR")


@pytest.mark.parametrize("quantity", ["10", "-2.50", "1E+2"])
def test_the_order_of_a_fee_question_is_like_one_that_is_constructed(quantity: str) -> None:
    time_ns = 1_381_233_600_000_000_000
    made = order_without_prices(MarketOrder, SPY, Decimal(quantity), time_ns, "", OrderProperties())
    plain = MarketOrder(SPY, Decimal(quantity), time_ns)
    names = {name for kind in MarketOrder.__mro__ for name in getattr(kind, "__slots__", ())} - {"properties"}
    assert {name: getattr(made, name) for name in names} == {name: getattr(plain, name) for name in names}
    assert str(made.exact_quantity) == str(plain.exact_quantity)
    assert made.properties.settings == plain.properties.settings
