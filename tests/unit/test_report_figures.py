from __future__ import annotations

import math
from datetime import date

import pytest

from tradinglab.report import figures


def test_returns_start_with_zero() -> None:
    assert figures.returns([100, 110, 99]) == pytest.approx([0.0, 0.1, -0.1])


def test_underwater_is_the_distance_from_the_peak() -> None:
    assert figures.underwater([100, 120, 90, 120, 130]) == pytest.approx([0, 0, -0.25, 0, 0])


def test_worst_drawdowns_are_deepest_first_and_know_peak_trough_and_recovery() -> None:
    deep, shallow = figures.worst_drawdowns([100, 95, 100, 120, 60, 90, 130, 125])[:2]
    assert (deep.first, deep.trough, deep.last, deep.recovered) == (3, 4, 6, True)
    assert deep.depth == pytest.approx(-0.5)
    assert shallow.depth == pytest.approx(-0.05)


def test_a_drawdown_that_lasts_is_not_recovered() -> None:
    (only,) = figures.worst_drawdowns([100, 80, 90])
    assert (only.last, only.recovered) == (2, False)


def test_a_rising_series_has_no_drawdown() -> None:
    assert figures.worst_drawdowns([1, 2, 2, 3]) == []


def test_monthly_returns_compound_to_the_whole() -> None:
    days = [date(2020, 1, 31), date(2020, 2, 14), date(2020, 2, 28), date(2020, 3, 31), date(2021, 1, 29)]
    monthly = figures.period_returns(days, [100, 105, 110, 99, 132], monthly=True)
    assert monthly == pytest.approx({(2020, 2): 0.1, (2020, 3): -0.1, (2021, 1): 1 / 3})
    yearly = figures.period_returns(days, [100, 105, 110, 99, 132], monthly=False)
    assert yearly == pytest.approx({(2020, 0): -0.01, (2021, 0): 1 / 3})


def test_rolling_sharpe_by_hand() -> None:
    # Returns 1 % and 3 % in turn: mean 0.02, sample deviation 0.0115470 over four.
    values = [100.0]
    for index in range(8):
        values.append(values[-1] * (1.01 if index % 2 == 0 else 1.03))
    ratios = figures.rolling_sharpe(values, 4, 252)
    assert all(math.isnan(ratio) for ratio in ratios[:4])
    assert ratios[4:] == pytest.approx([0.02 / 0.011547005 * math.sqrt(252)] * 5, rel=1e-6)


def test_rolling_sharpe_of_a_still_series_is_undefined() -> None:
    assert all(math.isnan(ratio) for ratio in figures.rolling_sharpe([100.0] * 10, 3, 252))
