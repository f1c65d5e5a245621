"""What every sampler keeps to: none twice, within the constraints, the same again, and an end."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tradinglab.optimize import (
    Axis,
    Direction,
    History,
    Objective,
    Plan,
    SamplerName,
    Space,
    Tried,
    TriedState,
    axis_of_range,
    constraint_of,
    sampler_of,
)

D = Decimal
OBJECTIVE = Objective(figure="height", direction=Direction.MAX)
SPACE = Space.of(
    [
        axis_of_range("fast", low=D(2), high=D(26), step=D(8), min_step=D(1)),
        axis_of_range("slow", low=D(10), high=D(50), step=D(10), min_step=D(5)),
        Axis(name="mode", values=("plain", "sweet")),
    ],
    [constraint_of("fast + 2 <= slow")],
)
Height = Callable[[dict[str, str]], float | None]


def height(combination: dict[str, str]) -> float:
    bonus = 1.0 if combination["mode"] == "sweet" else 0.0
    return bonus - abs(float(combination["fast"]) - 13) - abs(float(combination["slow"]) - 35)


def failing(combination: dict[str, str]) -> float | None:
    return None if float(combination["fast"]) > 20 else height(combination)


def unlike_any(combination: dict[str, str]) -> float:
    return float("nan")


def search(name: str, of: Height, *, at_once: int, seed: int = 7, most: int = 30, space: Space = SPACE) -> list[Tried]:
    """Go through a space, asking afresh each time, as one does who was restarted after every trial."""
    tried: list[Tried] = []
    plan = Plan(sampler=SamplerName(name), most_trials=None if name == "grid" else most, seed=seed)
    for _ in range(1000):
        asked = sampler_of(plan, space, OBJECTIVE).ask(History.of(tried), at_once)
        assert asked.is_over or asked.combinations
        for combination in asked.combinations:
            found = of(dict(combination))
            state = TriedState.FAILED if found is None else TriedState.COMPLETED
            figures = {} if found is None else {"height": found}
            tried.append(Tried(number=len(tried), parameters=combination, state=state, figures=figures))
        if asked.is_over:
            return tried
    raise AssertionError("no end")


@pytest.mark.parametrize("name", [*SamplerName])
@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("of", [height, failing, unlike_any])
def test_none_twice_all_allowed_and_the_same_again(name: str, at_once: int, of: Height) -> None:
    tried = search(name, of, at_once=at_once)
    keys = [tuple(each.parameters.items()) for each in tried]
    assert len(set(keys)) == len(keys) > 0
    assert all(float(each.parameters["fast"]) + 2 <= float(each.parameters["slow"]) for each in tried)
    assert all(set(each.parameters) == {"fast", "slow", "mode"} for each in tried)
    assert name in ("grid", "euler") or len(tried) == 30
    assert [each.parameters for each in search(name, of, at_once=at_once)] == [each.parameters for each in tried]


@pytest.mark.parametrize("name", ["random", "bayesian"])
def test_another_seed_draws_others(name: str) -> None:
    first, second = (search(name, height, at_once=1, seed=seed) for seed in (1, 2))
    assert [each.parameters for each in first] != [each.parameters for each in second]


@pytest.mark.parametrize("name", ["random", "bayesian"])
def test_a_space_that_is_used_up_ends_the_search(name: str) -> None:
    space = Space.of([Axis(name="fast", values=("1", "2", "3")), Axis(name="slow", values=("2", "3")),
                      Axis(name="mode", values=("plain",))], [constraint_of("fast < slow")])  # fmt: skip
    tried = search(name, height, at_once=2, space=space, most=50)
    assert sorted((each.parameters["fast"], each.parameters["slow"]) for each in tried) == [
        ("1", "2"), ("1", "3"), ("2", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", [*SamplerName])
def test_what_is_under_way_is_not_asked_for_again(name: str) -> None:
    plan = Plan(sampler=SamplerName(name), most_trials=None if name == "grid" else 30, seed=7)
    over = search(name, height, at_once=1)[:12]
    pending = Tried(number=12, parameters=sampler_of(plan, SPACE, OBJECTIVE).ask(History.of(over), 1).combinations[0],
                    state=TriedState.PENDING)  # fmt: skip
    asked = sampler_of(plan, SPACE, OBJECTIVE).ask(History.of([*over, pending]), 4)
    together = sampler_of(plan, SPACE, OBJECTIVE).ask(History.of(over), 5)
    assert [pending.parameters, *asked.combinations] == list(together.combinations)
