"""Charts and statistics of an author's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.charting import Candlestick, CandlestickSeries, Chart, Series
from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.clock import SECOND_NS
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import SeriesType

if TYPE_CHECKING:
    from tradinglab.algorithm.performance import RunningStatistics

_STRATEGY = "Strategy Equity"
#: Series that the engine writes itself.
_RESERVED = {
    "Strategy Equity": ("Equity", "Return"),
    "Benchmark": ("Benchmark",),
    "Capacity": ("Strategy Capacity",),
    "Drawdown": ("Equity Drawdown",),
    "Portfolio Turnover": ("Portfolio Turnover",),
}


class ChartingMethods(AlgorithmCore):
    """``plot`` and what belongs to it."""

    def add_chart(self, chart: Chart) -> None:
        """Add a chart, with its series and their looks."""
        self.lab_charts[chart.name] = chart

    def add_series(self, chart: str, series: str, series_type: SeriesType, unit: str = "$") -> None:
        """Add a series to a chart, which is made if there is none."""
        target = self.lab_charts.setdefault(chart, Chart(chart))
        if series not in target.series:
            target.add_series(Series(series, series_type, 0, unit))

    def plot(self, *args: Any) -> None:
        """Add points to charts.

        ``(series, value)``, ``(chart, series, value)``, ``(chart, series, open, high, low, close)``
        or ``(chart, indicator, …)``. A value may be an indicator, and a bar stands for its four prices.
        """
        values = list(args)
        if not values:
            raise TypeError("plot: a series and a value are missing")
        if len(values) >= 2 and isinstance(values[0], str) and isinstance(values[1], str):
            self.lab_plot_point(values[0], values[1], *values[2:])
        elif isinstance(values[0], str) and all(_is_indicator(v) for v in values[1:]):
            for indicator in values[1:]:
                if indicator.is_ready:
                    self.lab_plot_point(values[0], indicator.name, indicator.current.value)
        elif isinstance(values[0], str) and len(values) == 2:
            self.lab_plot_point(_STRATEGY, values[0], values[1])
        elif isinstance(values[0], str) and len(values) == 5:
            self.lab_plot_point(_STRATEGY, *values)
        else:
            raise TypeError(f"plot: expected names and values, got {args!r}")

    def plot_indicator(self, chart: str, *args: Any) -> None:
        """Plot indicators whenever they change; a ``True`` first waits until they are ready."""
        wait = bool(args[0]) if args and isinstance(args[0], bool) else False
        for indicator in args[1:] if args and isinstance(args[0], bool) else args:
            self.lab_plot_on_update(chart, wait, indicator)

    def record(self, *args: Any) -> None:
        """Add a point to a series; the same as ``plot``."""
        self.plot(*args)

    @property
    def statistics(self) -> RunningStatistics:
        """The statistics of the run so far."""
        from tradinglab.algorithm.performance import RunningStatistics

        return RunningStatistics(self.lab_runtime.statistics(), self.lab_summary_statistics)

    def set_runtime_statistic(self, name: str, value: object) -> None:
        """Show a figure beside the run's own while it runs."""
        self.runtime_statistics[name] = str(value)

    def set_summary_statistic(self, name: str, value: object) -> None:
        """Add a figure to the run's statistics."""
        self.lab_summary_statistics[name] = str(value)

    def lab_plot_on_update(self, chart: str, wait: bool, indicator: Any) -> None:
        """Plot an indicator each time it changes, at once or from when it is ready."""

        def plot(_: object, __: object) -> None:
            if (not wait or indicator.is_ready) and not self.is_warming_up:
                self.lab_plot_point(chart, indicator.name, indicator.current.value)

        indicator.updated += plot

    def lab_plot_point(self, chart: str, series: str, *values: Any) -> None:
        """Add a point, or a candle of four prices, to a series that is made if need be."""
        if series in _RESERVED.get(chart, ()):
            raise AlgorithmError(f"plot: the series '{series}' of the chart '{chart}' is reserved; use another name.")
        if len(values) == 1 and isinstance(values[0], TradeBar):
            bar = values[0]
            values = (bar.open, bar.high, bar.low, bar.close)
        numbers = [to_decimal(_number(value)) for value in values]
        if not all(number.is_finite() for number in numbers):
            raise AlgorithmError(f"plot: '{series}' of '{chart}' was given {values[0]}; plot finite numbers only.")
        target = self.lab_charts.setdefault(chart, Chart(chart))
        seconds = self.lab_utc_ns // SECOND_NS
        if len(numbers) == 4:
            if series not in target.series:
                target.add_series(CandlestickSeries(series))
            target.series[series].add_point(Candlestick(seconds, *numbers))
        elif len(numbers) == 1:
            if series not in target.series:
                target.add_series(Series(series))
            target.series[series].add_point(seconds, numbers[0])
        else:
            raise TypeError(f"plot: one value or open, high, low and close are expected, there were {len(numbers)}")


def _is_indicator(value: object) -> bool:
    return hasattr(value, "is_ready") and hasattr(value, "current")


def _number(value: Any) -> Number:
    if _is_indicator(value):
        return float(value.current.value)
    return value if isinstance(value, (int, float)) else float(value)
