"""What is wrong with a strategy's files, and what their parameters are; no line of them is run."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.core.cache import cache as django_cache

import tradinglab
from tradinglab.algorithm.check import Finding, Parameter, Report, Severity, check_strategy
from tradinglab.server.strategies.errors import CheckBusyError
from tradinglab.server.strategies.files import ENTRY, content_hash
from tradinglab.templates import Template

_TIMEOUT_S = 30
_PATIENCE_S = 10
_KEPT_S = 86_400
#: A check takes half a second of a processor: so many at once in each process of the server.
_places = threading.BoundedSemaphore(2)


def files_check(*, files: Mapping[str, str]) -> Report:
    """Return what is wrong with files; the same files are read once.

    Raises
    ------
    CheckBusyError
        If too many checks are under way.
    """
    key = f"strategy-check:2:{tradinglab.__version__}:{content_hash(files)}"
    kept = django_cache.get(key)
    if kept is None:
        kept = _checked(files)
        django_cache.set(key, kept, _KEPT_S)
    return _report(kept)


class AskedParameters(NamedTuple):
    """The parameters that files ask for, and whether these are all."""

    known: Sequence[Parameter]
    are_all: bool


def files_parameters(*, files: Mapping[str, str]) -> AskedParameters:
    """Return the parameters that files ask for.

    Raises
    ------
    CheckBusyError
        If too many checks are under way.
    """
    if not any("parameter" in text.lower() for path, text in files.items() if path.endswith(".py")):
        return AskedParameters((), are_all=True)
    report = files_check(files=files)
    return AskedParameters(report.parameters, report.asks_openly)


@cache
def template_parameters(template: Template) -> Sequence[Parameter]:
    """Return the parameters of a template: its file is ours, so it is read here."""
    return check_strategy({ENTRY: template.source}).parameters


def _checked(files: Mapping[str, str]) -> dict[str, Any]:
    if not _places.acquire(timeout=_PATIENCE_S):
        raise CheckBusyError("Too many strategies are being checked; try again in some seconds.")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "tradinglab.server.strategies.check_process"],
            input=json.dumps(dict(files)).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            timeout=_TIMEOUT_S,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return {"findings": [_beyond_limits()], "parameters": [], "asks_openly": False, "is_cut": False}
    finally:
        _places.release()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _beyond_limits() -> dict[str, Any]:
    return {
        "file": ENTRY,
        "line": 1,
        "column": 1,
        "severity": Severity.ERROR.value,
        "code": "too_complex",
        "message": "The files take too long or too much memory to be read.",
        "suggestion": "Keep data out of the code, in a CSV or JSON file.",
    }


def _report(kept: Mapping[str, Any]) -> Report:
    return Report(
        findings=tuple(Finding(**{**each, "severity": Severity(each["severity"])}) for each in kept["findings"]),
        parameters=tuple(Parameter(**each) for each in kept["parameters"]),
        asks_openly=kept["asks_openly"],
        is_cut=kept["is_cut"],
    )
