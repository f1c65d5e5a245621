"""``tradinglab live``: a process that looks after live deployments."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.extras import server_part

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Start a process that looks after live deployments."
    commands.add_parser("live", help="start a process for live deployments", description=text).set_defaults(run=run)


def run(options: Namespace) -> int:
    """Look after deployments until told to stop."""
    server_part("config.startup").start_django()
    status: int = server_part("live.process").run_live_process()
    return status
