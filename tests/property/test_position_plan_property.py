"""Worths worked out in integers, against the plain sum of decimals with its scale."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tradinglab.algorithm.securities.position_plan import PositionPlan, PositionReader
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.data.columns import BarColumns, DigitsExact, Exact, FloatExact, ScaledExact, TickType

ROWS = 3
TICKS = st.lists(st.integers(1, 10**7).map(lambda n: n * 10 ** (n % 5)), min_size=ROWS, max_size=ROWS)
PLACES = st.lists(st.integers(0, 4), min_size=ROWS, max_size=ROWS)
FORMS = st.sampled_from(["floats", "float decimals", "digits", "cents", "ticks"])
QUANTITIES = st.one_of(
    st.integers(-(10**6), 10**6).map(Decimal),
    st.decimals("-1000", "1000", places=2),
    st.sampled_from([Decimal("10.0"), Decimal("0.00000001")]),
).filter(bool)
POSITIONS = st.lists(st.tuples(FORMS, TICKS, PLACES, QUANTITIES, st.integers(0, ROWS - 1)), min_size=8, max_size=14)


def columns_of(form: str, ticks: list[int], places: list[int]) -> BarColumns:
    """Return columns as a source would make them of the same numbers."""
    raw, scales = np.array(ticks, np.int64), np.array(places, np.int8)
    if form == "digits":
        decimals: Exact | None = DigitsExact(raw, scales)
        values = raw / 10.0**scales
    elif form in ("cents", "ticks"):
        unit = Decimal("0.01") if form == "cents" else Decimal("0.0001")
        decimals, values = ScaledExact(raw, unit), raw * float(unit)
    else:
        values = raw / 10.0**4
        decimals = FloatExact(values) if form == "float decimals" else None
    times = np.arange(ROWS, dtype=np.int64)
    return BarColumns(
        TickType.TRADE, times, times + 1, {"close": values}, {} if decimals is None else {"close": decimals}
    )


@settings(max_examples=300, deadline=None)
@given(POSITIONS)
def test_worths_in_integers_are_those_of_decimals_with_their_scale(
    positions: list[tuple[str, list[int], list[int], Decimal, int]],
) -> None:
    readers = [
        PositionReader(lambda at=at: at, columns_of(form, ticks, places), quantity)  # type: ignore[misc]
        for form, ticks, places, quantity, at in positions
    ]
    plan = PositionPlan(list(range(len(readers))), readers)
    assume(plan.ticks is not None)
    assert plan.ticks is not None
    rows = plan.place(0)
    assert not isinstance(rows, int)
    worths = [reader.worth(row) for reader, row in zip(readers, rows, strict=True)]
    assert [str(worth) for worth in plan.ticks.each(rows)] == [str(worth) for worth in worths]
    assert str(plan.ticks.total(rows)) == str(sum(worths, ZERO))


@settings(max_examples=300, deadline=None)
@given(POSITIONS, st.lists(QUANTITIES, min_size=14, max_size=14), st.lists(st.integers(1, ROWS - 1), max_size=6))
def test_worths_by_step_are_those_of_decimals(
    positions: list[tuple[str, list[int], list[int], Decimal, int]], others: list[Decimal], steps: list[int]
) -> None:
    """Rows that follow from the step, in any order of steps, and other quantities of the same columns later."""
    columns = [columns_of(form, ticks, places) for form, ticks, places, _, _ in positions]
    before = None
    for quantities in ([quantity for _, _, _, quantity, _ in positions], others[: len(columns)]):
        readers = [PositionReader(int, *each, -(n % 2)) for n, each in enumerate(zip(columns, quantities, strict=True))]
        plan = PositionPlan(list(range(len(readers))), readers, before)
        if plan.ticks is None:
            return
        assert before is None or plan.ticks.table is before.table
        before = plan.ticks
        for step in steps:
            worths = [reader.worth(step + (reader.shift or 0)) for reader in readers]
            place = plan.place(step)
            assert place == step
            assert str(plan.ticks.total(place)) == str(sum(worths, ZERO))
            assert [str(worth) for worth in plan.ticks.each(place)] == [str(worth) for worth in worths]


@settings(max_examples=300)
@given(
    st.one_of(
        st.lists(st.floats(0.0001, 1e12), max_size=4),
        st.lists(st.integers(-(10**15), 10**15).map(lambda n: n / 10_000), max_size=9),
        st.lists(st.decimals("0", "10000", places=5).map(float), max_size=4),
    )
)
def test_ticks_are_the_decimals_of_floats_or_are_refused(values: list[float]) -> None:
    times = np.arange(len(values))
    columns = BarColumns(TickType.TRADE, times, times + 1, {"close": np.array(values, np.float64)})
    ticks = columns.ticks("close")
    decimals = [to_decimal(value) for value in values]
    if ticks is None:
        assert any(abs(value) >= 10**11 or round(value, 4) != value for value in values)
        return
    found = [
        Decimal(number // 10 ** (4 - places)).scaleb(-places)
        for number, places in zip(ticks.numbers, ticks.places, strict=True)
    ]
    assert [str(each) for each in found] == [str(each) for each in decimals]


def plan_with(quantity: Decimal, column: Exact, count: int = 8) -> PositionPlan:
    times = np.arange(ROWS, dtype=np.int64)
    columns = BarColumns(TickType.TRADE, times, times + 1, {"close": np.ones(ROWS)}, {"close": column})
    return PositionPlan(list(range(count)), [PositionReader(lambda: 0, columns, quantity)] * count)


def test_integers_are_left_alone_where_decimals_may_be_rounded() -> None:
    plain = ScaledExact(np.array([1, 2, 3]), Decimal("0.0001"))
    assert plan_with(Decimal(5), plain).ticks is not None
    assert plan_with(Decimal(5), plain, count=2).ticks is None
    for quantity in (Decimal("1E+2"), Decimal("0.000000001"), Decimal(10**12)):
        assert plan_with(quantity, plain).ticks is None
    for column in (
        ScaledExact(np.array([1, 2, 3]), Decimal("0.00025")),
        ScaledExact(np.array([1, 2, 3]), Decimal("0.00001")),
        ScaledExact(np.array([1, 2, 10**11]), Decimal("0.0001")),
        DigitsExact(np.array([1, 2, 3]), np.array([4, 5, 4], np.int8)),
        FloatExact(np.array([1.0, 2.0, 0.00005])),
        FloatExact(np.array([1.0, np.nan, 2.0])),
    ):
        assert plan_with(Decimal(5), column).ticks is None
