"""Races our engine against the peers that are installed, and prints the ratios.

Each engine runs each workload in a process of its own, one after the other. Figures in seconds drift
with whatever else the machine does; the ratios of one run hold better. The load is printed beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import bars, ingest, metrics, quality, resampling, rules, sandboxed
from bench.apart import run_apart
from bench.peers import PEERS, ROOT, Peer, scripts_folder
from bench.workloads import REBALANCE_DAYS

Figures = dict[str, float]
_ALL = (
    "cross", "resting", "rebalance", "demo", "growth", "sandbox", "metrics", "optimization", "rules", "bars", "ingest",
    "quality", "resampling",
)  # fmt: skip
_PEER_WORKLOADS = {"cross": "W2", "rebalance": "W4"}
_GROWTH = (10_000, 100_000, 1_000_000, 10_000_000)
_BARE = "import numpy, polars"
#: Largest relative difference between our final equity and the one worked out in whole numbers.
_TOLERANCE = 1e-9


@dataclass(slots=True)
class Race:
    """The figures of one workload by engine."""

    workload: str
    bars: int
    ours: Figures = field(default_factory=dict)
    peers: dict[str, Figures] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line; return the exit status: 1 if a result of ours was wrong."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--peers", metavar="DIR", help="folder of the peers' scripts (default: ../shared/bench)")
    parser.add_argument("--bars", type=int, nargs="+", default=[200_000, 1_000_000], help="bars of the crossing race")
    parser.add_argument("--reps", type=int, default=3, help="runs in each process; the first is cold (default: 3)")
    parser.add_argument("--only", nargs="+", choices=_ALL)
    parser.add_argument("--quick", action="store_true", help="fewer bars: to see that everything runs")
    options = parser.parse_args(arguments)
    wanted = options.only or _ALL
    folder = scripts_folder(options.peers)
    _introduce(folder)
    right = True
    sizes = [20_000] if options.quick else options.bars
    if "cross" in wanted:
        for count in sizes:
            race = _race("cross", count, options.reps, folder)
            _print_bars(race)
            right &= _is_right(race.ours)
    if "resting" in wanted:
        right &= _resting(sizes[0], options.reps)
    if "rebalance" in wanted:
        _print_rebalance(_race("rebalance", REBALANCE_DAYS, options.reps, folder))
    if "demo" in wanted:
        _demo(options.reps)
    if "sandbox" in wanted:
        print(f"\nA tiny backtest in a warm sandbox (load {_load()})")
        sandboxed.show(5 if options.quick else 30)
    if "metrics" in wanted:
        print(f"\nSix metrics of series of 10,000 days (load {_load()})")
        right &= metrics.show(options.reps, 200 if options.quick else 1000)
    if "optimization" in wanted:
        _optimization(8 if options.quick else 60)
    if "rules" in wanted:
        right &= rules.show(options.reps, folder, is_quick=options.quick)
    if "bars" in wanted:
        print(f"\nBars of 100 symbols, a year of minutes each, on the disk (load {_load()})")
        right &= bars.show(options.reps, is_quick=options.quick)
    if "ingest" in wanted:
        print(f"\nA CSV file of minute bars into a store (load {_load()})")
        right &= ingest.show(is_quick=options.quick)
    if "quality" in wanted:
        print(f"\nChecks of the bars of 100 shares with faults in each (load {_load()})")
        right &= quality.show(options.reps, is_quick=options.quick)
    if "resampling" in wanted:
        print(f"\nMinute bars of 100 coins into hours (load {_load()})")
        right &= resampling.show(options.reps, is_quick=options.quick)
    if "growth" in wanted:
        right &= _growth(_GROWTH[:2] if options.quick else _GROWTH)
    return 0 if right else 1


def _introduce(folder: Path | None) -> None:
    print(f"{os.cpu_count()} cores, load {_load()}, Python {sys.version.split()[0]}")
    missing = [peer.name for peer in PEERS if not peer.is_installed]
    if folder is None:
        print("The peers' scripts were not found: say where they are with --peers DIR. Only ours runs.")
    elif missing:
        print(f"Not installed: {', '.join(missing)}. Install with: python -m bench.peers install {' '.join(missing)}")


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}"


# Running.


def _race(workload: str, bars: int, reps: int, folder: Path | None) -> Race:
    race = Race(workload, bars, ours(workload, bars, reps))
    for peer in PEERS:
        if folder is not None and peer.is_installed and workload in peer.workloads:
            found = _peer(peer, folder, workload, bars, reps)
            if found is not None:
                race.peers[peer.name] = found
    return race


def ours(workload: str, bars: int, reps: int) -> Figures:
    """Run a workload in our engine."""
    command = [sys.executable, "-m", "bench.ours", workload, "--bars", str(bars), "--reps", str(reps)]
    done = run_apart(command, ROOT)
    if done.returncode:
        raise SystemExit(f"our engine failed at {workload}:\n{done.stderr}")
    return last_json(done.stdout)


def _peer(peer: Peer, folder: Path, workload: str, bars: int, reps: int) -> Figures | None:
    command = [str(peer.python), str(folder / peer.script), "--workload", _PEER_WORKLOADS[workload]]
    command += ["--bars", str(bars), "--reps", str(min(reps, 2))]
    done = run_apart(command, folder)
    try:
        return last_json(done.stdout)
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"  {peer.name} failed: {reason}")
        return None


def last_json(output: str) -> Figures:
    """Return the last line of an output that is a JSON object.

    Raises
    ------
    ValueError
        If there is none.
    """
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise ValueError("no figures in the output")
    found: Figures = json.loads(lines[-1])
    return found


# Printing.


def seconds_of(figures: Figures) -> float:
    """Return the warm time of a run, the cold one if there was only one."""
    return figures.get("warm_s") or figures["cold_s"]


def _print_bars(race: Race) -> None:
    print(f"\nSMA cross in callbacks, {race.bars:,} minute bars (load {_load()})")
    print(f"  {'engine':18} {'bars/s':>10} {'ours is':>9} {'peak MB':>8} {'final equity':>14}")
    rate = race.bars / seconds_of(race.ours)
    print(f"  {'tradinglab':18} {rate:>10,.0f} {'':>9} {_memory(race.ours)} {race.ours['final_equity']:>14,.2f}")
    for name, figures in sorted(race.peers.items(), key=lambda entry: seconds_of(entry[1])):
        theirs = race.bars / seconds_of(figures)
        equity = figures["final_equity"]
        print(f"  {name:18} {theirs:>10,.0f} {rate / theirs:>8.1f}x {_memory(figures)} {equity:>14,.2f}")


def _print_rebalance(race: Race) -> None:
    print(f"\n100 symbols, {race.bars:,} days, equal weights every month (load {_load()})")
    print(f"  {'engine':18} {'seconds':>10} {'ours is':>9} {'peak MB':>8} {'orders':>8} {'final equity':>14}")
    mine = seconds_of(race.ours)
    rows = {"tradinglab": race.ours, **race.peers}
    for name, figures in rows.items():
        taken = seconds_of(figures)
        ratio = "" if figures is race.ours else f"{taken / mine:.1f}x"
        orders, equity = figures["orders"], figures["final_equity"]
        print(f"  {name:18} {taken:>10.2f} {ratio:>9} {_memory(figures)} {orders:>8,.0f} {equity:>14,.2f}")


def _memory(figures: Figures) -> str:
    return f"{figures['peak_rss_mb']:>8,.0f}"


def _is_right(figures: Figures) -> bool:
    same = figures["fills"] == figures["ref_fills"]
    off = abs(figures["final_equity"] - figures["ref_equity"])
    if same and off <= _TOLERANCE * figures["ref_equity"]:
        return True
    print(f"  WRONG: {figures['fills']} fills and {figures['final_equity']}; "
          f"must be {figures['ref_fills']} and {figures['ref_equity']}")  # fmt: skip
    return False


def _resting(bars: int, reps: int) -> bool:
    figures = ours("resting", bars, reps)
    plain = ours("cross", bars, reps)
    print(f"\nThe same with a limit order that rests all the while, {bars:,} bars (load {_load()})")
    print(f"  {bars / seconds_of(figures):,.0f} bars/s, {seconds_of(figures) / seconds_of(plain):.2f} times as long")
    return _is_right(figures)


def _demo(reps: int) -> None:
    demo = [str(Path(sys.executable).with_name("tradinglab")), "backtest", "demo"]
    bare = [sys.executable, "-c", _BARE]
    taken: dict[str, list[float]] = {"demo": [], "bare": []}
    with tempfile.TemporaryDirectory() as cache:
        # The first round, which does not count, compiles: both find their bytecode from then on.
        own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        own["PYTHONPYCACHEPREFIX"] = cache
        for _ in range(max(reps, 3) + 1):
            for name, command in (("demo", demo), ("bare", bare)):
                begin = time.perf_counter()
                subprocess.run(
                    command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
                )
                taken[name].append(time.perf_counter() - begin)
    mine, floor = (statistics.median(times[1:]) for times in taken.values())
    print(f"\nDemo backtest, process start to exit (load {_load()})")
    print(f"  tradinglab backtest demo: {mine:.2f} s; python -c '{_BARE}': {floor:.2f} s; {mine / floor:.2f} times")


def _optimization(trials: int) -> None:
    command = [sys.executable, "-m", "bench.optimization", "--trials", str(trials)]
    done = run_apart(command, ROOT)
    if done.returncode:
        raise SystemExit(f"our search failed:\n{done.stderr}")
    figures = last_json(done.stdout)
    jobs, plain, found = figures["jobs"], figures["plain_cpu_s"], figures["optimization_cpu_s"]
    print(f"\nA search of {trials} trials, {jobs:.0f} side by side (load {_load()})")
    print(f"  processor time {found:.1f} s; the runs alone {plain:.1f} s: {found / plain - 1:+.1%}")
    ideal = figures["plain_s"] / jobs
    print(f"  wall time {figures['optimization_s']:.1f} s; the runs one after the other, shared out {ideal:.1f} s")


def _growth(sizes: Sequence[int]) -> bool:
    print(f"\nGrowth (load {_load()})")
    print(f"  {'bars':>11} {'seconds':>9} {'us a bar':>9} {'peak MB':>8}")
    right = True
    for count in sizes:
        figures = ours("cross", count, 1 if count > 1_000_000 else 2)
        taken = seconds_of(figures)
        print(f"  {count:>11,} {taken:>9.2f} {taken / count * 1e6:>9.2f} {_memory(figures)}", flush=True)
        right &= _is_right(figures)
    return right


if __name__ == "__main__":
    sys.exit(main())
