"""Kills writers of a store at random moments, and looks at what is left: ``python -m tests.data.crash --kills 1000``.

A child writes, appends, restates, compacts and collects, one after the other, and says before each what it begins and
after each that it is done. It is killed somewhere in the middle. What is read then, and what is read while it works,
must be the state before or the state after what it was doing; nothing may be damaged; and nothing may lie about once
the next writer has written.

The children are forked from a process that has imported all it needs and used none of it, so that a kill costs
milliseconds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import numpy as np

from tradinglab.core.clock import to_ns
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.store import BarStore, Origin, SeriesKey

KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
ORIGIN = Origin("made up")
START = to_ns(datetime(2020, 11, 2, 14, 30)) // 1000
MINUTE, DAY = 60_000_000, 86_400_000_000
DAYS, LONGEST = 90, 30

State = dict[int, float]
Operation = tuple[str, int, int, float]


def operations(seed: int) -> Iterator[Operation]:
    """Yield what a writer does: what, from which day on, how many bars of it (or days), and at which price."""
    random_ = random.Random(seed)
    while True:
        what = random_.choice(("append", "append", "write", "restate", "compact", "compact", "collect"))
        yield what, random_.randrange(DAYS), random_.randint(1, LONGEST), float(random_.randint(1, 10_000))


def bars_of(operation: Operation) -> State:
    """Return the bars that an operation stores: one day's, or some of several days, over the turn of the year."""
    what, day, count, price = operation
    if what == "append":
        return {START + day * DAY + at * MINUTE: price + at for at in range(count)}
    if what in ("write", "restate"):
        return {START + (day + at) % DAYS * DAY + at % 7 * MINUTE: price - at / 100 for at in range(count)}
    return {}


def after(state: State, operation: Operation) -> State:
    """Return the state that an operation leads to."""
    new = bars_of(operation)
    return {**new, **state} if operation[0] == "write" else {**state, **new}


def carry_out(store: BarStore, operation: Operation) -> None:
    """Let a store do it."""
    what, bars = operation[0], dict(sorted(bars_of(operation).items()))
    times = np.array(list(bars), np.int64)
    prices = np.array(list(bars.values()))
    values = dict.fromkeys(("open", "high", "low", "close"), prices) | {"volume": np.ones(len(bars))}
    if what == "append":
        store.append_day(KEY, times, values, ORIGIN)
    elif what in ("write", "restate"):
        store.write(KEY, times, values, [ORIGIN], on_conflict="keep" if what == "write" else "replace")
    elif what == "compact":
        store.compact(KEY)
    else:
        store.collect(grace=timedelta(0))


def read(store: BarStore) -> State:
    """Return what is stored."""
    times, values = store.read(KEY)
    return dict(zip(times.tolist(), values["close"].tolist(), strict=True))


# The side that is killed.


def breed() -> None:
    """Fork a writer for each line that says which folder it writes to, from which seed, and where it says what."""
    for name in ("polars", "pyarrow.parquet"):  # which the store imports when it needs them
        importlib.import_module(name)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            try:
                write_on(BarStore(Path(order["folder"])), order["seed"], order["told"])
            finally:
                os._exit(1)
        print(child, flush=True)


def write_on(store: BarStore, seed: int, told: str) -> None:
    """Carry out one operation after the other, and say so."""
    handle = os.open(told, os.O_WRONLY | os.O_APPEND)
    for number, operation in enumerate(operations(seed)):
        os.write(handle, f"{number} begun\n".encode())
        carry_out(store, operation)
        os.write(handle, f"{number} done\n".encode())


# The side that looks.


@dataclass
class Findings:
    """What came of the kills."""

    kills: int = 0
    reads: int = 0
    in_the_middle: Counter[str] = field(default_factory=Counter)
    old: int = 0
    new: int = 0
    cleared: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        middle = ", ".join(f"{what} {count}" for what, count in sorted(self.in_the_middle.items()))
        return (
            f"{self.kills} kills, {sum(self.in_the_middle.values())} in the middle ({middle}): "
            f"{self.old} left the old state, {self.new} the new one; {self.reads} reads meanwhile; "
            f"leftovers cleared {self.cleared} times; problems: {len(self.problems)}"
        )


