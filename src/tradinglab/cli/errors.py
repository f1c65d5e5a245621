"""Errors of the command line itself."""

from __future__ import annotations

from tradinglab.core.errors import TradingLabError


class CommandError(TradingLabError):
    """What was given on the command line cannot be used."""

    code = "bad_command"
