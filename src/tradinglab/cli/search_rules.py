"""Searches of rules on the command line: simulated where a simulation comes to all figures that count."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tradinglab.cli.backtest import find_strategy
from tradinglab.cli.console import note
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import rules_part

if TYPE_CHECKING:
    from tradinglab.optimize.local import RunTerms, Search
    from tradinglab.rules import Rules

_SUFFIXES = (".rules", ".json")


def find_searched(text: str) -> Path:
    """Return the file that is searched: of a strategy's code, or of rules."""
    given = Path(text).expanduser()
    if given.is_file() and is_rules(given):
        return given
    try:
        return find_strategy(text)
    except CommandError as problem:
        if (given / "main.rules").is_file():
            return given / "main.rules"
        from tradinglab.rules.templates import find_rule_template

        found = find_rule_template(text)
        if found is None:
            raise problem from None
        return found.path


def is_rules(strategy: Path) -> bool:
    """Return whether a file holds rules."""
    return strategy.suffix.lower() in _SUFFIXES


def rules_read(strategy: Path) -> Rules:
    """Return the rules of a file.

    Raises
    ------
    CommandError
        If the libraries that rules need are not installed.
    """
    rules: Rules = rules_part("loading").load_rules(strategy)
    return rules


def check_method(options: Namespace) -> None:
    """Refuse a way of carrying trials out, and what goes with it, that the strategy does not have."""
    if is_rules(find_searched(options.file)):
        if options.class_name or options.import_path:
            raise CommandError("Rules have no classes and import nothing: leave out --class and --import-path.")
    elif options.method == "simulation":
        raise CommandError("--method simulation is for rules; a strategy's code is backtested. Leave it out.")


@contextmanager
def carried_out(search: Search, method: str | None) -> Iterator[Search]:
    """Yield a search as it is carried out: of rules a simulation, or the source that is generated of them.

    Raises
    ------
    CommandError
        If a simulation is asked for that there cannot be.
    RulesError
        If there are no bars for the rules, or they contradict themselves.
    """
    if not is_rules(search.terms.strategy):
        yield search
        return
    why = "" if method == "backtests" else why_not_simulated(search)
    if why and method == "simulation":
        raise CommandError(f"{why} Leave --method out, or ask for backtests.")
    if not why and method != "backtests":
        yield replace(search, terms=replace(search.terms, is_simulated=True))
        return
    if why:
        note(f"{why} The trials are backtests, which take longer than simulations.")
    with generated(search.terms) as path:
        yield replace(search, terms=replace(search.terms, strategy=path))


def why_not_simulated(search: Search) -> str:
    """Return why the engine has to carry trials out; empty if a simulation comes to the same."""
    from tradinglab.data.source import open_source
    from tradinglab.optimize.local.simulating import rules_of
    from tradinglab.rules import load_bars
    from tradinglab.rules.errors import RulesBarsError
    from tradinglab.rules.measures import SIMULATED

    missing = [figure for figure in search.objective.figures if figure not in SIMULATED]
    if missing:
        return f"A simulation does not come to {', '.join(missing)}."
    try:
        load_bars(rules_of(search.terms), open_source(search.terms.data))
    except RulesBarsError as problem:
        return f"{problem}."
    return ""


@contextmanager
def generated(terms: RunTerms) -> Iterator[Path]:
    """Yield the file of the strategy that is generated of rules; it is gone afterwards."""
    from tradinglab.rules import algorithm_source

    with TemporaryDirectory(prefix="tradinglab-rules-") as folder:
        path = Path(folder, f"{terms.strategy.stem}.py")
        path.write_text(algorithm_source(rules_read(terms.strategy)), encoding="utf-8")
        yield path
