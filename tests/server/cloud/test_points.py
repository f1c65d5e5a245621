"""The points of QuantConnect's charts, in whichever form they come."""

from __future__ import annotations

from typing import Any

import pytest

from tradinglab.quantconnect.models.backtests import Series
from tradinglab.server.cloud.results.points import points_of

_DAY_US = 1_577_836_800_000_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1_577_836_800, 5], [(_DAY_US, (5.0,))]),
        ([1_577_836_800_000, 1, 4, 0.5, 2], [(_DAY_US, (1.0, 4.0, 0.5, 2.0))]),
        ({"x": 1_577_836_800, "y": "7"}, [(_DAY_US, (7.0,))]),
        ({"time": "2020-01-01T00:00:00", "close": 3}, [(_DAY_US, (None, None, None, 3.0))]),
        ([1_577_836_800, "NaN"], [(_DAY_US, (None,))]),
        # What no clock of 64 bits shows is left out, and costs the others nothing.
        ([99_999_999_999, 1], []),
        ([-99_999_999_999_999, 1], []),
        ([1e300, 1], []),
        ({"time": "9999-12-31", "close": 3}, []),
        ("x", []),
    ],
)
def test_a_point_is_read(value: Any, expected: list[Any]) -> None:
    found = points_of(Series.model_validate({"name": "s", "values": [value]}))
    assert [(each.us, each.values) for each in found] == expected
