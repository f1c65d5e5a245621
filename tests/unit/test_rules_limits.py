"""The limit of an account's drawdown, worked by hand; what it cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from tests.rules_kit import QuotingSource, assert_same, bar_times
from tests.unit.test_rules_weighing import HEAD, PORTFOLIO, source

from tradinglab.core.enums import Resolution
from tradinglab.rules import (
    RulesInvalidError,
    RulesSyntaxError,
    json_schema,
    load_bars,
    read_rules,
    rules_from_json,
    rules_text,
    simulate,
    simulate_many,
)
from tradinglab.rules.market import MARKETS, TYPES

COIN = (
    "universe crypto BTCUSD daily\nfrom 2020-03-02 to 2020-09-01\ncash 10000\nfees none\nbuffer 0 %\n"
    "enter long when close > 0\nsize 100 units\n"
)
ENTER = "enter long when close > SMA(2)\n"


def coin(*closes: float) -> QuotingSource:
    """Bars of a coin, whose orders are filled at the close at which they are sent."""
    found, values = QuotingSource(), np.array(closes)
    bars = dict.fromkeys(("open", "high", "low", "close"), values)
    bars |= {"time": bar_times("crypto", "daily", len(values)), "volume": np.full(len(values), 1e6)}
    found.add("BTCUSD", Resolution.DAILY, bars, security_type=TYPES["crypto"], market=MARKETS["crypto"])
    return found


# Bought at 100; the peak is 11,000 and a tenth below it are 9,900: at 99, where all is sold.
WALK = (100.0, 110.0, 99.5, 99.0, 50.0, 60.0, 70.0, 63.0, 62.0)


def fills_of(text: str, *closes: float) -> list[tuple[int, float, float]]:
    rules, bars = read_rules(COIN + text), coin(*closes)
    assert_same(rules, bars)
    run = simulate(rules, load_bars(rules, bars))
    return list(zip(run.fills.step.tolist(), run.fills.quantity.tolist(), run.fills.price.tolist(), strict=True))


def test_all_is_closed_at_the_limit_and_nothing_entered_any_more() -> None:
    assert fills_of("limit drawdown 10 %", *WALK) == [(0, 100.0, 100.0), (3, -100.0, 99.0)]
    # A peak of 11,000 falls by 9.5 percent to 99.5.
    assert fills_of("limit drawdown 9.5 %", *WALK)[1] == (2, -100.0, 99.5)


def test_after_the_wait_the_peak_counts_anew() -> None:
    # Nothing is entered at the close of the limit and of two more bars. Of 9,900 a hundred units are bought at 60; the
    # peak is 10,900 at 70, and a tenth below it are 9,810: not yet reached at 63 (10,200) and 62 (10,100).
    found = fills_of("limit drawdown 10 % then wait 1 bar", *WALK)
    assert found == [(0, 100.0, 100.0), (3, -100.0, 99.0), (5, 100.0, 60.0)]
    found = fills_of("limit drawdown 6 % then wait 1 bar", 100.0, 93.0, 50.0, 60.0, 70.0, 63.0, 62.0, 61.0)
    # 9,300 after the first fall; of it 100 units at 60, at 70 10,300, and at 63 9,600, 6.8 percent below.
    assert found == [(0, 100.0, 100.0), (1, -100.0, 93.0), (3, 100.0, 60.0), (5, -100.0, 63.0), (7, 100.0, 61.0)]


def test_a_portfolio_is_put_together_again_at_its_next_date() -> None:
    text = HEAD + PORTFOLIO.format("risk parity").replace("monthly", "weekly")
    rules = read_rules(text + "limit drawdown 2 % then wait 3 bars\n")
    found = assert_same(rules, source())
    free = assert_same(read_rules(text), source())
    assert len({time for time, *_ in found.fills}) > 6
    assert found.fills[:3] == free.fills[:3]
    assert found.fills != free.fills


def test_a_sweep_heeds_the_limit() -> None:
    rules = read_rules(HEAD + "parameter most = 3\nenter long when close > SMA(5)\nlimit drawdown most %\n")
    bars = load_bars(rules, source())
    sweep = simulate_many(rules, bars, [{"most": 1.0}, {"most": 100.0}])
    for place, most in enumerate((1.0, 100.0)):
        run = simulate(rules, bars, {"most": most})
        assert sweep.end_equity[place] == pytest.approx(run.final_equity, abs=1e-6)
        assert sweep.orders[place] == run.orders
    assert sweep.drawdown[0] < sweep.drawdown[1]


@pytest.mark.parametrize("wait", ["", " then wait 60 bars", " then wait 1 bar"])
def test_text_and_json_say_the_same(wait: str) -> None:
    rules = read_rules(HEAD + ENTER + f"limit drawdown 20 %{wait}\n")
    assert f"limit drawdown 20 %{wait}\n" in rules_text(rules)
    assert read_rules(rules_text(rules)) == rules
    assert rules_from_json(rules.model_dump_json()) == rules
    assert "DrawdownLimit" in json_schema()["$defs"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("limit drawdown 0 %", "limits.drawdown.percent"),
        ("limit drawdown 101 %", "limits.drawdown.percent"),
        ("limit drawdown 10 % then wait 0 bars", "limits.drawdown.wait_bars"),
        ("limit drawdown 10 % then wait 1.5 bars", "limits.drawdown.wait_bars"),
        ("limit drawdown 10 %\nlimit position 20 %", "limits"),
    ],
)
def test_what_cannot_be_is_refused(text: str, path: str) -> None:
    with pytest.raises(RulesInvalidError) as refused:
        read_rules(HEAD + ENTER + text)
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limit drawdown 20", "'%' is expected"),
        ("limit drawdown 20 % then stop", "'wait' is expected"),
        ("limit drawdown 20 %\nlimit drawdown 30 %", "'limit drawdown' was said before"),
        ("limit position 20 %\nlimit drawdown 3 %\nlimit position 9 %", "'limit position' was said before"),
        ("limit leverage 2", "leverage is limited by a statement of its own"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(RulesSyntaxError, match=said):
        read_rules(HEAD + ENTER + text)
