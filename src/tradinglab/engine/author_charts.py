"""The author's own charts, in the form of a result's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.clock import to_ns
from tradinglab.core.decimals import Number, smart_round, to_decimal
from tradinglab.core.enums import ScatterMarkerSymbol, SeriesType
from tradinglab.engine.result_charts import ChartData, ChartValue, SeriesData

if TYPE_CHECKING:
    from tradinglab.algorithm.charting import BaseSeries, Candlestick, Chart, ChartPoint

_CANDLE = ("open", "high", "low", "close")


def merged_charts(charts: Mapping[str, ChartData], own: Mapping[str, Chart]) -> dict[str, ChartData]:
    """Return *charts* with the author's series added; a series that every run has is not replaced."""
    merged = dict(charts)
    for name, chart in own.items():
        known = merged.get(name)
        series = {each.name: _series(each) for each in chart.series.values() if each.values}
        if known is not None:
            series = {**series, **known.series}
        merged[name] = ChartData(name=name, series=series, legend_disabled=bool(chart.legend_disabled))
    return merged


def _series(series: BaseSeries) -> SeriesData:
    points = [_point(point) for point in series.values]
    if series.series_type == SeriesType.PIE:
        total = sum((point[1] for point in points if point[1] is not None), Decimal(0))
        points = [(points[-1][0], smart_round(total))]
    return SeriesData(
        name=series.name,
        values=tuple(points),
        series_type=series.series_type,
        unit=series.unit,
        index=series.index,
        color=_color(getattr(series, "color", None)),
        marker=getattr(series, "scatter_marker_symbol", ScatterMarkerSymbol.NONE),
        z_index=series.z_index,
        index_name=series.index_name,
        tooltip=series.tooltip,
    )


def _point(point: ChartPoint | Candlestick) -> ChartValue:
    time_ns = to_ns(point.time)
    if hasattr(point, "open"):
        first, high, low, close = (_value(point, name) for name in _CANDLE)
        return time_ns, first, high, low, close
    return time_ns, _value(point, "y")


def _value(point: object, name: str) -> Decimal | None:
    value: Number | None = getattr(point, f"exact_{name}", None)
    if value is None:
        value = getattr(point, name)
    return None if value is None else smart_round(to_decimal(value))


def _color(color: object) -> str:
    """Return a colour as ``#RRGGBB``."""
    if color is None or isinstance(color, str):
        return color or ""
    red, green, blue = (getattr(color, name, None) for name in ("r", "g", "b"))
    if red is None or green is None or blue is None or getattr(color, "is_empty", False):
        return ""
    return f"#{int(red):02X}{int(green):02X}{int(blue):02X}"
