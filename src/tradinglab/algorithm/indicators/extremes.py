"""The largest and smallest of the last values, and what is between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.base import WindowIndicator
from tradinglab.algorithm.indicators.moving_averages import since
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import Link, Series

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import IndicatorDataPoint


class Maximum(WindowIndicator):
    """The largest of the last ``period`` values."""

    @named("MAX({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._age = 0

    @property
    def periods_since_maximum(self) -> int:
        """How many inputs ago the maximum was last met."""
        self._stream()
        return self._age

    def _next(self, data: IndicatorDataPoint) -> float:
        value, largest = data.value, self._window[0].value
        self._inputs.append(value)
        if self._samples == 1 or value >= largest:
            self._age = 0
            return value
        if self._age >= self._period - 1:
            largest = max(self._inputs)
            self._age = next(age for age, item in enumerate(reversed(self._inputs)) if item == largest)
            return largest
        self._age += 1
        return largest

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda v: kernels.window_extremes(v, self._period, np.maximum))

    def _clear(self) -> None:
        super()._clear()
        self._age = 0


class Minimum(WindowIndicator):
    """The smallest of the last ``period`` values."""

    @named("MIN({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._age = 0

    @property
    def periods_since_minimum(self) -> int:
        """How many inputs ago the minimum was last met."""
        self._stream()
        return self._age

    def _next(self, data: IndicatorDataPoint) -> float:
        value, smallest = data.value, self._window[0].value
        self._inputs.append(value)
        if self._samples == 1 or value <= smallest:
            self._age = 0
            return value
        if self._age >= self._period - 1:
            smallest = min(self._inputs)
            self._age = next(age for age, item in enumerate(reversed(self._inputs)) if item == smallest)
            return smallest
        self._age += 1
        return smallest

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda v: kernels.window_extremes(v, self._period, np.minimum))

    def _clear(self) -> None:
        super()._clear()
        self._age = 0
