"""What a search leaves: how far it is, what is best, and a file with all of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from statistics import variance
from typing import Any, Final

from tradinglab.analytics.overfitting import expected_maximum_sharpe_ratio
from tradinglab.cli.console import note, say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.progress import line_reporter
from tradinglab.core.whole_files import write_whole
from tradinglab.optimize import Objective, Tried, TriedState, pareto_front
from tradinglab.optimize.local import Done, OptimizationProgress, OptimizationResult, Search, search_document
from tradinglab.optimize.views import Stability, stability

_SHOWN: Final = 10
#: Sharpe ratios from which their variance says something.
_FEWEST_RATIOS: Final = 5


def optimization_reporter(search: Search) -> AbstractContextManager[Callable[[OptimizationProgress], None]]:
    """Show how far a search is."""
    return line_reporter(lambda progress: _line(progress, search.objective))


def _line(progress: OptimizationProgress, objective: Objective) -> str:
    total = "" if progress.total is None else f" of {progress.total:,}"
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    best = ""
    if progress.best is not None:
        score = progress.best.score(objective)
        best = f"; best {objective.figure} {score:.6g} with {_told(progress.best)}"
    return f"{progress.over:,}{total} trials{failed} in {progress.seconds:.0f} s{best}"


def _told(trial: Tried) -> str:
    return " ".join(f"{name}={text}" for name, text in trial.parameters.items())


# On the screen.


def show(search: Search, result: OptimizationResult, out: Path) -> None:
    """Print the best trials, how the best one's neighbours do, and the front if there are several targets."""
    objective = search.objective
    completed = [each for each in result.trials if each.state == TriedState.COMPLETED]
    seconds = sum(each.seconds for each in result.done.values())
    say(f"{len(result.trials):,} trials, {len(completed):,} completed; {result.run_here:,} of them were run now, in "
        f"{result.seconds:.1f} s (all together take {seconds:.1f} s)")  # fmt: skip
    _show_failures(result)
    show_doubted(list(result.done.values()))
    ranked = sorted(
        (each for each in completed if each.score(objective) is not None),
        key=lambda each: (_cost(each, objective), each.number),
    )
    if not ranked:
        say("No trial has the target's figure and keeps within the bounds.")
    else:
        say()
        _table(ranked[:_SHOWN], objective, f"The best {min(_SHOWN, len(ranked))}")
    if result.best is not None:
        _show_stability(stability(result.best, result.trials, search.space, objective))
        _show_luck(result.best, completed)
    if objective.others:
        front = pareto_front(result.trials, objective)
        say()
        _table(front, objective, f"The Pareto front: {len(front):,} that none beats by every target")
    say(f"\nResult: {out}")


def _cost(trial: Tried, objective: Objective) -> float:
    score = trial.score(objective)
    assert score is not None
    return -score if objective.direction == "max" else score


def _table(trials: Sequence[Tried], objective: Objective, title: str) -> None:
    if not trials:
        return
    names = list(trials[0].parameters)
    header = ["trial", *names, *(["score"] if objective.penalties else []), *objective.figures]
    rows = [
        [
            str(each.number),
            *(each.parameters[name] for name in names),
            *([_number(each.score(objective))] if objective.penalties else []),
            *(_number(each.figures.get(figure)) for figure in objective.figures),
        ]
        for each in trials
    ]
    say(title)
    show_rows(header, rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _show_failures(result: OptimizationResult) -> None:
    failed = [each for each in result.done.values() if each.state == TriedState.FAILED]
    if failed:
        first = min(failed, key=lambda each: each.number)
        sys.stdout.flush()
        note(f"Warning: {len(failed):,} trials failed; trial {first.number}: {first.error}")


def show_doubted(done: Sequence[Done], what: str = "trials") -> None:
    """Say of which runs in a sandbox the figures do not follow from their orders and the bars."""
    doubted = [each for each in done if each.findings]
    if doubted:
        first = min(doubted, key=lambda each: each.number)
        sys.stdout.flush()
        note(
            f"Warning: {len(doubted):,} {what} are not verified: their figures do not follow from their orders and the "
            f"bars. Trial {first.number}:"
        )
        for each in first.findings:
            note(f"  {each}")


def _show_stability(found: Stability | None) -> None:
    if found is None or found.median is None:
        return
    drop = "" if found.drop is None else f", {found.drop:.0%} behind the best"
    say(f"\nIts {found.neighbours} neighbours: median {found.median:.6g}{drop}, worst {found.worst:.6g}"
        + (f"; {found.without_score} without a score" if found.without_score else ""))  # fmt: skip


def _show_luck(best: Tried, completed: Sequence[Tried]) -> None:
    """Say what the best trial has to be compared with."""
    if best.figures.get("total_trades") == 0:
        note("Warning: the best trial closed no trade. --bound 'total_trades>0' leaves such trials out.")
    if (by_luck := _sharpe_by_luck(completed)) is not None:
        say(f"\nWithout any skill, the best of {len(completed):,} independent trials that vary as these do has a "
            f"Sharpe ratio of {by_luck:.4g}")  # fmt: skip


def _sharpe_by_luck(completed: Sequence[Tried]) -> float | None:
    """Return the expected maximum of the Sharpe ratios, if there are enough of them to tell how they vary."""
    ratios = [each.figures["sharpe_ratio"] for each in completed if "sharpe_ratio" in each.figures]
    if len(ratios) < _FEWEST_RATIOS:
        return None
    return expected_maximum_sharpe_ratio(len(ratios), variance(ratios))


# In the file.


def write(search: Search, result: OptimizationResult, out: Path) -> None:
    """Write what was searched and what came of it."""
    objective = search.objective
    near = None if result.best is None else stability(result.best, result.trials, search.space, objective)
    front = [each.number for each in pareto_front(result.trials, objective)] if objective.others else None
    document = {
        "search": search_document(search),
        "status": result.status,
        "best": None if result.best is None else result.best.number,
        "stability": None if near is None else asdict(near),
        "pareto_front": front,
        "sharpe_ratio_by_luck": _sharpe_by_luck([each for each in result.trials if each.state == TriedState.COMPLETED]),
        "trials": [_trial(each, result.done[each.number], objective) for each in result.trials],
    }
    write_document(document, out)


def write_document(document: Mapping[str, Any], out: Path) -> None:
    """Write JSON; the file is there whole, or not at all."""
    try:
        write_whole(out, json.dumps(document, indent=1))
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}") from error


def _trial(trial: Tried, done: Done, objective: Objective) -> dict[str, Any]:
    return {
        "number": trial.number,
        "parameters": dict(trial.parameters),
        "state": str(trial.state),
        "score": trial.score(objective),
        "figures": dict(trial.figures),
        "error": done.error,
        "findings": list(done.findings),
        "seconds": round(done.seconds, 3),
    }
