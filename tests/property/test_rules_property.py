"""Rules mean the same in the vectorised simulator and as generated source in the engine; and as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.rules_kit import QuotingSource, assert_same, bar_times, cases, price_bars

from tradinglab.core.enums import Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.rules.arrays import whole_values
from tradinglab.rules.catalogue import find_indicator
from tradinglab.rules.curves import mark_crossings
from tradinglab.rules.errors import RuinedError
from tradinglab.rules.loading import rules_from_json
from tradinglab.rules.market import MARKETS, TYPES, load_bars
from tradinglab.rules.quick_averages import quick_average
from tradinglab.rules.schema import Rules
from tradinglab.rules.simulation import prepare, simulate, walk_compiled, walk_plainly
from tradinglab.rules.sweep import simulate_many
from tradinglab.rules.text import read_rules, rules_text
from tradinglab.rules.values import ArrayCache, crossed

PARAMETRIC = """
universe ABC, DEF daily
from 2020-03-02 to 2020-09-18
parameter fast = 3
parameter slow = 12
parameter wide = 2
enter long when SMA(fast) crosses above EMA(slow) or close > highest(high, slow) 1 bar ago
exit long when close fast bars ago > close and bars since (close > open) >= 1
enter short when close < KCH(slow, wide).lower_band
size risk wide % per wide ATR(fast)
trail wide %
exit after slow bars
wait fast bars after exit
slippage 0.02 %
"""
#: Equities of some decimals, over lots of a hundred-millionth: how a sum was made must not tip a lot.
TIPPING = {
    (812689, 69, 351481, 79): """
universe crypto BTCUSD, ETHUSD hour
from 2020-03-02 to 2020-09-18
enter long when low < close 4 bars ago
exit long when low > open 3 bars ago
enter short when low > open 4 bars ago
exit short when low != open 2 bars ago
size equal weight of 100 % of equity
stop loss 1 ATR(1) resting
take profit 5 points resting
trail 5 points resting
fees 0.1 %
slippage volume limit 0.1 impact 0.1
fill at next bar open
""",
    # The equity is half a cent, but for the noise.
    (977229, 79, 193373, 88): """
