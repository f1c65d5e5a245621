"""Accounts that come to nothing: the engine ends the run, and a simulation is refused, not carried on."""

from __future__ import annotations

import numpy as np
import pytest
from tests.rules_kit import MemorySource, assert_same, bar_times

from tradinglab.core.enums import Resolution
from tradinglab.engine.run import backtest
from tradinglab.rules import load_bars, read_rules, simulate, simulate_many
from tradinglab.rules.errors import RuinedError
from tradinglab.rules.generator import algorithm_source
from tradinglab.rules.measures import Variants

#: 1,900 worth are sold short at 10 and owed at 40, with 1,000 to begin with.
RULES = """
universe ABC daily
from 2020-03-02 to 2020-04-30
cash 1000
leverage 2
buffer 5 %
parameter share = 190
enter short when close == 10
exit short when close == 20
size share % of equity
fees none
"""


def source_of(closes: list[float]) -> MemorySource:
    prices = np.array(closes)
    bars = dict.fromkeys(("open", "high", "low", "close"), prices)
    bars |= {"time": bar_times("equity", "daily", len(prices)), "volume": np.full(len(prices), 1e6)}
    source = MemorySource()
    source.add("ABC", Resolution.DAILY, bars)
    return source


def test_a_short_position_that_takes_all_is_refused_and_ruins_the_engines_account(tmp_path):
    rules, source = read_rules(RULES), source_of([9, 10, 10, 40, 20, 20, 20, 20])
    bars = load_bars(rules, source)
    with pytest.raises(RuinedError, match="used up"):
        simulate(rules, bars)
    path = tmp_path / "main.py"
    path.write_text(algorithm_source(rules), "utf-8")
    result = backtest(path, data=source)
    assert result.status == "ruined"
    assert result.total_orders == 1  # the position is not closed any more

    sweep = simulate_many(rules, bars, [{}, {"share": 10.0}], threads=1)
    assert list(sweep.problems) == [0]
    assert np.isnan(sweep.end_equity[0])
    assert sweep.end_equity[1] == 900.0  # 10 were sold at 10 and bought back at 20
    variants = Variants(rules, source)
    assert "used up" in variants.measure({}).problem
    assert variants.measure({"share": 10.0}).figures["end_equity"] == 900.0


def test_an_account_that_nearly_comes_to_nothing_goes_on():
    outcome = assert_same(read_rules(RULES), source_of([9, 10, 10, 15, 10, 9, 9, 9]))
    assert len(outcome.fills) == 1
    assert min(worth for _, worth in outcome.equity) == 50.0  # 190 were sold at 10 and are owed at 15
