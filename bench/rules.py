"""Rules as whole arrays: one crossing over a million bars, and a thousand variants of it.

Each runs in a process of its own, as do raptorbt and the plain numba kernel of the peers' scripts. What ours comes to
is compared with figures that are worked out in whole numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.ours import peak_mb
from bench.peers import PEERS, ROOT
from bench.workloads import CASH, FAST, SLOW, expected_cross, minute_bars

Figures = dict[str, float]
_TEXT = f"""
universe crypto BTCUSD minute
from 2019-12-31 to 2039-12-31
cash {CASH}
parameter fast = {FAST}
parameter slow = {SLOW}
enter long when SMA(fast) crosses above SMA(slow)
exit long when SMA(fast) crosses below SMA(slow)
size 100 units
fees 0.1 %
"""
_VARIANTS = [{"fast": float(fast), "slow": float(slow)} for fast in range(5, 45) for slow in range(50, 300, 10)]
_TOLERANCE = 1e-9


def show(reps: int, scripts: Path | None, *, is_quick: bool = False) -> bool:
    """Race, print what came of it, and return whether ours was right."""
    _child("single", 50_000, 3, 0)  # what is compiled once on a machine is compiled here
    bars, variants = (100_000, 100) if is_quick else (1_000_000, 1000)
    mine = _child("single", bars, max(reps, 5), 0)
    print(f"\nRules: one SMA cross as whole arrays, {bars:,} bars (load {os.getloadavg()[0]:.2f})")
    print(f"  {'engine':22} {'first s':>8} {'warm ms':>9} {'peak MB':>8} {'ours is':>9}")
    rows = {"tradinglab": mine} | _peers("W1", bars, reps, scripts)
    for name, each in rows.items():
        ratio = "" if name == "tradinglab" else f"{each['warm_s'] / mine['warm_s']:>8.1f}x"
        warm, memory = each["warm_s"] * 1e3, each["peak_rss_mb"]
        print(f"  {name:22} {each['cold_s']:>8.2f} {warm:>9.1f} {memory:>8,.0f} {ratio:>9}")
    sweep = 100_000 if not is_quick else 20_000
    print(f"\nRules: {variants:,} variants of it, {sweep:,} bars (load {os.getloadavg()[0]:.2f})")
    print(f"  {'engine':22} {'variants/s':>11} {'peak MB':>8} {'ours is':>9}")
    many = _child("sweep", sweep, reps, variants)
    rows = {"tradinglab": many} | _peers("W3", sweep, reps, scripts)
    rate = variants / many["warm_s"]
    for name, each in rows.items():
        theirs = each.get("combos_per_s") or variants / each["warm_s"]
        ratio = "" if name == "tradinglab" else f"{rate / theirs:>8.2f}x"
        print(f"  {name:22} {theirs:>11,.0f} {each['peak_rss_mb']:>8,.0f} {ratio:>9}")
    if not is_quick:
        more = _child("sweep", sweep, 1, 10 * variants)
        print(f"  ten times as many variants: {more['peak_rss_mb']:,.0f} MB")
    return _is_right(mine)


def _is_right(mine: Figures) -> bool:
    if mine["fills"] == mine["ref_fills"] and abs(mine["equity"] / mine["ref_equity"] - 1) <= _TOLERANCE:
        return True
    print(f"  WRONG: {mine['fills']:.0f} fills and {mine['equity']}; "
          f"must be {mine['ref_fills']:.0f} and {mine['ref_equity']}")  # fmt: skip
    return False


def _child(workload: str, bars: int, reps: int, variants: int) -> Figures:
    command = [sys.executable, "-m", "bench.rules", workload, str(bars), str(reps), str(variants)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"our simulator failed at {workload}:\n{done.stderr}")
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def _peers(workload: str, bars: int, reps: int, scripts: Path | None) -> dict[str, Figures]:
    if scripts is None:
        return {}
    commands = {"numba kernel": [sys.executable, "bench_raw.py", "--variant", "numba"]}
    raptorbt = next(peer for peer in PEERS if peer.name == "raptorbt")
    if raptorbt.is_installed:
        commands["raptorbt"] = [str(raptorbt.python), raptorbt.script]
    found = {}
    for name, command in commands.items():
        arguments = [*command, "--workload", workload, "--bars", str(bars), "--reps", str(reps)]
        done = subprocess.run(arguments, cwd=scripts, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if lines:
            found[name] = json.loads(lines[-1])
        else:
            print(f"  {name} failed: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    return found


def main() -> None:
    """Run one workload and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", choices=["single", "sweep"])
    for name in ("bars", "reps", "variants"):
        parser.add_argument(name, type=int)
    options = parser.parse_args()
    from tradinglab.core.enums import Resolution, SecurityType
    from tradinglab.core.market import Market
    from tradinglab.data.memory import MemorySource
    from tradinglab.rules import load_bars, read_rules, simulate, simulate_many

    walk = minute_bars(options.bars)
    source, rules = MemorySource(), read_rules(_TEXT)
    source.add("BTCUSD", Resolution.MINUTE, walk, security_type=SecurityType.CRYPTO, market=Market.COINBASE)
    bars = load_bars(rules, source)
    found: Figures = {}
    if options.workload == "single":
        # The second run may still load compiled code; it is counted as neither.
        seconds = [_seconds(lambda: simulate(rules, bars)) for _ in range(options.reps + 2)]
        del seconds[1]
        run = simulate(rules, bars)
        expected = expected_cross(walk)
        found |= {"fills": len(run.fills.step), "equity": run.final_equity,
                  "ref_fills": expected.fills, "ref_equity": expected.equity}  # fmt: skip
    else:
        variants = (_VARIANTS * (options.variants // len(_VARIANTS) + 1))[: options.variants]
        seconds = [_seconds(lambda: simulate_many(rules, bars, variants)) for _ in range(options.reps)]
    found |= {"cold_s": seconds[0], "warm_s": statistics.median(seconds[1:] or seconds), "peak_rss_mb": peak_mb()}
    print(json.dumps(found))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
