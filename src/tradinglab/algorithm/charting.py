"""Charts of an author's own: series of points and of candles.

Values are kept as they were given; a chart shows them rounded as LEAN's do: above 1000 to four
decimals, else to seven significant digits. Times are UTC.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from tradinglab.algorithm.bars import Bar, TradeBar
from tradinglab.algorithm.colors import Color
from tradinglab.core.clock import SECOND_NS, from_ns, to_ns
from tradinglab.core.decimals import ZERO, Number, smart_round, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import ChartType, ScatterMarkerSymbol, SeriesType
from tradinglab.core.symbol import Symbol

__all__ = [
    "BaseSeries",
    "Candlestick",
    "CandlestickSeries",
    "Chart",
    "ChartPoint",
    "Color",
    "ScatterChartPoint",
    "Series",
]

Time = datetime | int
"""A moment: a naive datetime, UTC, or seconds since 1970."""


def _time_ns(time: Time) -> int:
    return to_ns(time) if isinstance(time, datetime) else int(time) * SECOND_NS


def _shown(value: Number | None) -> Decimal | None:
    """Return a value as a chart shows it; what is no number, or endless, is a gap."""
    if value is None:
        return None
    exact = to_decimal(value)
    return smart_round(exact) if exact.is_finite() else None


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _value(name: str, doc: str) -> tuple[property, property]:
    """Return the two faces, float and exact, of a value that a chart shows."""

    def read(self: Any) -> float | None:
        return _float(_shown(getattr(self, name)))

    def read_exact(self: Any) -> Decimal | None:
        return _shown(getattr(self, name))

    def write(self: Any, value: Number | None) -> None:
        setattr(self, name, value)

    return property(read, write, doc=doc), property(read_exact, doc=f"The same as a decimal: {doc}")


class SeriesPoint(Dual):
    """A point in time of a series."""

    __slots__ = ("_time_ns",)

    def __init__(self, time: Time) -> None:
        self._time_ns = _time_ns(time)

    @property
    def time_ns(self) -> int:
        """The time, nanoseconds UTC."""
        return self._time_ns

    @property
    def time(self) -> datetime:
        """The time, UTC."""
        return from_ns(self._time_ns)

    @time.setter
    def time(self, value: Time) -> None:
        self._time_ns = _time_ns(value)

    def clone(self) -> Self:
        """Return a copy."""
        return copy.copy(self)


class ChartPoint(SeriesPoint):
    """A value at a time; ``None`` is a gap."""

    __slots__ = ("_y",)
    _y: Number | None

    def __init__(self, time: Time | ChartPoint = 0, value: Number | None = None) -> None:
        if isinstance(time, ChartPoint):
            super().__init__(0)
            self._time_ns, self._y = time._time_ns, time._y
        else:
            super().__init__(time)
            self._y = value

    y, exact_y = _value("_y", "The value.")

    @property
    def x(self) -> int:
        """The time in seconds since 1970, UTC."""
        return round(self._time_ns / SECOND_NS)

    @x.setter
    def x(self, value: int) -> None:
        self._time_ns = value * SECOND_NS

    def __str__(self) -> str:
        return f"{self.time.isoformat()} - {self.exact_y}"


class ScatterChartPoint(ChartPoint):
    """A value at a time, with a text to show when pointed at."""

    __slots__ = ("tooltip",)

    def __init__(self, time: Time | ChartPoint = 0, value: Number | None = None, tooltip: str | None = None) -> None:
        super().__init__(time, value)
        self.tooltip = tooltip


class Candlestick(SeriesPoint):
    """Open, high, low and close at a time."""

    __slots__ = ("_close", "_has_open", "_high", "_low", "_open")

    def __init__(
        self,
        time: Time | TradeBar | Candlestick = 0,
        open: Number | Bar | None = None,
        high: Number | None = None,
        low: Number | None = None,
        close: Number | None = None,
    ) -> None:
        prices: Any = open
        if isinstance(time, Candlestick):
            super().__init__(0)
            self._time_ns, prices = time._time_ns, time
        elif isinstance(time, TradeBar):
            super().__init__(time.end_time)
            prices = time
        else:
            super().__init__(time)
        if isinstance(prices, (Bar, Candlestick)):
            self._open, self._high = prices.exact_open, prices.exact_high
            self._low, self._close = prices.exact_low, prices.exact_close
        else:
            self._open, self._high, self._low, self._close = prices, high, low, close
        self._has_open = False

    open, exact_open = _value("_open", "First value.")
    high, exact_high = _value("_high", "Highest value.")
    low, exact_low = _value("_low", "Lowest value.")
    close, exact_close = _value("_close", "Last value.")

    @property
    def long_time(self) -> int:
        """The time in whole seconds since 1970, UTC."""
        return self._time_ns // SECOND_NS

    def update(self, value: Number | None) -> None:
        """Take one more value into the candle."""
        if value is None:
            return
        number = to_decimal(value)
        if not self._has_open:
            self._has_open = True
            self._open = self._high = self._low = number
        elif number > (self.exact_high or ZERO):
            self._high = number
        elif number < (self.exact_low or ZERO):
            self._low = number
        self._close = number

    def __str__(self) -> str:
        return (
            f"{self.time.isoformat()} - "
            f"(O:{self.exact_open} H: {self.exact_high} L: {self.exact_low} C: {self.exact_close})"
        )


class BaseSeries(Dual):
    """Base of the series: points in order. A point at the time of the last one replaces it."""

    __slots__ = ("_updates_from", "index", "index_name", "name", "series_type", "tooltip", "unit", "values", "z_index")

    def __init__(self, name: str, series_type: SeriesType, index: int, unit: str) -> None:
        self.name = name
        self.series_type = series_type
        self.index = index
        self.unit = unit
        self.index_name: str | None = None
        self.z_index: int | None = None
        self.tooltip: str | None = None
        self.values: list[Any] = []
        self._updates_from = 0

    def _add(self, point: SeriesPoint) -> None:
        values = self.values
        if values and values[-1].time_ns == point.time_ns:
            values[-1] = point
        else:
            values.append(point)

    def add_point(self, *point: Any) -> None:
        """Add a point."""
        raise NotImplementedError

    def get_values(self) -> Iterator[Any]:
        """Return the points."""
        return iter(self.values)

    def get_updates(self) -> Self:
        """Return a copy with the points that were added since the last call."""
        twin = self.clone(empty=True)
        twin.values = self.values[self._updates_from :]
        self._updates_from = len(self.values)
        return twin

    def purge(self) -> None:
        """Forget all points."""
        self.values.clear()
        self._updates_from = 0

    def clone(self, empty: bool = False) -> Self:
        """Return a copy, with or without its points."""
        twin = copy.copy(self)
        twin.values = [] if empty else [point.clone() for point in self.values]
        twin._updates_from = 0
        return twin

    def consolidate_chart_points(self) -> SeriesPoint | None:
        """Return all points as one: their sum at the time of the last; ``None`` if there are none."""
        raise NotImplementedError

    @staticmethod
    def create(series_type: SeriesType, name: str, index: int = 0, unit: str = "$") -> BaseSeries:
        """Return a series of a type."""
        if series_type == SeriesType.CANDLE:
            return CandlestickSeries(name, index, unit)
        return Series(name, series_type, index, unit)


class Series(BaseSeries):
    """A series of values.

    Called as ``Series(name)``, ``Series(name, type, index)``, ``Series(name, type, index, unit)``,
    or ``Series(name, type, unit, color, symbol)``.
    """

    __slots__ = ("color", "scatter_marker_symbol")

    def __init__(
        self,
        name: str = "",
        type: SeriesType = SeriesType.LINE,
        index: int | str = 0,
        unit: str | Color | None = None,
        color: Color | ScatterMarkerSymbol | None = None,
        symbol: ScatterMarkerSymbol | None = None,
    ) -> None:
        rest = [part for part in (index, unit, color, symbol) if part is not None]
        units = [part for part in rest if isinstance(part, str)]
        numbers = [part for part in rest if isinstance(part, int) and not isinstance(part, ScatterMarkerSymbol)]
        super().__init__(name, SeriesType(type), numbers[0] if numbers else 0, units[0] if units else "$")
        colors = [part for part in rest if isinstance(part, Color)]
        markers = [part for part in rest if isinstance(part, ScatterMarkerSymbol)]
        self.color = colors[0] if colors else Color.EMPTY
        self.scatter_marker_symbol = markers[0] if markers else ScatterMarkerSymbol.NONE

    def add_point(self, *point: Any) -> None:
        """Add a point: a ``ChartPoint``, or a time (UTC) and a value."""
        if len(point) == 1:
            if not isinstance(point[0], ChartPoint):
                raise TypeError(f"The series '{self.name}' takes points of one value, not {point[0]!r}.")
            self._add(point[0])
            return
        time, value = point
        if isinstance(value, (list, tuple)):
            if len(value) > 1:
                raise ValueError(f"The series '{self.name}' takes one value at a time; there were {len(value)}.")
            value = value[0] if value else 0
        kind = ScatterChartPoint if self.series_type == SeriesType.SCATTER else ChartPoint
        self._add(kind(time, value))

    def consolidate_chart_points(self) -> ChartPoint | None:
        """Return all points as one: their sum at the time of the last; ``None`` if there are none."""
        if not self.values:
            return None
        return ChartPoint(self.values[-1].x, _sum(point.exact_y for point in self.values) or ZERO)


class CandlestickSeries(BaseSeries):
    """A series of candles: ``CandlestickSeries(name, index, unit)`` or ``CandlestickSeries(name, unit)``."""

    __slots__ = ()

    def __init__(self, name: str = "", index: int | str = 0, unit: str = "$") -> None:
        if isinstance(index, str):
            super().__init__(name, SeriesType.CANDLE, 0, index)
        else:
            super().__init__(name, SeriesType.CANDLE, index, unit)

    def add_point(self, *point: Any) -> None:
        """Add a candle: a ``Candlestick``, a ``TradeBar``, or a time (UTC) with open, high, low and close."""
        if len(point) == 2 and isinstance(point[1], (list, tuple)):
            point = (point[0], *point[1])
        if len(point) == 5:
            self._add(Candlestick(*point))
        elif len(point) == 1 and isinstance(point[0], Candlestick):
            self._add(point[0])
        elif len(point) == 1 and isinstance(point[0], TradeBar):
            self._add(Candlestick(point[0]))
        else:
            raise TypeError(
                f"The series '{self.name}' takes candles: time, open, high, low and close; it was given {point!r}."
            )

    def consolidate_chart_points(self) -> Candlestick | None:
        """Return all candles as one: their sums at the time of the last; ``None`` if there are none."""
        if not self.values:
            return None
        names = ("exact_open", "exact_high", "exact_low", "exact_close")
        return Candlestick(self.values[-1].time, *(_sum(getattr(c, name) for c in self.values) for name in names))


class Chart(Dual):
    """A chart: series by name. A series with an index of its own has a pane of its own."""

    __slots__ = ("legend_disabled", "name", "series", "symbol")

    chart_type: ClassVar[ChartType] = ChartType.OVERLAY

    def __init__(self, name: str = "", symbol: Symbol | ChartType | None = None) -> None:
        self.name = name
        self.symbol = symbol if isinstance(symbol, Symbol) else None
        self.series: dict[str, BaseSeries] = {}
        self.legend_disabled = False

    def add_series(self, series: BaseSeries) -> None:
        """Add a series.

        Raises
        ------
        ValueError
            If the chart has one of that name.
        """
        if series.name in self.series:
            raise ValueError(f"The chart '{self.name}' has a series '{series.name}' already.")
        self.series[series.name] = series

    def try_add_and_get_series(self, name: str, *looks: Any, force_add_new: bool = False) -> BaseSeries:
        """Return the series of a name; a new one is like a template, or has type, index, unit, color, symbol."""
        if looks and isinstance(looks[-1], bool):
            *looks_left, force_add_new = looks
            looks = tuple(looks_left)
        if force_add_new or name not in self.series:
            if looks and isinstance(looks[0], BaseSeries):
                self.series[name] = looks[0].clone(empty=True)
            else:
                self.series[name] = Series(name, *looks)
        return self.series[name]

    def get_updates(self) -> Chart:
        """Return a copy with the points that were added since the last call."""
        twin = self.clone_empty()
        for name, series in self.series.items():
            twin.series[name] = series.get_updates()
        return twin

    def clone(self) -> Chart:
        """Return a copy."""
        twin = self.clone_empty()
        twin.series = {name: series.clone() for name, series in self.series.items()}
        return twin

    def clone_empty(self) -> Chart:
        """Return a copy without series."""
        twin = Chart(self.name, self.symbol)
        twin.legend_disabled = self.legend_disabled
        return twin


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the values that there are; ``None`` if there is none."""
    present = [value for value in values if value is not None]
    return sum(present, ZERO) if present else None
