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
    return _part(f"tradinglab.server.{name}", "The server needs", "server")


def rules_part(name: str) -> Any:
    """Return a module of the rules.

    Raises
    ------
    CommandError
        If the libraries that it needs are not installed.
    """
    return _part(f"tradinglab.rules.{name}", "Rules need", "research")


def sources_part(name: str) -> Any:
    """Return a module of the sources of bars.

    Raises
    ------
    CommandError
        If the libraries that it needs are not installed.
    """
    return _part(f"tradinglab.data.sources.{name}", "Downloads need", "sources")


def _part(module: str, needs: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tradinglab"):
            raise
        raise CommandError(
            f"{needs} '{error.name}', which is not installed. An extra brings all that it takes: "
            f"pip install 'tradinglab[{extra}]'"
        ) from None


def open_installation() -> None:
    """Make the tables and services of this machine's installation ready for a command."""
    server_part("config.startup").start_django()
    server_part("processes.first_run").migrate()
    calling = server_part("ops.caller")
    calling.caller.set(calling.Caller(agent="command line"))
