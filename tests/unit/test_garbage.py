"""Garbage between runs."""

from __future__ import annotations

import gc
import weakref

import pytest

from tradinglab.engine import garbage
from tradinglab.engine.garbage import fewer_collections


class _Run:
    """Something that only the garbage collector can free."""

    def __init__(self) -> None:
        self.own = self


@pytest.mark.parametrize(("least", "is_freed"), [(-(10**9), True), (10**9, False)])
def test_much_that_former_runs_left_is_freed_before_the_next(
    monkeypatch: pytest.MonkeyPatch, least: int, is_freed: bool
) -> None:
    monkeypatch.setattr(garbage, "_MANY_BLOCKS", least)
    with fewer_collections():
        pass
    run = _Run()
    left = weakref.ref(run)
    gc.disable()
    try:
        del run
        with fewer_collections():
            assert (left() is None) is is_freed
    finally:
        gc.enable()


def test_the_collector_is_left_as_it_was() -> None:
    before = gc.get_threshold()
    with fewer_collections():
        assert gc.get_threshold() != before
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
