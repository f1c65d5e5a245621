"""``tradinglab backtest``: one strategy, one run, its figures."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradinglab.cli import outcome, words
from tradinglab.cli.console import fail, note
from tradinglab.cli.errors import CommandError
from tradinglab.cli.progress import reporter
from tradinglab.cli.status import FINISHED, INTERRUPTED, STRATEGY_FAILED, UNSOUND
from tradinglab.cli.terms import add_sandbox, add_terms, check_sandbox, given_terms, sandbox_limits
from tradinglab.templates import all_templates, find_template

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.doctor import Diagnosis
    from tradinglab.engine.result import BacktestResult


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "backtest", help="backtest a strategy and print its statistics", description="Backtest a strategy."
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("file", metavar="FILE", help="strategy file, folder with a main.py, or name of a template")
    add_terms(add, timeout="give up when the run takes longer")
    add("--seed", metavar="N", type=words.seed, help="what random and numpy.random start from")
    add("--json", metavar="OUT", type=words.output_file, help="write the result in LEAN's format")
    add("--report", metavar="OUT.html", type=words.output_file, help="write an HTML report")
    add("--against", metavar="RESULT.json", type=words.input_file,
        help="compare with a result of another engine, in LEAN's format; the report shows it")  # fmt: skip
    add("--doctor", action="store_true",
        help="say what to doubt of it, too; the report and the result show it; see docs/doctor.md")  # fmt: skip
    add_sandbox(add)
    add("--quiet", "-q", action="store_true", help="leave out the strategy's messages")


def run(options: Namespace) -> int:
    """Run the strategy, print what it came to, and return the exit status."""
    check_sandbox(options)
    if options.sandbox and options.doctor:
        raise CommandError("--doctor runs the strategy again and again, outside of the sandbox; leave one of them out.")
    strategy = find_strategy(options.file)
    from tradinglab.engine.errors import StrategyError

    against = None if options.against is None else outcome.read_result(options.against)
    outputs = outcome.Outputs(json=options.json, report=options.report, against=against, quiet=options.quiet)
    diagnosis: Diagnosis | None = None
    try:
        if options.doctor:
            diagnosis = _diagnosed(strategy, options)
            result = diagnosis.result
        else:
            result = _sandboxed(strategy, options) if options.sandbox else _ordinary(strategy, options)
    except _Unanswered as error:
        fail(str(error))
        return error.status
    except StrategyError as error:
        if error.result is not None:
            outcome.show(error.result, outputs)
        fail(outcome.failure_text(error))
        return STRATEGY_FAILED
    outcome.show(result, outputs, diagnosis)
    if diagnosis is not None:
        return UNSOUND if diagnosis.has_errors or result.status == "failed" else FINISHED
    if result.status == "interrupted":
        note("Interrupted: the figures are those of the part that ran.")
        return INTERRUPTED
    return FINISHED


def _given(options: Namespace) -> dict[str, Any]:
    """Return what both ways of running a strategy are told."""
    return given_terms(options) | {"seed": options.seed}


class _Unanswered(Exception):
    """A run in the sandbox that ended without an answer, and the exit status that this means."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def _ordinary(strategy: Path, options: Namespace) -> BacktestResult:
    from tradinglab.engine.run import backtest

    with reporter() as progress:
        return backtest(strategy, on_progress=progress, **_given(options))


def _diagnosed(strategy: Path, options: Namespace) -> Diagnosis:
    """Run the strategy as the doctor does: with a seed in any case, as runs are compared."""
    from tradinglab.doctor import diagnose

    given = _given(options)
    return diagnose(strategy, **{**given, "seed": given["seed"] or 0, "import_paths": tuple(given["import_paths"])})


def _sandboxed(strategy: Path, options: Namespace) -> BacktestResult:
    from tradinglab.sandbox import sandboxed_backtest
    from tradinglab.sandbox.errors import RunEndedError, RunStoppedError

    limits = sandbox_limits(options)
    try:
        with reporter() as progress:
            return sandboxed_backtest(
                strategy, limits=limits, allow_weak=options.allow_weak, on_progress=progress, **_given(options)
            )
    except RunStoppedError as error:
        raise _Unanswered(f"Interrupted: {error}", INTERRUPTED) from None
    except RunEndedError as error:
        raise _Unanswered(f"The strategy was stopped: {error}", STRATEGY_FAILED) from None


def find_strategy(text: str) -> Path:
    """Return the file that *text* means: a file, a folder's ``main.py``, or a template."""
    path = Path(text).expanduser()
    if path.is_dir():
        path = path / "main.py"
        if not path.is_file():
            raise CommandError(f"The folder {text} holds no main.py.")
        return path
    if path.is_file():
        if path.suffix == ".rules":
            raise CommandError(
                f"{text} holds rules, which 'tradinglab rules run' carries out. This command takes the strategy "
                f"that 'tradinglab rules generate {text} -o main.py' makes of them."
            )
        return path
    if path.suffix or len(path.parts) > 1:
        raise CommandError(f"There is no file {text}.")
    template = find_template(text)
    if template is None:
        raise CommandError(_no_template(text))
    return template.path


def _no_template(text: str) -> str:
    """Return what is said of a name that is no file, and no template of code."""
    from tradinglab.rules.templates import all_rule_templates, find_rule_template

    if find_rule_template(text) is not None:
        return (
            f"{text} is a template of rules, which 'tradinglab rules run' carries out. This command takes the strategy "
            f"that 'tradinglab rules generate {text} -o main.py' makes of them."
        )
    code, rules = (", ".join(each.name for each in found) for found in (all_templates(), all_rule_templates()))
    return (
        f"There is no file {text}, and no template of that name. The templates are: {code}; of rules, which 'rules', "
        f"'optimize' and 'stress --jitter' take: {rules}."
    )
