"""What a run leaves cannot be stored: it fails and says why, once."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs import supervision
from tradinglab.server.runs.execution import Ended, Ending, OutputFile
from tradinglab.server.runs.models import Artefact, Run
from tradinglab.server.runs.store import FolderStore
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db


class Leaves:
    """A kind of run that leaves files, one of them large."""

    ending = Ending.COMPLETED
    recorded = 0

    def execute(self, run: Run, folder: Path, watcher: object) -> Ended:
        for name, size in (("small.json", 10), ("large.json", 2000)):
            (folder / name).write_bytes(b"x" * size)
        error = None if self.ending == Ending.COMPLETED else {"code": "strategy", "message": "its own"}
        names = ("small.json", "large.json")
        files = {name: OutputFile(folder / name, "application/json") for name in names}
        return Ended(ending=self.ending, error=error, files=files)

    def record(self, run: Run, summary: object) -> None:
        self.recorded += 1


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Leaves:
    made = Leaves()
    monkeypatch.setattr(supervision, "run_kind", lambda name: made)
    return made


@pytest.fixture
def run(owner: User, strategy: Strategy) -> Run:
    assert strategy.head is not None
    return backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run


def outcome(run: Run) -> tuple[str, str, list[str]]:
    run.refresh_from_db()
    kinds = [event.kind for event in run.events.all()]
    assert [event.sequence for event in run.events.all()] == list(range(1, len(kinds) + 1))
    assert kinds.count("finished") == 1
    return run.state, run.error_code, sorted(Artefact.objects.filter(run=run).values_list("name", flat=True))


def test_all_is_stored_that_is_small_enough(run: Run, kind: Leaves) -> None:
    assert run_carry_out(run_id=run.pk, worker="a")
    assert outcome(run) == ("completed", "", ["large.json", "small.json"])
    assert kind.recorded == 1


def test_a_file_that_is_too_large_fails_the_run_and_the_rest_is_kept(
    run: Run, kind: Leaves, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "_LARGEST_ARTEFACT", 1000)
    assert run_carry_out(run_id=run.pk, worker="a")
    assert outcome(run) == ("failed", "artefact_too_large", ["small.json"])
    assert "large.json (2,000 bytes)" in run.error["message"]
    assert kind.recorded == 0
    assert not run_carry_out(run_id=run.pk, worker="b")


def test_a_run_that_failed_keeps_its_own_reason(run: Run, kind: Leaves, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_LARGEST_ARTEFACT", 1000)
    kind.ending = Ending.FAILED
    run_carry_out(run_id=run.pk, worker="a")
    assert outcome(run) == ("failed", "strategy", ["small.json"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_fails_the_run_and_says_so(
    run: Run, kind: Leaves, monkeypatch: pytest.MonkeyPatch, settings: Any, number: int
) -> None:
    def full(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    assert run_carry_out(run_id=run.pk, worker="a")
    assert outcome(run) == ("failed", "storage_full", [])
    assert "disk is full" in run.error["message"]
    assert not run_carry_out(run_id=run.pk, worker="b")
    assert [each for each in Path(settings.HOME.artefacts).rglob("*") if each.is_file()] == []
    assert not list(Path(settings.HOME.work).iterdir())


def test_another_fault_of_the_store_is_the_servers(
    run: Run, kind: Leaves, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise OSError(errno.EIO, "Input/output error at /somewhere")

    monkeypatch.setattr(FolderStore, "put", broken)
    assert run_carry_out(run_id=run.pk, worker="a")
    assert outcome(run) == ("failed", "server", [])
    assert "/somewhere" not in str(run.error)
