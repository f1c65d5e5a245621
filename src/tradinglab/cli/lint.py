"""``tradinglab lint FILE``: what is wrong with a strategy, without running it."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.errors import CommandError
from tradinglab.cli.status import FINISHED, UNSOUND

if TYPE_CHECKING:
    from tradinglab.algorithm.check import Report
    from tradinglab.cli.errors import Commands

_ENTRY = "main.py"


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "lint",
        help="say what is wrong with a strategy, without running it",
        description="Read a strategy and the modules beside it that it imports, and say what is wrong with them.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("file", metavar="FILE", help="the strategy's file, or the folder of its main.py")
    parser.add_argument("--json", action="store_true", help="print the findings and the parameters as JSON")


def run(options: Namespace) -> int:
    """Print the findings; the status is 1 if a run would end in an error."""
    from tradinglab.algorithm.check import check_strategy

    path = Path(options.file)
    path = path / _ENTRY if path.is_dir() else path
    report = check_strategy(strategy_texts(path), path.name)
    if options.json:
        say(json.dumps(asdict(report), indent=2))
    else:
        _show(report, path.parent)
    return UNSOUND if report.has_errors else FINISHED


def strategy_texts(path: Path) -> dict[str, str]:
    """Return the strategy's file and those beside it that it imports, by their paths from its folder."""
    from tradinglab.engine.errors import StrategyFileError
    from tradinglab.sandbox.author_modules import author_files

    try:
        found = author_files(path, [path.parent])
    except StrategyFileError as problem:
        raise CommandError(str(problem)) from None
    return {os.path.relpath(each, path.parent).replace(os.sep, "/"): text for each, text in found.items()}


def _show(report: Report, folder: Path) -> None:
    for each in report.findings:
        hint = f" {each.suggestion}" if each.suggestion else ""
        say(f"{folder / each.file}:{each.line}:{each.column}: {each.severity}: {each.message}{hint} [{each.code}]")
    if report.is_cut:
        say("There are more findings; these are the first.")
    if not report.findings:
        say("Nothing is wrong that can be seen without running it.")
    for parameter in report.parameters:
        default = "" if parameter.default is None else f" = {parameter.default!r}"
        say(f"parameter {parameter.name}: {parameter.type}{default} ({parameter.file}:{parameter.line})")
