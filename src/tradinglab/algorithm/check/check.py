"""The check as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tradinglab.algorithm.check.classes import AuthorClass, author_classes, leaf_algorithms
from tradinglab.algorithm.check.findings import (
    MOST_FINDINGS,
    Finding,
    Parameter,
    Report,
    Severity,
    TooComplexError,
)
from tradinglab.algorithm.check.imports import import_findings
from tradinglab.algorithm.check.members import WrittenNames, member_findings
from tradinglab.algorithm.check.names import name_findings
from tradinglab.algorithm.check.parameters import parameters, parameters_are_plain
from tradinglab.algorithm.check.parsing import SourceFile, parse
from tradinglab.core.surface import nearest_name

ENTRY = "main.py"
_START = "initialize"


def check_strategy(files: Mapping[str, str], entry: str = ENTRY) -> Report:
    """Return what is wrong with a strategy, worst first in each file, and its parameters.

    Parameters
    ----------
    files
        Path, relative to the strategy's folder, and text of each file; those that are not Python are passed over.
    entry
        The file with the algorithm.
    """
    parsed: list[SourceFile] = []
    found: list[Finding] = []
    asked: list[Parameter] = []
    asks_openly = False
    paths = sorted((path for path in files if path.endswith(".py")), key=lambda path: (path != entry, path))
    for path in paths:
        file, said = parse(path, files[path])
        found += said
        if file is not None:
            parsed.append(file)
    try:
        asked, odd = parameters(parsed)
        asks_openly = len(parsed) == len(paths) and parameters_are_plain(parsed)
        found += odd
        found += _read(parsed, paths, entry)
    except (RecursionError, MemoryError):
        found.append(_too_complex(paths, "The strategy is nested too deeply to be looked at; write it flatter."))
    except TooComplexError as problem:
        found.append(_too_complex(paths, str(problem)))
    unique = sorted(dict.fromkeys(found), key=lambda each: (paths.index(each.file), each.line, each.column, each.code))
    return Report(
        findings=tuple(unique[:MOST_FINDINGS]),
        parameters=tuple(asked),
        asks_openly=asks_openly,
        is_cut=len(unique) > MOST_FINDINGS,
    )


def _too_complex(paths: Sequence[str], message: str) -> Finding:
    return Finding(
        file=paths[0],
        line=1,
        column=1,
        severity=Severity.ERROR,
        code="too_complex",
        message=message,
    )


def _read(files: Sequence[SourceFile], paths: Sequence[str], entry: str) -> Iterator[Finding]:
    yield from import_findings(files, paths)
    yield from name_findings(files)
    classes = author_classes(files)
    # What a file defines that cannot be read is not known.
    if len(files) == len(paths):
        yield from member_findings(files, classes, WrittenNames(files))
    main = next((file for file in files if file.path == entry), None)
    if main is not None:
        yield from _algorithm(main, classes)


def _algorithm(main: SourceFile, classes: Sequence[AuthorClass]) -> Iterator[Finding]:
    """Look for the one algorithm that the engine runs."""
    leaves = leaf_algorithms(classes, main)
    if not leaves:
        if any(each.is_open and each.is_at_top and each.file is main for each in classes):
            return  # one of them may be an algorithm
        elsewhere = [each for each in classes if each.is_algorithm and each.file is not main]
        hint = "Write one that derives from QCAlgorithm: class MyStrategy(QCAlgorithm)."
        if elsewhere:
            first = elsewhere[0]
            hint = f"'{first.name}' in {first.file.path} is one: move it into {main.path}, or derive from it."
        text = f"{main.path} has no algorithm class."
        yield main.finding(main.tree, Severity.ERROR, "no_algorithm", text, hint)
    for extra in leaves[1:]:
        names = ", ".join(each.name for each in leaves)
        text = f"{main.path} has several algorithm classes ({names})."
        yield main.finding(extra.node, Severity.ERROR, "several_algorithms", text, "Keep one of them.")
    for each in leaves[:1]:
        yield from _start(each)


def _start(algorithm: AuthorClass) -> Iterator[Finding]:
    """Look for the method in which an algorithm asks for its data."""
    if algorithm.is_open:
        return
    members = {name for base in algorithm.lineage() for name in base.members}
    if {_START, "Initialize"} & members:
        return
    nearest = nearest_name(_START, [name for name in members if name[:1] in "iI"])
    hint = f"Rename '{nearest}'." if nearest else "Add: def initialize(self):"
    text = f"'{algorithm.name}' has no method '{_START}': it trades nothing."
    yield algorithm.file.finding(algorithm.node, Severity.WARNING, "no_initialize", text, hint)
