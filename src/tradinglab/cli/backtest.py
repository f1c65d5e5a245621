"""``tradinglab backtest``: one strategy, one run, its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradinglab.cli import outcome
from tradinglab.cli.console import fail, note
from tradinglab.cli.errors import CommandError
from tradinglab.cli.progress import reporter
from tradinglab.cli.status import INTERRUPTED, STRATEGY_FAILED
from tradinglab.cli.words import parse_day, parse_money, parse_parameters
from tradinglab.templates import all_templates, find_template

if TYPE_CHECKING:
    from tradinglab.engine.loop import Progress
    from tradinglab.engine.result import BacktestResult


def command(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Strategy file, folder with a main.py, or template name.")
    ],
    data: Annotated[str, typer.Option(metavar="SPEC", help="sample, lean:DIR or store:DIR.")] = "sample",
    start: Annotated[str | None, typer.Option(metavar="DATE", help="First day, in place of the strategy's.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Last day, in place of the strategy's.")] = None,
    cash: Annotated[str | None, typer.Option(metavar="N", help="Starting cash, in place of the strategy's.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="K=V", help="What get_parameter(K) returns.")
    ] = None,
    import_path: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Folder that the strategy may import from.")
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write the result in LEAN's format.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write an HTML report.")] = None,
    class_name: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Which class of the file to run.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Give up when the run takes longer.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave out the strategy's messages.")] = False,
) -> int:
    """Backtest a strategy and print its statistics."""
    if timeout is not None and timeout <= 0:
        raise CommandError(f"--timeout was {timeout:g}; it is a number of seconds above zero")
    strategy = _strategy_file(file)
    outputs = outcome.Outputs(json=_writable("--json", json_out), report=_writable("--report", report))
    request = _Request(
        strategy=strategy,
        data=data,
        start=None if start is None else parse_day("--start", start),
        end=None if end is None else parse_day("--end", end),
        cash=None if cash is None else parse_money("--cash", cash),
        parameters=parse_parameters(parameter or []),
        import_paths=[_folder(path) for path in import_path or []],
        class_name=class_name,
        timeout_s=timeout,
    )
    return _run(request, outputs, quiet=quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the engine is asked to run."""

    strategy: Path
    data: str
    start: date | None
    end: date | None
    cash: Decimal | None
    parameters: dict[str, str]
    import_paths: list[Path]
    class_name: str | None
    timeout_s: float | None

    def run(self, on_progress: Callable[[Progress], None]) -> BacktestResult:
        from tradinglab.engine.run import backtest

        return backtest(
            self.strategy,
            data=self.data,
            start=self.start,
            end=self.end,
            cash=self.cash,
            parameters=self.parameters,
            import_paths=self.import_paths,
            class_name=self.class_name,
            timeout_s=self.timeout_s,
            on_progress=on_progress,
        )


def _run(request: _Request, outputs: outcome.Outputs, *, quiet: bool) -> int:
    from tradinglab.engine.errors import StrategyError

    try:
        with reporter() as progress:
            result = request.run(progress)
    except StrategyError as error:
        if error.result is not None:
            outcome.show(error.result, outputs, quiet=quiet)
        fail(outcome.failure_text(error))
        return STRATEGY_FAILED
    except KeyboardInterrupt:
        fail("Interrupted before the run began: there is nothing to write.")
        return INTERRUPTED
    outcome.show(result, outputs, quiet=quiet)
    if result.status == "interrupted":
        note("Interrupted: the figures above are those of the part that ran.")
        return INTERRUPTED
    return 0


def _strategy_file(text: str) -> Path:
    path = Path(text)
    if path.is_dir():
        path = path / "main.py"
        if not path.is_file():
            raise CommandError(f"The folder {text} holds no main.py")
        return path
    if path.is_file():
        return path
    template = None if path.suffix or len(path.parts) > 1 else find_template(text)
    if template is None:
        hint = "" if path.suffix else f" The templates are: {', '.join(each.name for each in all_templates())}."
        raise CommandError(f"There is no file {text}.{hint}")
    return template.path


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise CommandError(f"--import-path was {path}, which is no folder")
    return path


def _writable(option: str, path: Path | None) -> Path | None:
    """Return *path* after making its folder, so that a run is not lost to a misspelt one."""
    if path is None:
        return None
    if path.is_dir():
        raise CommandError(f"{option} was {path}, which is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{option} was {path}, but its folder cannot be made: {error.strerror}") from error
    return path
