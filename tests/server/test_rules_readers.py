"""The processes that read rules: few, kept, and no text can take another one's."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tradinglab.server.strategies import checking, rules_readers
from tradinglab.server.strategies.limited import BeyondLimitsError
from tradinglab.server.strategies.rules_readers import MOST, RulesReaders

TEXT = """rules "Cross"
universe SPY daily
from 2012-01-01 to 2012-12-31
enter long when SMA({fast}) crosses above SMA(50)
exit long when SMA({fast}) crosses below SMA(50)
size 95 % of equity
"""


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[RulesReaders]:
    """Those of a test, which are ended after it."""
    made = RulesReaders()
    monkeypatch.setattr(checking, "READERS", made)
    yield made
    made.close()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that have been started."""
    pids: list[int] = []

    class Counted(rules_readers._Reader):
        def __init__(self) -> None:
            super().__init__()
            pids.append(self._process.pid)

    monkeypatch.setattr(rules_readers, "_Reader", Counted)
    return pids


def _read(readers: RulesReaders, fast: int, **limits: float) -> dict[str, Any]:
    order = {"text": TEXT.format(fast=fast), "parameters": {}}
    return readers.read(order, **{"timeout_s": 60, "patience_s": 60, **limits})


def test_twelve_at_once_are_read_by_two_processes(readers: RulesReaders, started: list[int]) -> None:
    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(lambda fast: _read(readers, fast), range(5, 17)))
    assert [each["findings"] for each in said] == [[]] * 12
    # Each has its own answer, not that of another.
    assert [f"SMA({fast})" in each["text"] for fast, each in zip(range(5, 17), said, strict=True)] == [True] * 12
    assert 1 <= len(started) <= MOST


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_is_lost_is_replaced(readers: RulesReaders, started: list[int], how: signal.Signals) -> None:
    assert _read(readers, 5)["findings"] == []
    os.kill(started[0], how)
    if how == signal.SIGSTOP:  # it does not answer any more
        with pytest.raises(BeyondLimitsError):
            _read(readers, 6, timeout_s=0.2)
    else:
        os.waitid(os.P_PID, started[0], os.WEXITED | os.WNOWAIT)
    assert _read(readers, 7)["findings"] == []
    assert len(started) == 2


def test_one_that_is_about_to_end_is_asked_in_vain(readers: RulesReaders, started: list[int]) -> None:
    assert _read(readers, 5)["findings"] == []
    reader = readers._idle[0]
    stdin = reader._process.stdin
    assert stdin is not None
    stdin.close()  # it ends as it does when it has been idle for long
    os.waitid(os.P_PID, started[0], os.WEXITED | os.WNOWAIT)
    reader._process.stdin = Path(os.devnull).open("wb", buffering=0)  # noqa: SIM115
    assert reader._process.returncode is None
    assert rules_readers.RulesReaders._asked(readers, reader, b"{}", 60) is None
    readers._idle.clear()
    assert _read(readers, 6)["findings"] == []


def test_one_that_its_limits_end_is_told_so(readers: RulesReaders, started: list[int]) -> None:
    assert _read(readers, 5)["findings"] == []
    reader = readers._idle.pop()
    os.kill(started[0], signal.SIGPROF)  # which the limit of its time on the processor sends
    with pytest.raises(BeyondLimitsError):
        readers._asked(reader, b"{}", 60)
    assert _read(readers, 7)["findings"] == []


@pytest.mark.django_db
def test_rules_that_take_too_long_are_a_finding(
    api: APIClient, readers: RulesReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_TIMEOUT_S", 0.0)
    answer = api.post("/api/v1/rules/check/", {"text": TEXT.format(fast=21)}, format="json")
    assert answer.status_code == 200, answer.content
    assert [(each["file"], each["code"]) for each in answer.json()["findings"]] == [("main.rules", "too_complex")]


@pytest.mark.django_db
def test_rules_are_refused_when_all_processes_are_busy(
    api: APIClient, readers: RulesReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_PATIENCE_S", 0.01)
    for _ in range(MOST):
        readers._places.acquire()
    answer = api.post("/api/v1/rules/check/", {"text": TEXT.format(fast=22)}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (429, "check_busy")


def test_a_large_process_has_its_rules_read_too(readers: RulesReaders) -> None:
    ballast = bytearray(400 << 20)
    ballast[:: resource.getpagesize()] = b"x" * len(ballast[:: resource.getpagesize()])
    assert _read(readers, 5)["findings"] == []
    assert _read(readers, 6)["findings"] == []
    assert len(ballast) == 400 << 20
