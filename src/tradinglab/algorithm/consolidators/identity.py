"""Consolidators that pass data on, and chains of consolidators."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import ConsolidatorBase, DataConsolidator, listen
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.algorithm.ticks import Tick

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from tradinglab.core.enums import TickType


class IdentityDataConsolidator(ConsolidatorBase):
    """Passes data on as it is, each end time once (ticks: always).

    ``IdentityDataConsolidator[TradeBar]()`` and ``IdentityDataConsolidator(TradeBar)`` take trade bars.
    """

    _data_class: type[BaseData] = BaseData
    _last: BaseData | None = None
    _last_time: datetime | None = None

    def __init__(self, data_type: type[BaseData] | None = None) -> None:
        if data_type is not None:
            self._data_class = data_type

    def __class_getitem__(cls, data_type: type[BaseData]) -> Any:
        return _of_type(cls, data_type)  # type: ignore[arg-type]

    @property
    def working_data(self) -> BaseData | None:
        """What was passed on last, as a copy."""
        return None if self._last is None else self._last.clone()

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        return self._data_class

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return self._data_class

    def update(self, data: BaseData) -> None:
        """Take a data point in, and pass it on."""
        self._expect(data, self._data_class)
        end_time = data.end_time
        if self._last is None or end_time != self._last_time or self._data_class is Tick:
            self.on_data_consolidated(data)
            self._last = data
            self._last_time = end_time

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._last = None


class FilteredIdentityDataConsolidator(IdentityDataConsolidator):
    """Passes on the data that meets a condition."""

    def __init__(self, predicate: Callable[[Any], bool], data_type: type[BaseData] | None = None) -> None:
        super().__init__(data_type)
        self._predicate = predicate

    @staticmethod
    def for_tick_type(tick_type: TickType) -> FilteredIdentityDataConsolidator:
        """Return a consolidator that passes on ticks of one type."""
        return FilteredIdentityDataConsolidator(lambda tick: tick.tick_type == tick_type, Tick)

    def update(self, data: BaseData) -> None:
        """Take a data point in, and pass it on if it meets the condition."""
        if self._predicate(data):
            super().update(data)


class SequentialConsolidator(ConsolidatorBase):
    """Two consolidators in a row: what the first makes, the second takes."""

    def __init__(self, first: DataConsolidator, second: DataConsolidator) -> None:
        if not issubclass(first.output_type, second.input_type):
            raise ConsolidationError(
                f"The first of two consolidators makes {first.output_type.__name__}, "
                f"but the second takes {second.input_type.__name__}."
            )
        self._first, self._second = first, second
        listen(first, lambda sender, consolidated: second.update(consolidated))
        listen(second, lambda sender, consolidated: self.on_data_consolidated(consolidated))

    @property
    def first(self) -> DataConsolidator:
        """The one that takes the data."""
        return self._first

    @property
    def second(self) -> DataConsolidator:
        """The one that makes the bars."""
        return self._second

    @property
    def due_ns(self) -> int:  # type: ignore[override]
        """The moment before which a scan does nothing: that of the first."""
        return getattr(self._first, "due_ns", 0)

    @property
    def working_data(self) -> BaseData | None:
        """What the second is making."""
        return self._second.working_data

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        return self._first.input_type

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return self._second.output_type

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        self._first.update(data)

    def scan(self, current_local_time: datetime) -> None:
        """Let the first hand out what is finished."""
        self._first.scan(current_local_time)

    def reset(self) -> None:
        """Forget everything but who listens."""
        self._first.reset()
        self._second.reset()
        super().reset()


@cache
def _of_type(cls: type[IdentityDataConsolidator], data_type: type[BaseData]) -> type[IdentityDataConsolidator]:
    members = {"_data_class": data_type, "__module__": cls.__module__, "__doc__": cls.__doc__}
    return type(f"{cls.__name__}[{data_type.__name__}]", (cls,), members)
