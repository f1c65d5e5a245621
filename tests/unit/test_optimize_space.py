"""What a search goes through, and what it looks for."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.optimize import Axis, Direction, Objective, Space, SpaceError, axis_of_range

D = Decimal


@pytest.mark.parametrize(
    ("low", "high", "step", "values"),
    [
        ("1", "3", "1", ("1", "2", "3")),
        ("1", "3.9", "1", ("1", "2", "3")),
        ("0.1", "0.3", "0.1", ("0.1", "0.2", "0.3")),
        ("5", "5", "2", ("5",)),
        ("-1", "1", "0.5", ("-1", "-0.5", "0", "0.5", "1")),
        ("1E+2", "300", "100", ("100", "200", "300")),
    ],
)
def test_a_range_has_both_its_ends_and_whole_steps(low: str, high: str, step: str, values: tuple[str, ...]) -> None:
    assert axis_of_range("x", low=D(low), high=D(high), step=D(step)).values == values


@pytest.mark.parametrize(
    ("low", "high", "step", "part"),
    [
        ("3", "1", "1", "max"),
        ("1", "3", "0", "step"),
        ("1", "3", "-1", "step"),
        ("NaN", "3", "1", "min"),
        ("1", "Infinity", "1", "max"),
        ("0", "1", "0.0000001", "step"),
    ],
)
def test_what_is_no_range_is_refused_by_its_part(low: str, high: str, step: str, part: str) -> None:
    with pytest.raises(SpaceError) as refused:
        axis_of_range("fast", low=D(low), high=D(high), step=D(step))
    assert (refused.value.parameter, refused.value.part) == ("fast", part)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_combinations_are_those_of_nested_loops(sizes: list[int]) -> None:
    axes = [Axis(name=f"p{at}", values=tuple(map(str, range(size)))) for at, size in enumerate(sizes)]
    space = Space.of(axes)
    names = [axis.name for axis in axes]
    loops = [dict(zip(names, values, strict=True)) for values in product(*(axis.values for axis in axes))]
    assert [space[number] for number in range(space.size)] == loops


def test_a_number_beyond_the_last_is_no_combination() -> None:
    space = Space.of([Axis(name="x", values=("1", "2"))])
    for number in (-1, 2):
        with pytest.raises(IndexError):
            space[number]


def test_a_space_of_more_than_a_machine_word_still_has_a_size() -> None:
    axes = [Axis(name=f"p{at}", values=tuple(map(str, range(1000)))) for at in range(10)]
    space = Space.of(axes)
    assert space.size == 10**30
    assert space[10**30 - 1]["p9"] == "999"


@pytest.mark.parametrize(
    ("axes", "part"),
    [
        ([], ""),
        ([Axis(name="x", values=())], "values"),
        ([Axis(name="x", values=("1",)), Axis(name="x", values=("2",))], "name"),
    ],
)
def test_a_space_without_anything_to_choose_is_refused(axes: list[Axis], part: str) -> None:
    with pytest.raises(SpaceError) as refused:
        Space.of(axes)
    assert refused.value.part == part


@pytest.mark.parametrize(
    ("direction", "figure", "is_reached"),
    [("max", 2.0, True), ("max", 1.9, False), ("min", 2.0, True), ("min", 2.1, False), ("max", None, False)],
)
def test_a_target_is_reached_from_its_side(direction: str, figure: float | None, is_reached: bool) -> None:
    objective = Objective(figure="sharpe_ratio", direction=Direction(direction), target=2.0)
    assert objective.is_reached(figure) is is_reached


def test_without_a_target_nothing_is_good_enough() -> None:
    assert not Objective(figure="sharpe_ratio", direction=Direction.MAX).is_reached(1e9)
