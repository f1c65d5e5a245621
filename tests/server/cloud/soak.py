"""The server's whole way to a backtest at QuantConnect, again and again, each time in other bad weather.

``python -m tests.server.cloud.soak --schedules 1000`` runs it, as `make soak` does. A schedule follows from its number
alone: what befalls which calls, what happens at QuantConnect, whose machine's clock is off, when workers are killed or
stall, and what the user does. Each begins with ``POST /api/v1/backtests/``, and has to end so that for every run

- exactly one backtest is at QuantConnect, none if it failed before one was started, or was cancelled;
- it has its outcome: completed, with the figures and all pages, or failed with a reason that names what happened;
- its events have no gap, none is there twice, and they are in order.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from tests.server.cloud.world import World


@dataclass
class Outcome:
    """What became of a schedule; `wrong` should be empty."""

    seed: int
    calls: int = 0
    runs: int = 0
    kills: int = 0
    stalls: int = 0
    removed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def run(seed: int, folder: Path) -> Outcome:
    """Run one schedule, in the database that there is."""
    from tests.quantconnect.faults import PASSING, Fault, Seeded
    from tests.server.cloud.world import Perils, World, faults_of

    random = Random(seed)
    kinds = tuple(random.sample(PASSING, random.randint(1, len(PASSING))))
    kinds += (Fault.REFUSED,) * (random.random() < 0.15) + (Fault.UNKNOWN_ID,) * (random.random() < 0.25)
    schedule = Seeded(seed, random.choice([0.0, 0.05, 0.15, 0.3, 0.5]), kinds)
    perils = Perils(
        kill_at_request=random.choice([0.0, 0.0, 0.02, 0.1]),
        kill_at_write=random.choice([0.0, 0.0, 0.02, 0.1]),
        stall=random.choice([0.0, 0.0, 0.02, 0.05]),
        another_machine=random.choice([0.0, 0.5, 1.0]),
    )
    skew_s = random.choice([0.0, 0.0, -3000.0, 50.0, 86_400.0])
    world = World(schedule, random, folder / f"machines-{seed}", perils, skew_s)
    with world:
        runs = _arrange(world)
        world.run(runs)
        outcome = Outcome(seed, world.calls, len(runs), world.kills, world.stalls, wrong=world.wrong)
        outcome.faults.update(str(fault) for _, fault in schedule.happened)
        outcome.faults.update(world.told)
        outcome.removed = max(0, len(world.cloud.started) - len(runs))
        for each in runs:
            outcome.ends[_end(each)] += 1
            outcome.wrong += faults_of(world, each)
    return outcome


def _arrange(world: World) -> list[UUID]:
    """Say how QuantConnect is, what will happen there, and what the user asks for."""
    random, cloud, told = world.random, world.cloud, world.told
    cloud.list_late_s = 90.0 * random.choice([0, 0.1, 0.9])
    cloud.results_late_s = random.choice([0.0, 5.0, 60.0])
    cloud.backtest_s = random.choice([1.0, 20.0, 400.0])
    cloud.nodes = random.choice([1, 100])
    if random.random() < 0.05:
        cloud.compile_s = 1e9
        told["a compile that never ends"] += 1
    if random.random() < 0.05:
        cloud.build_error = True
        told["a compile that fails"] += 1
    if random.random() < 0.1:
        cloud.runtime_error = True
        told["a backtest that fails in initialize"] += 1
    if cloud.results_late_s:
        told["statistics that arrive late"] += 1
    if world.skew_s:
        told["this machine's clock is off"] += 1
    more = {"fallback": "local"} if random.random() < 0.05 else {}
    is_revoked, is_for_good = random.random() < 0.08, random.random() < 0.5
    if random.random() < 0.1 or (is_revoked and is_for_good):
        more["timeout_s"] = "300"
    runs = [world.submit(name=f"Run {number}", **more) for number in range(random.choice([1, 1, 1, 2]))]
    if random.random() < 0.08:
        world.after(random.uniform(0, 60), world.delete_projects)
    if is_revoked:
        world.after(random.uniform(0, 60), lambda: world.revoke(is_for_good=is_for_good))
    if random.random() < 0.1:
        told["the user cancels"] += 1
        world.after(random.uniform(0, 60), lambda: world.cancel(runs[0]))
    return runs


def _end(run_id: UUID) -> str:
    from tradinglab.server.runs.models import Run

    run = Run.objects.get(pk=run_id)
    if not run.is_final:
        return "run here" if run.kind == "backtest" else f"no end: {run.state}"
    return f"{run.state} ({run.error['code']})" if run.error else str(run.state)


def main() -> int:
    """Run schedules and say what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=1000, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first one's number (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per processor)")
    parser.add_argument("--optimizations", action="store_true", help="of optimizations, not of backtests")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.schedules)
    jobs = max(1, min(options.jobs, len(seeds)))
    folder, began = Path(tempfile.mkdtemp(prefix="tradinglab-soak-")), perf_counter()
    try:
        # Each process has an installation of its own; all begin with a copy of the first one's tables.
        _in_process(_prepare, folder / "0")
        for number in range(1, jobs):
            shutil.copytree(folder / "0", folder / str(number))
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            parts = [
                pool.submit(_soak, seeds[number::jobs], folder / str(number), options.optimizations)
                for number in range(jobs)
            ]
            total = sum((each.result() for each in parts), Total())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _say(total, len(seeds), perf_counter() - began)


