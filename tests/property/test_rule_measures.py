"""Figures of simulated rules: the same as those of the generated strategy in the local engine."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from tests import rules_kit as kit

from tradinglab.core.enums import Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.run import backtest
from tradinglab.rules import Rules, algorithm_source, load_rules, read_rules
from tradinglab.rules.errors import RulesDataError
from tradinglab.rules.measures import SIMULATED, Variants
from tradinglab.rules.templates import all_rule_templates
from tradinglab.server.backtests.figures import FIGURES, figures_of

#: Charts hold seven digits: what is beyond them may fall to either side. An account is rounded to a hundredth of a
#: cent, a billionth of its return, which a short run's annual return has some fifty times.
_RELATIVE, _ABSOLUTE = 2e-6, 5e-8
# Runs are long: an example that fails is shown as it is.
SHOWN = [Phase.explicit, Phase.reuse, Phase.generate]


def engine_figures(rules: Rules, source: DataSource) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "main.py")
        path.write_text(algorithm_source(rules), encoding="utf-8")
        return figures_of(backtest(path, data=source))


def assert_alike(rules: Rules, source: DataSource) -> None:
    variant = Variants(rules, source).measure({})
    if variant.problem:
        raise RulesDataError(variant.problem)
    found = dict(variant.figures)
    wanted = {name: value for name, value in engine_figures(rules, source).items() if name in SIMULATED}
    assert found.keys() == wanted.keys()
    wrong = {
        name: (found[name], value)
        for name, value in wanted.items()
        if not math.isclose(found[name], value, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    }
    assert not wrong


@pytest.mark.parametrize("template", all_rule_templates(), ids=lambda each: each.name)
def test_templates_have_the_engines_figures(template):
    assert_alike(load_rules(template.path), open_source("sample"))


@settings(max_examples=8, suppress_health_check=list(HealthCheck), phases=SHOWN)
@given(kit.cases())
def test_random_rules_have_the_engines_figures(case: tuple[Rules, MemorySource]):
    rules, source = case
    try:
        assert_alike(rules, source)
    except RulesDataError:
        assume(False)


def test_orders_at_the_midnight_at_which_bars_end_count_as_traded_and_not_in_the_end_equity():
    # Bars from midnight to midnight in New York: 100 units are bought at 100 at the first, and sold at 120 at the last.
    closes = np.array([*[90.0] * 23, 100.0, *[110.0] * 23, 120.0])
    bars = dict.fromkeys(("open", "high", "low", "close"), closes)
    bars |= {"time": kit.bar_times("crypto", "hour", len(closes)), "volume": np.full(len(closes), 1e6)}
    source = MemorySource()
    source.add("BTCUSD", Resolution.HOUR, bars, security_type=kit.TYPES["crypto"], market=kit.MARKETS["crypto"])
    rules = read_rules(
        "universe crypto BTCUSD hour\nfrom 2020-03-02 to 2020-09-01\ncash 100000\nfees 1 %\nsize 100 units\n"
        "enter long when close == 100\nexit long when close == 120\n"
    )
    assert_alike(rules, source)
    found = Variants(rules, source).measure({}, wants_days=True)
    # A midnight is sampled before its orders: the fee of 100 is paid, and 2,000 are not yet earned for good.
    assert found.equity[-2:] == (100_000.0, 101_900.0)
    assert found.figures["end_equity"] == 101_900.0
    # Nothing on the first day; then 10,000 and 12,000 of the 101,780 that the second fee leaves.
    assert found.figures["portfolio_turnover"] == pytest.approx(22_000 / 101_780 / 2, rel=1e-6)


def test_all_figures_but_the_capacity_are_simulated():
    assert FIGURES.keys() - SIMULATED == {"capacity"}
    assert FIGURES.keys() >= SIMULATED
