"""What a run of a strategy is told, the same for every command that runs one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tradinglab.cli import words


def add_terms(add: Callable[..., Any], *, timeout: str, parameter: str = "what get_parameter(K) returns") -> None:
    """Add the options.

    Parameters
    ----------
    add
        A parser's ``add_argument``.
    timeout, parameter
        What the help says of these two, which depends on the command.
    """
    add("--data", metavar="SPEC", default="sample", help="sample (default), lean:DIR or store:DIR")
    add("--start", metavar="DATE", type=words.day, help="first day, set after initialize, in place of the strategy's")
    add("--end", metavar="DATE", type=words.day, help="last day, set after initialize, in place of the strategy's")
    add("--cash", metavar="N", type=words.money, help="starting cash, set after initialize, in place of the strategy's")
    add("--parameter", "-p", metavar="K=V", type=words.pair, action="append", default=[],
        help=f"{parameter}; may be repeated")  # fmt: skip
    add("--import-path", metavar="DIR", type=words.folder, action="append", default=[],
        help="folder that the strategy may import from; may be repeated")  # fmt: skip
    add("--class", metavar="NAME", dest="class_name", help="which class of the file to run")
    add("--timeout", metavar="SECONDS", type=words.seconds, help=timeout)
