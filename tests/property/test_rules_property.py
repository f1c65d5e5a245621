"""Rules mean the same in the vectorised simulator and as generated source in the engine; and as text."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from tests.rules_kit import assert_same, cases

from tradinglab.data.memory import MemorySource
from tradinglab.rules.loading import rules_from_json
from tradinglab.rules.schema import Rules
from tradinglab.rules.text import read_rules, rules_text

# Runs are long: an example that fails is shown as it is.
SHOWN = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=60, suppress_health_check=list(HealthCheck), phases=SHOWN)
@given(case=cases())
def test_both_ways_trade_alike(case: tuple[Rules, MemorySource]) -> None:
    assert_same(*case)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_text_and_json_say_the_same(case: tuple[Rules, MemorySource]) -> None:
    rules, _ = case
    assert read_rules(rules_text(rules)) == rules
    assert rules_from_json(rules.model_dump_json()) == rules
