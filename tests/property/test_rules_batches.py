"""Variants that are gone through together, a stretch of steps at a time, come to what each comes to by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rules_kit import bar_times, price_bars

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.data.memory import MemorySource
from tradinglab.rules import batches, load_bars, read_rules, simulate_many

_RULES = """
universe {kind} ABC {resolution}
from {start} to 2029-12-31
{warm_up}
cash 10000
parameter fast = 3
parameter slow = 7
parameter part = 50
enter long when SMA(fast) crosses above EMA(slow)
exit long when SMA(fast) crosses below EMA(slow)
{shorts}
size part % of equity
fees {fees}
slippage 0.1 %
{fill}
"""
_SHORTS = """
enter short when close crosses below SMA(slow)
exit short when close crosses above SMA(slow)
"""
#: Fees of a model that one pass takes, and of one whose rates a walk looks up.
_MODELS = {
    "equity": {"one model": "axos", "another model": "public"},
    "crypto": {"one model": "coinbase", "another model": "binance"},
}
_VARIANTS = [
    {"fast": float(fast), "slow": float(slow), "part": float(part)}
    for part in (50, 90)
    for fast in (2, 3, 0, 5)
    for slow in (4, 7, 11)
]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 1 << 20),
    steps=st.integers(1, 40),
    most_columns=st.integers(1, 12),
    kind=st.sampled_from([("equity", "daily"), ("crypto", "minute")]),
    shorts=st.sampled_from(["", _SHORTS]),
    fill=st.sampled_from(["", "fill at next bar open"]),
    fees=st.sampled_from(["0.1 %", "default", "one model", "another model"]),
    begin=st.sampled_from([("2020-01-01", ""), ("2020-03-03", "warm up 1 day"), ("2020-03-03", "warm up 7 bars")]),
)
def test_a_batch_comes_to_what_its_variants_come_to(
    seed: int,
    steps: int,
    most_columns: int,
    kind: tuple[str, str],
    shorts: str,
    fill: str,
    fees: str,
    begin: tuple[str, str],
) -> None:
    asset, resolution = kind
    source = MemorySource()
    place = {"security_type": SecurityType.CRYPTO, "market": Market.COINBASE} if asset == "crypto" else {}
    start, warm_up = begin
    times = bar_times(asset, resolution, 150)
    if asset == "crypto":
        # Half of them before the second midnight of New York.
        times += 86_400 * 10**9 - 75 * 60 * 10**9
    found = price_bars(seed, times, first=50.0, places=2, gaps=0.05)
    source.add("ABC", Resolution[resolution.upper()], found, **place)
    told = {"kind": asset, "resolution": resolution, "shorts": shorts, "fill": fill}
    rules = read_rules(_RULES.format(start=start, warm_up=warm_up, fees=_MODELS[asset].get(fees, fees), **told))
    bars = load_bars(rules, source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tradinglab.rules.sweep.are_crossings", lambda rules, bars: False)
        each = simulate_many(rules, bars, _VARIANTS, threads=1)
        patch.undo()
        patch.setattr(batches, "_STEPS", steps)
        patch.setattr(batches, "_MOST_BYTES", most_columns * 8 * len(bars.steps))
        together = simulate_many(rules, bars, _VARIANTS, threads=2)
    assert together.problems == each.problems
    assert len(each.problems) == 6
    for name in ("end_equity", "net_profit", "drawdown", "sharpe_ratio", "orders", "fills", "fees"):
        np.testing.assert_array_equal(getattr(together, name), getattr(each, name), err_msg=name)
    assert each.fills.sum() > 0
