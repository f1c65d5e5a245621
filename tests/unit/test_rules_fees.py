"""What models of brokers and exchanges charge, by examples that are worked out by hand, and against the engine."""

from __future__ import annotations

import inspect
from typing import get_args

import numpy as np
import pytest
from tests.rules_kit import MemorySource, QuotingSource, assert_same, bar_times, price_bars

from tradinglab.algorithm.models import fees as models
from tradinglab.algorithm.models.fees import FeeModel
from tradinglab.core.enums import OrderStatus, Resolution
from tradinglab.engine.run import backtest
from tradinglab.rules import RulesInvalidError, RulesSyntaxError, load_bars, read_rules, rules_text, simulate
from tradinglab.rules.errors import RulesBarsError
from tradinglab.rules.generator import algorithm_source
from tradinglab.rules.market import MARKETS, TYPES
from tradinglab.rules.schema import ModelFees
from tradinglab.rules.sweep import simulate_many
from tradinglab.rules.tariffs import MODELS, REFUSED, kinds_of

_DAY_NS = 86_400_000_000_000
#: Up at the second bar, down at the fourth.
_PRICES = [100.0, 102.0, 102.0, 99.0, 99.0]
_COINS = """
universe crypto BTCUSD daily
from {start} to 2021-12-31
enter long when close == 102
exit long when close == 99
size 10 units
fees {fees}
"""


def coins(closes: list[float], start: str = "2021-03-01") -> MemorySource:
    source = MemorySource()
    times = int(np.datetime64(start, "ns").astype(np.int64)) + _DAY_NS * np.arange(len(closes))
    column = np.array(closes)
    found = {"time": times, "open": column, "high": column + 1, "low": column - 1, "close": column,
             "volume": np.full(len(closes), 1000.0)}  # fmt: skip
    source.add("BTCUSD", Resolution.DAILY, found, security_type=TYPES["crypto"], market=MARKETS["crypto"])
    return source


def rows(run) -> list[tuple[float, float]]:
    """Return what was filled, and the fees in dollars."""
    found = zip(run.fills.quantity.tolist(), run.fills.fee.tolist(), strict=True)
    return [(round(quantity, 12), round(fee, 9)) for quantity, fee in found]


@pytest.mark.parametrize(
    ("fees", "bought", "sold", "left"),
    [
        # A tenth of a percent of ten coins stays with the exchange, and of what the rest is sold for.
        ("binance", (9.99, 1.02), (-9.99, 0.98901), 100_000 - 1020 + 989.01 - 0.98901),
        ("bitfinex", (9.98, 2.04), (-9.98, 1.97604), 100_000 - 1020 + 988.02 - 1.97604),
        ("alpaca", (9.975, 2.55), (-9.975, 2.4688125), 100_000 - 1020 + 987.525 - 2.4688125),
        # Kraken takes dollars of who buys, and coins of who sells, which are owed then: at 99 dollars each.
        ("kraken", (10.0, 2.652), (-10.0, 2.574), 100_000 - 1020 - 2.652 + 990 - 2.574),
        ("coinbase", (10.0, 8.16), (-10.0, 7.92), 100_000 - 1020 - 8.16 + 990 - 7.92),
        ("ftx", (10.0, 0.714), (-10.0, 0.693), 100_000 - 1020 - 0.714 + 990 - 0.693),
        # More than 500 dollars cost 1.25 percent.
        ("public", (10.0, 12.75), (-10.0, 12.375), 100_000 - 1020 - 12.75 + 990 - 12.375),
    ],
)
def test_coins_are_charged_as_the_exchange_does(fees, bought, sold, left):
    rules, source = read_rules(_COINS.format(fees=fees, start="2021-03-01")), coins(_PRICES)
    run = simulate(rules, load_bars(rules, source))
    assert rows(run) == [bought, sold]
    assert run.final_equity == pytest.approx(left, abs=1e-9)
    assert_same(rules, source)


def test_what_fees_leave_of_a_lot_is_kept_for_the_next_exit():
    text = _COINS.format(fees="binance", start="2021-03-01").replace("size 10 units", "size 10.00000001 units")
    rules, source = read_rules(text), coins([100.0, 102.0, 99.0, 102.0, 99.0, 102.0])
    run = simulate(rules, load_bars(rules, source))
    # 0.00000000999 coins are less than a lot of a hundred-millionth; twice of it are more.
    assert [quantity for quantity, _ in rows(run)] == [9.99000000999, -9.99, 9.99000000999, -9.99000001, 9.99000000999]
    assert_same(rules, source)


def test_a_short_position_that_is_bought_back_owes_the_fee():
    text = _COINS.format(fees="binance", start="2021-03-01").replace("long", "short")
    rules, source = read_rules(text), coins([*_PRICES, 102.0])
    run = simulate(rules, load_bars(rules, source))
    # What is owed, a hundredth of a coin, is bought back less with the next sale.
    assert [quantity for quantity, _ in rows(run)] == [-10.0, 9.99, -9.99]
    assert_same(rules, source)


def test_makers_pay_less_than_takers():
    text = _COINS.format(fees="coinbase", start="2021-03-01") + "take profit 2 points resting"
    rules, source = read_rules(text), coins([100.0, 102.0, 103.5, 104.5])
    run = simulate(rules, load_bars(rules, source))
    # The limit of 104 dollars is below the high of the third bar, 104.5: 0.6 percent of the close, as LEAN has it.
    assert rows(run) == [(10.0, 8.16), (-10.0, pytest.approx(10 * 103.5 * 0.006))]
    assert_same(rules, source)


