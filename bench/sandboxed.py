"""What the sandbox costs: a tiny backtest with and without it, and how many of them two threads make in a second."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tradinglab.engine.run import backtest
from tradinglab.sandbox import Sandbox, sandboxed_backtest

_STRATEGY = """
from AlgorithmImports import *

class Tiny(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 31)
        self.add_equity("IBM", Resolution.DAILY)
        self.set_benchmark("IBM")

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings("IBM", 0.5)
"""
_THREADS = 2
_THROUGHPUT_S = 5.0
#: Between two runs, so that the sandbox has another child ready, as it has if runs do not follow upon each other.
_PAUSE_S = 0.1

Run = Callable[[], object]


def measure(repetitions: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the milliseconds of a run (the median; the kinds take turns), and the runs a second of two threads."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        path = Path(folder) / "tiny.py"
        path.write_text(_STRATEGY)
        kinds: dict[str, Run] = {
            "plain": lambda: backtest(path).statistics,
            "sandboxed": lambda: sandboxed_backtest(path, sandbox=sandbox, replay=False).statistics,
            "sandboxed and replayed": lambda: sandboxed_backtest(path, sandbox=sandbox).statistics,
        }
        taken = _in_turn(kinds, repetitions)
        rates = {name: _rate(run) for name, run in kinds.items() if name != "plain"}
    return {name: statistics.median(each) * 1000 for name, each in taken.items()}, rates


def _in_turn(kinds: dict[str, Run], repetitions: int) -> dict[str, list[float]]:
    for run in kinds.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(repetitions):
        for name, run in kinds.items():
            time.sleep(_PAUSE_S)
            began = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - began)
    return taken


def _rate(run: Run) -> float:
    began = time.perf_counter()
    counts = [0] * _THREADS

    def work(number: int) -> None:
        while time.perf_counter() - began < _THROUGHPUT_S:
            run()
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(_THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(counts) / (time.perf_counter() - began)


def show(repetitions: int) -> None:
    """Measure, and print what came of it."""
    milliseconds, rates = measure(repetitions)
    plain = milliseconds["plain"]
    print(f"  {'':24} {'ms':>7} {'more':>7} {'a second, by two threads':>26}")
    for name, each in milliseconds.items():
        rate = f"{rates[name]:>26.1f}" if name in rates else ""
        print(f"  {name:24} {each:>7.1f} {each - plain:>7.1f} {rate}")
