"""``tradinglab indicators``: which there are, and the method that makes each."""

from __future__ import annotations

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
    """Return name, helper method and description of every indicator, by name."""
    from tradinglab.algorithm.indicators.registry import list_indicators

    return sorted((entry.name, entry.method, entry.description) for entry in list_indicators())
