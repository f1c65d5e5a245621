"""Indicators that an author writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from tradinglab.algorithm.indicators.base import IndicatorBase, InputKind
from tradinglab.algorithm.indicators.number import ActsAsNumber

if TYPE_CHECKING:
    from datetime import datetime

    from tradinglab.algorithm.base_data import BaseData, IndicatorDataPoint
    from tradinglab.algorithm.consolidators.base import DataConsolidator
    from tradinglab.algorithm.events import Event
    from tradinglab.algorithm.rolling_window import RollingWindow
    from tradinglab.core.decimals import Number


class AuthoredIndicator(IndicatorBase):
    """What the engine updates in the place of an author's object: it asks the object for each value."""

    input_kind: ClassVar[InputKind] = "data"

    def __init__(self, target: Any) -> None:
        super().__init__(type(target).__name__)
        self._speaker = self._target = target
        self.value: Number = 0.0
        self.says_ready = False
        self.warm_up_set = 0

    @property
    def name(self) -> str:
        """The name that the author gave."""
        return self._name if isinstance(self._target, PythonIndicator) else str(_get(self._target, "name", self._name))

    def rename(self, name: str) -> None:
        """Take another name."""
        self._name = name

    @property
    def warm_up_period(self) -> int:
        """How many inputs the indicator needs to be ready; zero if it cannot say."""
        return int(_get(self._target, "warm_up_period", 0))

    @property
    def is_ready(self) -> bool:
        """What ``update`` returned last, or what the author's ``is_ready`` says."""
        return self.says_ready or bool(_get(self._target, "is_ready", False))

    def _next(self, data: BaseData) -> float:
        target = self._target
        if isinstance(target, PythonIndicator) and type(target).update is PythonIndicator.update:
            raise NotImplementedError(
                f"Indicator.update must be implemented. Please implement this missing method in {type(target).__name__}"
            )
        ready = _get(target, "update")(data)
        self.says_ready = bool(_get(target, "is_ready", False) if ready is None else ready)
        return float(_get(target, "value", 0.0))


class PythonIndicator(ActsAsNumber):
    """Base of an author's own indicator: it sets ``self.value`` in ``update(self, input)``.

    ``update`` returns whether the indicator is ready. ``warm_up_period``, if set, lets it be warmed
    up. An object that has ``update``, ``value`` and ``is_ready`` but another base is wrapped:
    ``PythonIndicator(object)``. All names but those below are the author's.
    """

    lab_core: AuthoredIndicator

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the indicator ready before the author's ``__init__``, which need not call ours."""
        self = super().__new__(cls)
        self.lab_core = AuthoredIndicator(self)
        return self

    def __init__(self, *args: Any) -> None:
        if args and not isinstance(args[0], str):
            self.lab_core = wrapped(args[0])

    @property
    def name(self) -> str:
        """The name, as in charts."""
        return self.lab_core.name

    @name.setter
    def name(self, value: str) -> None:
        self.lab_core.rename(value)

    @property
    def value(self) -> Any:
        """The value that ``update`` has set."""
        return self.lab_core.value

    @value.setter
    def value(self, value: Number) -> None:
        self.lab_core.value = value

    @property
    def warm_up_period(self) -> int:
        """How many inputs the indicator needs to be ready; zero if it cannot say."""
        return self.lab_core.warm_up_set

    @warm_up_period.setter
    def warm_up_period(self, value: int) -> None:
        self.lab_core.warm_up_set = value

    @property
    def is_ready(self) -> bool:
        """What ``update`` returned last."""
        return self.lab_core.says_ready

    @is_ready.setter
    def is_ready(self, value: bool) -> None:
        self.lab_core.says_ready = bool(value)

    @property
    def samples(self) -> int:
        """How many inputs the indicator has seen."""
        return self.lab_core.samples

    @property
    def current(self) -> IndicatorDataPoint:
        """The last value, with its time; zero before the first."""
        return self.lab_core.current

    @property
    def previous(self) -> IndicatorDataPoint:
        """The value before the last."""
        return self.lab_core.previous

    @property
    def window(self) -> RollingWindow[IndicatorDataPoint]:
        """The last values, newest first."""
        return self.lab_core.window

    @property
    def consolidators(self) -> list[DataConsolidator]:
        """The consolidators that update the indicator."""
        return self.lab_core.consolidators

    @property
    def updated(self) -> Event:
        """Raised after each new value, with the indicator and the value."""
        return self.lab_core.updated

    @updated.setter
    def updated(self, event: Event) -> None:
        self.lab_core.updated = event

    def on_updated(self, consolidated: IndicatorDataPoint) -> None:
        """Tell the listeners of ``updated`` a value."""
        self.lab_core.on_updated(consolidated)

    def update(self, input: datetime | BaseData, value: Number | None = None) -> bool:
        """Take one input; an author's indicator has its own."""
        return self.lab_core.update(input, value)

    def reset(self) -> None:
        """Forget all inputs."""
        self.lab_core.reset()

    def __float__(self) -> float:
        return float(self.lab_core)

    def __getitem__(self, index: int) -> IndicatorDataPoint:
        return self.lab_core[index]

    def __iter__(self) -> Iterator[IndicatorDataPoint]:
        return iter(self.lab_core)


def wrapped(target: Any) -> AuthoredIndicator:
    """Return what the engine updates in the place of an author's object.

    Raises
    ------
    NotImplementedError
        If the object lacks what an indicator has.
    """
    if isinstance(target, PythonIndicator):
        return target.lab_core
    for name in ("is_ready", "update", "value"):
        if not any(hasattr(target, spelling) for spelling in _spellings(name)):
            kind = type(target).__name__
            hint = f" or use PythonIndicator as base: class {kind}(PythonIndicator):" if name == "is_ready" else ""
            raise NotImplementedError(
                f"Indicator.{name} must be implemented. Please implement this missing method in {kind}{hint}"
            )
    return AuthoredIndicator(target)


def _spellings(name: str) -> tuple[str, str]:
    return name, "".join(part.capitalize() for part in name.split("_"))


def _get(target: Any, name: str, default: Any = None) -> Any:
    for spelling in _spellings(name):
        if hasattr(target, spelling):
            found = getattr(target, spelling)
            return found() if name == "is_ready" and callable(found) else found
    return default