def test_coinbase_charges_what_it_charged_on_the_day():
    closes = [100.0, 102.0, 99.0] * 80
    text = _COINS.format(fees="coinbase", start="2019-03-01")
    rules, source = read_rules(text), coins(closes, "2019-03-01")
    bars = load_bars(rules, source)
    run = simulate(rules, bars)
    rates = run.fills.fee / np.abs(run.fills.quantity * run.fills.price)
    days = (run.times[run.fills.sent] // _DAY_NS).astype("datetime64[D]")
    expected = np.select(
        [days < np.datetime64("2019-03-24"), days < np.datetime64("2019-10-09")], [0.003, 0.0025], 0.008
    )
    assert len(set(expected)) == 3
    np.testing.assert_allclose(rates, expected, rtol=1e-9)
    sweep = simulate_many(rules, bars, [{}])
    assert sweep.end_equity[0] == pytest.approx(run.final_equity, abs=1e-6)
    assert_same(rules, source)


_BOTH = """
universe {kind} {tickers} {pace}
from 2020-03-02 to 2020-09-18
enter long when close > highest(high, 4) 1 bar ago
exit long when close < SMA(5)
enter short when close < lowest(low, 4) 1 bar ago
stop loss 2 % resting
take profit 1 % resting
size 40 % of equity
fees {fees}
slippage 0.05 %
"""
_TICKERS = {"equity": "ABC, DEF", "crypto": "BTCUSD, ETHUSD", "forex": "EURUSD, GBPUSD"}


@pytest.mark.parametrize(("fees", "kind"), [(name, kind) for name in MODELS for kind in kinds_of(name)])
def test_every_model_is_the_engines(fees, kind):
    pace = "daily" if kind == "equity" else "hour"
    source = QuotingSource()
    for place, ticker in enumerate(_TICKERS[kind].split(", ")):
        first, places = (100.0, 2) if kind != "forex" else (1.2, 5)
        found = price_bars(7 + place, bar_times(kind, pace, 120), first=first, places=places, gaps=0.0)
        source.add(ticker, Resolution[pace.upper()], found, security_type=TYPES[kind], market=MARKETS[kind])
    rules = read_rules(_BOTH.format(kind=kind, tickers=_TICKERS[kind], pace=pace, fees=fees))
    assert read_rules(rules_text(rules)) == rules
    assert len(assert_same(rules, source).fills) > 10


def test_rules_know_every_fee_model_of_the_engine_or_say_why_not():
    exported = {name for name, each in inspect.getmembers(models, inspect.isclass) if issubclass(each, FeeModel)}
    otherwise = {
        "FeeModel": "none", "ConstantFeeModel": "fixed", "InteractiveBrokersFeeModel": "interactive_brokers",
        "GDAXFeeModel": "coinbase", "IndiaFeeModel": "india", "SamcoFeeModel": "samco", "ZerodhaFeeModel": "zerodha",
        "BinanceFuturesFeeModel": "binance_futures", "BinanceCoinFuturesFeeModel": "binance_coin_futures",
        "BybitFuturesFeeModel": "bybit_futures", "dYdXFeeModel": "dydx", "MakerTakerFeeModel": "",
    }  # fmt: skip
    assert exported - set(MODELS.values()) <= set(otherwise)
    assert set(REFUSED) <= set(otherwise.values())
    assert set(get_args(ModelFees.model_fields["kind"].annotation)) == set(MODELS)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fees dydx", "fees of futures"),
        ("fees zerodha", "charged in rupees"),
        ("fees coinbse", "coinbase"),
    ],
)
def test_what_is_not_charged_says_why(line, said):
    with pytest.raises(RulesSyntaxError, match=said):
        read_rules(_COINS.format(fees="none", start="2021-03-01").replace("fees none", line))


def test_the_generated_source_takes_the_model_of_market_impact(tmp_path):
    source = MemorySource()
    source.add(
        "ABC", Resolution.DAILY, price_bars(3, bar_times("equity", "daily", 300), first=50.0, places=2, gaps=0.0)
    )
    told = """
universe ABC daily
from 2020-09-01 to 2020-10-30
enter long when close > open
exit long when close < open
size 10 units
"""
    rules, impact_rules = read_rules(told), read_rules(f"{told}slippage market_impact\n")
    assert read_rules(rules_text(impact_rules)) == impact_rules
    plain_bars = load_bars(rules, source)
    for refused in (lambda: load_bars(impact_rules, source), lambda: simulate(impact_rules, plain_bars),
                    lambda: simulate_many(impact_rules, plain_bars, [{}], threads=1)):  # fmt: skip
        with pytest.raises(RulesBarsError, match=r"slippage: .* the engine does, in backtests"):
            refused()
    text, line = algorithm_source(rules), "        security.set_slippage_model(MarketImpactSlippageModel(self))\n"
    by_hand = text.replace("        self.watches.append(", f"{line}        self.watches.append(")
    prices = []
    for name, written in (("plain", text), ("hand", by_hand), ("impact", algorithm_source(impact_rules))):
        path = tmp_path / f"{name}.py"
        path.write_text(written, "utf-8")
        events = backtest(path, data=source).record.order_events
        prices.append([(e.fill_quantity, e.fill_price) for e in events if e.status == OrderStatus.FILLED])
    plain, hand, impact = prices
    assert impact == hand
    assert len(plain) > 4
    assert [quantity for quantity, _ in plain] == [quantity for quantity, _ in impact]
    worse = [(met - price) * quantity for (quantity, price), (_, met) in zip(plain, impact, strict=True)]
    assert min(worse) >= 0 < max(worse)


def test_fees_of_other_securities_are_refused():
    with pytest.raises(RulesInvalidError, match=r"fees: the fees 'axos' are those of equity, not of crypto"):
        read_rules(_COINS.format(fees="axos", start="2021-03-01"))
