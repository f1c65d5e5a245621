"""Every template of rules is sound, and trades alike in both ways over bars of its kind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.rules_kit import STEPS_NS, WALK_BARS, assert_same, walk_source

from tradinglab.rules import load_rules, read_rules, rules_text
from tradinglab.rules.templates import all_rule_templates

TEMPLATES = {each.name: each for each in all_rule_templates()}


def test_there_are_enough_of_every_kind() -> None:
    kinds = [load_rules(each.path).universe[0].type for each in TEMPLATES.values()]
    assert len(kinds) >= 12
    assert set(kinds) == {"equity", "forex", "crypto"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_template(name: str) -> None:
    template = TEMPLATES[name]
    rules = load_rules(template.path)
    assert template.title.endswith(".")
    assert read_rules(rules_text(rules)) == rules
    last = rules.start + timedelta(seconds=WALK_BARS[rules.resolution] * STEPS_NS[rules.resolution] / 1e9 + 86_400 * 3)
    rules = rules.model_copy(update={"end": max(rules.start, min(rules.end, last))})
    assert sum(len(assert_same(rules, walk_source(rules, seed)).fills) for seed in (1, 2))
