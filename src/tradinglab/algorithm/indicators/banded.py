"""What indicators with bands have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.dual import Derivable

if TYPE_CHECKING:
    from tradinglab.algorithm.indicators.base import IndicatorBase


class Banded(Derivable):
    """An indicator with a middle line and a band on either side of it; its class says where they lie."""

    _middle: IndicatorBase
    _upper: IndicatorBase
    _lower: IndicatorBase

    @property
    def middle_band(self) -> IndicatorBase:
        """The line between the bands."""
        return self._middle

    @property
    def upper_band(self) -> IndicatorBase:
        """The band above the middle."""
        return self._upper

    @property
    def lower_band(self) -> IndicatorBase:
        """The band below the middle."""
        return self._lower
