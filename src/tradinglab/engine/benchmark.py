"""The benchmark's own stream of bars, which the author does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.benchmark import FuncBenchmark, SecurityBenchmark
from tradinglab.algorithm.history_requests import start_of_bars
from tradinglab.core.clock import DAY_NS
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import Resolution, TickType
from tradinglab.engine.bar_stream import uses_session_ends

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.data.source import DataSource
    from tradinglab.engine.feed import DataFeed


def choose_benchmark(algorithm: QCAlgorithm, source: DataSource) -> None:
    """Choose the benchmark, if the author has not."""
    if algorithm.benchmark is None:
        algorithm.benchmark = _default(algorithm, source)


def start_benchmark(algorithm: QCAlgorithm, source: DataSource, feed: DataFeed, start_ns: int) -> None:
    """Start the benchmark's stream a trading day early.

    LEAN reads hourly bars, and so do we from a LEAN folder; another source that has none, or none
    that were traded, gives the next coarser or finer bars. A benchmark without bars stays at zero.
    """
    if not isinstance(algorithm.benchmark, SecurityBenchmark):
        return
    security = algorithm.benchmark.security
    resolution = benchmark_resolution(source, security)
    if resolution is None:
        algorithm.debug(f"There are no bars of the benchmark {security.symbol}: it stays at 0.")
        algorithm.benchmark = FuncBenchmark(lambda _: ZERO)
        return
    service = algorithm.subscription_manager.subscription_data_config_service
    types = service.lookup_subscription_config_data_types(security.type, resolution)
    tick_type = _tick_type(source, security, resolution, [tick_type for _, tick_type in types])
    config = service.add(
        security.symbol,
        resolution,
        fill_forward=False,
        is_internal_feed=True,
        subscription_data_types=[pair for pair in types if pair[1] == tick_type] or types[:1],
    )[0]
    hours = security.exchange.hours
    is_precise = algorithm.settings.daily_precise_end_time is True
    local = start_of_bars(
        hours, hours.time_zone.local_ns(start_ns), DAY_NS, 1, False, config.data_time_zone,
        is_precise and uses_session_ends(security.symbol, Resolution.DAILY, hours),
    )  # fmt: skip
    feed.subscribe(security, config, hours.time_zone.utc_ns(local))


def _default(algorithm: QCAlgorithm, source: DataSource) -> SecurityBenchmark:
    chosen = source.default_benchmark
    if chosen is not None:
        return SecurityBenchmark(algorithm.lab_benchmark_security(chosen))
    benchmark: SecurityBenchmark = algorithm.brokerage_model.get_benchmark(algorithm.securities)
    return benchmark


def benchmark_resolution(source: DataSource, security: Security) -> Resolution | None:
    """Return at which resolution a source's bars of a benchmark are read; ``None`` if it has none that were traded."""
    order: tuple[Resolution, ...] = (Resolution.HOUR, Resolution.DAILY, Resolution.MINUTE, Resolution.SECOND)
    if source.name.startswith("lean:"):
        order = order[:1]
    return next((r for r in order if _has_real_bars(source, security, r)), None)


def _has_real_bars(source: DataSource, security: Security, resolution: Resolution) -> bool:
    symbol = security.symbol
    return any(
        not source.is_synthetic(symbol, resolution, tick_type) for tick_type in source.tick_types(symbol, resolution)
    )


def _tick_type(source: DataSource, security: Security, resolution: Resolution, wanted: list[TickType]) -> TickType:
    there = source.tick_types(security.symbol, resolution)
    return next((tick_type for tick_type in wanted if tick_type in there), wanted[0])
