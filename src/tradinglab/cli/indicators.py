"""``tradinglab indicators``: which there are, and the method that makes each."""

from __future__ import annotations

import inspect
from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "indicators", help="list the indicators", description="List the indicators and the methods that make them."
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print every indicator."""
    rows = indicator_rows()
    show_rows(("INDICATOR", "METHOD", "WHAT IT IS"), rows)
    say(f"\n{len(rows)} indicators")
    return FINISHED


def indicator_rows() -> list[tuple[str, str, str]]:
    """Return name, helper method and description of every indicator, by name.

    Classes that only serve others as a base are left out.
    """
    from tradinglab.algorithm import imports
    from tradinglab.algorithm.indicator_methods import IndicatorMethods
    from tradinglab.algorithm.indicators.base import IndicatorBase

    makers: dict[str, str] = {}
    for name, method in inspect.getmembers(IndicatorMethods, inspect.isfunction):
        if name.islower() and not name.startswith("_"):
            makers.setdefault(str(method.__annotations__.get("return", "")), name)
    rows = []
    for name, value in sorted(vars(imports).items()):
        if not (inspect.isclass(value) and issubclass(value, IndicatorBase)):
            continue
        if name in makers or not (value.__subclasses__() or inspect.isabstract(value)):
            doc = (inspect.getdoc(value) or "").partition("\n")[0].rstrip(".")
            rows.append((name, makers.get(name, ""), doc))
    return rows
