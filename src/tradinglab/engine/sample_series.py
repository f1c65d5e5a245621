"""What was sampled of a run, and the series that are charted of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.decimal_arrays import decimals_of
from tradinglab.core.decimals import smart_round, smart_rounds, to_decimal

if TYPE_CHECKING:
    from tradinglab.engine.equity_curve import Candle
    from tradinglab.engine.sampling import DaySample

Point = tuple[int, Decimal]


class SampleSeries(ABC):
    """The samples of a run, whoever took them, as they are charted."""

    starting_portfolio_value: Decimal

    @property
    @abstractmethod
    def candles(self) -> list[Candle]:
        """The equity, from sample to sample."""

    @property
    @abstractmethod
    def days(self) -> list[DaySample]:
        """What was sampled at midnights and at the end."""

    @property
    @abstractmethod
    def turnover(self) -> list[Point]:
        """The share of the account that was traded since the day before."""

    def equity_points(self) -> list[Point]:
        """Return the equity as charted."""
        candles = self.candles
        closes = smart_rounds([candle.close for candle in candles])
        return [(candle.time_ns, close) for candle, close in zip(candles, closes, strict=True)]

    def performance_points(self) -> list[Point]:
        """Return the daily returns in percent as charted."""
        return self._charted_days(smart_rounds([day.performance for day in self.days]))

    def benchmark_points(self) -> list[Point]:
        """Return the benchmark as charted: rounded when sampled, and again by the chart."""
        values = smart_rounds(_decimals([day.noted_benchmark for day in self.days]))
        # The second time only strips zeros that the first has left.
        return self._charted_days([smart_round(value) if value > 1000 else value for value in values])

    def _charted_days(self, values: list[Decimal]) -> list[Point]:
        return [(day.time_ns, value) for day, value in zip(self.days, values, strict=True)]

    def turnover_points(self) -> list[Point]:
        """Return the turnover as charted."""
        turnover = self.turnover
        values = smart_rounds([value for _, value in turnover])
        return [(time_ns, value) for (time_ns, _), value in zip(turnover, values, strict=True)]


def _decimals(values: list[Decimal | float]) -> list[Decimal]:
    if all(type(value) is float for value in values):
        return decimals_of(np.array(values, np.float64))
    return [to_decimal(value) for value in values]
