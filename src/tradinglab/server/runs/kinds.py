"""The kinds of runs: what a kind has to say to be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from tradinglab.sandbox import Grade
from tradinglab.server.runs.execution import Ended, SandboxKeeper, Watcher
from tradinglab.server.runs.models import Run


class RunKind(Protocol):
    """One kind of run."""

    #: The sandboxes in which its runs are carried out.
    sandboxes: tuple[SandboxKeeper, ...]

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Carry the run out, in the sandbox; an empty *folder* takes what it leaves."""

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Store the figures of a run that completed; called in the transaction that gives it its outcome."""


def run_kind(name: str) -> RunKind:
    """Return the kind that is called so."""
    return cast(RunKind, import_string(settings.RUN_KINDS[name])())


def weakest_grade() -> str:
    """Return the lowest grade of this process's sandboxes, as far as they were started; empty if none was."""
    grades = [keeper.grade for keeper in all_sandboxes()]
    return next((grade for grade in reversed(Grade) if grade in grades), "")


def all_sandboxes() -> list[SandboxKeeper]:
    """Return the sandboxes of every kind, of which this process has one each."""
    return list(dict.fromkeys(keeper for name in settings.RUN_KINDS for keeper in run_kind(name).sandboxes))
