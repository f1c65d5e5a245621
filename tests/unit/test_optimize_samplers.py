"""What each sampler finds, and how: known optima, and steps worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.optimize import (
    Axis,
    Bound,
    Direction,
    Goal,
    History,
    Objective,
    Operator,
    Penalty,
    Plan,
    SamplerName,
    Space,
    Tried,
    TriedState,
    axis_of_range,
    axis_of_span,
    best_of,
    pareto_front,
    pareto_ranks,
    sampler_of,
)

D = Decimal
HIGH = Objective(figure="y", direction=Direction.MAX)


def run(plan: Plan, space: Space, of: Callable[[Mapping[str, str]], dict[str, float]], objective: Objective = HIGH,
        at_once: int = 4) -> list[Tried]:  # fmt: skip
    tried: list[Tried] = []
    sampler = sampler_of(plan, space, objective)
    while True:
        asked = sampler.ask(History.of(tried), at_once)
        for each in asked.combinations:
            tried.append(Tried(number=len(tried), parameters=each, state=TriedState.COMPLETED, figures=of(each)))
        if asked.is_over:
            return tried


def test_an_euler_search_goes_the_steps_of_leans() -> None:
    # Worked by hand: 10, 20, …, 50 by tens; the best is 30. A quarter of ten is 2.5, two of which reach from 25 to 35;
    # 27.5 is best. Then the smallest step, 1, and two of them either way: 25.5 to 29.5.
    space = Space.of([axis_of_range("x", low=D(10), high=D(50), step=D(10), min_step=D(1))])
    tried = run(Plan(sampler=SamplerName.EULER), space, lambda each: {"y": -abs(float(each["x"]) - 28.4)}, at_once=9)
    assert [each.parameters["x"] for each in tried] == [
        "10", "20", "30", "40", "50", "25", "27.5", "32.5", "35", "25.5", "26.5", "28.5", "29.5",
    ]  # fmt: skip
    best = best_of(tried, HIGH)
    assert best is not None
    assert best.parameters == {"x": "28.5"}


def test_an_euler_search_stays_within_the_range_and_keeps_what_cannot_be_finer() -> None:
    space = Space.of(
        [axis_of_range("x", low=D(0), high=D(4), step=D(4), min_step=D(1)), Axis(name="mode", values=("a", "b"))]
    )
    tried = run(Plan(sampler=SamplerName.EULER), space, lambda each: {"y": float(each["x"]) + (each["mode"] == "b")})
    assert [(each.parameters["x"], each.parameters["mode"]) for each in tried] == [
        ("0", "a"), ("0", "b"), ("4", "a"), ("4", "b"), ("2", "a"), ("2", "b"), ("3", "a"), ("3", "b"),
    ]  # fmt: skip


def test_an_euler_search_without_any_outcome_is_over() -> None:
    space = Space.of([axis_of_range("x", low=D(0), high=D(4), step=D(2), min_step=D(1))])
    assert len(run(Plan(sampler=SamplerName.EULER), space, lambda each: {})) == 3


def test_an_euler_search_stops_at_its_most() -> None:
    space = Space.of([axis_of_range("x", low=D(0), high=D(100), step=D(10), min_step=D(1))])
    plan = Plan(sampler=SamplerName.EULER, most_trials=13)
    assert len(run(plan, space, lambda each: {"y": float(each["x"])})) == 13


def bowl(each: Mapping[str, str]) -> dict[str, float]:
    x, rate = float(each["x"]), math.log10(float(each["rate"]))
    return {"y": -((x - 70) ** 2) / 100 - 20 * (rate + 2) ** 2 + (5 if each["mode"] == "b" else 0)}


BOWL = Space.of(
    [
        axis_of_range("x", low=D(1), high=D(100), step=D(1)),
        axis_of_span("rate", low=D("0.0001"), high=D(1), is_log=True),
        Axis(name="mode", values=("a", "b", "c")),
    ]
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bayesian_search_looks_where_it_is_good(seed: int) -> None:
    late = {}
    for name in (SamplerName.BAYESIAN, SamplerName.RANDOM):
        tried = run(Plan(sampler=name, most_trials=60, seed=seed), BOWL, bowl)
        late[name] = sorted(each.figures["y"] for each in tried[30:])
    # The best there is comes to 5, the worst to -126.
    assert late[SamplerName.BAYESIAN][-1] > 0
    assert late[SamplerName.BAYESIAN][15] > late[SamplerName.RANDOM][15]


def test_a_bayesian_search_goes_on_after_a_restart_as_without_one() -> None:
    plan = Plan(sampler=SamplerName.BAYESIAN, most_trials=25, seed=5)
    whole = run(plan, BOWL, bowl, at_once=1)
    for cut in (5, 14, 20):
        asked = sampler_of(plan, BOWL, HIGH).ask(History.of(whole[:cut]), 1)
        assert asked.combinations[0] == whole[cut].parameters


def test_a_bayesian_search_finds_both_ends_of_a_front() -> None:
    objective = Objective(
        figure="gain", direction=Direction.MAX, others=(Goal(figure="pain", direction=Direction.MIN),)
    )
    space = Space.of([axis_of_range("x", low=D(0), high=D(200), step=D(1))])

    def of(each: Mapping[str, str]) -> dict[str, float]:
        x = float(each["x"]) / 100
        return {"gain": -((x - 1) ** 2), "pain": x**2}

    tried = run(Plan(sampler=SamplerName.BAYESIAN, most_trials=50, seed=2), space, of, objective)
    front = pareto_front(tried, objective)
    assert all(float(each.parameters["x"]) <= 100 for each in front)
    assert len(front) > 10


def test_lots_of_a_continuous_range_stay_within_it() -> None:
    tried = run(Plan(sampler=SamplerName.RANDOM, most_trials=400, seed=1), BOWL, bowl)
    rates = [float(each.parameters["rate"]) for each in tried]
    assert min(rates) >= 0.0001
    assert max(rates) <= 1
    # By orders of magnitude: half of them are below the middle one.
    assert 0.4 < sum(rate < 0.01 for rate in rates) / len(rates) < 0.6
    assert not any("e" in each.parameters["rate"].lower() for each in tried)


# What is best.


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), max_size=30),
    st.tuples(*[st.sampled_from([*Direction])] * 3),
)
def test_ranks_are_those_of_peeling_fronts_off_by_hand(
    scores: list[tuple[int, int, int]], directions: tuple[Direction, ...]
) -> None:
    def beats(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        signed = [(a, b) if way == "max" else (b, a) for a, b, way in zip(one, other, directions, strict=True)]
        return all(a >= b for a, b in signed) and any(a > b for a, b in signed)

    expected: dict[int, int] = {}
    rank = 0
    while rest := [place for place in range(len(scores)) if place not in expected]:
        front = [place for place in rest if not any(beats(scores[other], scores[place]) for other in rest)]
        expected |= dict.fromkeys(front, rank)
        rank += 1
    assert pareto_ranks(scores, directions) == [expected[place] for place in range(len(scores))]


def tried(number: int, **figures: float) -> Tried:
    return Tried(number=number, parameters={}, state=TriedState.COMPLETED, figures=figures)


def test_penalties_count_against_the_figure_whichever_way_is_better() -> None:
    penalties = (Penalty(figure="turnover", weight=2.0), Penalty(figure="drawdown", weight=1.0))
    high = Objective(figure="y", direction=Direction.MAX, penalties=penalties)
    low = Objective(figure="y", direction=Direction.MIN, penalties=penalties)
    figures = {"y": 10.0, "turnover": 0.5, "drawdown": 0.25}
    assert (high.score(figures), low.score(figures)) == (8.75, 11.25)
    assert high.score({"y": 10.0, "turnover": 0.5}) is None


def test_what_has_no_figure_is_never_the_best() -> None:
    bound = Bound(figure="drawdown", operator=Operator.LESS, value=0.3)
    for direction in Direction:
        objective = Objective(figure="y", direction=direction, bounds=(bound,))
        outcomes = [
            tried(0, y=math.nan, drawdown=0.1),
            tried(1, y=math.inf, drawdown=0.1),
            tried(2, drawdown=0.1),
            tried(3, y=5.0, drawdown=0.5),
            tried(4, y=5.0),
            tried(5, y=5.0, drawdown=math.nan),
            Tried(number=6, parameters={}, state=TriedState.FAILED, figures={"y": 5.0, "drawdown": 0.1}),
            Tried(number=7, parameters={}, state=TriedState.PENDING),
        ]
        assert best_of(outcomes, objective) is None
        assert pareto_front(outcomes, objective) == []
        good = [tried(8, y=1.0, drawdown=0.2), tried(9, y=1.0, drawdown=0.1)]
        assert best_of([*outcomes, *good], objective) == good[0]
