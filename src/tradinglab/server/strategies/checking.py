"""What is wrong with a strategy's files, and what their parameters are; no line of them is run."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from django.core.cache import cache as django_cache

import tradinglab
from tradinglab.algorithm.check import Finding, Parameter, Report, Severity
from tradinglab.server.strategies.errors import CheckBusyError
from tradinglab.server.strategies.files import ENTRY, RULES, content_hash
from tradinglab.server.strategies.limited import BeyondLimitsError, CrashedError, carried_out
from tradinglab.server.strategies.rules_readers import READERS

_TIMEOUT_S = 30
_PATIENCE_S = 10
_KEPT_S = 86_400
_BUSY = "Too many strategies are being checked; try again in some seconds."
#: A check of code takes half a second of a processor: so many at once in each process of the server.
_places = threading.BoundedSemaphore(2)


def files_check(*, files: Mapping[str, str]) -> Report:
    """Return what is wrong with files; the same files are read once.

    Raises
    ------
    CheckBusyError
        If too many checks are under way.
    """
    if RULES in files:
        return _report(rules_read_apart(text=files[RULES]))
    key = f"strategy-check:3:{tradinglab.__version__}:{content_hash(files)}"
    kept = django_cache.get(key)
    if kept is None:
        kept = _kept(key, lambda: _checked_apart(files), ENTRY)
    return _report(kept)


def rules_read_apart(*, text: str, parameters: Mapping[str, str | float] | None = None) -> dict[str, Any]:
    """Return what can be said of rules: ``findings`` and, if there are none, what they are and what comes of them.

    The same rules are read once. What it holds is told by :func:`.rule_files.rules_read`, which does it, in a process
    that is kept for it.

    Raises
    ------
    CheckBusyError
        If too many checks are under way.
    """
    order = {"text": text, "parameters": dict(parameters or {})}
    digest = hashlib.sha256(json.dumps(order, sort_keys=True).encode()).hexdigest()
    key = f"rules-read:2:{generator_version()}:{digest}"
    kept: dict[str, Any] | None = django_cache.get(key)
    if kept is None:
        kept = _kept(key, lambda: _read_apart(order), RULES)
    return kept


def rules_windows_apart(
    *,
    text: str,
    parameters: Mapping[str, str] | None = None,
    searched: Mapping[str, tuple[float, float]] | None = None,
    spans: Sequence[tuple[date | None, date | None]] = (),
    covered: Sequence[tuple[date, date]] | None = None,
) -> dict[str, Any]:
    """Return why rules look back over more bars than there can be; nothing if that is not known to be so.

    What is asked and answered is told by :func:`.rule_files.windows_refused`, which a process kept for it carries out.

    Raises
    ------
    CheckBusyError
        If too many checks are under way.
    """
    windows = {
        "parameters": dict(parameters or {}),
        "searched": dict(searched or {}),
        "spans": [[None if day is None else day.isoformat() for day in span] for span in spans],
        "covered": None if covered is None else [[day.isoformat() for day in span] for span in covered],
    }
    try:
        return _read_apart({"text": text, "windows": windows})
    except (BeyondLimitsError, CrashedError):
        return {}  # which is said where the rules themselves are read


@lru_cache(maxsize=1)
def generator_version() -> str:
    """Return what reads rules and generates source of them: the version, and a hash of the package that does it."""
    folder = Path(tradinglab.__file__).parent / "rules"
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{tradinglab.__version__}+{digest.hexdigest()[:12]}"


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
    if RULES not in files and not any(
        "parameter" in text.lower() for path, text in files.items() if path.endswith(".py")
    ):
        return AskedParameters((), are_all=True)
    report = files_check(files=files)
    return AskedParameters(report.parameters, report.asks_openly)


def _kept(key: str, carry_out: Callable[[], dict[str, Any]], file: str) -> dict[str, Any]:
    """Carry out an order and keep what comes of it, unless the check itself fails.

    What goes beyond its limits is a finding in *file*.
    """
    try:
        found = carry_out()
    except BeyondLimitsError:
        found = _found(_beyond_limits(file))
    except CrashedError:
        return _found(_failed(file))
    django_cache.set(key, found, _KEPT_S)
    return found


def _checked_apart(files: Mapping[str, str]) -> dict[str, Any]:
    """Check files in a process of its own.

    Raises
    ------
    BeyondLimitsError, CrashedError
    """
    if not _places.acquire(timeout=_PATIENCE_S):
        raise CheckBusyError(_BUSY)
    try:
        return carried_out("tradinglab.server.strategies.check_process", dict(files), timeout_s=_TIMEOUT_S)
    finally:
        _places.release()


def _read_apart(order: Mapping[str, Any]) -> dict[str, Any]:
    """Read rules in a process that is kept: to start one takes a hundred times as long as to read them.

    Raises
    ------
    BeyondLimitsError, CrashedError
    """
    try:
        return READERS.read(order, timeout_s=_TIMEOUT_S, patience_s=_PATIENCE_S)
    except TimeoutError:
        raise CheckBusyError(_BUSY) from None


def _found(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {"findings": [finding], "parameters": [], "asks_openly": False, "is_cut": False}


def _beyond_limits(file: str) -> dict[str, Any]:
    return _finding(
        file,
        "too_complex",
        "The files take too long or too much memory to be read.",
        "Name fewer operands by one another." if file == RULES else "Keep data out of the code, in a CSV or JSON file.",
    )


def _failed(file: str) -> dict[str, Any]:
    text = "The files cannot be checked: the check itself failed, which is a fault of TradingLab's."
    return _finding(file, "check_failed", text, "Ask the operator, who finds the reason in the server's log.")


def _finding(file: str, code: str, message: str, suggestion: str) -> dict[str, Any]:
    return {
        "file": file,
        "line": 1,
        "column": 1,
        "severity": Severity.ERROR.value,
        "code": code,
        "message": message,
        "suggestion": suggestion,
    }


def _report(kept: Mapping[str, Any]) -> Report:
    return Report(
        findings=tuple(Finding(**{**each, "severity": Severity(each["severity"])}) for each in kept["findings"]),
        parameters=tuple(Parameter(**each) for each in kept["parameters"]),
        # Rules say what they ask for, if they can be read.
        asks_openly=kept.get("asks_openly", not kept["findings"]),
        is_cut=kept.get("is_cut", False),
    )
