"""``tradinglab beat``: the process that says when the periodic jobs are due."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.extras import server_part

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "beat",
        help="start the process that says when periodic jobs are due",
        description="Tell the workers when periodic jobs are due; one such process is enough.",
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run until told to stop."""
    status: int = server_part("processes.beat").run_beat()
    return status
