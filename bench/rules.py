"""Rules as whole arrays: one crossing over a million bars, a thousand variants of it, a portfolio of a hundred shares.

Each runs in a process of its own, as do raptorbt, vectorbt and the plain numba kernel of the peers' scripts: one after
the other, round by round, of which the best counts. Ratios are of processor time, which other work on the machine
lengthens less, and of one thread each. What ours comes to is compared with figures worked out in whole numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.apart import run_apart
from bench.ours import daily_bars, peak_mb
from bench.peers import PEERS, ROOT
from bench.workloads import (
    CASH,
    FAST,
    REBALANCE_DAYS,
    REBALANCE_SYMBOLS,
    SLOW,
    expected_cross,
    minute_bars,
)

Figures = dict[str, float]
Contenders = dict[str, Callable[[], Figures | None]]
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
_PORTFOLIO = f"""
universe {", ".join(f"A{number}" for number in range(REBALANCE_SYMBOLS))} daily
from 2013-12-31 to 2025-12-31
cash {CASH}
rebalance monthly top {REBALANCE_SYMBOLS} by close with 99 % of equity
fees 0.1 %
"""
#: One for each share and month, less those that are too small for a share.
_ORDERS, _CLOSE = 12_000, 0.05
_TOLERANCE = 1e-9
_ROUNDS = 2
_COMPILING = "from tradinglab.rules.warming import warm; warm()"


def show(reps: int, scripts: Path | None, *, is_quick: bool = False) -> bool:
    """Race, print what came of it, and return whether ours was right."""
    with tempfile.TemporaryDirectory() as cache:
        # The first runs compile bytecode, which everybody finds from then on.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = cache
        rounds = 1 if is_quick else _ROUNDS
        # Compiled ahead, as where it is installed: short runs of a fresh copy go without.
        run_apart([sys.executable, "-c", _COMPILING], ROOT)
        _child("single", 50_000, 3, 0)
        is_right = _show_single(100_000 if is_quick else 1_000_000, reps, scripts, rounds)
        _show_sweep(20_000 if is_quick else 100_000, 100 if is_quick else 1000, reps, scripts, rounds)
        return _show_portfolio(reps, scripts, rounds) and is_right


def _show_single(bars: int, reps: int, scripts: Path | None, rounds: int) -> bool:
    contenders: Contenders = {"tradinglab": lambda: _child("single", bars, max(reps, 5), 0)}
    contenders |= _peers("W1", bars, reps, scripts, {"numba kernel": "numba", "raptorbt": ""})
    rows = _raced(contenders, rounds)
    print(f"\nRules: one SMA cross as whole arrays, {bars:,} bars (load {os.getloadavg()[0]:.2f})")
    _print_calls(rows)
    print(f"  ours loads compiled code in its second call: {rows['tradinglab']['second_cpu_s']:.2f} s")
    return _is_right(rows["tradinglab"])


def _show_sweep(bars: int, variants: int, reps: int, scripts: Path | None, rounds: int) -> None:
    threads = os.cpu_count() or 1
    contenders: Contenders = {"tradinglab": lambda: _child("sweep", bars, max(reps, 3), variants)}
    contenders |= _peers("W3", bars, reps, scripts, {"numba kernel": "numba", "raptorbt": ""}, variants)
    rows = _raced(contenders, rounds)
    contenders = {"tradinglab": lambda: _child("sweep", bars, max(reps, 3), variants, threads)}
    contenders |= _peers("W3", bars, reps, scripts, {"numba kernel": "numba_par"}, variants)
    several = _raced(contenders, rounds)
    print(f"\nRules: {variants:,} variants of it, {bars:,} bars (load {os.getloadavg()[0]:.2f})")
    print(f"  {'engine':30} {'by the clock':>13} {'by processor':>13} {'peak MB':>8} {'ours is':>8}")
    for name, each in rows.items():
        rate = variants / each["warm_cpu_s"]
        ratio = "" if name == "tradinglab" else f"{each['warm_cpu_s'] / rows['tradinglab']['warm_cpu_s']:>7.2f}x"
        print(
            f"  {name:30} {variants / each['warm_s']:>11,.0f}/s {rate:>11,.0f}/s {each['peak_rss_mb']:>8,.0f} {ratio}"
        )
    for name, each in several.items():
        print(f"  {f'{name}, {threads} threads':30} {variants / each['warm_s']:>11,.0f}/s "
              f"{variants / each['warm_cpu_s']:>11,.0f}/s {each['peak_rss_mb']:>8,.0f}")  # fmt: skip
    if variants >= 1000:
        more = _child("sweep", bars, 1, 10 * variants, threads)
        print(f"  ten times as many variants: {more['peak_rss_mb']:,.0f} MB")


def _show_portfolio(reps: int, scripts: Path | None, rounds: int) -> bool:
    contenders: Contenders = {"tradinglab": lambda: _child("portfolio", REBALANCE_DAYS, max(reps, 5), 0)}
    contenders |= _peers("W4", REBALANCE_DAYS, reps, scripts, {"numpy": "numpy", "vectorbt": "numba"})
    rows = _raced(contenders, rounds)
    print(f"\nRules: {REBALANCE_SYMBOLS} shares, {REBALANCE_DAYS:,} days, equal weights every month "
          f"(load {os.getloadavg()[0]:.2f})")  # fmt: skip
    _print_calls(rows)
    for name, each in rows.items():
        print(f"  {name}: {each.get('orders', 0):,.0f} orders, {each.get('final_equity', 0.0):,.2f} in the end")
    return abs(rows["tradinglab"]["orders"] / _ORDERS - 1) < _CLOSE


def _print_calls(rows: dict[str, Figures]) -> None:
    print(f"  {'engine':16} {'first s':>8} {'warm ms':>9} {'of processor':>13} {'peak MB':>8} {'ours is':>8}")
    mine = rows["tradinglab"]
    for name, each in rows.items():
        ratio = "" if each is mine else f"{each['warm_cpu_s'] / mine['warm_cpu_s']:>7.1f}x"
        print(f"  {name:16} {each['cold_cpu_s']:>8.2f} {each['warm_s'] * 1e3:>9.1f} {each['warm_cpu_s'] * 1e3:>13.1f} "
              f"{each['peak_rss_mb']:>8,.0f} {ratio}")  # fmt: skip


def _raced(contenders: Mapping[str, Callable[[], Figures | None]], rounds: int) -> dict[str, Figures]:
    """Let all run, round by round, and return the best figures of each."""
    best: dict[str, Figures] = {}
    for _ in range(rounds):
        for name, run in contenders.items():
            for figure, value in (run() or {}).items():
                best.setdefault(name, {})
                best[name][figure] = min(best[name].get(figure, value), value)
    return best


def _is_right(mine: Figures) -> bool:
    if mine["fills"] == mine["ref_fills"] and abs(mine["equity"] / mine["ref_equity"] - 1) <= _TOLERANCE:
        return True
    print(f"  WRONG: {mine['fills']:.0f} fills and {mine['equity']}; "
          f"must be {mine['ref_fills']:.0f} and {mine['ref_equity']}")  # fmt: skip
    return False


def _child(workload: str, bars: int, reps: int, variants: int, threads: int = 1) -> Figures:
    command = [sys.executable, "-m", "bench.rules", workload, *map(str, (bars, reps, variants, threads))]
    done = run_apart(command, ROOT)
    if done.returncode:
        raise SystemExit(f"our simulator failed at {workload}:\n{done.stderr}")
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def _peers(
    workload: str, bars: int, reps: int, scripts: Path | None, wanted: Mapping[str, str], variants: int = 1000
) -> Contenders:
    """Return what runs peers, by their names, each in one of its variants."""
    found: Contenders = {}
    if scripts is None:
        return found
    for name, variant in wanted.items():
        peer = next((each for each in PEERS if each.name == name), None)
        if peer is None:
            command = [sys.executable, "bench_raw.py"]
        elif peer.is_installed:
            command = [str(peer.python), peer.script]
        else:
            continue
        command += ["--workload", workload, "--bars", str(bars), "--reps", str(reps), "--combos", str(variants)]
        command += ["--variant", variant] if variant else []
        found[name] = partial(_peer, name, command, scripts)
    return found


def _peer(name: str, command: Sequence[str], scripts: Path) -> Figures | None:
    done = run_apart(command, scripts)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if lines:
        figures = json.loads(lines[-1])
        return {name: float(each) for name, each in figures.items() if isinstance(each, int | float)}
    print(f"  {name} failed: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    return None


def main() -> None:
    """Run one workload and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", choices=["single", "sweep", "portfolio"])
    for name in ("bars", "reps", "variants", "threads"):
        parser.add_argument(name, type=int)
    options = parser.parse_args()
    found = _portfolio(options.reps) if options.workload == "portfolio" else _crossing(options)
    print(json.dumps(found | {"peak_rss_mb": peak_mb()}))