def _in_process(work: Callable[[Path], None], folder: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(work, folder).result()


def _prepare(folder: Path) -> None:
    """Make an installation of the soak's own."""
    folder.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith("TRADINGLAB_") or name.endswith("_URL")]:
        del os.environ[name]
    os.environ["TRADINGLAB_HOME"] = str(folder)
    from tradinglab.server.config.startup import start_django

    start_django()
    from django.conf import settings
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    setup_test_environment()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("migrate", verbosity=0)
    logging.disable(logging.CRITICAL)


def _soak(seeds: range, folder: Path, are_optimizations: bool) -> Total:
    _prepare(folder)
    from django.core.cache import cache
    from tests.server.cloud import search_soak

    from tradinglab.server.rest.buckets import local_buckets

    carry_out = search_soak.run if are_optimizations else run
    total = Total()
    for seed in seeds:
        cache.clear()
        local_buckets.clear()
        one = carry_out(seed, folder)
        total += Total.of(one)
        if one.wrong:
            print(f"WRONG: schedule {seed}: {'; '.join(one.wrong)}", flush=True)
    return total


@dataclass
class Total:
    """What became of many schedules."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, one: Outcome) -> Total:
        counts = Counter(
            {
                "runs requested": one.runs,
                "calls": one.calls,
                "faults": one.faults.total(),
                "workers killed": one.kills,
                "workers that stalled": one.stalls,
                "surplus backtests, removed again": one.removed,
                "doubles": sum("s are there" in each for each in one.wrong),
            }
        )
        return cls(counts, one.faults, one.ends, [one.seed] if one.wrong else [])

    def __add__(self, other: Total) -> Total:
        return Total(
            self.counts + other.counts, self.faults + other.faults, self.ends + other.ends, self.wrong + other.wrong
        )


def _say(total: Total, schedules: int, seconds: float) -> int:
    counts = total.counts
    unknown = sum(count for end, count in total.ends.items() if end.startswith("no end"))
    print(f"{schedules} schedules of the server's workflow in {seconds:.0f} s")
    law = {
        "doubles": counts.pop("doubles", 0),
        "unknown ends": unknown,
        "schedules that went wrong": len(total.wrong),
    }
    for title, rows in (("", counts), ("faults", total.faults), ("outcomes", total.ends)):
        _table(title, dict(Counter(rows).most_common()))
    _table("the law", law)
    if total.wrong:
        print(f"Replay one: python -m tests.server.cloud.soak --first {min(total.wrong)} --schedules 1")
    return 1 if total.wrong else 0


def _table(title: str, rows: dict[str, int]) -> None:
    if title:
        print(f"{title}:")
    for name, count in rows.items():
        print(f"  {count:8}  {name}")


if __name__ == "__main__":
    sys.exit(main())
