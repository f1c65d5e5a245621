"""``tradinglab optimize``: one strategy, many combinations of its parameters, on all processors of this machine."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradinglab.cli import words
from tradinglab.cli.backtest import find_strategy
from tradinglab.cli.console import note
from tradinglab.cli.errors import CommandError
from tradinglab.cli.status import FINISHED, INTERRUPTED, STRATEGY_FAILED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.optimize.local import Search, SweepResult

_SAMPLERS = ("grid", "random", "euler", "bayesian")


def _word(name: str) -> Callable[[str], Any]:
    """Return what reads an option's value; what it takes to read it is loaded when there is one."""

    def read(text: str) -> Any:
        return getattr(import_module("tradinglab.cli.search_words"), name)(text)

    return read


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "optimize",
        help="search for a strategy's best parameters",
        description="Backtest a strategy with many combinations of its parameters, side by side.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("file", metavar="FILE", help="strategy file, folder with a main.py, or name of a template")
    add("--space", metavar="SPEC", type=_word("axis"), action="append", required=True,
        help="what is searched: NAME=FIRST:LAST:STEP, NAME=VALUE,VALUE, or without a step NAME=FIRST:LAST[:log]; "
        "Euler refines down to NAME=FIRST:LAST:STEP:SMALLEST; once for each parameter")  # fmt: skip
    add("--constraint", metavar="TEXT", type=_word("relation"), action="append", default=[],
        help="between parameters, such as 'fast < slow'; may be repeated")  # fmt: skip
    add("--sampler", choices=_SAMPLERS, default="grid", help="how the space is gone through (default: grid)")
    add("--trials", metavar="N", type=_word("count"), help="most trials; of a grid all")
    add("--target", metavar="FIGURE[:max|min]", type=_word("goal"), action="append", default=[],
        help="what is looked for (default: sharpe_ratio); several make a Pareto front")  # fmt: skip
    add("--bound", metavar="TEXT", type=_word("bound"), action="append", default=[],
        help="that a figure has to keep to, such as 'drawdown<0.3'; may be repeated")  # fmt: skip
    add("--penalty", metavar="FIGURE=WEIGHT", type=_word("penalty"), action="append", default=[],
        help="what is taken off the target: the weight times a figure; may be repeated")  # fmt: skip
    add("--stop-at", metavar="N", type=_word("number"), help="stop when the target reaches this")
    add("--jobs", metavar="N", type=_word("jobs"), help="processes side by side (default: one a processor)")
    add("--seed", metavar="N", type=words.seed, default=0, help="what lots are drawn from (default: 0)")
    add("--out", metavar="FILE.json", type=words.output_file,
        help="write the result; beside it is the journal (default: runs/optimize-NAME.json)")  # fmt: skip
    add("--resume", action="store_true", help="go on with a search that was interrupted")
    _add_terms(add)


def _add_terms(add: Callable[..., Any]) -> None:
    """Add what each run is told, as ``backtest`` has it."""
    add("--data", metavar="SPEC", default="sample", help="sample (default), lean:DIR or store:DIR")
    add("--start", metavar="DATE", type=words.day, help="first day, in place of the strategy's")
    add("--end", metavar="DATE", type=words.day, help="last day, in place of the strategy's")
    add("--cash", metavar="N", type=words.money, help="starting cash, in place of the strategy's")
    add("--parameter", "-p", metavar="K=V", type=words.pair, action="append", default=[],
        help="a parameter that stays the same; may be repeated")  # fmt: skip
    add("--import-path", metavar="DIR", type=words.folder, action="append", default=[],
        help="folder that the strategy may import from; may be repeated")  # fmt: skip
    add("--class", metavar="NAME", dest="class_name", help="which class of the file to run")
    add("--timeout", metavar="SECONDS", type=words.seconds, help="give a trial up that takes longer")


def run(options: Namespace) -> int:
    """Search, print what was found, and return the exit status."""
    from tradinglab.cli.measuring import measured
    from tradinglab.cli.search_outcome import show, sweep_reporter, write
    from tradinglab.optimize.local import Journal, Sweep, processors, search_document

    strategy = find_strategy(options.file)
    search = _search(strategy, options)
    search.check()
    out: Path = options.out or words.output_file(f"runs/optimize-{strategy.stem}.json")
    jobs = options.jobs or processors()
    with Journal(out.with_suffix(".journal"), search_document(search), is_resumed=options.resume) as journal:
        sweep = Sweep(search, journal)
        if sweep.progress.over:
            note(f"{sweep.progress.over:,} trials are in {journal.path} already.")
        with sweep_reporter(search) as progress:
            result = sweep.run(measured, jobs=jobs, on_progress=progress)
    write(search, result, out)
    show(search, result, out)
    return _status(result, out)


def _status(result: SweepResult, out: Path) -> int:
    if result.status == "interrupted":
        note(f"Interrupted: what is done is in {out.with_suffix('.journal')}; the same with --resume goes on.")
        return INTERRUPTED
    if result.trials and not any(each.state == "completed" for each in result.trials):
        return STRATEGY_FAILED
    return FINISHED


def _search(strategy: Path, options: Namespace) -> Search:
    from tradinglab.optimize import Direction, Goal, Objective, Plan, SamplerName, Space
    from tradinglab.optimize.local import RunTerms, Search

    first, *others = options.target or [Goal(figure="sharpe_ratio", direction=Direction.MAX)]
    _check_parameters(strategy, options)
    return Search(
        terms=RunTerms(
            strategy=strategy.resolve(),
            data=options.data,
            start=options.start,
            end=options.end,
            cash=options.cash,
            parameters=dict(options.parameter),
            import_paths=tuple(options.import_path),
            class_name=options.class_name,
            timeout_s=options.timeout,
            seed=options.seed,
        ),
        space=Space.of(options.space, options.constraint),
        objective=Objective(
            figure=first.figure,
            direction=first.direction,
            target=options.stop_at,
            constraints=tuple(options.bound),
            penalties=tuple(options.penalty),
            others=tuple(others),
        ),
        plan=Plan(sampler=SamplerName(options.sampler), most_trials=options.trials, seed=options.seed),
    )


def _check_parameters(strategy: Path, options: Namespace) -> None:
    """Refuse to search what stays the same, or what the strategy does not ask for: all trials would be alike."""
    from tradinglab.algorithm.check import check_strategy
    from tradinglab.cli.lint import strategy_texts
    from tradinglab.core.surface import did_you_mean
    from tradinglab.data.source import open_source

    if options.start and options.end and options.end < options.start:
        raise CommandError(f"--start ({options.start}) is after --end ({options.end}); swap them.")
    open_source(options.data)
    fixed = dict(options.parameter)
    report = check_strategy(strategy_texts(strategy), strategy.name)
    asked = [each.name for each in report.parameters]
    for axis in options.space:
        if axis.name in fixed:
            raise CommandError(f"The parameter {axis.name} is searched; leave out --parameter {axis.name}=….")
        if report.asks_openly and axis.name not in asked:
            hint = did_you_mean(axis.name, asked) or "."
            known = f"It asks for {', '.join(asked)}." if asked else "It asks for none."
            raise CommandError(
                f"The strategy does not ask for the parameter {axis.name}{hint} {known} All trials would be the same."
            )
