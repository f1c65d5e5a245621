"""How the garbage collector is kept from looking at a run over and over, and at what former runs have left."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 200_000  # between two looks of the garbage collector
_MANY_BLOCKS = 400_000  # of memory; a collection takes as long as making a hundredth of them


class _Heap:
    """How much memory was in use when nothing of former runs was left."""

    blocks: int | None = None


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Let the garbage collector look less often: a run makes many objects that stay, and hardly any cycles."""
    _drop_former_runs()
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        # What the run has made stays as it is old, not as new: looking at it all once more would free next to nothing.
        gc.freeze()
        gc.set_threshold(*before)
        gc.unfreeze()


def _drop_former_runs() -> None:
    """Free what earlier runs of this process have left, if that is much; frozen, it would stay for all of this one."""
    blocks = sys.getallocatedblocks()
    if _Heap.blocks is not None:
        if blocks - _Heap.blocks < _MANY_BLOCKS:
            return
        gc.collect()
        blocks = sys.getallocatedblocks()
    _Heap.blocks = blocks
