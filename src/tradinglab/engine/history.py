"""History requests, answered from the run's own source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.enums import Resolution
from tradinglab.engine.bar_stream import SPAN_NS, StreamRequest, read_stream

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.runtime import HistoryRequest
    from tradinglab.data.columns import BarColumns
    from tradinglab.data.source import DataSource


class HistoryReader:
    """Reads bars that end after the start of a request and by its end: never one from the future."""

    def __init__(self, algorithm: QCAlgorithm, source: DataSource) -> None:
        self._algorithm = algorithm
        self._source = source
        self.data_points = 0

    def read(self, request: HistoryRequest) -> BarColumns:
        """Return the bars of a request."""
        fills = request.fill_forward and request.resolution != Resolution.TICK
        columns = read_stream(
            self._source,
            StreamRequest(
                symbol=request.symbol,
                resolution=request.resolution,
                tick_type=request.config.tick_type,
                start_ns=request.start_ns,
                end_ns=request.end_ns,
                hours=request.hours,
                data_zone=request.config.data_time_zone,
                extended=request.extended_market_hours,
                fill_ns=SPAN_NS[request.resolution] if fills else 0,
                mode=request.data_normalization_mode,
                precise_daily_end=bool(self._algorithm.settings.daily_precise_end_time),
                is_history=True,
            ),
        )
        if request.resolution == Resolution.TICK:
            keep = (columns.end_ns >= request.start_ns) & (columns.end_ns <= request.end_ns)
        else:
            keep = (columns.end_ns > request.start_ns) & (columns.end_ns <= request.end_ns)
        if not keep.all():
            columns = columns.take(np.flatnonzero(keep))
        self.data_points += len(columns)
        return columns
