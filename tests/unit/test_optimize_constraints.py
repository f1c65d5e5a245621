"""Constraints between parameters, and how many combinations they leave: brute force knows."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradinglab.optimize import (
    Axis,
    ConstraintError,
    Plan,
    SamplerName,
    Space,
    SpaceError,
    axis_of_range,
    axis_of_span,
    constraint_of,
    plan_check,
)
from tradinglab.optimize.counting import allowed, count
from tradinglab.optimize.errors import SearchError

D = Decimal


def whole(name: str, last: int) -> Axis:
    return axis_of_range(name, low=D(1), high=D(last), step=D(1))


ABC = [whole("a", 4), whole("b", 5), whole("c", 3), Axis(name="mode", values=("x", "y", "z"))]
RELATIONS = {
    "a < b": lambda a, b, c, mode: a < b,
    "a + 1 <= b": lambda a, b, c, mode: a + 1 <= b,
    "a < b < c * 3": lambda a, b, c, mode: a < b < c * 3,
    "mode in ('x', 'z') or c == 2": lambda a, b, c, mode: mode in ("x", "z") or c == 2,
    "mode != 'x' and not a > c": lambda a, b, c, mode: mode != "x" and not a > c,
    "abs(a - b) >= 2": lambda a, b, c, mode: abs(a - b) >= 2,
    "max(a, b, c) % 2 == 0": lambda a, b, c, mode: max(a, b, c) % 2 == 0,
    "b // 2 == c": lambda a, b, c, mode: b // 2 == c,
    "a ** 2 > -b + 6": lambda a, b, c, mode: a**2 > -b + 6,
    "c not in (1, 3)": lambda a, b, c, mode: c not in (1, 3),
    "a / (b - 2) > 1": lambda a, b, c, mode: (b != 2 and a / (b - 2) > 1) or b == 2,  # 1 / 0 is without bound
}


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*RELATIONS]), min_size=1, max_size=4, unique=True))
def test_what_is_left_is_what_nested_loops_leave(texts: list[str]) -> None:
    space = Space.of(ABC, [constraint_of(text) for text in texts])
    loops = [
        number
        for number, (a, b, c, mode) in enumerate(product(range(1, 5), range(1, 6), range(1, 4), "xyz"))
        if all(RELATIONS[text](a, b, c, mode) for text in texts)
    ]
    assert count(space) == len(loops)
    assert allowed(space).tolist() == loops
    assert [number for number in range(space.size) if space.allows(space[number])] == loops


def test_a_thousand_millions_are_counted() -> None:
    axes = [whole(name, 1000) for name in "abc"]
    space = Space.of(axes, [constraint_of("a < b"), constraint_of("b < c")])
    assert space.size == 10**9
    assert count(space) == 1000 * 999 * 998 // 6


def test_pairs_that_fill_no_table_are_counted() -> None:
    assert count(Space.of([whole("a", 3000), whole("b", 3000)], [constraint_of("a < b")])) == 3000 * 2999 // 2


def test_the_few_of_very_many_are_found_without_going_through_the_others() -> None:
    space = Space.of([whole("a", 1000), whole("b", 3), whole("c", 1000), whole("d", 2)], [constraint_of("a + c <= 3")])
    assert [space[int(number)] for number in allowed(space)] == [
        {"a": str(a), "b": str(b), "c": str(c), "d": str(d)}
        for a in (1, 2) for b in (1, 2, 3) for c in (1, 2) for d in (1, 2) if a + c <= 3
    ]  # fmt: skip


def test_more_than_a_machine_word_is_counted() -> None:
    space = Space.of([whole(f"p{at}", 1000) for at in range(10)], [constraint_of("p0 < p1"), constraint_of("p2 < p3")])
    assert count(space) == (1000 * 999 // 2) ** 2 * 10**18


def test_tenths_are_equal_where_floats_are_not_quite() -> None:
    tenths = [axis_of_range(name, low=D("0.1"), high=D("0.3"), step=D("0.1")) for name in "ab"]
    assert count(Space.of(tenths, [constraint_of("a + 0.1 == b")])) == 2
    assert count(Space.of(tenths, [constraint_of("a + 0.1 < b")])) == 1


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("fast <", 7, "cannot be read"),
        ("fast", 1, "comparison is expected"),
        ("fast < slo", 8, "no parameter 'slo'"),
        ("  fast < slo", 10, "no parameter 'slo'"),
        ("__import__('os').system('x') < 1", 1, "functions are"),
        ("fast.real < slow", 1, "may not stand"),
        ("fast < (lambda: 1)()", 8, "functions are"),
        ("open(fast) < 1", 1, "functions are"),
        ("min(fast) < 1", 1, "two numbers"),
        ("fast < 'x'", 8, "have no order"),
        ("mode == 'ü' and fast < slo", 24, "no parameter 'slo'"),
        ("fast == 'x'", 9, "number is compared with a text"),
        ("mode < 'x'", 8, "have no order"),
        ("mode + 1 < fast", 1, "no number"),
        ("fast < True", 8, "only numbers and texts"),
        ("fast is slow", 9, "write =="),
        ("fast in slow", 9, "brackets"),
        ("fast < 1 if slow else 2", 1, "comparison"),
        ("1 < 2", 1, "names at least one"),
        ("fast < 1" + "0" * 600, 500, "longer than"),
        ("fast <\nslow", 7, "one line"),
        ("fast < " + "-" * 300 + "1", 1, "too long"),
        ("fast < \x00", 8, "one line"),
        ("fast / 0 > 1", 8, "divides by zero"),
        ("slow % 0.0 == fast", 8, "divides by zero"),
    ],
)
def test_what_means_nothing_is_refused_by_its_place(text: str, column: int, says: str) -> None:
    axes = [whole("fast", 3), whole("slow", 3), Axis(name="mode", values=("x", "y"))]
    with pytest.raises(ConstraintError, match=says) as refused:
        Space.of(axes, [constraint_of(text)])
    assert refused.value.column == column


def test_names_that_are_none_in_python_stand_in_backquotes() -> None:
    axes = [whole("ema-fast", 3), whole("ema slow", 4), whole("if", 2)]
    constraint = constraint_of("`ema-fast` + 1 < `ema slow` or `if` == 2")
    assert constraint.names == ("ema-fast", "ema slow", "if")
    loops = [(a, b, c) for a in range(1, 4) for b in range(1, 5) for c in (1, 2) if a + 1 < b or c == 2]
    assert count(Space.of(axes, [constraint])) == len(loops)
    with pytest.raises(ConstraintError, match=r"no parameter 'ema' .* names such as `ema-fast` in backquotes"):
        Space.of(axes, [constraint_of("ema-fast < 3")])
    with pytest.raises(ConstraintError, match="no parameter 'ema-slow'") as refused:
        Space.of(axes, [constraint_of("`ema-fast` < `ema-slow`")])
    assert refused.value.column == 14
    with pytest.raises(ConstraintError, match="cannot be read"):
        constraint_of("`ema-fast < 3")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a < 9 ** 9 ** 9 ** 9", "column 10: an exponent with a power of its own"),
        ("a ** a ** 9999999 < 3", "column 6: an exponent with a power of its own"),
        ("a ** 9999999 < 3", "column 6: that exponent is too large; 100 is the largest"),
        ("a ** (a * 1000000) < 3", "that exponent is too large"),
        ("a < 1e400", "that number is too large"),
        ("a < 1e300", "that number is too large"),
        ("a < " + "abs(" * 30 + "a" + ")" * 30, "nested more than 20 deep"),
        ("a < " + "-" * 40 + "a", "nested more than 20 deep"),
        ("a < " + "(" * 230 + "a" + ")" * 230, "cannot be read"),
        ("'ab' * 99999999 == 'ab'", "a text is no number"),
        ("a in (1, 2) * 99999999", "after 'in' come values in brackets"),
        ("a < [1] * 99999999", "a text is no number|may not stand"),
    ],
)
def test_nothing_that_holds_anybody_up_can_be_written(text: str, why: str) -> None:
    with pytest.raises(ConstraintError, match=why):
        constraint_of(text)


def test_long_sums_and_small_powers_are_no_nests() -> None:
    space = Space.of(
        [whole("a", 3)], [constraint_of("a" + " + 1" * 40 + " > 41"), constraint_of("a ** 2 + a ** 0.5 < 9")]
    )
    assert count(space) == 1  # 2 of 1, 2, 3: 2 + 40 > 41, and 4 + 1.41… < 9


def test_what_takes_too_long_to_count_is_refused_before_it_is_counted() -> None:
    heavy = [constraint_of(f"{number} < " + " + ".join(["a ** 0.5", "b ** 0.5"] * 12)) for number in range(1, 20)]
    with pytest.raises(SpaceError, match=r"bind so many values of a, b .* simpler constraints"):
        count(Space.of([whole("a", 2_000), whole("b", 2_000)], heavy))


# Plans.


def test_a_grid_of_a_thousand_millions_is_refused_with_its_count() -> None:
    space = Space.of([whole(name, 1000) for name in "abc"])
    with pytest.raises(SpaceError, match="there are 1,000,000,000:"):
        plan_check(Plan(), space)
    for sampler in (SamplerName.RANDOM, SamplerName.BAYESIAN):
        plan_check(Plan(sampler=sampler, most_trials=50), space)


@pytest.mark.parametrize("sampler", [*SamplerName])
def test_constraints_that_leave_nothing_are_refused(sampler: SamplerName) -> None:
    space = Space.of(
        [whole("a", 900), whole("b", 900), whole("c", 900)], [constraint_of("a < b"), constraint_of("b < a")]
    )
    with pytest.raises(SpaceError, match="No combination keeps to"):
        plan_check(Plan(sampler=sampler), space)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (Plan(sampler=SamplerName.EULER), "min_step"),
        (Plan(most_trials=3), "has all combinations, here 9"),
        (Plan(sampler=SamplerName.RANDOM, most_trials=0), "At least one"),
        (Plan(sampler=SamplerName.BAYESIAN, most_trials=100_000), "up to 2,000"),
    ],
)
def test_plans_that_make_no_sense_are_refused(plan: Plan, says: str) -> None:
    with pytest.raises(SearchError, match=says):
        plan_check(plan, Space.of([whole("a", 9)]))


def test_a_range_without_a_step_is_for_lots() -> None:
    space = Space.of([axis_of_span("x", low=D("0.001"), high=D(10), is_log=True)])
    with pytest.raises(SpaceError, match="no end of values"):
        plan_check(Plan(), space)
    plan_check(Plan(sampler=SamplerName.RANDOM), space)


def test_a_range_of_too_many_values_is_refused_with_their_count() -> None:
    with pytest.raises(SpaceError, match="That makes 1,000,000,000 values; 10,000 may be tried"):
        axis_of_range("x", low=D(1), high=D(1_000_000_000), step=D(1))


@pytest.mark.parametrize(
    ("low", "high", "is_log", "part"),
    [("2", "1", False, "max"), ("1", "1", False, "max"), ("0", "1", True, "min"), ("NaN", "1", False, "min")],
)
def test_what_is_no_range_is_refused(low: str, high: str, is_log: bool, part: str) -> None:
    with pytest.raises(SpaceError) as refused:
        axis_of_span("x", low=D(low), high=D(high), is_log=is_log)
    assert refused.value.part == part


@pytest.mark.parametrize("constraints", [[], ["a < b"]])
def test_what_is_allowed_is_worked_out_once_and_cannot_be_changed(constraints: list[str]) -> None:
    space = Space.of(ABC, [constraint_of(each) for each in constraints])
    found = allowed(space)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        found.sort()
    again = allowed(Space.of(ABC, [constraint_of(each) for each in constraints]))
    assert np.shares_memory(again, found)
    assert [space[int(number)] for number in again] == [
        space[number] for number in range(space.size) if space.allows(space[number])
    ]
