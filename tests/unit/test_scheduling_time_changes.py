"""Wall-clock times on the days on which clocks change, by LEAN's rule for them.

Of a time that occurs twice LEAN means the later; a time that is skipped stands for the instant of
the change (NodaTime's ``ReturnLater`` and ``ReturnStartOfIntervalAfter``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from tradinglab.core.clock import from_ns, to_ns, zone


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2024, 3, 10, 1, 59), datetime(2024, 3, 10, 6, 59)),
        (datetime(2024, 3, 10, 2, 0), datetime(2024, 3, 10, 7, 0)),
        (datetime(2024, 3, 10, 2, 30), datetime(2024, 3, 10, 7, 0)),
        (datetime(2024, 3, 10, 3, 1), datetime(2024, 3, 10, 7, 1)),
        (datetime(2024, 11, 3, 0, 59), datetime(2024, 11, 3, 4, 59)),
        (datetime(2024, 11, 3, 1, 0), datetime(2024, 11, 3, 6, 0)),
        (datetime(2024, 11, 3, 1, 59), datetime(2024, 11, 3, 6, 59)),
        (datetime(2024, 11, 3, 2, 0), datetime(2024, 11, 3, 7, 0)),
    ],
)
def test_new_york_changes(local: datetime, utc: datetime) -> None:
    new_york = zone("America/New_York")
    assert from_ns(new_york.to_utc(local)) == utc
    assert from_ns(int(new_york.utc_ns_array(np.array([to_ns(local)]))[0])) == utc


def test_a_date_stands_for_its_midnight() -> None:
    assert to_ns(date(2024, 3, 10)) == to_ns(datetime(2024, 3, 10))
    with pytest.raises(TypeError, match="offset"):
        to_ns(datetime(2024, 3, 10, tzinfo=UTC))
