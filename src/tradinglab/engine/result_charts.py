"""The charts of a result: those that every run has, made from its samples, in LEAN's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.decimals import ZERO, smart_round
from tradinglab.core.enums import ScatterMarkerSymbol, SeriesType
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.engine.sample_series import SampleSeries
    from tradinglab.engine.sampling import DaySample

# (time, value) or (time, open, high, low, close); nanoseconds UTC, values as charted, None for a gap.
ChartValue = tuple[int, Decimal | None] | tuple[int, Decimal | None, Decimal | None, Decimal | None, Decimal | None]

_MOST_MARGIN_SERIES = 40
_MARGIN_TOOLTIP = "{SERIES_NAME}: {VALUE}%"
_MARGIN_INDEX = "Margin Used (%)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesData:
    """A series and its looks.

    Attributes
    ----------
    values
        Points in time order: time in nanoseconds UTC, then the value, or open, high, low and close of a candle.
    index
        The pane of the chart that the series is drawn in.
    color
        ``#rrggbb``, or empty for the drawer's choice.
    """

    name: str
    values: tuple[ChartValue, ...]
    series_type: SeriesType = SeriesType.LINE
    unit: str = "$"
    index: int = 0
    color: str = ""
    marker: ScatterMarkerSymbol = ScatterMarkerSymbol.NONE
    z_index: int | None = None
    index_name: str | None = None
    tooltip: str | None = None

    @property
    def is_candle(self) -> bool:
        """Whether the points are candles."""
        return self.series_type == SeriesType.CANDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartData:
    """A chart: series by name."""

    name: str
    series: Mapping[str, SeriesData]
    legend_disabled: bool = False


def default_charts(sampler: SampleSeries, currency_symbol: str = "$") -> dict[str, ChartData]:
    """Return the charts that every run has."""
    candles = tuple(
        (c.time_ns, smart_round(c.open), smart_round(c.high), smart_round(c.low), smart_round(c.close))
        for c in sampler.candles
    )
    charts = [
        _chart(
            "Strategy Equity",
            SeriesData(name="Equity", values=candles, series_type=SeriesType.CANDLE),
            SeriesData(
                name="Return",
                values=tuple(sampler.performance_points()),
                series_type=SeriesType.BAR,
                unit="%",
                index=1,
            ),
        )
    ]
    if sampler.days:
        charts += _daily_charts(sampler, currency_symbol)
    return {chart.name: chart for chart in charts if chart.series}


def _daily_charts(sampler: SampleSeries, currency_symbol: str) -> list[ChartData]:
    days = sampler.days
    drawdown = [(day.time_ns, smart_round(day.drawdown)) for day in days if day.drawdown is not None]
    capacity = [(day.time_ns, smart_round(day.capacity)) for day in days]
    return [
        _chart("Benchmark", SeriesData(name="Benchmark", values=tuple(sampler.benchmark_points()))),
        _chart("Drawdown", SeriesData(name="Equity Drawdown", values=tuple(drawdown), unit="%")),
        _chart("Exposure", *_exposure(days)),
        _chart("Capacity", SeriesData(name="Strategy Capacity", values=tuple(capacity), unit=currency_symbol)),
        _chart(
            "Portfolio Turnover",
            SeriesData(name="Portfolio Turnover", values=tuple(sampler.turnover_points()), unit="%"),
        ),
        _margin_chart(days),
        _chart("Assets Sales Volume", *_sales(days, currency_symbol)),
    ]


def _chart(name: str, *series: SeriesData) -> ChartData:
    return ChartData(name=name, series={each.name: each for each in series if each.values})


def _exposure(days: Iterable[DaySample]) -> list[SeriesData]:
    points: dict[str, list[ChartValue]] = {}
    for day in days:
        for (kind, is_long), ratio in day.exposure.items():
            name = f"{kind} - {'Long' if is_long else 'Short'} Ratio"
            points.setdefault(name, []).append((day.time_ns, smart_round(ratio)))
    return [SeriesData(name=name, values=tuple(values), unit="") for name, values in points.items()]


def _sales(days: Iterable[DaySample], currency_symbol: str) -> list[SeriesData]:
    points: dict[str, list[ChartValue]] = {}
    for day in days:
        for name, volume in day.sales:
            points.setdefault(name, []).append((day.time_ns, smart_round(volume)))
    return [
        SeriesData(name=name, values=tuple(values), series_type=SeriesType.TREEMAP, unit=currency_symbol)
        for name, values in points.items()
    ]


def _margin_chart(days: Iterable[DaySample]) -> ChartData:
    """Return the margin that the largest positions bind, one series each; a gap where one was closed."""
    points: dict[str, list[ChartValue]] = {}
    for day in days:
        margins = day.margins
        if not margins:
            continue
        largest = sorted(margins, key=lambda margin: margin[1], reverse=True)[:_MOST_MARGIN_SERIES]
        shown = {name for name, _ in largest}
        percents: dict[str, Decimal] = {}
        for name, percent in margins:
            key = name if name in shown else "OTHERS"
            percents[key] = percents.get(key, ZERO) + percent
        for name, percent in percents.items():
            points.setdefault(name, []).append((day.time_ns, smart_round(percent)))
        for values in points.values():
            if values[-1][0] != day.time_ns and values[-1][1] is not None:
                values.append((day.time_ns, None))
    # A single point cannot be drawn as an area.
    drawn = {name: values for name, values in points.items() if sum(point[1] is not None for point in values) > 1}
    series = {
        name: SeriesData(
            name=name,
            values=tuple(values),
            series_type=SeriesType.BAR,
            unit="%",
            color="#808080" if name == "OTHERS" else "",
            index_name=_MARGIN_INDEX,
            tooltip=_MARGIN_TOOLTIP,
        )
        for name, values in drawn.items()
    }
    return ChartData(name="Portfolio Margin", series=series, legend_disabled=True)
