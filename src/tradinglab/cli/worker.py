"""``tradinglab worker``: a worker process alone."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.extras import server_part

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("worker", help="start a worker process", description="Start a worker process alone.")
    parser.set_defaults(run=run)
    parser.add_argument("--beat", action="store_true", help="also say when the periodic jobs are due")


def run(options: Namespace) -> int:
    """Work until told to stop."""
    server_part("config.startup").start_django()
    status: int = server_part("runs.worker").run_worker(with_beat=options.beat)
    return status
