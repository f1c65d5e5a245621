"""The largest and the smallest of the last values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.base import WindowIndicator
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.tracks import Link, Series, since

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import IndicatorDataPoint


class _Extreme(WindowIndicator):
    """The extreme of the last ``period`` values, and how many inputs ago it was last met."""

    _ufunc: np.ufunc

    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._age = 0

    def _of(self, values: Iterable[float]) -> float:
        raise NotImplementedError

    def _next(self, data: IndicatorDataPoint) -> float:
        value, extreme = data.value, self._window[0].value
        self._inputs.append(value)
        if self._samples == 1 or self._of((value, extreme)) == value:
            self._age = 0
            return value
        if self._age < self._period - 1:
            self._age += 1
            return extreme
        extreme = self._of(self._inputs)
        self._age = next(age for age, item in enumerate(reversed(self._inputs)) if item == extreme)
        return extreme

    def _vectorize(self, link: Link, source: Series) -> Series:
        return since(source.first, source, lambda v: kernels.window_extremes(v, self._period, self._ufunc))

    def _clear(self) -> None:
        super()._clear()
        self._age = 0


class Maximum(_Extreme):
    """The largest of the last ``period`` values."""

    _ufunc = np.maximum

    @named("MAX({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    @property
    def periods_since_maximum(self) -> int:
        """How many inputs ago the maximum was last met."""
        self._stream()
        return self._age

    def _of(self, values: Iterable[float]) -> float:
        return max(values)


class Minimum(_Extreme):
    """The smallest of the last ``period`` values."""

    _ufunc = np.minimum

    @named("MIN({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    @property
    def periods_since_minimum(self) -> int:
        """How many inputs ago the minimum was last met."""
        self._stream()
        return self._age

    def _of(self, values: Iterable[float]) -> float:
        return min(values)