universe crypto BTCUSD, ETHUSD hour
from 2020-03-03 to 2020-09-18
enter long when high != high 2 bars ago
size risk 2 % per 1 ATR(3)
stop loss 1 ATR(5) resting
take profit 0.5 points resting
trail 0.5 points resting
wait 1 bar after exit
hold at most 1 positions
fees 0.1 %
slippage volume limit 0.1 impact 0.1
fill at next bar open
""",
}
# Runs are long: an example that fails is shown as it is.
SHOWN = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=60, suppress_health_check=list(HealthCheck), phases=SHOWN)
@given(case=cases())
def test_both_ways_trade_alike(case: tuple[Rules, MemorySource]) -> None:
    assert_same(*case)


@pytest.mark.parametrize("drawn", TIPPING)
def test_the_noise_of_sums_tips_no_lot(drawn: tuple[int, ...]) -> None:
    source = MemorySource()
    for ticker, seed, count in (("BTCUSD", *drawn[:2]), ("ETHUSD", *drawn[2:])):
        bars = price_bars(seed, bar_times("crypto", "hour", count), first=100.0, places=2, gaps=0)
        source.add(ticker, Resolution.HOUR, bars, security_type=TYPES["crypto"], market=MARKETS["crypto"])
    assert assert_same(read_rules(TIPPING[drawn]), source).fills


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_text_and_json_say_the_same(case: tuple[Rules, MemorySource]) -> None:
    rules, _ = case
    assert read_rules(rules_text(rules)) == rules
    assert rules_from_json(rules.model_dump_json()) == rules


@settings(max_examples=40, suppress_health_check=list(HealthCheck), phases=SHOWN)
@given(case=cases())
def test_compiled_code_does_the_same(case: tuple[Rules, MemorySource]) -> None:
    rules, source = case
    prepared = prepare(rules, load_bars(rules, source), {}, ArrayCache())
    plain, compiled = walk_plainly(prepared), walk_compiled(prepared)
    assert plain[1] == compiled[1]
    for one, other in zip(plain[0], compiled[0], strict=True):
        np.testing.assert_array_equal(one, other)


PLAIN = {
    "stop_loss": None,
    "take_profit": None,
    "trailing_stop": None,
    "time_stop": None,
    "cool_down": 0.0,
    "rank": None,
    "limits": None,
}


@settings(max_examples=100, suppress_health_check=list(HealthCheck), phases=SHOWN)
@given(case=cases(), is_plain=st.booleans())
def test_a_sweep_comes_to_what_single_runs_come_to(case: tuple[Rules, MemorySource], is_plain: bool) -> None:
    rules, source = case
    if is_plain and rules.limits is None:
        rules = rules.model_copy(update={**PLAIN, "universe": rules.universe[:1]})
    bars = load_bars(rules, source)
    sweep = simulate_many(rules, bars, [{}], threads=1)
    if sweep.problems:
        with pytest.raises(RuinedError):
            simulate(rules, bars)
        return
    run = simulate(rules, bars)
    curve = np.concatenate([[rules.cash], run.equity, [run.final_equity]])
    peaks = np.maximum.accumulate(curve)
    returns = np.diff(np.concatenate([run.equity, [run.final_equity]]))
    assert abs(sweep.end_equity[0] - run.final_equity) < 1e-6
    assert (sweep.orders[0], sweep.fills[0]) == (run.orders, len(run.fills.step))
    assert abs(sweep.fees[0] - run.fills.fee.sum()) < 1e-6
    if (curve > 0).all():
        assert abs(sweep.drawdown[0] - ((peaks - curve) / peaks).max()) < 1e-9
        gains = returns / np.concatenate([run.equity, [run.final_equity]])[:-1]
        deviation = gains.std(ddof=1) if len(gains) > 2 else 0.0
        if deviation > 1e-9:
            per_year = bars.instruments[0].per_year
            mean, count = gains.sum() / (len(bars.steps) - 1), len(bars.steps) - 1
            variance = ((gains**2).sum() - count * mean**2) / (count - 1)
            np.testing.assert_allclose(sweep.sharpe_ratio[0], mean / np.sqrt(variance) * np.sqrt(per_year), rtol=1e-6)


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(case=cases(), period=st.integers(1, 30))
def test_quick_averages_are_bit_for_bit_those_of_the_engine(case: tuple[Rules, MemorySource], period: int) -> None:
    rules, source = case
    instrument = load_bars(rules, source).instruments[0]
    for name in ("SMA", "EMA"):
        kind = find_indicator(name)
        values = kind.values([float(period)])
        quick = quick_average(name, values, instrument.prices["close"])
        if quick is not None:
            whole = whole_values(lambda kind=kind, values=values: kind.make(values), instrument.feed)
            np.testing.assert_array_equal(quick, whole)


@settings(max_examples=15, suppress_health_check=list(HealthCheck), phases=SHOWN)
@given(seed=st.integers(0, 1 << 20), values=st.tuples(st.integers(2, 9), st.integers(2, 20), st.integers(1, 6)))
def test_parameters_mean_the_same_both_ways(seed: int, values: tuple[int, int, int]) -> None:
    source = QuotingSource()
    for place, ticker in enumerate(("ABC", "DEF")):
        found = price_bars(seed + place, bar_times("equity", "daily", 120), first=50.0, places=2, gaps=0.05)
        source.add(ticker, Resolution.DAILY, found)
    rules = read_rules(PARAMETRIC)
    given_values = dict(zip(("fast", "slow", "wide"), map(float, values), strict=True))
    assert_same(rules, source, given_values)
    sweep = simulate_many(rules, load_bars(rules, source), [given_values, {}, {"fast": 0.0}], threads=2)
    assert abs(sweep.end_equity[0] - simulate(rules, load_bars(rules, source), given_values).final_equity) < 1e-6
    assert list(sweep.problems) == [2]
    assert "period was 0" in sweep.problems[2]
    assert np.isnan(sweep.end_equity[2])


worths = st.lists(st.sampled_from([1.0, 2.0, 2.0, 3.0, float("nan")]), min_size=2, max_size=30)


@given(left=worths, right=worths)
def test_crossings_are_marked_where_conditions_say(left: list[float], right: list[float]) -> None:
    count = min(len(left), len(right))
    one, other = np.array(left[:count]), np.array(right[:count])
    flags = np.zeros(count, np.uint8)
    mark_crossings(one, other, 2, 4, flags)
    np.testing.assert_array_equal(flags == 2, crossed(one, "above", other, count))
    np.testing.assert_array_equal(flags == 4, crossed(one, "below", other, count))
