"""Lots fall the same way under the same seed, and go on as before afterwards."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.engine.errors import UsageError
from tradinglab.engine.run import backtest
from tradinglab.engine.seeding import seeded

DRAWN: list[tuple[float, float]] = []


class Draws(QCAlgorithm):
    """Draws once a day."""

    def initialize(self) -> None:
        self.set_start_date(2012, 1, 3)
        self.set_end_date(2012, 1, 10)
        self.add_equity("IBM")

    def on_end_of_algorithm(self) -> None:
        DRAWN.append((random.random(), float(np.random.rand())))


def drawn(**options: Any) -> tuple[float, float]:
    backtest(Draws, **options)
    return DRAWN[-1]


def test_a_seed_decides_what_is_drawn() -> None:
    assert drawn(seed=5) == drawn(seed=5) != drawn(seed=6)
    assert drawn(seed=5) == (random.Random(5).random(), np.random.RandomState(5).rand())


def test_without_one_nothing_is_changed() -> None:
    random.seed(1)
    first = random.random()
    random.seed(1)
    with seeded(None):
        assert random.random() == first


def test_afterwards_the_generators_go_on() -> None:
    random.seed(1)
    np.random.seed(1)
    expected = (random.random(), np.random.rand())
    random.seed(1)
    np.random.seed(1)
    with pytest.raises(KeyError), seeded(9):
        raise KeyError(random.random())
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.parametrize("seed", [-1, 1 << 32])
def test_what_is_no_seed(seed: int) -> None:
    with pytest.raises(UsageError, match="from 0 to 4294967295"):
        backtest(Draws, seed=seed)
