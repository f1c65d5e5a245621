"""A server's searches over more and more worker processes: how long the same search takes, of code and of rules.

``python -m bench.workers`` makes an installation in a folder of its own, over SQLite; with ``DATABASE_URL`` and
``REDIS_URL`` over those, which should be empty. It prints a line for each number of workers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

_RULES: Final = """
rules "Pullback"
universe AAPL, IBM, MSFT daily
from 2001-01-01 to 2013-03-01
parameter oversold = 30
parameter recovered = 55
enter long when close > SMA(200) and RSI(14) < oversold
exit long when RSI(14) > recovered
size equal weight of 95 % of equity
"""
_PATIENCE_S: Final = 900.0


def main() -> None:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", default="1,2,3,4", help="how many, one after the other")
    parser.add_argument("--trials", type=int, default=60, help="of code; of rules fifty times as many")
    parser.add_argument("--kinds", default="code,rules", help="which of the two")
    options = parser.parse_args()
    counts = [int(each) for each in options.workers.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TRADINGLAB_HOME": folder, "TRADINGLAB_USER_RUNNING": "64", "TRADINGLAB_USER_QUEUED": "1000"}
        from tradinglab.server.config.startup import start_django

        start_django()
        from tradinglab.server.processes.first_run import migrate

        migrate()
        bench = Bench(Path(folder), options.trials)
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        print("seconds, trials a second, rows written a trial")
        for kind in options.kinds.split(","):
            # What is compiled once in an installation's life is compiled.
            bench.measure(kind, 1, is_short=True)
            for count in counts:
                seconds, trials, rows = bench.measure(kind, count)
                written = "" if rows is None else f"{rows / trials:8.1f}"
                print(f"{kind:6} {count} workers {seconds:8.1f} {trials / seconds:8.1f} {written}", flush=True)


class Bench:
    """One installation, its owner, and two strategies."""

    def __init__(self, folder: Path, trials: int) -> None:
        from tradinglab.server.accounts.models import User
        from tradinglab.server.strategies.services import strategy_create
        from tradinglab.templates import find_template

        self._folder = folder
        self._trials = trials
        self._owner = User.objects.create_user(f"bench-{time.time_ns()}@example.com", "a long password 1", role="admin")
        code = find_template("sma-cross")
        assert code is not None
        files = {"code": {"main.py": code.path.read_text()}, "rules": {"main.rules": _RULES}}
        self._strategies = {
            kind: strategy_create(owner=self._owner, name=f"Bench {kind}", files=each) for kind, each in files.items()
        }

    def measure(self, kind: str, workers: int, *, is_short: bool = False) -> tuple[float, int, int | None]:
        """Return how long a search took over so many workers, its trials, and the rows written if that is known."""
        processes = [self._start() for _ in range(workers)]
        try:
            self._wait(lambda: self._beating() >= workers)
            before = _rows()
            run = self._submit(kind, workers, 2 if is_short else self._trials)
            self._wait(lambda: _is_over(run.pk))
            run.refresh_from_db()
            assert run.state == "completed", run.error
            after = _rows()
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)
        written = None if before is None or after is None else after - before
        return (run.finished_at - run.created_at).total_seconds(), self._count(kind), written

    def _start(self) -> subprocess.Popen[bytes]:
        from tradinglab.server.runs.models import WorkerBeat

        WorkerBeat.objects.all().delete()
        with (self._folder / "workers.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", "tradinglab.cli.main", "worker"], stdout=log, stderr=log)

    @staticmethod
    def _beating() -> int:
        from tradinglab.server.runs.models import WorkerBeat

        return WorkerBeat.objects.count()

    @staticmethod
    def _wait(is_so: Any) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not is_so():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.1)

    def _count(self, kind: str) -> int:
        return self._trials if kind == "code" else 50 * self._trials

    def _submit(self, kind: str, workers: int, trials: int) -> Any:
        from tradinglab.optimize import Direction, Objective, Space, axis_of_range
        from tradinglab.server.optimizations.requests import OptimizationRequest
        from tradinglab.server.optimizations.services import optimization_submit

        def axis(name: str, low: int, count: int) -> Any:
            from decimal import Decimal

            return axis_of_range(name, low=Decimal(low), high=Decimal(low + count - 1), step=Decimal(1))

        axes = (
            [axis("slow", 60, self._trials)]
            if kind == "code"
            else [axis("oversold", 10, 50), axis("recovered", 40, self._trials)]
        )
        version = self._strategies[kind].head
        assert version is not None
        request = OptimizationRequest(
            version=version,
            space=Space.of(axes),
            objective=Objective(figure="sharpe_ratio", direction=Direction.MAX),
            most_parallel=max(8, 4 * workers),
        )
        return optimization_submit(owner=self._owner, request=request).run


def _is_over(run_id: Any) -> bool:
    from tradinglab.server.runs.models import Run

    return bool(Run.objects.get(pk=run_id).is_final)


def _rows() -> int | None:
    """Return how many rows PostgreSQL has written; ``None`` where another database does not count them."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    time.sleep(1.5)  # its counters lag behind
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
