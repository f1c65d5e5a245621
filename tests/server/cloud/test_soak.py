"""Some of the soak's schedules; ``make soak`` runs a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.server.cloud.soak import run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("first", range(0, 24, 4))
def test_one_backtest_is_there_and_its_end_is_known(first: int, tmp_path: Path) -> None:
    assert {seed: wrong for seed in range(first, first + 4) if (wrong := run(seed, tmp_path).wrong)} == {}


def test_schedule_is_the_same_each_time(tmp_path: Path) -> None:
    one, other = run(5, tmp_path), run(5, tmp_path)
    assert (one.calls, one.kills, one.faults, one.ends) == (other.calls, other.kills, other.faults, other.ends)
