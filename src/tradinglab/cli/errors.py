"""Errors of the command line itself."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

from tradinglab.core.errors import TradingLabError

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


class CommandError(TradingLabError):
    """What was given on the command line cannot be used."""

    code = "bad_command"