def _crossing(options: argparse.Namespace) -> Figures:
    from tradinglab.core.enums import Resolution, SecurityType
    from tradinglab.core.market import Market
    from tradinglab.data.memory import MemorySource
    from tradinglab.rules import load_bars, read_rules, simulate, simulate_many

    walk = minute_bars(options.bars)
    source, rules = MemorySource(), read_rules(_TEXT)
    source.add("BTCUSD", Resolution.MINUTE, walk, security_type=SecurityType.CRYPTO, market=Market.COINBASE)
    bars = load_bars(rules, source)
    if options.workload == "sweep":
        variants = (_VARIANTS * (options.variants // len(_VARIANTS) + 1))[: options.variants]
        return _timed(lambda: simulate_many(rules, bars, variants, threads=options.threads), options.reps)
    found = _timed(lambda: simulate(rules, bars), options.reps)
    run, expected = simulate(rules, bars), expected_cross(walk)
    return found | {"fills": len(run.fills.step), "equity": run.final_equity,
                    "ref_fills": expected.fills, "ref_equity": expected.equity}  # fmt: skip


def _portfolio(reps: int) -> Figures:
    from tradinglab.core.enums import Resolution
    from tradinglab.data.memory import MemorySource
    from tradinglab.rules import load_bars, read_rules, simulate

    source = MemorySource()
    for number, days in enumerate(daily_bars(source)):
        source.add(f"A{number}", Resolution.DAILY, days)
    rules = read_rules(_PORTFOLIO)
    bars = load_bars(rules, source)
    found = _timed(lambda: simulate(rules, bars), reps)
    run = simulate(rules, bars)
    return found | {"orders": run.orders, "final_equity": run.final_equity}


def _timed(call: Callable[[], object], reps: int) -> Figures:
    """Return time by the clock and of the processor: of the first call, the second, and the median of later ones."""
    clocks, processor = [], []
    for _ in range(reps + 2):
        start, begun = time.perf_counter(), time.process_time()
        call()
        clocks.append(time.perf_counter() - start)
        processor.append(time.process_time() - begun)
    return {
        "cold_s": clocks[0],
        "cold_cpu_s": processor[0],
        "second_cpu_s": processor[1],
        "warm_s": statistics.median(clocks[2:]),
        "warm_cpu_s": statistics.median(processor[2:]),
    }


if __name__ == "__main__":
    main()
