"""The files that are run of a version: its own, or, where it is told as rules, the source that is generated of them.

The source follows from the rules and from the generator alone. It is stored nowhere: a run's manifest holds its hash,
and what generated it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tradinglab.server.errors import InputError
from tradinglab.server.strategies.checking import generator_version, rules_read_apart
from tradinglab.server.strategies.errors import SourceChangedError
from tradinglab.server.strategies.files import ENTRY, RULES, file_hashes


def files_run(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that are run: in place of ``main.rules`` the ``main.py`` that is generated from it.

    Rules that were not read before are read now, which takes a while: not within a transaction.

    Raises
    ------
    InputError
        If the rules cannot be carried out; with line and column.
    CheckBusyError
        If too many checks are under way.
    """
    if RULES not in files:
        return dict(files)
    rest = {path: text for path, text in files.items() if path != RULES}
    return {**rest, ENTRY: rules_source(text=files[RULES], field=f"files.{RULES}")}


def rules_tickers(files: Mapping[str, str]) -> frozenset[str]:
    """Return the tickers that rules are about, in capitals; none, where the source is a version's own."""
    read = rules_read_apart(text=files[RULES]) if RULES in files else {}
    return frozenset(each["ticker"].upper() for each in read.get("rules", {}).get("universe", ()))


def rules_days(files: Mapping[str, str]) -> tuple[date, date] | None:
    """Return the first and the last day that rules name; nothing, where the source is a version's own."""
    rules = rules_read_apart(text=files[RULES]).get("rules") if RULES in files else None
    return None if rules is None else (date.fromisoformat(rules["start"]), date.fromisoformat(rules["end"]))


def rules_source(*, text: str, field: str) -> str:
    """Return the source that is generated of rules, which stand in a field of a request.

    Raises
    ------
    InputError
        If the rules cannot be carried out; with line and column.
    CheckBusyError
        If too many checks are under way.
    """
    read = rules_read_apart(text=text)
    for found in read["findings"]:
        where = f"{found['file']}, line {found['line']}, column {found['column']}"
        raise InputError(field, None, f"{where}: {found['message']} {found['suggestion']}".rstrip())
    source: str = read["source"]
    return source


def files_as_told(files: Mapping[str, str], manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the files that are run, which are those that a run's manifest tells of.

    Raises
    ------
    SourceChangedError
        If other source is generated of the rules by now.
    """
    found = files_run(files)
    told = manifest.get("strategy", {}).get("generated")
    if told is not None and told["files"] != file_hashes({ENTRY: found[ENTRY]}):
        raise SourceChangedError(
            f"The run was asked for when {told['generator']} generated its source; {generator_version()} generates "
            "another one of the same rules. Ask for it again."
        )
    return found


def files_generated(files: Mapping[str, str]) -> dict[str, str]:
    """Return the source that is generated from a version's rules; nothing, where its source is its own.

    Raises
    ------
    InputError
        If the rules cannot be carried out.
    """
    return {ENTRY: files_run(files)[ENTRY]} if RULES in files else {}


def generated_manifest(files: Mapping[str, str]) -> dict[str, Any]:
    """Return what a manifest says of generated source; nothing, where a version's source is its own."""
    if RULES not in files:
        return {}
    return {"generated": {"files": file_hashes(files_generated(files)), "generator": generator_version()}}
