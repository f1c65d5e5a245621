"""The author's own charts, in the form of a result's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tradinglab.algorithm.charting import Candlestick, Series
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import ScatterMarkerSymbol, SeriesType
from tradinglab.engine.result_charts import ChartData, ChartValue, SeriesData

if TYPE_CHECKING:
    from tradinglab.algorithm.charting import BaseSeries, Chart, ChartPoint


def merged_charts(charts: Mapping[str, ChartData], own: Mapping[str, Chart | ChartData]) -> dict[str, ChartData]:
    """Return *charts* with the author's series added; a series that every run has is not replaced."""
    merged = dict(charts)
    for name, chart in own.items():
        known = merged.get(name)
        if isinstance(chart, ChartData):
            series = dict(chart.series)
        else:
            series = {each.name: _series(each) for each in chart.series.values() if each.values}
        if known is not None:
            series |= known.series
        merged[name] = ChartData(name=name, series=series, legend_disabled=chart.legend_disabled)
    return merged


def _series(series: BaseSeries) -> SeriesData:
    points = [_point(point) for point in series.values]
    if series.series_type == SeriesType.PIE:
        # A pie has one number a series: the sum.
        points = [(points[-1][0], sum((point[1] or ZERO for point in points), ZERO))]
    return SeriesData(
        name=series.name,
        values=tuple(points),
        series_type=series.series_type,
        unit=series.unit,
        index=series.index,
        color=series.color.hex if isinstance(series, Series) else "",
        marker=series.scatter_marker_symbol if isinstance(series, Series) else ScatterMarkerSymbol.NONE,
        z_index=series.z_index,
        index_name=series.index_name,
        tooltip=series.tooltip,
    )


def _point(point: ChartPoint | Candlestick) -> ChartValue:
    if isinstance(point, Candlestick):
        return point.time_ns, point.exact_open, point.exact_high, point.exact_low, point.exact_close
    return point.time_ns, point.exact_y
