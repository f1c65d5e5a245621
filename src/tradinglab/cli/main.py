"""The command ``tradinglab``: its sub-commands, and what its exit status says.

0: finished. 1: the strategy failed. 2: wrong usage or input. 130: stopped with Ctrl+C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import tradinglab
from tradinglab.cli import backtest, data, indicators, new
from tradinglab.cli.console import fail, say
from tradinglab.cli.status import BAD_INPUT, FINISHED, INTERRUPTED
from tradinglab.core.errors import TradingLabError

app = typer.Typer(
    name="tradinglab",
    help="Backtest QuantConnect strategies on this machine, with LEAN's own figures.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("backtest")(backtest.command)
app.add_typer(data.app, name="data")
app.command("new")(new.command)
app.command("indicators")(indicators.command)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"tradinglab {tradinglab.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Backtest QuantConnect strategies on this machine, with LEAN's own figures."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    try:
        status = app(list(arguments) if arguments is not None else None, prog_name="tradinglab", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else FINISHED
    except typer.Abort:
        fail("Interrupted.")
        return INTERRUPTED
    except typer.TyperException as error:
        return _usage_error(error)
    except TradingLabError as error:
        fail(str(error))
        return BAD_INPUT
    except BrokenPipeError:
        # The reader of our output left (`| head`): nothing more can be said, and nothing went wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINISHED


def _usage_error(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if context is not None:
        print(context.get_usage(), file=sys.stderr)
    if error.format_message():
        fail(error.format_message())
    if context is not None:
        print(f"'{context.command_path} --help' lists what can be given.", file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
