"""``tradinglab check``: whether the server could work as it is set up, and what to do if not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tradinglab.server.config.environment import environment
from tradinglab.server.config.startup import start_django
from tradinglab.server.errors import SettingsError


class Verdict(StrEnum):
    """How a thing was found."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it was found, and what is to be done."""

    name: str
    verdict: Verdict
    detail: str = ""


#: What may be missing while the server is not running.
_LATER = ("worker",)


def installation_check() -> list[Finding]:
    """Look at settings, database, queue, worker, disk, artefacts, sandbox, and what Django says of a deployment."""
    try:
        start_django()
    except SettingsError as error:
        return [Finding(name="settings", verdict=Verdict.ERROR, detail=each) for each in error.problems]
    return [Finding(name="settings", verdict=Verdict.OK), *_parts(), _sandbox(), *_deployment()]


def _parts() -> Iterator[Finding]:
    from tradinglab.server.ops.health import readiness

    for name, said in readiness().items():
        if name == "sandbox":
            continue  # said in more words below
        missing = _unapplied() if name == "database" and said == "ok" else 0
        if missing:
            said = f"{missing} migrations are not applied; 'python manage.py migrate' applies them, 'tradinglab up' too"
        if name == "artefacts" and said == "ok":
            said = _trial()
        bad = Verdict.WARNING if name in _LATER else Verdict.ERROR
        yield Finding(name=name, verdict=Verdict.OK if said == "ok" else bad, detail="" if said == "ok" else said)
        if name == "database" and said != "ok":
            return  # the others ask it too


def _trial() -> str:
    """Return whether artefacts can be stored, and not only read."""
    from tradinglab.server.errors import StorageError
    from tradinglab.server.runs.store import store

    try:
        store().trial()
    except StorageError as error:
        return error.reason
    except OSError as error:
        return f"nothing can be stored: {error}"
    return "ok"


def _sandbox() -> Finding:
    from tradinglab.sandbox import Grade
    from tradinglab.server.config.grade import machine_grade

    grade = machine_grade()
    verdict = Verdict.WARNING if grade is Grade.WEAK else Verdict.OK
    return Finding(name="sandbox", verdict=verdict, detail=f"{grade}; 'tradinglab sandbox probe' says why")


def _unapplied() -> int:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _deployment() -> Iterator[Finding]:
    from django.core.checks import ERROR, run_checks

    is_deployed = environment().backend_url is not None
    found = [each for each in run_checks(include_deployment_checks=is_deployed) if not each.is_silenced()]
    for each in found:
        verdict = Verdict.ERROR if each.level >= ERROR else Verdict.WARNING
        detail = " ".join(part for part in (f"{each.id}: {each.msg}", each.hint) if part)
        yield Finding(name="deployment", verdict=verdict, detail=detail)
    if is_deployed and environment().secret_key is None:
        detail = "SECRET_KEY is not set: another machine, or a new disk, makes another one, and logs everybody out"
        yield Finding(name="deployment", verdict=Verdict.WARNING, detail=detail)
    elif not found:
        yield Finding(name="deployment", verdict=Verdict.OK)
