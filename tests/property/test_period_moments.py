"""Many overlapping periods at once have the moments, to the last bit, that each has alone."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradinglab.engine.statistics.inputs import Period
from tradinglab.engine.statistics.period_moments import moments_of, moments_of_many

RETURNS = st.one_of(
    st.floats(-0.5, 0.5), st.sampled_from([0.0, -0.0, 0.01, -0.01, 1e200, -1e200, 1e-300]), st.floats(-1e308, 1e308)
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[float], list[float], list[tuple[slice, slice]], int]:
    days = draw(st.integers(2, 40))
    returns = draw(st.lists(RETURNS, min_size=days, max_size=days))
    benchmark = draw(st.lists(RETURNS, min_size=days + 3, max_size=days + 3))
    spans = []
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, days - 2))
        count = draw(st.integers(2, days - first))
        shift = draw(st.integers(0, 3))
        spans.append((slice(first, first + count), slice(first + shift, first + shift + count)))
    return returns, benchmark, spans, draw(st.sampled_from([3, 252, 365]))


def period(returns: list[float], benchmark: list[float]) -> Period:
    return Period(
        equity=[], returns=returns, benchmark=benchmark, turnover=[], profit_loss=[], win_count=0, loss_count=0,
        starting_capital=Decimal(1), risk_free_rate=Decimal(0),
    )  # fmt: skip


def bits(values: tuple[float, ...]) -> list[bytes | str]:
    return ["nan" if math.isnan(value) else struct.pack("<d", value) for value in values]


@given(cases())
def test_many_periods_are_as_each_alone(case: tuple[list[float], list[float], list[tuple[slice, slice]], int]) -> None:
    returns, benchmark, spans, trading_days = case
    alone = [bits(moments_of(period(returns[mine], benchmark[theirs]), trading_days)) for mine, theirs in spans]
    assert [bits(each) for each in moments_of_many(returns, benchmark, spans, trading_days)] == alone


def test_no_periods_have_none() -> None:
    assert moments_of_many([], [], [], 252) == []