class Breeder:
    """The process that forks writers."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.data.crash", "--breed"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
        assert self._said() == "ready"

    def _said(self) -> str:
        stream: IO[Any] = self._process.stdout  # type: ignore[assignment]
        return str(stream.readline()).strip()

    def writer(self, **order: object) -> int:
        """Fork a writer; return its process."""
        stream: IO[Any] = self._process.stdin  # type: ignore[assignment]
        stream.write(json.dumps(order) + "\n")
        stream.flush()
        return int(self._said())

    def close(self) -> None:
        """Let the process end."""
        self._process.kill()
        self._process.communicate()


def crash(kills: int, folder: Path, seed: int = 1) -> Findings:
    """Kill so many writers of one store, one after the other; return what was found."""
    found, chance, breeder = Findings(), random.Random(seed), Breeder()
    state: State = {}
    told = folder / "told"
    try:
        for number in range(kills):
            told.write_text("")
            where = folder / f"bars-{number // 50}"  # which grow, and a small store is killed in other places
            if number % 50 == 0:
                state = {}
            state = _kill_one(breeder, where, told, seed * 1_000_003 + number, chance, state, found)
            if found.problems:
                break
    finally:
        breeder.close()
    return found


def _kill_one(
    breeder: Breeder, folder: Path, told: Path, seed: int, chance: random.Random, state: State, found: Findings
) -> State:
    child = breeder.writer(folder=str(folder), seed=seed, told=str(told))
    store = BarStore(folder)
    states = _States(state, seed)
    until = time.monotonic() + chance.uniform(0.005, 0.3)
    while time.monotonic() < until:
        first = states.known(told)[0]
        seen = read(store)
        last = states.known(told)[1]
        found.reads += 1
        if not any(seen == states.at(number) for number in range(first, last + 1)):
            found.problems.append(f"seed {seed}: a read saw none of the states {first} to {last}")
    os.kill(child, signal.SIGKILL)
    while _is_there(child):
        time.sleep(0.001)
    done, begun = states.known(told)
    found.kills += 1
    left = read(BarStore(folder))
    if done < begun:
        found.in_the_middle[states.operation(done)[0]] += 1
        found.old, found.new = found.old + (left == states.at(done)), found.new + (left != states.at(done))
    if left not in (states.at(done), states.at(begun)):
        found.problems.append(f"seed {seed}: after the kill in operation {done} there is neither state")
    _look(folder, seed, found)
    return read(BarStore(folder))


def _look(folder: Path, seed: int, found: Findings) -> None:
    """Look for damage, and whether the next writer clears what lies about."""
    store = BarStore(folder)
    if store.verify(KEY):
        found.problems.append(f"seed {seed}: files are damaged: {store.verify(KEY)}")
    place = folder / "equity/usa/minute/trade/abc"
    before = {path.name for path in place.iterdir()} if place.is_dir() else set()
    left = before - {"manifest.json"} - store.manifest(KEY).files
    if left and store.has(KEY):
        carry_out(store, ("append", 0, 1, read(store).get(START, 5.0)))  # what is there already, or one more bar
        names = {path.name for path in place.iterdir()} - {"manifest.json"}
        found.cleared += 1
        if names != store.manifest(KEY).files:
            found.problems.append(f"seed {seed}: {names - store.manifest(KEY).files} were not cleared")


class _States:
    """The states that a writer leads a store through, worked out as they are asked for."""

    def __init__(self, first: State, seed: int) -> None:
        self._states, self._operations, self._told = [first], operations(seed), list[Operation]()

    def at(self, number: int) -> State:
        """Return the state after so many operations."""
        while len(self._states) <= number:
            self._states.append(after(self._states[-1], self.operation(len(self._states) - 1)))
        return self._states[number]

    def operation(self, number: int) -> Operation:
        """Return an operation, counted from 0."""
        while len(self._told) <= number:
            self._told.append(next(self._operations))
        return self._told[number]

    def known(self, told: Path) -> tuple[int, int]:
        """Return how many operations the writer says are done, and begun."""
        lines = told.read_text().split("\n")[:-1]
        return sum(line.endswith("done") for line in lines), sum(line.endswith("begun") for line in lines)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.data.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--breed", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.breed:
        breed()
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = crash(options.kills, Path(folder), options.seed)
    print(found)
    print("\n".join(found.problems))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
