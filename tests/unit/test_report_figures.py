from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pytest

from tradinglab.report.content import ReportContent
from tradinglab.report.figures import Figures, measure


def figures(equity: list[float], benchmark: list[float] | None = None, **changes: Any) -> Figures:
    days = tuple(date(2019, 12, 31) + timedelta(index) for index in range(len(equity)))
    return measure(
        ReportContent(
            title="Demo", facts=(), status="completed", days=days, equity=tuple(equity),
            benchmark=tuple(benchmark or ()), **changes,
        )
    )  # fmt: skip


def test_the_first_value_belongs_to_no_month() -> None:
    found = figures([100.0, 110.0, 121.0], [100.0, 100.0, 50.0])
    assert found.years == {2020: pytest.approx(0.21)}
    assert found.months == {2020: [pytest.approx(0.21), *[None] * 11]}
    assert found.benchmark_years == {2020: pytest.approx(-0.5)}


def test_series_have_one_value_a_day() -> None:
    found = figures([100.0, 120.0, 90.0, 125.0, 130.0], [10.0] * 5)
    assert found.underwater == pytest.approx((0, 0, -0.25, 0, 0))
    assert len(found.benchmark_underwater) == len(found.days)
    (only,) = found.drawdowns
    assert (only.peak, only.trough, only.recovery) == (1, 2, 3)


def test_a_lost_account_ends_the_series() -> None:
    found = figures([100.0, 50.0, -20.0, -20.0], [1.0, 1.0, 1.0, 1.0])
    assert found.equity == (100.0, 50.0, -20.0)
    assert len(found.benchmark) == 3
    assert found.drawdowns[0].depth == pytest.approx(-1.2)


def test_rolling_sharpe_by_hand() -> None:
    # Returns 1 % and 3 % in turn: mean 0.02, sample deviation 0.0115470 over four.
    values = [100.0]
    for index in range(8):
        values.append(values[-1] * (1.01 if index % 2 == 0 else 1.03))
    ratios = figures(values, periods_per_year=8).rolling_sharpe
    assert all(math.isnan(ratio) for ratio in ratios[:4])
    assert ratios[4:] == pytest.approx([0.02 / 0.011547005 * math.sqrt(8)] * 5, rel=1e-6)


@pytest.mark.parametrize("values", [[100.0, 101.0, 102.0], [100.0] * 300])
def test_short_and_still_series_have_no_rolling_sharpe(values: list[float]) -> None:
    assert figures(values).rolling_sharpe == ()
