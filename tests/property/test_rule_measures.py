"""Figures of simulated rules: the same as those of the generated strategy in the local engine."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from tests import rules_kit as kit

from tradinglab.data.memory import MemorySource
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.run import backtest
from tradinglab.rules import Rules, algorithm_source, load_rules
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
    found = dict(Variants(rules, source).measure({}).figures)
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


def test_all_figures_but_the_capacity_are_simulated():
    assert FIGURES.keys() - SIMULATED == {"capacity"}
    assert FIGURES.keys() >= SIMULATED
