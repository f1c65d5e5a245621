"""Searches of rules on the command line: simulated where a simulation comes to all figures that count."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
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
    from tradinglab.optimize.walk_forward import Window
    from tradinglab.rules import MarketBars, Rules
    from tradinglab.rules.windows import Room

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
        If there are no bars for the rules, fewer than they look back over, or they contradict themselves.
    """
    if not is_rules(search.terms.strategy):
        yield search
        return
    why = _looked_at(search)
    if why and method == "simulation":
        raise CommandError(f"{why} Leave --method out, or ask for backtests.")
    if not why and method != "backtests":
        yield replace(search, terms=replace(search.terms, is_simulated=True))
        return
    if why and method is None:
        note(f"{why} The trials are backtests, which take longer than simulations.")
    with generated(search.terms) as path:
        yield replace(search, terms=replace(search.terms, strategy=path))


def _looked_at(search: Search) -> str:
    """Return why the engine has to carry trials out; empty if a simulation comes to the same.

    Raises
    ------
    RulesError
        If there are no bars for the rules, or fewer than they look back over with some value that is searched.
    """
    from tradinglab.rules.errors import RulesBarsError
    from tradinglab.rules.measures import SIMULATED
    from tradinglab.rules.windows import Span, room_at_most, room_of

    rules = _rules_of(search)
    try:
        room, why = room_of(_bars_of(search)), ""
    except RulesBarsError as problem:
        room, why = room_at_most(rules, Span(rules.start, rules.end)), f"{problem}."
    _check_room(search, room)
    missing = [figure for figure in search.objective.figures if figure not in SIMULATED]
    return f"A simulation does not come to {', '.join(missing)}." if missing else why


def check_walk(search: Search, windows: Sequence[Window]) -> None:
    """Refuse windows of a walk-forward in which rules look back over more bars than there are.

    Raises
    ------
    WindowTooLongError
        With the days, and with the parameter if it is one that is searched.
    """
    if not is_rules(search.terms.strategy):
        return
    from tradinglab.rules.errors import RulesBarsError
    from tradinglab.rules.windows import Span, room_between

    try:
        bars = _bars_of(search)
    except RulesBarsError:
        return
    rules = _rules_of(search)
    for each in windows:
        for first, last in ((each.train_first, each.train_last), (each.test_first, each.test_last)):
            _check_room(search, room_between(rules, bars, Span(first, last)))


def _rules_of(search: Search) -> Rules:
    from tradinglab.optimize.local.simulating import rules_of

    return rules_of(search.terms)


def _bars_of(search: Search) -> MarketBars:
    from tradinglab.data.source import open_source
    from tradinglab.rules import load_bars

    return load_bars(_rules_of(search), open_source(search.terms.data))


def _check_room(search: Search, room: Room) -> None:
    from tradinglab.rules.checks import parameter_values
    from tradinglab.rules.windows import searched_windows_check

    rules = _rules_of(search)
    fixed = {name: float(text) for name, text in search.terms.parameters.items() if name in rules.parameters}
    searched = {axis.name: axis.span for axis in search.space.axes if axis.span is not None}
    searched_windows_check(rules, parameter_values(rules, fixed), searched, room)


@contextmanager
def generated(terms: RunTerms) -> Iterator[Path]:
    """Yield the file of the strategy that is generated of rules; it is gone afterwards."""
    from tradinglab.rules import algorithm_source

    with TemporaryDirectory(prefix="tradinglab-rules-") as folder:
        path = Path(folder, f"{terms.strategy.stem}.py")
        path.write_text(algorithm_source(rules_read(terms.strategy)), encoding="utf-8")
        yield path
