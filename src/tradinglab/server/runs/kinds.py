"""The kinds of runs: what a kind has to say to be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from tradinglab.server.runs.execution import Job
from tradinglab.server.runs.models import Run


class RunKind(Protocol):
    """One kind of run."""

    def job(self, run: Run, folder: Path) -> Job:
        """Write the run's inputs into an empty *folder*, and return what is to be executed."""

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Store the figures of a run that completed; called in the transaction that gives it its outcome."""


def run_kind(name: str) -> RunKind:
    """Return the kind that is called so."""
    return cast(RunKind, import_string(settings.RUN_KINDS[name])())
