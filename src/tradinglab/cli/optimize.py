"""``tradinglab optimize``: one strategy, many combinations of its parameters, on all processors of this machine."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradinglab.cli import words
from tradinglab.cli.console import note
from tradinglab.cli.errors import CommandError
from tradinglab.cli.search_rules import (
    carried_out,
    check_method,
    check_walk,
    find_searched,
    generated,
    is_rules,
    rules_read,
)
from tradinglab.cli.status import FINISHED, INTERRUPTED, STRATEGY_FAILED
from tradinglab.cli.terms import add_sandbox, add_terms, check_sandbox, sandbox_limits

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.engine.traded_days import TradedDays
    from tradinglab.optimize.local import Confinement, OptimizationResult, RunTerms, Search
    from tradinglab.optimize.walk_forward import Window

#: How a strategy's code says that it brings data of its own, or chooses securities while it runs.
_OWN_DATA = ("PythonData", "add_universe", "AddUniverse")
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
    add("file", metavar="FILE", help="strategy file, rules (.rules, .json), folder with a main.py, or template")
    add("--method", choices=("simulation", "backtests"),
        help="how trials of rules are carried out (default: simulation, if it has the figures)")  # fmt: skip
    add("--space", metavar="SPEC", type=_word("axis"), action="append", required=True,
        help="what is searched: NAME=FIRST:LAST:STEP, NAME=VALUE,VALUE, or without a step NAME=FIRST:LAST[:log]; "
        "Euler refines down to NAME=FIRST:LAST:STEP:SMALLEST; once for each parameter")  # fmt: skip
    add("--constraint", metavar="TEXT", type=_word("constraint"), action="append", default=[],
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
    add("--walk-forward", metavar=("train=DAYS", "test=DAYS"), type=_word("days"), nargs=2,
        help="train=DAYS test=DAYS: choose on so many trading days, try on those after them, and move on")  # fmt: skip
    add("--window", metavar="DATES", type=_word("window"), action="append", default=[],
        help="a window of a walk-forward by TRAIN_FIRST:TRAIN_LAST:TEST_FIRST:TEST_LAST; may be repeated")  # fmt: skip
    add("--anchored", action="store_true", help="with --walk-forward: train from the first day on")
    add("--purge", metavar="DAYS", type=_word("whole"), help="with --walk-forward: left out before each test")
    add("--embargo", metavar="DAYS", type=_word("whole"), help="with --walk-forward: left out after each test")
    add("--resume", action="store_true", help="go on with a search that was interrupted")
    add_sandbox(add)
    add_terms(add, parameter="a parameter that stays the same", timeout="give a trial up that takes longer")


def run(options: Namespace) -> int:
    """Search, print what was found, and return the exit status."""
    from tradinglab.optimize.local import processors

    check_sandbox(options)
    check_method(options)
    strategy = find_searched(options.file)
    search = _search(strategy, options)
    search.check()
    is_walk = bool(options.walk_forward or options.window)
    kind = "walk-forward" if is_walk else "optimize"
    out: Path = options.out or words.output_file(f"runs/{kind}-{strategy.stem}.json")
    options.jobs = options.jobs or processors()
    with carried_out(search, options.method) as asked:
        if options.sandbox and not asked.terms.is_simulated:
            from tradinglab.sandbox import require_sandbox

            require_sandbox(allow_weak=options.allow_weak)
        if not is_walk:
            _check_days(asked)
            return _optimize(asked, options, out)
        traded = _traded_days(asked)
        windows = _windows(traded.days, options)
        check_walk(search, windows)
        return _walk(asked, options, out, traded, windows)


def _optimize(search: Search, options: Namespace, out: Path) -> int:
    from tradinglab.cli.measuring import measured
    from tradinglab.cli.search_outcome import optimization_reporter, show, write
    from tradinglab.optimize.local import Journal, Optimization, search_document

    _note_beginning(options, out)
    with Journal(out.with_suffix(".journal"), search_document(search), is_resumed=options.resume) as journal:
        optimization = Optimization(search, journal)
        if optimization.progress.over:
            note(f"{optimization.progress.over:,} trials are in {journal.path} already.")
        with optimization_reporter(search) as progress:
            result = optimization.run(measured, jobs=options.jobs, on_progress=progress)
    write(search, result, out)
    show(search, result, out)
    return _status(result, out)


def _note_beginning(options: Namespace, out: Path) -> None:
    if options.resume and not out.with_suffix(".journal").exists():
        note(f"There is no {out.with_suffix('.journal')} to go on with: the search begins anew.")


def _status(result: OptimizationResult, out: Path) -> int:
    if result.status == "interrupted":
        note(f"Interrupted: what is done is in {out.with_suffix('.journal')}; the same with --resume goes on.")
        return INTERRUPTED
    if result.trials and not any(each.state == "completed" for each in result.trials):
        return STRATEGY_FAILED
    return FINISHED


def _walk(search: Search, options: Namespace, out: Path, traded: TradedDays, windows: list[Window]) -> int:
    from tradinglab.cli.measuring import measured
    from tradinglab.cli.search_outcome import show_doubted
    from tradinglab.cli.walk_outcome import show, walk_reporter, walked, write
    from tradinglab.optimize.local import Journal, Walk, walk_document

    document = walk_document(search, windows)
    _note_beginning(options, out)
    with Journal(out.with_suffix(".journal"), document, is_resumed=options.resume) as journal:
        walk = Walk(search, windows, journal)
        if walk.progress.over:
            note(f"{walk.progress.over:,} trials are in {journal.path} already.")
        with walk_reporter() as progress:
            status, steps = walk.run(measured, jobs=options.jobs, on_progress=progress)
    result = walked(steps, search, traded)
    show_doubted([*journal.told.values()], "runs")
    write(document, status, steps, result, out)
    show(steps, result, search, out)
    if status == "interrupted":
        note(f"Interrupted: what is done is in {out.with_suffix('.journal')}; the same with --resume goes on.")
        return INTERRUPTED
    return FINISHED if any(each.days for each in steps) else STRATEGY_FAILED


def _traded_days(search: Search) -> TradedDays:
    """Return the trading days that there are for a walk-forward."""
    from tradinglab.optimize import History, sampler_of

    terms = search.terms
    first = sampler_of(search.plan, search.space, search.objective).ask(History.of([]), 1).combinations[0]
    with generated(terms) if terms.is_simulated else nullcontext(terms.strategy) as strategy:
        return _days_finder(terms)(
            strategy,
            data=terms.data,
            start=terms.start,
            end=terms.end,
            cash=terms.cash,
            parameters={**terms.parameters, **first},
            import_paths=terms.import_paths,
            class_name=terms.class_name,
        )


def _check_days(search: Search) -> None:
    """Refuse days that are asked for and have no data: every trial would fail, or do nothing."""
    from tradinglab.cli.lint import strategy_texts
    from tradinglab.engine.errors import StrategyError

    terms = search.terms
    is_asked = terms.start is not None or terms.end is not None
    # What such code trades is not known before it runs.
    if not is_asked or terms.is_simulated:
        return
    if any(word in text for text in strategy_texts(terms.strategy).values() for word in _OWN_DATA):
        return
    try:
        days = _traded_days(search).days
    except StrategyError:
        return  # with the first combination; each trial says what became of its own
    if not days:
        said = " and ".join(f"--{name} {day}" for name, day in (("start", terms.start), ("end", terms.end)) if day)
        raise CommandError(
            f"{said}: on none of these days has {terms.data} bars of what the strategy trades; choose other days, or "
            "other data."
        )


def _days_finder(terms: RunTerms) -> Callable[..., TradedDays]:
    """Return what finds the days of a strategy, which calls its ``initialize``: where its trials run."""
    if terms.confinement is None:
        from tradinglab.engine.traded_days import traded_days

        return traded_days
    from tradinglab.sandbox import sandboxed_traded_days

    confined = terms.confinement
    return partial(
        sandboxed_traded_days, limits=confined.limits, allow_weak=confined.allow_weak, timeout_s=terms.timeout_s
    )


def _windows(days: list[date], options: Namespace) -> list[Window]:
    """Return the windows of a walk-forward; those that reach beyond the data are refused before anything is run."""
    from tradinglab.optimize.walk_forward import WalkForwardPlan, windows_check, windows_of

    if options.window:
        windows_check(options.window, days)
        return list(options.window)
    lengths = dict(options.walk_forward)
    plan = WalkForwardPlan(
        train=lengths["train"],
        test=lengths["test"],
        is_anchored=options.anchored,
        purge=options.purge or 0,
        embargo=options.embargo or 0,
    )
    return windows_of(days, plan)


def _check_windows(options: Namespace) -> None:
    """Refuse options of a walk-forward that do not go together."""
    if options.walk_forward and options.window:
        raise CommandError("--walk-forward makes the windows, --window names them: leave out one of the two.")
    if options.walk_forward and len(dict(options.walk_forward)) < 2:
        raise CommandError("--walk-forward: write both train=DAYS and test=DAYS.")
    if not options.walk_forward:
        named = (("--anchored", options.anchored), ("--purge", options.purge), ("--embargo", options.embargo))
        for name, value in named:
            if value:
                raise CommandError(f"{name} is for --walk-forward; add it, or leave {name} out.")
    if (options.walk_forward or options.window) and options.stop_at is not None:
        raise CommandError("--stop-at ends a search early; the windows of a walk-forward are searched whole.")


def _search(strategy: Path, options: Namespace) -> Search:
    from tradinglab.optimize import Direction, Goal, Objective, Plan, SamplerName, Space
    from tradinglab.optimize.local import RunTerms, Search

    first, *others = options.target or [Goal(figure="sharpe_ratio", direction=Direction.MAX)]
    _check_windows(options)
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
            confinement=_confinement(options),
        ),
        space=Space.of(options.space, options.constraint),
        objective=Objective(
            figure=first.figure,
            direction=first.direction,
            target=options.stop_at,
            bounds=tuple(options.bound),
            penalties=tuple(options.penalty),
            others=tuple(others),
        ),
        plan=Plan(sampler=SamplerName(options.sampler), most_trials=options.trials, seed=options.seed),
    )


def _confinement(options: Namespace) -> Confinement | None:
    if not options.sandbox:
        return None
    from tradinglab.optimize.local import Confinement

    return Confinement(limits=sandbox_limits(options), allow_weak=options.allow_weak)


def _check_parameters(strategy: Path, options: Namespace) -> None:
    """Refuse to search what stays the same, or what the strategy does not ask for: all trials would be alike."""
    from tradinglab.core.surface import did_you_mean
    from tradinglab.data.source import open_source

    if options.start and options.end and options.end < options.start:
        raise CommandError(f"--start ({options.start}) is after --end ({options.end}); swap them.")
    open_source(options.data)
    fixed = dict(options.parameter)
    asked, asks_openly = _parameters(strategy)
    for name in fixed:
        if asks_openly and name not in asked:
            hint = did_you_mean(name, asked) or "."
            note(f"Warning: --parameter {name}: the strategy does not ask for it, so it changes nothing{hint}")
    for axis in options.space:
        if axis.name in fixed:
            raise CommandError(f"The parameter {axis.name} is searched; leave out --parameter {axis.name}=….")
        if asks_openly and axis.name not in asked:
            hint = did_you_mean(axis.name, asked) or "."
            known = f"It asks for {', '.join(asked)}." if asked else "It asks for none."
            raise CommandError(
                f"The strategy does not ask for the parameter {axis.name}{hint} {known} All trials would be the same."
            )


def _parameters(strategy: Path) -> tuple[list[str], bool]:
    """Return the parameters that a strategy asks for, and whether these are all."""
    if is_rules(strategy):
        return list(rules_read(strategy).parameters), True
    from tradinglab.algorithm.check import check_strategy
    from tradinglab.cli.lint import strategy_texts

    report = check_strategy(strategy_texts(strategy), strategy.name)
    return [each.name for each in report.parameters], report.asks_openly
