"""What can be wrong with what is asked of a stream of bars."""

from __future__ import annotations

from tradinglab.data.errors import DataError


class ResamplingError(DataError):
    """Bars of the length that was asked for cannot be made, or must not be stored."""

    code = "resampling"


class StatisticsError(DataError):
    """Figures of what was asked for cannot be worked out."""

    code = "statistics"
