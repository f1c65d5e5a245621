"""One workload in our engine, in a process of its own; prints one line of JSON."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.workloads import CASH, REBALANCE_DAYS, daily_panel, expected_cross, minute_bars

if TYPE_CHECKING:
    from tradinglab import BacktestResult

_STRATEGIES = Path(__file__).parent / "strategies"
_FIRST_DAY = date(2014, 1, 1)
_NOON_NS = 43_200_000_000_000

Run = Callable[[], "BacktestResult"]
Check = Callable[["BacktestResult"], dict[str, float]]


def main() -> None:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", choices=["cross", "resting", "rebalance"])
    parser.add_argument("--bars", type=int, default=200_000)
    parser.add_argument("--reps", type=int, default=3)
    options = parser.parse_args()
    if options.workload == "rebalance":
        bars = REBALANCE_DAYS
        run, check = _rebalance()
    else:
        bars = options.bars
        run, check = _cross(options.workload, bars)
    before_mb = peak_mb()
    seconds, cpu = [], []
    result: BacktestResult | None = None
    for _ in range(options.reps):
        result = None
        wall, used = time.perf_counter(), time.process_time()
        result = run()
        seconds.append(time.perf_counter() - wall)
        cpu.append(time.process_time() - used)
    assert result is not None
    figures = {
        "peer": "tradinglab",
        "workload": options.workload,
        "bars": bars,
        "cold_s": seconds[0],
        "warm_s": statistics.median(seconds[1:] or seconds),
        "warm_cpu_s": statistics.median(cpu[1:] or cpu),
        "min_s": min(seconds),
        "rss_before_mb": before_mb,
        "peak_rss_mb": peak_mb(),
        **check(result),
    }
    print(json.dumps(figures))


def peak_mb() -> float:
    """Return the most memory that this process has held."""
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def _cross(name: str, count: int) -> tuple[Run, Check]:
    from tradinglab import backtest
    from tradinglab.core.enums import Resolution, SecurityType
    from tradinglab.core.market import Market
    from tradinglab.data.memory import MemorySource

    # Fees eat more than the cash in ten million bars.
    cash = CASH * max(1, count // 1_000_000)
    bars = minute_bars(count)
    expected = expected_cross(bars, cash)
    source = MemorySource()
    for ticker in ("BTCUSD", "ETHUSD"):
        source.add(ticker, Resolution.MINUTE, bars, security_type=SecurityType.CRYPTO, market=Market.COINBASE)
    end = datetime.fromtimestamp(int(bars["time"][-1]) // 1_000_000_000, UTC)

    def run() -> BacktestResult:
        parameters = {"end": f"{end:%Y-%m-%d}", "cash": cash}
        result = backtest(_STRATEGIES / f"{name}.py", data=source, parameters=parameters)
        result.statistics_results  # noqa: B018  # the peers' figures are part of their runs too
        return result

    def check(result: BacktestResult) -> dict[str, float]:
        return {
            "fills": sum(order.status.name == "FILLED" for order in result.record.orders),
            "final_equity": float(result.record.account.value),
            "ref_fills": expected.fills,
            "ref_equity": expected.equity,
        }

    return run, check


def _rebalance() -> tuple[Run, Check]:
    from tradinglab import backtest
    from tradinglab.core.enums import Resolution
    from tradinglab.data.memory import MemorySource

    source = MemorySource()
    for number, bars in enumerate(daily_bars(source)):
        source.add(f"A{number}", Resolution.DAILY, bars)
    days = bars["time"]
    end = datetime.fromtimestamp((int(days[-1]) + _NOON_NS) // 1_000_000_000, UTC)

    def run() -> BacktestResult:
        result = backtest(_STRATEGIES / "rebalance.py", data=source, parameters={"end": f"{end:%Y-%m-%d}"})
        result.statistics_results  # noqa: B018
        return result

    def check(result: BacktestResult) -> dict[str, float]:
        return {"orders": result.total_orders, "final_equity": float(result.record.account.value)}

    return run, check


def daily_bars(source: object) -> list[dict[str, np.ndarray]]:
    """Return the bars of the shares of ``rebalance``, on the trading days that a source knows."""
    _, close, open_ = daily_panel()
    days = _trading_days(source, len(close))
    return [
        {
            "time": days,
            "open": open_[:, number],
            "high": np.maximum(open_, close)[:, number],
            "low": np.minimum(open_, close)[:, number],
            "close": close[:, number],
            "volume": np.full(len(days), 1e6),
        }
        for number in range(close.shape[1])
    ]


def _trading_days(source: object, count: int) -> np.ndarray:
    """Return the first midnights, New York time, of days on which the exchange is open."""
    from tradinglab.core.clock import to_ns
    from tradinglab.core.enums import SecurityType
    from tradinglab.core.market import Market

    hours = source.market_hours.get_exchange_hours(Market.USA, None, SecurityType.EQUITY)  # type: ignore[attr-defined]
    days: list[int] = []
    day = _FIRST_DAY
    while len(days) < count:
        midnight = datetime(day.year, day.month, day.day)
        if hours.is_date_open(midnight):
            days.append(hours.time_zone.utc_ns(to_ns(midnight)))
        day += timedelta(days=1)
    return np.array(days, np.int64)


if __name__ == "__main__":
    main()
