"""The values that an indicator had over a span of history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData, IndicatorDataPoint
from tradinglab.algorithm.indicators.base import IndicatorBase
from tradinglab.core.decimals import smart_round, to_decimal
from tradinglab.core.dual import Dual, fold, read_otherwise, snake_case

if TYPE_CHECKING:
    import pandas as pd

    from tradinglab.algorithm.slice import Slice

_NOT_VALUES = frozenset({
    "consolidators", "current", "previous", "name", "samples", "is_ready", "window", "warm_up_period", "period",
    "updated",
})  # fmt: skip


class IndicatorDataPoints(BaseData):
    """The values of an indicator and of its parts at one time: ``points["upper_band"]``, ``points.upper_band``."""

    def __init__(self, time: datetime, values: dict[str, IndicatorDataPoint]) -> None:
        super().__init__()
        self._time = time
        self._points = values

    @property
    def current(self) -> IndicatorDataPoint:
        """The value of the indicator itself."""
        return self._points["current"]

    @property  # type: ignore[misc]
    def value(self) -> float:
        """The value of the indicator itself, as a number."""
        return self.current.value

    def __getitem__(self, name: str) -> IndicatorDataPoint | None:
        return self._points.get(snake_case(name))

    def __getattr__(self, name: str) -> Any:
        found = None if name.startswith("_") else self._points.get(snake_case(name))
        return read_otherwise(self, name) if found is None else found

    def __str__(self) -> str:
        values = sorted(self._points.items())
        return f"{self.end_time} " + ", ".join(f"{k}: {smart_round(to_decimal(v.value))}" for k, v in values)


class IndicatorHistory(Dual):
    """Values of an indicator, in order of time.

    Iteration gives the values at each time; ``history["upper_band"]`` and ``history.current`` give
    the points of one part; ``history.data_frame`` is all of them.
    """

    def __init__(self, rows: list[IndicatorDataPoints], columns: dict[str, list[IndicatorDataPoint]],
                 others: dict[str, list[tuple[datetime, Any]]]) -> None:  # fmt: skip
        self._rows, self._columns, self._others = rows, columns, others

    @property
    def count(self) -> int:
        """How many times there are values for."""
        return len(self._rows)

    @property
    def current(self) -> list[IndicatorDataPoint]:
        """The values of the indicator itself."""
        return self._columns["current"]

    @property
    def data_frame(self) -> pd.DataFrame:
        """The values as a data frame: times down, parts across."""
        import pandas as pd

        series = {
            fold(name): pd.Series([point.value for point in points], [point.end_time for point in points], dtype=float)
            for name, points in self._columns.items()
        }
        for name, values in self._others.items():
            series[fold(name)] = pd.Series([value for _, value in values], [time for time, _ in values])
        series = {name: column[~column.index.duplicated(keep="last")] for name, column in series.items()}
        return pd.DataFrame(series, columns=sorted(series))

    def __getitem__(self, name: str) -> list[IndicatorDataPoint] | None:
        return self._columns.get(snake_case(name))

    def __iter__(self) -> Iterator[IndicatorDataPoints]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return "\n".join(map(str, self._rows))


def record_history(
    indicator: IndicatorBase, slices: Iterable[Slice], selector: Callable[[Any], Any] | None = None
) -> IndicatorHistory:
    """Reset an indicator, feed it the data of slices, and return its values from when it was ready."""
    from tradinglab.algorithm.indicator_registration import chosen

    indicator.reset()
    recorder = _Recorder(indicator)
    indicator.updated += recorder.on_update
    for piece in slices:
        for data in _data_of(piece, indicator, selector):
            indicator.consume(chosen(indicator, data, selector))
    recorder.finish()
    indicator.updated -= recorder.on_update
    return recorder.history()


def _data_of(piece: Slice, indicator: IndicatorBase, selector: Any) -> Iterable[BaseData]:
    from tradinglab.algorithm.indicators.field import QUOTE_COLUMNS, Selector

    column = selector.column if isinstance(selector, Selector) else ""
    if column in QUOTE_COLUMNS:
        return piece.quote_bars.values()
    if column == "volume" or indicator.input_kind == "trade_bar":
        return list(piece.get(TradeBar).values())
    return [data[-1] if isinstance(data, list) else data for _, data in piece.items()]


class _Recorder:
    """Notes the values of an indicator and of its parts, once for each time."""

    def __init__(self, indicator: IndicatorBase) -> None:
        self._indicator = indicator
        names = _value_names(type(indicator))
        parts = {name: getattr(indicator, name) for name in names}
        self._parts = {name: part for name, part in parts.items() if isinstance(part, IndicatorBase)}
        self._plain = [name for name, part in parts.items() if not isinstance(part, IndicatorBase)]
        self._rows: list[IndicatorDataPoints] = []
        self._columns: dict[str, list[IndicatorDataPoint]] = {name: [] for name in (*self._parts, "current")}
        self._others: dict[str, list[tuple[datetime, Any]]] = {name: [] for name in self._plain}
        self._last: IndicatorDataPoint | None = None
        self._last_time: datetime | None = None

    def on_update(self, _: object, point: IndicatorDataPoint) -> None:
        if not self._indicator.is_ready:
            return
        if self._last is None or self._last.time != point.time:
            self._note(point)
        self._last = point

    def finish(self) -> None:
        if self._last is not None:
            self._note(self._last)

    def _note(self, point: IndicatorDataPoint) -> None:
        time = point.end_time
        if time == self._last_time:
            return
        self._last_time = time
        values = {name: part.current for name, part in self._parts.items()}
        values["current"] = self._indicator.current
        self._rows.append(IndicatorDataPoints(time, values))
        for name, value in values.items():
            column = self._columns[name]
            if column and name != "current" and column[-1].end_time == value.end_time:
                column[-1] = value
            else:
                column.append(value)
        for name in self._plain:
            self._others[name].append((time, getattr(self._indicator, name)))

    def history(self) -> IndicatorHistory:
        return IndicatorHistory(self._rows, self._columns, self._others)


def _value_names(kind: type) -> list[str]:
    """Return the properties of an indicator that are values: not those that all indicators have."""
    names: dict[str, None] = {}
    seen: set[property] = set()
    for base in kind.__mro__:
        for name, member in vars(base).items():
            is_value = isinstance(member, property) and name == snake_case(name) and not name.startswith("_")
            if is_value and name not in _NOT_VALUES and member not in seen:
                names[name] = None
                seen.add(member)
    return list(names)
