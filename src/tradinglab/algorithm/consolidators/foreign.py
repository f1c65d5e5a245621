"""Consolidators of an author's own that derive from nothing of ours."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import ConsolidatorBase, PythonConsolidator
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.core.dual import other_spelling

if TYPE_CHECKING:
    from tradinglab.algorithm.consolidators.base import DataConsolidator

_NEEDED = ("update", "scan", "input_type", "output_type", "working_data", "data_consolidated")


class ForeignConsolidator(ConsolidatorBase):
    """Speaks for an object that has the members of a consolidator, by either spelling."""

    def __init__(self, target: object) -> None:
        self._target = target
        missing = [name for name in _NEEDED if not (hasattr(target, name) or hasattr(target, other_spelling(name)))]
        if missing:
            raise ConsolidationError(
                f"{type(target).__name__} is not a consolidator: it has no {', '.join(missing)}. "
                "Derive it from PythonConsolidator."
            )
        name = "data_consolidated" if hasattr(target, "data_consolidated") else "DataConsolidated"
        event: Any = getattr(target, name)
        event += self._forward
        setattr(target, name, event)

    def _member(self, name: str) -> Any:
        return getattr(self._target, name if hasattr(self._target, name) else other_spelling(name))

    @property
    def target(self) -> object:
        """The author's object."""
        return self._target

    @property
    def due_ns(self) -> int:  # type: ignore[override]
        """A scan may always do something."""
        return 0

    @property
    def working_data(self) -> BaseData | None:
        """What is being made."""
        found: BaseData | None = self._member("working_data")
        return found

    @property
    def input_type(self) -> type:
        """The type of data that is taken."""
        found: type = self._member("input_type")
        return found

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        found: type = self._member("output_type")
        return found

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        self._member("update")(data)

    def scan(self, current_local_time: datetime) -> None:
        """Hand out what is finished by a time on the exchange's clock."""
        self._member("scan")(current_local_time)

    def _forward(self, sender: object, consolidated: BaseData | None) -> None:
        self.on_data_consolidated(consolidated)


def as_consolidator(value: object) -> DataConsolidator:
    """Return a consolidator as it is, and any other object that can be one, spoken for."""
    if isinstance(value, (ConsolidatorBase, PythonConsolidator)):
        return value
    return ForeignConsolidator(value)
