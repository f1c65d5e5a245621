"""Seeded random numbers: the first draws are those that .NET's ``Random`` is known for."""

from __future__ import annotations

import pytest

from tradinglab.core.dotnet_random import Random


@pytest.mark.parametrize(("seed", "first"), [(0, 1559595546), (1, 534011718), (42, 1434747710), (-42, 1434747710)])
def test_first_draws(seed: int, first: int) -> None:
    assert Random(seed).next() == first


def test_doubles_and_ranges() -> None:
    assert Random(42).next_double() == pytest.approx(0.6681064659115423, abs=1e-16)
    assert Random(42).NextDouble() == Random(42).next_double()
    assert Random(42).next(100) == Random(42).Next(0, 100) == 66
    numbers = [Random(7).next(5, 9) for _ in range(3)]
    assert numbers[0] == numbers[1] == numbers[2]
    assert set(_many(Random(3))) == {5, 6, 7, 8}
    assert Random(1).next(4, 4) == 4


def _many(random: Random) -> list[int]:
    return [random.next(5, 9) for _ in range(200)]


def test_wide_ranges_and_bytes() -> None:
    random = Random(5)
    draws = [random.next(-(2**31), 2**31 - 1) for _ in range(50)]
    assert min(draws) < 0 < max(draws)
    assert len(random.next_bytes(4)) == 4


def test_the_smallest_seed_and_none() -> None:
    assert Random(-(2**31)).next() == Random(2**31 - 1).next()
    assert Random().next() >= 0


def test_a_range_the_wrong_way_round() -> None:
    with pytest.raises(ValueError, match="they were 9 and 5"):
        Random(1).next(9, 5)
