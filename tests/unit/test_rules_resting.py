"""Stops and targets that rest in the market, by bars whose fills are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.rules_kit import QuotingSource, assert_same, bar_times

from tradinglab.core.enums import Resolution
from tradinglab.rules import RulesSyntaxError, load_bars, read_rules, rules_text, simulate
from tradinglab.rules.market import MARKETS, TYPES

FLAT = (100.0, 101.0, 99.0, 100.0)
HEAD = "universe {kind}ABC daily\nfrom 2020-03-02 to 2020-06-01\nfees none\n"
ENTER = "enter long when close == 102\nsize 10 units\n"
SIGNAL = (100.0, 102.0, 99.0, 102.0)


def source_of(bars: list[tuple[float, float, float, float]], kind: str = "equity") -> QuotingSource:
    source = QuotingSource()
    opens, highs, lows, closes = (np.array(column) for column in zip(*bars, strict=True))
    times = bar_times(kind, "daily", 2 * len(bars))
    # The second of March 2020 was a Monday: shares have no bars at weekends.
    times = times[np.arange(len(times)) % 7 < (5 if kind == "equity" else 7)][: len(bars)]
    found = {"time": times, "open": opens, "high": highs, "low": lows, "close": closes,
             "volume": np.full(len(bars), 1000.0)}  # fmt: skip
    ticker = "ABC" if kind == "equity" else "BTCUSD"
    source.add(ticker, Resolution.DAILY, found, security_type=TYPES[kind], market=MARKETS[kind])
    return source


def fills(text: str, bars: list[tuple[float, float, float, float]], kind: str = "equity") -> list[tuple[int, float]]:
    """Return the bars and prices of the fills, which the generated strategy has, too."""
    head = HEAD.format(kind="") if kind == "equity" else HEAD.format(kind="crypto ").replace("ABC", "BTCUSD")
    rules, source = read_rules(head + text), source_of(bars, kind)
    assert_same(rules, source)
    run = simulate(rules, load_bars(rules, source))
    return [(int(step), round(float(price), 9)) for step, price in zip(run.fills.step, run.fills.price, strict=True)]


@pytest.mark.parametrize(
    ("words", "bar", "price"),
    [
        ("stop loss 5 % resting", (100.0, 101.0, 94.0, 100.0), 95.0),
        ("stop loss 5 % resting", (100.0, 101.0, 95.0, 100.0), 95.0),
        ("stop loss 5 % resting", (93.0, 101.0, 92.0, 100.0), 93.0),
        ("stop loss 5 % resting\nslippage 1 %", (100.0, 101.0, 94.0, 100.0), 100 * 1.01 * 0.95 - 1.0),
        ("take profit 5 points resting", (100.0, 106.0, 99.5, 100.0), 105.0),
        ("take profit 5 points resting", (107.0, 108.0, 99.5, 100.0), 107.0),
        ("take profit 5 points resting\nslippage 1 %", (100.0, 107.0, 99.5, 100.0), 106.0),
        ("stop loss 5 % resting\ntake profit 5 points resting", (100.0, 106.0, 94.0, 100.0), 95.0),
        ("stop loss 5 % resting\ntake profit 5 points resting", (107.0, 108.0, 94.0, 100.0), 95.0),
    ],
)
def test_a_share_is_sold_within_the_bar(words: str, bar: tuple[float, float, float, float], price: float) -> None:
    # Ordered at the close of the second bar, entered at the open of the third, whose own range is not looked at.
    bars = [FLAT, SIGNAL, (100.0, 120.0, 80.0, 100.0), FLAT, bar, FLAT]
    entry = 101.0 if "slippage" in words else 100.0
    assert fills(ENTER + words, bars) == [(2, entry), (4, round(price, 9))]


def test_a_target_is_not_met_by_its_very_price() -> None:
    bars = [FLAT, SIGNAL, FLAT, (100.0, 105.0, 99.0, 100.0), FLAT]
    assert fills(ENTER + "take profit 5 points resting", bars) == [(2, 100.0)]


def test_a_coin_is_sold_at_the_stop_or_the_close_whichever_is_worse() -> None:
    bars = [FLAT, SIGNAL, (102.0, 103.0, 97.0, 100.0), (100.0, 101.0, 96.0, 98.0), (97.0, 98.0, 90.0, 92.0), FLAT]
    assert fills(ENTER + "stop loss 6 points resting", bars, "crypto") == [(1, 102.0), (4, 92.0)]
    assert fills(ENTER + "stop loss 5 points resting", bars, "crypto") == [(1, 102.0), (3, 97.0)]


def test_a_trailing_stop_follows_closes_and_never_goes_back() -> None:
    up, down = (104.0, 111.0, 103.0, 110.0), (108.0, 109.0, 106.0, 107.0)
    bars = [FLAT, SIGNAL, FLAT, up, down, (106.0, 107.0, 104.5, 105.0), FLAT]
    # 100 less 5; after the close at 110 it stays at 105.
    assert fills(ENTER + "trail 5 points resting", bars) == [(2, 100.0), (5, 105.0)]


def test_another_exit_cancels_what_rests() -> None:
    bars = [FLAT, SIGNAL, FLAT, FLAT, (100.0, 101.0, 90.0, 100.0), (100.0, 130.0, 70.0, 100.0), FLAT]
    text = ENTER + "exit after 2 bars\nstop loss 15 % resting\ntake profit 20 % resting"
    assert fills(text, bars) == [(2, 100.0), (4, 100.0)]


def test_the_bar_of_an_exit_enters_nothing() -> None:
    bars = [
        FLAT,
        SIGNAL,
        (100.0, 101.0, 99.0, 102.0),
        (100.0, 102.0, 94.0, 102.0),
        (101.0, 102.0, 99.0, 102.0),
        FLAT,
        FLAT,
    ]
    assert fills(ENTER + "stop loss 5 % resting", bars) == [(2, 100.0), (3, 95.0), (5, 100.0)]


def test_nothing_is_entered_while_the_range_is_not_known() -> None:
    bars = [FLAT, SIGNAL, FLAT, FLAT, FLAT, FLAT, SIGNAL, FLAT, FLAT]
    assert fills(ENTER + "stop loss 9 ATR(4) resting", bars) == [(7, 100.0)]


def test_the_word_is_read_and_written() -> None:
    rules = read_rules(
        HEAD.format(kind="") + ENTER + "stop loss 2 % resting\ntrail 1 ATR(5) RESTING\ntake profit 1 point"
    )
    assert [each.resting for each in (rules.stop_loss, rules.take_profit, rules.trailing_stop) if each] == [
        True, False, True,
    ]  # fmt: skip
    assert read_rules(rules_text(rules)) == rules
    with pytest.raises(RulesSyntaxError, match="line 6, column 15"):
        read_rules(HEAD.format(kind="") + ENTER + "stop loss 2 % rest")
