"""What a run of a strategy is told, the same for every command that runs one."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tradinglab.cli import words
from tradinglab.cli.errors import CommandError

if TYPE_CHECKING:
    from tradinglab.sandbox import Limits

_MEMORY_MB: Final = 2048


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


def given_terms(options: Namespace) -> dict[str, Any]:
    """Return what the options of :func:`add_terms` say, as what runs a strategy takes it."""
    return {
        "data": options.data,
        "start": options.start,
        "end": options.end,
        "cash": options.cash,
        "parameters": dict(options.parameter),
        "import_paths": options.import_path,
        "class_name": options.class_name,
        "timeout_s": options.timeout,
    }


def add_sandbox(add: Callable[..., Any]) -> None:
    """Add the options of a run in the sandbox."""
    add("--sandbox", action="store_true", help="run the strategy where it can do no harm; see docs/sandbox.md")
    add("--allow-weak", action="store_true", help="with --sandbox: run even if only a weak one can be had here")
    add("--memory", metavar="MB", type=words.megabytes, help="with --sandbox: most memory that a run may take")


def check_sandbox(options: Namespace) -> None:
    """Refuse what is for the sandbox alone where it is not asked for."""
    if not options.sandbox and (options.allow_weak or options.memory is not None):
        raise CommandError("--allow-weak and --memory are for --sandbox; add it, or leave them out.")


def sandbox_limits(options: Namespace) -> Limits:
    """Return what a run in the sandbox may take."""
    from tradinglab.sandbox import Limits

    # The code is the user's own: what it may answer and print is bounded to spare the machine, not to share it.
    roomy = {"answer_bytes": 512 << 20, "answer_items": 20_000_000, "output_most_bytes": 256 << 20}
    return Limits(memory_mb=options.memory or _MEMORY_MB, output_bytes=64 << 20, **roomy)
