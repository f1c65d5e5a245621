"""Maps of two parameters and the neighbours of the best, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradinglab.optimize import Axis, Direction, Objective, Space, Tried, TriedState, axis_of_range, axis_of_span
from tradinglab.optimize.views import Aggregate, heat_map, stability

D = Decimal
SPACE = Space.of(
    [
        axis_of_range("a", low=D(1), high=D(3), step=D(1)),
        axis_of_range("b", low=D(9), high=D(11), step=D(1)),
        Axis(name="mode", values=("y", "x")),
    ]
)
SCORES = {
    ("1", "9"): (1, 2), ("1", "10"): (3, 4), ("1", "11"): (5, None),
    ("2", "9"): (7, 8), ("2", "10"): (20, 9), ("2", "11"): (None, None),
    ("3", "9"): (6, 1), ("3", "10"): (8, 0), ("3", "11"): (2, 2),
}  # fmt: skip
TRIALS = [
    Tried(
        number=number,
        parameters={"a": a, "b": b, "mode": mode},
        state=TriedState.FAILED if score is None else TriedState.COMPLETED,
        figures={} if score is None else {"f": float(score)},
    )
    for number, ((a, b), (mode, score)) in enumerate(
        (key, pair) for key, scores in SCORES.items() for pair in zip("yx", scores, strict=True)
    )
]
HIGH = Objective(figure="f", direction=Direction.MAX)
LOW = Objective(figure="f", direction=Direction.MIN)


def test_a_map_has_numbers_by_size_and_texts_as_they_are_given() -> None:
    found = heat_map(TRIALS, SPACE, HIGH, x="b", y="a", aggregate=Aggregate.BEST)
    assert (found.xs, found.ys) == (("9", "10", "11"), ("1", "2", "3"))
    assert found.scores == ((2, 4, 5), (8, 20, None), (6, 8, 2))
    assert found.counts == ((2, 2, 1), (2, 2, 0), (2, 2, 2))
    assert heat_map(TRIALS, SPACE, HIGH, x="mode", y="a", aggregate=Aggregate.BEST).xs == ("y", "x")


def test_the_median_and_the_other_direction() -> None:
    median = heat_map(TRIALS, SPACE, HIGH, x="mode", y="a", aggregate=Aggregate.MEDIAN)
    assert median.scores == ((3, 3), (13.5, 8.5), (6, 1))
    assert heat_map(TRIALS, SPACE, LOW, x="mode", y="a", aggregate=Aggregate.BEST).scores == ((1, 2), (7, 8), (2, 0))


def test_neighbours_are_one_value_away_and_alike_in_what_has_no_order() -> None:
    best = next(each for each in TRIALS if each.figures.get("f") == 20)
    found = stability(best, TRIALS, SPACE, HIGH)
    assert found is not None
    # Of mode y: 1, 3, 5, 7, 6, 8, 2, and one that failed.
    assert (found.neighbours, found.without_score, found.median, found.worst) == (8, 1, 5, 1)
    assert found.drop == pytest.approx(0.75)


def test_values_that_were_not_tried_lie_between_nobody() -> None:
    trials = [each for each in TRIALS if each.parameters["a"] != "2"]
    corner = next(each for each in trials if each.parameters == {"a": "1", "b": "9", "mode": "y"})
    found = stability(corner, trials, SPACE, LOW)
    assert found is not None
    assert (found.neighbours, found.worst, found.median, found.drop) == (3, 8, 6, 5)
    failed = next(each for each in TRIALS if not each.figures)
    assert stability(failed, TRIALS, SPACE, HIGH) is None


def test_a_range_without_a_step_is_cut_into_stretches() -> None:
    space = Space.of(
        [axis_of_span("r", low=D("0.01"), high=D(100), is_log=True), axis_of_span("x", low=D(0), high=D(1))]
    )
    trials = [
        Tried(number=at, parameters={"r": r, "x": x}, state=TriedState.COMPLETED, figures={"f": float(at)})
        for at, (r, x) in enumerate([("0.01", "0"), ("0.05", "0.4"), ("2", "0.6"), ("100", "1")])
    ]
    found = heat_map(trials, space, HIGH, x="r", y="x", aggregate=Aggregate.BEST, stretches=4)
    assert found.xs == ("0.0316227766", "3.16227766", "31.6227766")
    assert found.ys == ("0.125", "0.375", "0.625", "0.875")
    assert found.scores == ((0, None, None), (1, None, None), (None, 2, None), (None, None, 3))
