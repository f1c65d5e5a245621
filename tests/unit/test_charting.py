"""Charts, series, points and colours."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from matplotlib.colors import CSS4_COLORS
from tests.unit.consolidator_data import MONDAY, at, trade_bar

from tradinglab.algorithm.bars import Bar
from tradinglab.algorithm.charting import (
    BaseSeries,
    Candlestick,
    CandlestickSeries,
    Chart,
    ChartPoint,
    ScatterChartPoint,
    Series,
)
from tradinglab.algorithm.colors import Color
from tradinglab.core.enums import ScatterMarkerSymbol, SeriesType


def points(series: BaseSeries) -> list[tuple[datetime, float | None]]:
    return [(point.time, point.y) for point in series.values]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234.567891, "1234.5679"),
        (0.000123456789, "0.0001234568"),
        (12.3456789, "12.34568"),
        (Decimal("2.500"), "2.5"),
        (1000, "1000"),
        (-1234.567891, "-1234.568"),
    ],
)
def test_values_are_shown_rounded(value: Any, shown: str) -> None:
    assert str(ChartPoint(MONDAY, value).exact_y) == shown
    assert str(Candlestick(MONDAY, value, value, value, value).exact_low) == shown


def test_a_point_has_a_time_in_seconds() -> None:
    point = ChartPoint(datetime(2024, 3, 4, 9, 30, 0, 600_000), 1)
    assert (point.x, point.y) == (1709544601, 1)
    assert ChartPoint(1709544601, 2).time == datetime(2024, 3, 4, 9, 30, 1)
    assert Candlestick(point.time, 1, 1, 1, 1).long_time == 1709544600
    twin = ChartPoint(point)
    twin.x = 60
    assert (point.time, twin.time) == (datetime(2024, 3, 4, 9, 30, 0, 600_000), datetime(1970, 1, 1, 0, 1))
    assert ChartPoint(0, None).y is None
    assert str(ChartPoint(60, 1.5)) == "1970-01-01T00:01:00 - 1.5"


def test_a_point_at_the_same_time_replaces_the_last() -> None:
    series = Series("a")
    for minute, value in ((0, 1.0), (1, 2.0), (1, 3.0), (2, 4.0)):
        series.add_point(at(9, minute), value)
    assert points(series) == [(at(9), 1), (at(9, 1), 3), (at(9, 2), 4)]
    series.add_point(ChartPoint(at(9, 2), 5))
    assert series.values[-1].y == 5


def test_scatter_points() -> None:
    series = Series("trades", SeriesType.SCATTER, "$", Color.GREEN, ScatterMarkerSymbol.TRIANGLE)
    series.add_point(at(9), 3)
    assert type(series.values[0]) is ScatterChartPoint
    assert (series.color.hex, series.scatter_marker_symbol, series.index) == (
        "#008000",
        ScatterMarkerSymbol.TRIANGLE,
        0,
    )


def test_ways_to_make_a_series() -> None:
    made = [
        Series("a"),
        Series("a", SeriesType.BAR, 2),
        Series("a", SeriesType.BAR, 2, "%"),
        Series("a", SeriesType.BAR, "%"),
        BaseSeries.create(SeriesType.LINE, "a", 1, "%"),
        CandlestickSeries("a", 3),
        CandlestickSeries("a", "%"),
        CandlestickSeries("a", 3, "%"),
        BaseSeries.create(SeriesType.CANDLE, "a"),
    ]
    assert [(int(s.series_type), s.index, s.unit) for s in made] == [
        (0, 0, "$"), (3, 2, "$"), (3, 2, "%"), (3, 0, "%"), (0, 1, "%"),
        (2, 3, "$"), (2, 0, "%"), (2, 3, "%"), (2, 0, "$"),
    ]  # fmt: skip


def test_candles() -> None:
    series = CandlestickSeries("spy")
    series.add_point(at(9), 1, 3, 0, 2)
    series.add_point(at(9), [2, 4, 1, 3])
    series.add_point(Candlestick(at(10), Bar(5, 7, 4, 6)))
    series.add_point(trade_bar(at(10), 8.0))
    found = [(c.time, c.open, c.high, c.low, c.close) for c in series.values]
    assert found == [(at(9), 2, 4, 1, 3), (at(10), 5, 7, 4, 6), (at(10, 1), 8, 8, 8, 8)]
    whole = series.consolidate_chart_points()
    assert whole is not None
    assert (whole.time, whole.open, whole.close) == (at(10, 1), 15, 17)
    with pytest.raises(TypeError, match="takes candles"):
        series.add_point(ChartPoint(at(9), 1))


def test_a_candle_grows() -> None:
    candle = Candlestick(at(9))
    for value in (5, 9, None, 3, 4):
        candle.update(value)
    assert (candle.open, candle.high, candle.low, candle.close) == (5, 9, 3, 4)
    assert str(Candlestick(candle)) == "2024-03-04T09:00:00 - (O:5 H: 9 L: 3 C: 4)"


def test_what_a_series_does_not_take() -> None:
    with pytest.raises(TypeError, match="one value"):
        Series("a").add_point(Candlestick(at(9), 1, 1, 1, 1))
    with pytest.raises(ValueError, match="there were 2"):
        Series("a").add_point(at(9), [1, 2])


def test_a_pie_is_one_point() -> None:
    series = Series("pie", SeriesType.PIE)
    assert series.consolidate_chart_points() is None
    for hour in (9, 10):
        series.add_point(at(hour), hour)
    whole = series.consolidate_chart_points()
    assert whole is not None
    assert (whole.time, whole.y) == (at(10), 19)


def test_updates_since_the_last_time() -> None:
    chart = Chart("mine")
    chart.add_series(Series("a"))
    chart.series["a"].add_point(at(9), 1)
    assert points(chart.get_updates().series["a"]) == [(at(9), 1)]
    assert points(chart.get_updates().series["a"]) == []
    chart.series["a"].add_point(at(10), 2)
    assert points(chart.get_updates().series["a"]) == [(at(10), 2)]
    chart.series["a"].purge()
    assert list(chart.series["a"].get_values()) == []


def test_charts_are_copied_deeply() -> None:
    chart = Chart("mine")
    chart.legend_disabled = True
    chart.add_series(Series("a", SeriesType.LINE, 1, "%", Color.Red))
    chart.series["a"].add_point(at(9), 1)
    twin = chart.clone()
    twin.series["a"].values[0].time = at(10)
    assert chart.series["a"].values[0].time == at(9)
    assert (twin.legend_disabled, twin.series["a"].unit, getattr(twin.series["a"], "color", None)) == (
        True,
        "%",
        Color.RED,
    )
    with pytest.raises(ValueError, match="'mine' has a series 'a' already"):
        chart.add_series(Series("a"))


def test_series_are_found_or_made() -> None:
    chart = Chart("mine")
    made = chart.try_add_and_get_series("a", SeriesType.BAR, 2, "%", Color.BLUE, ScatterMarkerSymbol.NONE)
    assert chart.try_add_and_get_series("a", SeriesType.LINE) is made
    assert chart.try_add_and_get_series("b", made).unit == "%"
    assert chart.try_add_and_get_series("a", SeriesType.LINE, 0, "$", force_add_new=True) is not made


def test_pascal_names() -> None:
    chart: Any = Chart("mine")
    series: Any = Series("a", SeriesType.Scatter, 0)
    chart.AddSeries(series)
    series.AddPoint(MONDAY + timedelta(hours=1), 2)
    series.Color = Color.Pink
    assert chart.Series["a"].Values[0].Y == 2
    assert series.color == Color.PINK


def test_colours() -> None:
    for name, value in CSS4_COLORS.items():
        if "grey" not in name:
            assert getattr(Color, name).hex == value.upper()
    assert Color.LightBlue == Color.LIGHT_BLUE == Color.from_argb(173, 216, 230)
    assert Color.from_argb(128, 1, 2, 3).a == 128
    assert Color.from_argb(-16776961) == Color.BLUE
    assert Color.from_name("SeaGreen") == Color.sea_green
    assert Color.from_name("no such") == Color.EMPTY
    assert (Color.EMPTY.hex, Color.Empty.is_empty, len({Color.RED, Color.red})) == ("", True, 1)
