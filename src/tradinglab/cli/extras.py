"""Parts of TradingLab that an extra installs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tradinglab.cli.errors import CommandError
from tradinglab.cli.leaving import leave_normally


def server_part(name: str) -> Any:
    """Return a module of the server.

    Raises
    ------
    CommandError
        If the libraries that it needs are not installed.
    """
    leave_normally()
    try:
        return import_module(f"tradinglab.server.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tradinglab"):
            raise
        raise CommandError(
            f"The server needs '{error.name}', which is not installed. Its extra brings all that it needs: "
            "pip install 'tradinglab[server]'"
        ) from None


def open_installation() -> None:
    """Make the tables and services of this machine's installation ready for a command."""
    server_part("config.startup").start_django()
    server_part("processes.first_run").migrate()
    calling = server_part("ops.caller")
    calling.caller.set(calling.Caller(agent="command line"))
