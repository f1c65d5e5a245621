"""Feeding a volatility model with bars of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.enums import DataNormalizationMode, Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.models.volatility import BaseVolatilityModel
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.runtime import HistoryRequest
    from tradinglab.algorithm.securities.security import Security


def warm_up_volatility(
    model: BaseVolatilityModel,
    algorithm: QCAlgorithm,
    security: Security,
    resolution: Resolution | None,
    bar_count: int,
    mode: DataNormalizationMode | None,
) -> None:
    """Feed a model the last bars of a security; raw prices are scaled, so that splits make no jumps."""
    request = _request(algorithm, security, resolution, bar_count, mode)
    if request is not None:
        for _, bar in algorithm.lab_bars(request):
            model.update(security, bar)


def _request(
    algorithm: QCAlgorithm,
    security: Security,
    resolution: Resolution | None,
    bar_count: int,
    mode: DataNormalizationMode | None,
) -> HistoryRequest | None:
    from tradinglab.algorithm.history_requests import SPAN_NS, start_of_bars
    from tradinglab.algorithm.runtime import HistoryRequest

    service = algorithm.subscription_manager.subscription_data_config_service
    configs = sorted(service.get_subscription_data_configs(security.symbol), key=lambda config: config.tick_type)
    if not configs:
        return None
    config = configs[0]
    chosen = Resolution.DAILY if resolution is None else resolution
    hours = security.exchange.hours
    extended = chosen != Resolution.HOUR and any(known.extended_market_hours for known in configs)
    start = start_of_bars(
        hours, security.exchange.local_ns, SPAN_NS[chosen], bar_count, extended, config.data_time_zone, False
    )
    is_raw = mode == DataNormalizationMode.RAW
    return HistoryRequest(
        symbol=security.symbol,
        config=config,
        hours=hours,
        start_ns=hours.time_zone.utc_ns(start),
        end_ns=security.utc_ns,
        resolution=chosen,
        fill_forward=True,
        extended_market_hours=extended,
        data_normalization_mode=DataNormalizationMode.SCALED_RAW if is_raw else config.data_normalization_mode,
    )
