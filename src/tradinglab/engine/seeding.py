"""Lots that fall the same way again: what Python and numpy draw while a run lasts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

#: What numpy takes; the largest is one less.
SEEDS: Final = 1 << 32


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Let the common generators of ``random`` and ``numpy.random`` start from a seed; afterwards they go on as before.

    Generators that a strategy makes itself start from what it gives them.
    """
    if seed is None:
        yield
        return
    before, numpy_before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)
