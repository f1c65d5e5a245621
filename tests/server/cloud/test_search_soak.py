"""Some of the soak's schedules of optimizations; ``make soak`` runs a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.server.cloud.search_soak import run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("first", range(0, 16, 4))
def test_one_optimization_is_there_and_its_end_is_known(first: int, tmp_path: Path) -> None:
    assert {seed: wrong for seed in range(first, first + 4) if (wrong := run(seed, tmp_path).wrong)} == {}
