"""Some of the soak's schedules; ``make soak`` runs a thousand."""

from __future__ import annotations

import pytest
from tests.quantconnect.soak import run


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_schedules_end_well_or_say_what_is_not_known(first: int) -> None:
    assert [outcome.wrong for outcome in map(run, range(first, first + 10))] == [[]] * 10


def test_schedule_is_the_same_each_time() -> None:
    one, other = run(7), run(7)
    assert (one.calls, one.lives, one.faults) == (other.calls, other.lives, other.faults)
