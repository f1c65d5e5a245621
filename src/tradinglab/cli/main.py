"""The command ``tradinglab``: its sub-commands, and what its exit status says.

0: finished. 1: the strategy failed, a check found an error, or a download lacks
something. 2: wrong usage or input. 130: stopped with Ctrl+C.

The options are read by argparse, which starts in a fortieth of a second; see ``docs/adr``.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

import tradinglab
from tradinglab.cli.console import fail
from tradinglab.cli.errors import CommandError
from tradinglab.cli.leaving import leave_quickly
from tradinglab.cli.status import BAD_INPUT, FINISHED, INTERRUPTED, READER_LEFT
from tradinglab.core.errors import TradingLabError

#: The commands, each a module of this package, in the order of the help.
#: Names of files that nobody can have meant are cut in messages.
_LONGEST_NAME = 200
_COMMANDS = (
    "backtest", "rules", "optimize", "doctor", "stress", "data", "new", "lint", "indicators", "sandbox", "cloud",
    "up", "serve", "worker", "live", "beat", "setup", "check", "backup", "restore",
    "user", "token", "invite", "trial",
)  # fmt: skip


def _narrow(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=80)


class _Parser(argparse.ArgumentParser):
    """Raises what is wrong with the arguments in place of leaving the process.

    Each option that a parser is given is tried on a formatter of the help. Only one that shows something need measure
    the terminal, for which the standard library imports all that it knows of copying files.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"formatter_class": _narrow, **kwargs})

    def format_help(self) -> str:
        """Return the help, as wide as the terminal."""
        self.formatter_class = argparse.HelpFormatter
        return super().format_help()

    def format_usage(self) -> str:
        """Return the usage, as wide as the terminal."""
        self.formatter_class = argparse.HelpFormatter
        return super().format_usage()

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message}\n{self.format_usage().strip()}\n'{self.prog} --help' says more.")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help; unlike argparse's own, it does not keep to itself that nobody reads it."""
        (file or sys.stderr).write(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse, and refuse what is not known here, where the options that are known can be named."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            wrong = rest[0].partition("=")[0]
            if not wrong.startswith("-"):
                raise CommandError(f"'{wrong}' is one word too many.\n'{self.prog} --help' says more.")
            from tradinglab.core.surface import did_you_mean

            options = [name for name in self._option_string_actions if name.startswith("--")]
            hint = did_you_mean(wrong, options) or "."
            raise CommandError(f"There is no option {wrong}{hint}\n'{self.prog} --help' lists the options.")
        return found, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            from tradinglab.core.surface import did_you_mean

            choices = [str(each) for each in action.choices]
            name = "/".join(action.option_strings) or action.metavar
            hint = did_you_mean(str(value), choices) or "."
            raise CommandError(f"{name}: there is no '{value}'{hint} Choose from: {', '.join(choices)}.")


def parser(first: str = "") -> argparse.ArgumentParser:
    """Return the parser of the command that the *first* argument names, of all commands if it names none."""
    top = _Parser(
        prog="tradinglab", description="Backtest QuantConnect strategies on this machine, with LEAN's own figures."
    )
    top.add_argument("--version", action="version", version=f"tradinglab {tradinglab.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in (first,) if first in _COMMANDS else _COMMANDS:
        import_module(f"tradinglab.cli.{name}").add_parser(commands)
    return top


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for circular garbage once in 200,000 new objects, not in 700: modules are none, and a run makes little."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # What is new now counts as old: else all of it would be looked at, just when the command is over.
            gc.freeze()
            gc.unfreeze()
        gc.set_threshold(*before)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    leave_quickly()
    try:
        status = _carried_out(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader of our output left (`| head`): nothing more can be said, neither now nor at the end of the process,
        # when Python writes what it still holds of both.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BrokenPipeError:
                os.dup2(nowhere, stream.fileno())
        return READER_LEFT


def _carried_out(arguments: Sequence[str] | None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with _seldom_collected():
            options = parser(words[0] if words else "").parse_args(words)
            status: int = options.run(options)
            return status
    except SystemExit as left:
        # --help and --version leave so; they have said what was asked.
        return FINISHED if left.code in (None, 0) else BAD_INPUT
    except KeyboardInterrupt:
        fail("Interrupted.")
        return INTERRUPTED
    except TradingLabError as error:
        fail(str(error))
        return BAD_INPUT
    except OSError as error:
        if error.filename is None:  # a reader that left among them
            raise
        fail(f"{str(error.filename)[:_LONGEST_NAME]}: {error.strerror}.")
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
