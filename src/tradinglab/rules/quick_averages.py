"""The averages that most rules use, of long columns: compiled, and bit for bit what the engine's indicators give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tradinglab.data.columns import Floats

_SHIFT = 200


def quick_average(name: str, values: tuple[Any, ...], column: Floats) -> Floats | None:
    """Return an indicator of a column, NaN while it is not ready; ``None`` if it has no compiled form.

    Parameters
    ----------
    name, values
        The indicator and what its constructor takes.
    """
    if name == "SMA":
        return _means(column, values[0])
    if name == "EMA":
        period = values[0]
        weight = 2.0 / (1 + period) if values[1] is None else values[1]
        return _exponential(column, period, weight)
    return None


def _means(column: Floats, period: int) -> Floats | None:
    from tradinglab.rules.compiled import moving_means

    grain = _grain(column)
    if grain is None:
        return None
    result = np.empty(len(column))
    moving_means(column, grain, period, result)
    result[: period - 1] = np.nan
    return result


def _exponential(column: Floats, period: int, weight: float) -> Floats | None:
    from tradinglab.algorithm.indicators.sums import window_means
    from tradinglab.rules.compiled import moving_average

    if len(column) < period:
        return None
    seed = float(window_means(column[:period], period)[-1])
    result = np.full(len(column), np.nan)
    moving_average(column, period - 1, seed, weight, result)
    return result


def _grain(column: Floats) -> float | None:
    """Return where values are split so that running sums of both parts are exact; ``None`` if they cannot be."""
    least, largest, count = float(column.min()), float(column.max()), len(column)
    if not 0.0 < least <= largest < np.inf:
        return None
    finest = float(np.spacing(least))
    grain = float(2.0 ** (np.ceil(np.log2(largest * count)) - 51))
    if finest < 2.0**-_SHIFT or count * grain / finest >= 2.0**53 or largest / grain >= 2.0**51:
        return None
    return grain
