"""Consolidators that read ahead in the columns of a subscription.

A subscription hands its bars out as views of rows. As long as rows lie before the end of a
working bar, there is nothing to decide: their numbers are read from the columns and added up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import is_built_in
from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase

if TYPE_CHECKING:
    from tradinglab.data.columns import BarColumns

Out = TypeVar("Out", bound=BaseData)


class RowSpan:
    """The rows after ``row`` whose bars start before ``until_ns`` (UTC), and what is read of them."""

    __slots__ = ("columns", "row", "times", "until_ns", "values")

    def __init__(self, columns: BarColumns, fields: tuple[str, ...]) -> None:
        self.columns = columns
        self.times: Any = memoryview(columns.time_ns)  # type: ignore[arg-type]
        self.values: tuple[Any, ...] = tuple(map(columns.view, fields))
        self.row = -1
        self.until_ns = 0

    def move(self, view: Any, due_local_ns: int) -> None:
        """Begin after a bar, and reach up to a time on the exchange's clock."""
        zone = view._zone
        self.row = view._row
        offset = zone.offset_ns(self.times[view._row])
        until_ns = due_local_ns - offset
        # Where clocks change on the way, each bar's own time decides.
        self.until_ns = until_ns if zone.offset_ns(until_ns - 1) == offset else 0


class RowConsolidator(PeriodCountConsolidatorBase[BaseData, Out]):
    """Adds rows up without looking at each bar, where nothing can happen but that."""

    _fields: tuple[str, ...] = ()
    """The columns that are read of a row."""

    _span: RowSpan | None = None

    def _look_ahead(self, view: Any) -> None:
        """Note up to when the rows after a view need no more than to be added up."""
        last = self._last_emit
        if self._working is None or self._max_count is not None or last is None or not is_built_in(self):
            self._span = None
        elif self._taken_time < last:
            self._span = None  # clocks were put back: what comes may be late, too
        else:
            if self._span is None or self._span.columns is not view._columns:
                self._span = RowSpan(view._columns, self._fields)
            self._span.move(view, self.due_ns)

    def _drop_working_bar(self) -> None:
        super()._drop_working_bar()
        if self._span is not None:
            self._span.until_ns = 0

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._span = None
