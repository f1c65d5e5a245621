"""What all consolidators share: a window of what they made, and the events that tell of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.algorithm.events import Event, EventMember
from tradinglab.algorithm.rolling_window import WindowBase

if TYPE_CHECKING:
    from datetime import datetime

NEVER = 1 << 62
"""A moment after all others, in nanoseconds."""

ConsolidatedHandler = Callable[..., object]


class DataConsolidator(Protocol):
    """What turns data points into others: what LEAN calls ``IDataConsolidator``."""

    data_consolidated: Event

    @property
    def consolidated(self) -> BaseData | None:
        """What was made last."""
        ...

    @property
    def working_data(self) -> BaseData | None:
        """What is being made."""
        ...

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        ...

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        ...

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        ...

    def scan(self, current_local_time: datetime) -> None:
        """Hand out what is finished by a time on the exchange's clock."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


IDataConsolidator = DataConsolidator


class ConsolidatorBase(WindowBase[BaseData]):
    """Base of the consolidators.

    ``self[0]`` is what was made last, ``self[1]`` the one before. As in LEAN two groups are told
    of a new bar: first the engine with its indicators (``engine_event``), then the author
    (``data_consolidated``), except where a consolidator has only one event for both.
    """

    engine_event = data_consolidated = EventMember("Raised with sender and bar when a bar is made.")

    due_ns: int = NEVER
    """The exchange's wall clock, in nanoseconds, before which a scan does nothing."""

    _consolidated: BaseData | None = None

    @property
    def consolidated(self) -> BaseData | None:
        """What was made last. For the engine's listeners it is, while they are told, the bar before."""
        return self._consolidated

    @property
    def working_data(self) -> BaseData | None:
        """What is being made, as a copy; ``None`` if nothing is."""
        return None

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        return BaseData

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return BaseData

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        raise NotImplementedError

    def scan(self, current_local_time: datetime) -> None:
        """Hand out what is finished by a time on the exchange's clock."""

    def on_data_consolidated(self, consolidated: BaseData | None) -> None:
        """Hand out a bar."""
        if consolidated is not None:
            self._remember(consolidated)
        self._tell_author_first(consolidated)
        self.engine_event(self, consolidated)
        self._consolidated = consolidated

    def _tell_author_first(self, consolidated: BaseData | None) -> None:
        """Raise the author's event before the engine's, in the consolidators that do so."""

    def reset(self) -> None:
        """Forget everything but who listens."""
        self._consolidated = None
        self._forget_window()

    def dispose(self) -> None:
        """Let go of the engine's listeners."""
        self.engine_event.clear()

    def _expect(self, data: BaseData, kind: type) -> None:
        if not isinstance(data, kind):
            raise ConsolidationError(
                f"{type(self).__name__} takes {kind.__name__}, but was given {type(data).__name__}."
            )


class PythonConsolidator(WindowBase[BaseData]):
    """Base of consolidators that an author writes from scratch.

    A subclass sets ``input_type`` and ``output_type``, takes data in ``update``, may hand out in
    ``scan``, and hands out with ``self.on_data_consolidated(self, bar)``.
    """

    data_consolidated = EventMember("Raised with sender and bar when a bar is made.")

    _consolidated: BaseData | None = None
    _working_data: BaseData | None = None
    _input_type: type = BaseData
    _output_type: type = BaseData

    @property
    def consolidated(self) -> BaseData | None:
        """What was made last."""
        return self._consolidated

    @consolidated.setter
    def consolidated(self, value: BaseData | None) -> None:
        self._consolidated = value

    @property
    def working_data(self) -> BaseData | None:
        """What is being made."""
        return self._working_data

    @working_data.setter
    def working_data(self, value: BaseData | None) -> None:
        self._working_data = value

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        return self._input_type

    @input_type.setter
    def input_type(self, value: type) -> None:
        self._input_type = value

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return self._output_type

    @output_type.setter
    def output_type(self, value: type) -> None:
        self._output_type = value

    def update(self, data: BaseData) -> None:
        """Take a data point in."""

    def scan(self, current_local_time: datetime) -> None:
        """Hand out what is finished by a time on the exchange's clock."""

    def on_data_consolidated(self, consolidator: object, data: BaseData | None) -> None:
        """Hand out a bar."""
        if data is not None:
            self._remember(data)
        self.data_consolidated(consolidator, data)

    def reset(self) -> None:
        """Forget everything but who listens."""
        self._consolidated = self._working_data = None
        self._forget_window()

    def dispose(self) -> None:
        """Nothing is held that must be let go."""


def is_built_in(consolidator: object) -> bool:
    """Return whether a consolidator is one of ours, and not a class of the author's."""
    return type(consolidator).__module__.startswith("tradinglab.")


def listen(consolidator: DataConsolidator, handler: ConsolidatedHandler) -> None:
    """Let the engine's *handler* know of bars: before the author's own handlers, where LEAN does so."""
    event_of(consolidator).__iadd__(handler)


def unlisten(consolidator: DataConsolidator, handler: ConsolidatedHandler) -> None:
    """Undo :func:`listen`."""
    event_of(consolidator).__isub__(handler)


def event_of(consolidator: DataConsolidator) -> Event:
    """Return the event of a consolidator that the engine and its indicators listen to.

    Of an author's class it is the author's event: the engine listens like anyone else.
    """
    if isinstance(consolidator, ConsolidatorBase) and is_built_in(consolidator):
        event: Event = consolidator.engine_event
        return event
    return consolidator.data_consolidated
