"""``tradinglab sandbox probe``: how well this machine can keep a strategy apart, and why not better."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands

_MEANINGS = {
    "strong": "every layer works",
    "standard": "one layer is missing",
    "weak": "more than one layer is missing: --sandbox refuses to run without --allow-weak",
}


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sandbox", help="say what the sandbox is worth here", description="Look at the sandbox."
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    probe = actions.add_parser(
        "probe", help="grade this machine", description="Try each layer of the sandbox on this machine, and grade it."
    )
    probe.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print the grade, the layers that work, and why the others do not."""
    from tradinglab.sandbox import assess_machine

    found = assess_machine()
    say(f"grade: {found.grade} ({_MEANINGS[found.grade]})")
    say(f"layers: {', '.join(found.layers) or 'none'}")
    for reason in found.reasons:
        say(f"missing: {reason}")
    return FINISHED
