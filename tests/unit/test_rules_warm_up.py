"""Rules that see bars before their start: which ones, and that nothing happens at them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.rules_kit import assert_same

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.data.memory import MemorySource
from tradinglab.rules import (
    MarketBars,
    RulesDataError,
    RulesInvalidError,
    RulesSyntaxError,
    algorithm_source,
    json_schema,
    load_bars,
    read_rules,
    rules_from_json,
    rules_text,
    simulate,
    simulate_many,
)

_DAY_NS, _HOUR_NS, _MINUTE_NS = 86_400 * 10**9, 3_600 * 10**9, 60 * 10**9
SMALL = "universe ABC daily\nfrom 2020-03-02 to 2020-03-20\nenter long when close > SMA(3)\n"


def days_from(first: str, count: int) -> np.ndarray:
    """Return the midnights of New York of trading days without holidays, in winter."""
    days = np.busday_offset(first, range(count), roll="forward")
    return days.astype("datetime64[ns]").astype(np.int64) + 5 * _HOUR_NS


def source_of(**prices: tuple[np.ndarray, list[float]]) -> MemorySource:
    source = MemorySource()
    for ticker, (times, closes) in prices.items():
        column = np.array(closes, float)
        bars = dict.fromkeys(("open", "high", "low", "close"), column)
        source.add(ticker, Resolution.DAILY, {"time": times, **bars, "volume": np.full(len(column), 1e6)})
    return source


def seen(bars: MarketBars) -> int:
    """Return how many steps the warm-up has."""
    return bars.seen_closes.shape[1] - bars.marks.shape[1]


# What is said.


@pytest.mark.parametrize("span", ["200 bars", "1 bar", "300 days", "1 day"])
def test_text_and_json_say_it_alike(span: str) -> None:
    rules = read_rules(SMALL + f"warm up {span}\n")
    assert f"\nwarm up {span}\n" in rules_text(rules)
    assert read_rules(rules_text(rules)) == rules_from_json(rules.model_dump_json()) == rules


def test_the_schema_bounds_it() -> None:
    schema = json_schema()
    for part, field, most in (("WarmUpBars", "bars", 100_000), ("WarmUpDays", "days", 15_000)):
        told = schema["$defs"][part]["properties"][field]
        assert (told["type"], told["minimum"], told["maximum"]) == ("integer", 1, most)
    assert schema["properties"]["warm_up"]["default"] is None


@pytest.mark.parametrize(
    ("statement", "column", "message"),
    [
        ("warm up 0 bars", 9, "a whole number of bars from 1 to 100,000 is expected; it was 0"),
        ("warm up -5 days", 9, "from 1 to 15,000 is expected; it was -5"),
        ("warm up 2.5 bars", 9, "it was 2.5"),
        ("warm up 1e300 days", 9, "it was 1e+300"),
        ("warm up 200 weeks", 13, "'bars' or 'bar' or 'days' or 'day' is expected"),
        ("warm up many bars", 9, "a number is expected"),
        ("warm 200 bars", 6, "'up' is expected"),
        ("warm up 5 bars\nwarm up 3 days", 1, "'warm' was said before"),
    ],
)
def test_refused_with_its_place(statement: str, column: int, message: str) -> None:
    with pytest.raises(RulesSyntaxError) as refusal:
        read_rules(SMALL + statement)
    assert message in str(refusal.value)
    assert refusal.value.column == column


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ('{"kind": "bars", "bars": 0}', "warm_up.bars"),
        ('{"kind": "bars", "bars": 10001}', None),
        ('{"kind": "bars", "bars": 20000}', "warm_up.bars"),
        ('{"kind": "days", "days": 15001}', "warm_up.days"),
        ('{"kind": "days", "bars": 3}', "warm_up.days"),
        ('{"kind": "weeks", "weeks": 3}', "warm_up"),
        ("200", "warm_up"),
    ],
)
def test_json_is_refused_with_the_path_of_the_field(given: str, path: str | None) -> None:
    text = read_rules(SMALL).model_dump_json().replace('"warm_up":null', f'"warm_up":{given}')
    if path is None:
        assert rules_from_json(text).warm_up is not None
        return
    with pytest.raises(RulesInvalidError) as refusal:
        rules_from_json(text)
    assert refusal.value.path == path


def test_the_generated_source_asks_for_it_as_an_author_does() -> None:
    bars = algorithm_source(read_rules(SMALL + "warm up 200 bars"))
    assert "        self.set_warm_up(200, Resolution.DAILY)\n" in bars
    assert "        if self.is_warming_up:\n            return\n        entries = " in bars
    assert "        self.set_warm_up(timedelta(days=300))\n" in algorithm_source(read_rules(SMALL + "warm up 300 days"))
    cold = algorithm_source(read_rules(SMALL))
    assert "warm" not in cold


# Which bars are seen.


@pytest.mark.parametrize(
    ("start", "span", "first"),
    [
        ("2020-03-02", "3 bars", "2020-02-26"),
        ("2020-03-02", "3 days", "2020-02-28"),
        ("2020-03-02", "2 days", None),
        ("2020-03-02", "5 days", "2020-02-26"),
        # Presidents' Day was on the 17th.
        ("2020-02-18", "2 bars", "2020-02-13"),
        ("2020-03-02", "10000 bars", "2020-02-03"),
    ],
)
def test_bars_are_counted_by_the_exchanges_days_and_days_by_the_calendar(
    start: str, span: str, first: str | None
) -> None:
    times = days_from("2020-02-03", 30)
    times = times[times != np.datetime64("2020-02-17T05", "ns").astype(np.int64)]
    rules = read_rules(
        f"universe ABC daily\nfrom {start} to 2020-03-06\nwarm up {span}\nenter long when close > SMA(3)"
    )
    source = source_of(ABC=(times, list(np.arange(len(times)) + 10.0)))
    bars = load_bars(rules, source)
    days = [str(np.datetime64(int(each), "ns"))[:10] for each in bars.instruments[0].whole.feed.columns.time_ns]
    assert days[0] == (first or start)
    assert days[seen(bars)] == str(np.datetime64(int(bars.steps[0]), "ns"))[:10] == start
    assert_same(rules, source)


def test_of_several_securities_the_one_counts_that_goes_back_furthest() -> None:
    # One is traded every day, the other on weekdays: the bars of both begin on Thursday, two trading days back.
    source = source_of(ABC=(days_from("2020-02-17", 20), [10.0] * 20))
    every = np.datetime64("2020-02-17", "ns").astype(np.int64) + np.arange(28) * _DAY_NS
    rules = read_rules(
        "universe ABC, DEF daily\nfrom 2020-03-02 to 2020-03-06\nwarm up 2 bars\nenter long when close > SMA(3)"
    )
    late = days_from("2020-02-28", 8)
    source.add("DEF", Resolution.DAILY, {"time": late, **{
        name: np.full(8, 20.0) for name in ("open", "high", "low", "close", "volume")}})  # fmt: skip
    bars = load_bars(rules, source)
    assert (seen(bars), len(bars.instruments[0].whole), len(bars.instruments[1].whole)) == (2, 7, 6)
    # What had no bar yet has no price, and what had one keeps it.
    assert bars.seen_closes[:, :2].tolist() == [[10.0, 10.0], [0.0, 20.0]]
    coins = MemorySource()
    coins.add("BTCUSD", Resolution.DAILY, {"time": every, **{
        name: np.full(28, 20.0) for name in ("open", "high", "low", "close", "volume")}},
        security_type=SecurityType.CRYPTO, market=Market.COINBASE)  # fmt: skip
    rules = read_rules(
        "universe crypto BTCUSD daily\nfrom 2020-03-02 to 2020-03-06\nwarm up 2 bars\nenter long when close > SMA(3)"
    )
    bars = load_bars(rules, coins)
    # A coin's day ends at midnight UTC. Two days begin on 29 February; what ends at that very instant is told, too.
    assert [str(np.datetime64(int(end), "ns"))[5:13] for end in bars.instruments[0].whole.end_ns[:4]] == [
        "02-29T00", "03-01T00", "03-02T00", "03-03T00",
    ]  # fmt: skip
    assert seen(bars) == 3
    assert_same(rules, coins)


def test_bars_before_the_start_alone_are_nothing_to_trade() -> None:
    source = source_of(ABC=(days_from("2020-02-03", 10), [10.0] * 10))
    with pytest.raises(RulesDataError, match="has no daily bars of ABC from 2020-03-02"):
        load_bars(read_rules(SMALL + "warm up 100 days"), source)


# What they bring about.


def worked() -> MemorySource:
    """Return a share that falls for three days, then rises from the start on: 12, 11, 10 | 13, 14, 15, 16, 17."""
    return source_of(ABC=(days_from("2020-02-26", 8), [12.0, 11.0, 10.0, 13.0, 14.0, 15.0, 16.0, 17.0]))


def test_a_crossing_is_seen_on_the_first_day_and_not_before() -> None:
    rules = read_rules(
        "universe ABC daily\nfrom 2020-03-02 to 2020-03-06\nwarm up 3 bars\ncash 1000\n"
        "enter long when close crosses above SMA(3)\nsize 50 units\nfees none"
    )
    # SMA(3): 11 on Friday, when the close is 10; 11.33 on Monday, when it is 13. The order is filled on Tuesday.
    run = simulate(rules, load_bars(rules, worked()))
    assert (run.fills.sent.tolist(), run.fills.step.tolist(), run.fills.price.tolist()) == ([0], [1], [14.0])
    assert run.equity.tolist() == [1000.0, 1000.0, 1050.0, 1100.0, 1150.0]
    cold = rules.model_copy(update={"warm_up": None})
    assert len(simulate(cold, load_bars(cold, worked())).fills.step) == 0
    assert_same(rules, worked())


def test_what_looks_back_reaches_into_the_warm_up_and_what_holds_there_enters_nothing() -> None:
    rules = read_rules(
        "universe ABC daily\nfrom 2020-03-02 to 2020-03-06\nwarm up 3 bars\n"
        "enter long when bars since (close < 11) <= 1 and close > close 3 bars ago\n"
        "    and close > highest(high, 2) 1 bar ago\n"
        "exit after 1 bar\nwait 10 bars after exit\nsize 10 units"
    )
    run = simulate(rules, load_bars(rules, worked()))
    # Monday alone: one bar after the 10, above the 12 of Wednesday and the 11 of Thursday.
    assert run.fills.sent.tolist() == [0, 1]
    assert run.times[0] == np.datetime64("2020-03-02T21", "ns").astype(np.int64)
    assert_same(rules, worked())


@pytest.mark.parametrize("weighting", ["risk parity over 4 bars", "volatility over 4 bars"])
def test_a_portfolio_is_put_together_at_the_first_bar_with_the_returns_before(weighting: str) -> None:
    rng = np.random.default_rng(4)
    times = days_from("2020-02-03", 30)
    source = source_of(**{
        name: (times, list(np.round(50 * np.exp(np.cumsum(rng.normal(0, 0.02, 30))), 2))) for name in ("ABC", "DEF")
    })  # fmt: skip
    text = "universe ABC, DEF daily\nfrom 2020-02-20 to 2020-03-10\n"
    text += f"rebalance weekly top 2 by close weighted by {weighting}"
    for warm_up, first in (("", 7), ("\nwarm up 3 bars", 2), ("\nwarm up 5 bars", 0)):
        rules = read_rules(text + warm_up)
        run = simulate(rules, load_bars(rules, source))
        assert run.fills.sent[0] == first, warm_up
        assert_same(rules, source)


def test_a_sweep_begins_as_warm_as_a_single_run() -> None:
    rules = read_rules(
        "universe ABC daily\nfrom 2020-03-02 to 2020-03-06\nwarm up 3 bars\nparameter days = 3\n"
        "enter long when close crosses above SMA(days)"
    )
    bars = load_bars(rules, worked())
    sweep = simulate_many(rules, bars, [{"days": float(days)} for days in (2, 3, 4, 5)])
    runs = [simulate(rules, bars, {"days": float(days)}) for days in (2, 3, 4, 5)]
    assert sweep.end_equity == pytest.approx([run.final_equity for run in runs], abs=1e-9)
    assert sweep.fills.tolist() == [1, 1, 0, 0]
