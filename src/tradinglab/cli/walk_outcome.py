"""What a walk-forward leaves: how far it is, what came of each window, and a file with all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from tradinglab.cli.console import note, say, show_rows
from tradinglab.cli.progress import line_reporter
from tradinglab.cli.search_outcome import write_document
from tradinglab.engine.traded_days import TradedDays
from tradinglab.optimize.local import Search, WalkProgress
from tradinglab.optimize.walk_forward import Step, WalkForwardResult, walk_forward_result

_IDLE: Final = (
    "In {idle} of {tests} tests nothing was earned or lost. If indicators were not known in time: a test begins "
    "without the days before it, unless the strategy warms up (set_warm_up; of rules: warm up 200 bars). Let it, or "
    "make tests longer."
)


def walk_reporter() -> AbstractContextManager[Callable[[WalkProgress], None]]:
    """Show how far a walk-forward is."""
    return line_reporter(_line)


def _line(progress: WalkProgress) -> str:
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    return (
        f"{progress.over:,} trials{failed}, {progress.tested:,} of {progress.windows:,} windows tested in "
        f"{progress.seconds:.0f} s"
    )


def walked(steps: Sequence[Step], search: Search, traded: TradedDays) -> WalkForwardResult | None:
    """Return what came of all windows, from what their tests began with."""
    first = next((each for each in steps if each.days), None)
    if first is None:
        return None
    return walk_forward_result(
        steps, search.space, traded=set(traded.days), cash=first.start_equity, days_per_year=traded.per_year
    )


# On the screen.


def show(steps: Sequence[Step], result: WalkForwardResult | None, search: Search, out: Path) -> None:
    """Print what came of each window, and of all tests one after the other."""
    names = [axis.name for axis in search.space.axes]
    figure = search.objective.figure
    header = ["train", "test", "trials", *names, f"{figure} trained", "tested", "test return"]
    rows = [
        [
            f"{each.window.train_first} to {each.window.train_last}",
            f"{each.window.test_first} to {each.window.test_last}",
            f"{each.trials:,}",
            *("-" if each.parameters is None else each.parameters[name] for name in names),
            _number(each.train_score),
            _number(each.test_score),
            f"{each.equity[-1] / each.start_equity - 1:.2%}" if each.days else each.error[:60] or "-",
        ]
        for each in steps
    ]
    show_rows(header, rows)
    if idle := sum(1 for each in steps if each.days and set(each.equity) == {each.start_equity}):
        note(_IDLE.format(idle=idle, tests=sum(1 for each in steps if each.days)))
    if result is None:
        say("\nNo window was tested.")
    else:
        _show_whole(result)
    say(f"\nResult: {out}")


def _show_whole(result: WalkForwardResult) -> None:
    say(f"\nAll tests, one after the other: {result.days[0]} to {result.days[-1]}, {len(result.days):,} days")
    rows = [
        ["Return", _percent(result.total_return)],
        ["Annual return", _percent(result.annual_return)],
        ["Sharpe ratio", _number(result.sharpe_ratio)],
        ["Drawdown", _percent(result.drawdown)],
        ["Tests with a profit", _percent(result.kept)],
        ["Walk-forward efficiency", _percent(result.efficiency)],
    ]
    for name, drift in result.drift.items():
        moved = "" if drift.mean_move is None else f", by {drift.mean_move:.0%} of its range on average"
        rows.append([f"{name} changed", f"{drift.changes} of {max(len(drift.values) - 1, 0)} times{moved}"])
    show_rows(["", ""], rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


# In the file.


def write(
    document: Mapping[str, Any], status: str, steps: Sequence[Step], result: WalkForwardResult | None, out: Path
) -> None:
    """Write what was walked through and what came of it."""
    told: dict[str, Any] = {"search": document, "status": status, "steps": [_step(each) for each in steps]}
    if result is not None:
        told |= {
            "days": [day.isoformat() for day in result.days],
            "equity": list(result.equity),
            "total_return": result.total_return,
            "annual_return": result.annual_return,
            "sharpe_ratio": result.sharpe_ratio,
            "drawdown": result.drawdown,
            "kept": result.kept,
            "efficiency": result.efficiency,
            "drift": {
                name: {"values": list(each.values), "changes": each.changes, "mean_move": each.mean_move}
                for name, each in result.drift.items()
            },
        }
    write_document(told, out)


def _step(step: Step) -> dict[str, Any]:
    return {
        **step.window.as_json(),
        "trials": step.trials,
        "parameters": None if step.parameters is None else dict(step.parameters),
        "train_score": step.train_score,
        "test_score": step.test_score,
        "train_growth": step.train_growth,
        "test_growth": step.test_growth,
        "test_return": step.equity[-1] / step.start_equity - 1 if step.days else None,
        "error": step.error,
    }
