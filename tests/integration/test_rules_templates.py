"""Every template of rules trades on the sample, alike as arrays and as generated source in the engine."""

from __future__ import annotations

import pytest
from tests.rules_kit import assert_same

from tradinglab.data.source import open_source
from tradinglab.rules import read_rules
from tradinglab.rules.templates import all_rule_templates

TEMPLATES = {each.name: each.path.read_text() for each in all_rule_templates()}


@pytest.mark.slow
@pytest.mark.parametrize("name", TEMPLATES)
def test_it_trades_and_both_ways_alike(name: str) -> None:
    assert len(assert_same(read_rules(TEMPLATES[name]), open_source("sample")).fills) >= 10
