"""Text that cannot be read, and rules that contradict themselves, are refused where they stand."""

from __future__ import annotations

import pytest

from tradinglab.rules import RulesInvalidError, RulesSyntaxError, json_schema, read_rules, rules_from_json, rules_text

HEAD = "universe ABC daily\nfrom 2001-01-01 to 2002-01-01\n"


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        (
            "enter long when SMA(20) crosses abvoe SMA(50)",
            33,
            "'abvoe' stands here; 'above' or 'below' is expected. Did",
        ),
        ("enter long when SMMA(20) > 3", 17, "there is no indicator 'SMMA'. Did you mean: 'SMA'?"),
        ("enter long when MACD(12, 26, 9).signl > 0", 33, "MACD has no line 'signl'; it has: fast, histogram, signal"),
        ("enter long when close = 3", 23, "equality is written '=='"),
        ("enter long when SMA > 3", 17, "'SMA' needs its arguments: SMA(period)"),
        ("entr long when close > 3", 1, "'entr' begins no statement"),
        ("enter long when close > $", 25, "'$' means nothing here"),
        ("enter long when close > \0 5", 25, "the character U+0000 means nothing here"),
        ("enter long when closs > 3", 17, "Did you mean: 'close'?"),
        ("enter long when close > 3 4", 27, "the end of the statement is expected"),
        ("parameter close = 3", 11, "'close' has a meaning of its own"),
        ("enter long when time between 25:00 and 26:00", 30, "'25:00' is no time of day"),
        ("enter long when day in mondy", 24, "Did you mean: 'monday'?"),
        ("size many", 6, "a number or a parameter is expected"),
        ("enter long when " + "(" * 30 + "close > 3" + ")" * 30, 30, "nested more than 12 deep"),
    ],
)
def test_refused_with_its_place(line: str, column: int, message: str) -> None:
    with pytest.raises(RulesSyntaxError) as refusal:
        read_rules(HEAD + line)
    assert message in str(refusal.value)
    assert (refusal.value.line, refusal.value.column) == (3, column)


def test_brackets_that_are_closed_do_not_count_as_depth() -> None:
    grouped = " and ".join(f"((close > {number}) or (open > {number}))" for number in range(1, 15))
    assert rules_text(read_rules(HEAD + f"enter long when {grouped}")).count(" or ") == 14


#: Each name stands for twice as much as the one before.
CHAIN = "let a0 = close + 1\n" + "".join(f"let a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 41))


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("exit long when close > 3", "exit_long", "nothing to leave"),
        ("stop loss 3 %", "stop_loss", "nothing to leave"),
        ("enter long when close > 3\nexit short when close < 2", "exit_short", "never entered"),
        ("enter long when close > high", "enter_long", "never above its high"),
        ("enter long when RSI(14) > 70 and RSI(14) < 30", "enter_long", "above 70 and below 30"),
        ("enter long when close > 3 and not (close > 3)", "enter_long", "never hold together"),
        ("enter long when close > SMA(20) and close < SMA(20)", "enter_long", "never hold together"),
        ("enter long when close > SMA(20) and open > 2 and SMA(20) == close", "enter_long", "never hold together"),
        ("enter long when 3 > 4", "enter_long", "never holds"),
        ("enter long when SMA(3) crosses above SMA(3)", "enter_long", "nothing crosses itself"),
        ("enter long when close > 3\nexit long when close > 3", "exit_long", "same condition"),
        ("parameter fast = 3 from 9 to 5\nenter long when SMA(fast) > 1", "parameters.fast.minimum", "upside down"),
        ("parameter fast = 3 from 5 to 9\nenter long when SMA(fast) > 1", "parameters.fast.default", "outside"),
        ("enter long when SMA(0) > 1", "enter_long.left", "period was 0"),
        ("enter long when SMA(1e20) > 1", "enter_long.left", "from 1 to 1,000,000"),
        ("enter long when SMA(3, 4) > 1", "enter_long.left", "SMA(period) was given 2 arguments"),
        ("enter long when ATR(3) of high > 1", "enter_long.left.field", "whole bars"),
        ("enter long when close 0 bars ago > 1", "enter_long.left.bars", "from 1 to"),
        ("enter long when close > 1\nsize 0 units", "sizing.units", "above 0"),
        ("enter long when close > 1\nleverage 1000", "leverage", "it was 1000"),
        ("let a = b + 1\nlet b = a + 1\nenter long when close > a", "names.a.left", "made of itself"),
        (CHAIN + "enter long when a40 > 5", "names.a9", "has 2,047 parts"),
        ("enter long when close > 1\nstop loss 0 %", "stop_loss.percent", "above 0"),
        ("rebalance weekly top 1 by close\nstop loss 2 %", "stop_loss", "on schedule alone"),
        ("rebalance weekly top 0.5 by close", "rebalance.top", "whole number"),
    ],
)
def test_contradictions(text: str, path: str, message: str) -> None:
    with pytest.raises(RulesInvalidError) as refusal:
        read_rules(HEAD + text)
    assert refusal.value.path == path
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("head", "path"),
    [
        ("universe ABC, ABC daily\nfrom 2001-01-01 to 2002-01-01\n", "universe.1.ticker"),
        ("universe forex EURUSD daily\nfrom 2001-01-01 to 2002-01-01\n", "resolution"),
        ("universe ABC daily\nfrom 2003-01-01 to 2002-01-01\n", "end"),
        ("universe ABC daily\nfrom 2003-01-01 to 9999-12-31\n", "end"),
        ("universe ABC daily\nfrom 0001-01-01 to 2002-01-01\n", "start"),
    ],
)
def test_frames(head: str, path: str) -> None:
    with pytest.raises(RulesInvalidError) as refusal:
        read_rules(head + "enter long when close > 3")
    assert refusal.value.path == path


def test_json_is_refused_with_the_path_of_the_field() -> None:
    given = read_rules(HEAD + "enter long when SMA(5) > 3").model_dump_json()
    for old, new, path, message in (
        ('"resolution":"daily"', '"resolution":"weekly"', "resolution", "it was 'weekly'"),
        ('"cash":100000.0', '"cash":"much"', "cash", "it was 'much'"),
        ('"cash":100000.0', '"cahs":1', "cahs", "Did you mean: 'cash'?"),
        ('"value":3.0', '"valu":3.0', "enter_long.right.value", "needed"),
        ('"operator":">"', '"operator":"~"', "enter_long.operator", "it was '~'"),
    ):
        assert old in given
        with pytest.raises(RulesInvalidError) as refusal:
            rules_from_json(given.replace(old, new, 1))
        assert refusal.value.path == path
        assert message in str(refusal.value)
    for wrong in ("{", "[]", "3", "[" * 100_000):
        with pytest.raises(RulesInvalidError):
            rules_from_json(wrong)


def test_lines_go_on_and_comments_are_left_out() -> None:
    rules = read_rules(HEAD + "enter long when close > 3 # above\n    and volume > 4\n\n# nothing\n  and open > 1\n")
    assert rules == read_rules(HEAD + "enter long when close > 3 and volume > 4 and open > 1")


def test_the_schema_names_what_there_is() -> None:
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert {"universe", "enter_long", "sizing", "trailing_stop"} <= set(schema["properties"])
