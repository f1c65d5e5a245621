"""What processes on several machines count together, in a real Redis."""

from __future__ import annotations

import logging
import threading
import uuid
from pathlib import Path

import pytest
from redis import Redis

from tradinglab.core.pacing.breakers import BreakerRule
from tradinglab.core.pacing.buckets import Rate
from tradinglab.core.pacing.notes import MemoryNotes
from tradinglab.server.cloud.sharing import shared_by_all
from tradinglab.server.ops.shared_notes import RedisNotes

_RATE = Rate(30, 3600.0)
_RULE = BreakerRule(failures=2, wait_s=3600.0, most_wait_s=3600.0, probe_s=60.0)


def _on_another_machine(tmp_path: Path, redis_url: str | None):  # type: ignore[no-untyped-def]
    """Return what a process has whose home folder is its own."""
    return shared_by_all(tmp_path / uuid.uuid4().hex, redis_url)


def test_machines_take_from_one_bucket(tmp_path: Path, redis_url: str) -> None:
    allowed = []

    def ask() -> None:
        buckets = _on_another_machine(tmp_path, redis_url).buckets
        allowed.extend(buckets.take("account", _RATE).is_allowed for _ in range(20))

    machines = [threading.Thread(target=ask) for _ in range(4)]
    for each in machines:
        each.start()
    for each in machines:
        each.join()
    assert (len(allowed), sum(allowed)) == (80, 30)
    assert 0 < _on_another_machine(tmp_path, redis_url).buckets.take("account", _RATE).wait_s <= 120
    assert _on_another_machine(tmp_path, redis_url).buckets.take("another account", _RATE).is_allowed


def test_a_circuit_is_open_for_all_machines(tmp_path: Path, redis_url: str) -> None:
    here, there = (_on_another_machine(tmp_path, redis_url).breakers for _ in range(2))
    for breakers in (here, there):
        assert breakers.enter("server", _RULE).is_allowed
        breakers.leave("server", _RULE, is_well=False, is_probe=False)
    for breakers in (here, there):
        passage = breakers.enter("server", _RULE)
        assert not passage.is_allowed
        assert 3590 < passage.wait_s <= 3600


def test_without_redis_a_machine_counts_for_itself(tmp_path: Path) -> None:
    """So it does where there is none, or it does not answer."""
    for url in (None, "redis://127.0.0.1:1/0"):
        one, other = (_on_another_machine(tmp_path, url).buckets for _ in range(2))
        assert sum(one.take("account", _RATE).is_allowed for _ in range(40)) == 30
        assert other.take("account", _RATE).is_allowed


def test_it_is_said_that_redis_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    notes = RedisNotes(Redis.from_url("redis://127.0.0.1:1/0"), prefix="x:", otherwise=MemoryNotes(), what="requests")
    with caplog.at_level(logging.WARNING):
        assert notes.change("name", lambda note: ({"n": 1.0}, note)) == {}
    assert notes.change("name", lambda note: (note, note)) == {"n": 1.0}
    assert "counted by this machine for itself" in caplog.text
