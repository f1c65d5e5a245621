"""``tradinglab doctor``: what to doubt of a strategy's backtest."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

from tradinglab.cli import outcome, words
from tradinglab.cli.backtest import find_strategy
from tradinglab.cli.console import fail, say
from tradinglab.cli.findings import show_diagnosis
from tradinglab.cli.status import FINISHED, STRATEGY_FAILED, UNSOUND
from tradinglab.cli.terms import add_terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.cli.errors import Commands
    from tradinglab.doctor import Diagnosis

_MOST_CUTS = 1000


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "doctor",
        help="say what to doubt of a strategy's backtest",
        description="Backtest a strategy, run it again on data that is cut, and say what to doubt of its result.",
    )
    parser.set_defaults(run=run)
    add_repeated(parser.add_argument)
    parser.add_argument("--cuts", metavar="N", type=_cuts, default=5,
        help="at how many instants the data is cut to find look-ahead (default: 5; 0: none)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def add_repeated(add: Callable[..., Any]) -> None:
    """Add a strategy, and what each of its runs is told."""
    add("file", metavar="FILE", help="strategy file, folder with a main.py, or name of a template")
    add_terms(add, timeout="give up when one of the runs takes longer")
    add("--seed", metavar="N", type=words.seed, default=0, help="what random and numpy.random start from (default: 0)")


def given_terms(options: Namespace) -> dict[str, Any]:
    """Return what the options say of each run."""
    return {
        "strategy": find_strategy(options.file),
        "data": options.data,
        "start": options.start,
        "end": options.end,
        "cash": options.cash,
        "parameters": dict(options.parameter),
        "import_paths": tuple(options.import_path),
        "class_name": options.class_name,
        "timeout_s": options.timeout,
        "seed": options.seed,
    }


def run(options: Namespace) -> int:
    """Examine the strategy's run and print what was found; the status is 1 if something is an error."""
    from tradinglab.doctor import diagnose
    from tradinglab.engine.errors import StrategyError

    try:
        found = diagnose(**given_terms(options), cuts=options.cuts)
    except StrategyError as error:
        fail(outcome.failure_text(error))
        return STRATEGY_FAILED
    if options.json:
        say(json.dumps(_document(found), indent=2))
    else:
        show_diagnosis(found)
    return UNSOUND if found.has_errors or found.result.status == "failed" else FINISHED


def _document(found: Diagnosis) -> dict[str, object]:
    return {
        "name": found.result.name,
        "status": found.result.status,
        "orders": found.result.total_orders,
        "cuts": found.cuts,
        "findings": [each.as_json() for each in found.findings],
    }


def _cuts(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) > _MOST_CUTS:
        raise ArgumentTypeError(f"'{text}' is no whole number from 0 to {_MOST_CUTS:,}")
    return int(text)
