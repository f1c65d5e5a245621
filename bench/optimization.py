"""An optimization on all processors beside the same runs one after the other: what it costs beyond its runs."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab import BacktestResult
    from tradinglab.optimize.local import Measured, Search

_STRATEGY = "sma-cross"
_LOADING = (
    "import tradinglab.engine.run, tradinglab.optimize.local.workers, bench.optimization, tradinglab.cli.measuring"
)


def measured(result: BacktestResult) -> Measured:
    """Return what a search keeps of a run, and the processor time of the process so far."""
    from tradinglab.cli.measuring import measured as usual
    from tradinglab.optimize.local import Measured

    kept = usual(result)
    return Measured(figures={**kept.figures, "pid": os.getpid(), "cpu": time.process_time()})


def main() -> None:
    """Carry out the command line; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    from tradinglab.optimize.local import processors

    search = _search(options.trials)
    jobs = options.jobs or processors()
    plain_wall, plain_cpu = _plain(search)
    wall, cpu = _searched(search, jobs)
    told = {"trials": search.space.size, "jobs": jobs, "plain_s": plain_wall, "plain_cpu_s": plain_cpu}
    print(json.dumps({**told, "optimization_s": wall, "optimization_cpu_s": cpu}))


def _search(trials: int) -> Search:
    from tradinglab.optimize import Direction, Objective, Plan, Space, axis_of_range
    from tradinglab.optimize.local import RunTerms, Search
    from tradinglab.templates import find_template

    found = find_template(_STRATEGY)
    assert found is not None
    slow = axis_of_range("slow", low=Decimal(60), high=Decimal(59 + trials), step=Decimal(1))
    return Search(
        terms=RunTerms(strategy=found.path),
        space=Space.of([slow]),
        objective=Objective(figure="sharpe_ratio", direction=Direction.MAX),
        plan=Plan(),
    )


def _plain(search: Search) -> tuple[float, float]:
    """Return wall and processor time of all runs in this process, over a source that stays open."""
    from tradinglab import backtest
    from tradinglab.data.source import open_source

    source = open_source(search.terms.data)

    def run(number: int) -> None:
        measured(backtest(search.terms.strategy, data=source, parameters=search.space[number]))

    run(0)  # What is loaded once is loaded.
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(search.space.size):
        run(number)
    return time.perf_counter() - wall, time.process_time() - cpu


def _searched(search: Search, jobs: int) -> tuple[float, float]:
    """Return wall and processor time of the search: this process, the one that others are copies of, and those."""
    from tradinglab.optimize.local import Journal, Optimization, search_document

    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        with Journal(Path(folder) / "journal", search_document(search), is_resumed=False) as journal:
            result = Optimization(search, journal).run(measured, jobs=jobs)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    by_process: dict[float, float] = {}
    for each in result.trials:
        pid = each.figures["pid"]
        by_process[pid] = max(by_process.get(pid, 0.0), each.figures["cpu"])
    return wall, cpu + sum(by_process.values()) + _loading()


def _loading() -> float:
    """Return the processor time that a process takes to load what the workers are copies of."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _LOADING], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    # What the workers are handed is known to them by the name of its module.
    from bench.optimization import main as carry_out

    carry_out()
