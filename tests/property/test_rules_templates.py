"""Every template of rules is sound, and trades alike in both ways over bars of its kind."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from tests.rules_kit import QuotingSource, assert_same, price_bars

from tradinglab.core.enums import Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.rules import Rules, load_rules, read_rules, rules_text
from tradinglab.rules.market import MARKETS, TYPES
from tradinglab.rules.templates import all_rule_templates

_STEPS = {"daily": 86_400_000_000_000, "hour": 3_600_000_000_000, "minute": 60_000_000_000}
_BARS = {"daily": 900, "hour": 700, "minute": 3_900}
TEMPLATES = {each.name: each for each in all_rule_templates()}


def walk_source(rules: Rules, seed: int) -> MemorySource:
    """Return random bars of the securities of rules, from their start on."""
    source = QuotingSource()
    start = int(np.datetime64(rules.start, "ns").astype(np.int64))
    for place, listing in enumerate(rules.universe):
        opening = (5 * 60 + 570) * _STEPS["minute"] if rules.resolution == "minute" else 0
        opening += 5 * _STEPS["hour"] if rules.resolution == "daily" and listing.type == "equity" else 0
        count = _BARS[rules.resolution]
        if rules.resolution == "minute":
            days, parts = np.divmod(np.arange(count), 390)
            times = start + opening + days * _STEPS["daily"] + parts * _STEPS["minute"]
        else:
            times = start + opening + np.arange(count) * _STEPS[rules.resolution]
        first, places = (1.2, 5) if listing.type == "forex" else (100.0, 2)
        found = price_bars(seed + place, times, first=first, places=places, gaps=0.0)
        source.add(listing.ticker, getattr(Resolution, rules.resolution.upper()), found,
                   security_type=TYPES[listing.type], market=listing.market or MARKETS[listing.type])  # fmt: skip
    return source


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
    last = rules.start + timedelta(seconds=_BARS[rules.resolution] * _STEPS[rules.resolution] / 1e9 + 86_400 * 3)
    rules = rules.model_copy(update={"end": max(rules.start, min(rules.end, last))})
    assert sum(len(assert_same(rules, walk_source(rules, seed)).fills) for seed in (1, 2))
