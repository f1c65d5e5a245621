"""Indicators that an author writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from tradinglab.algorithm.indicators.base import IndicatorBase

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import BaseData
    from tradinglab.core.decimals import Number


class PythonIndicator(IndicatorBase):
    """Base of an author's own indicator: it sets ``self.value`` in ``update(self, input)``.

    ``update`` returns whether the indicator is ready. ``warm_up_period``, if set, lets it be warmed
    up. An object that has ``update``, ``value`` and ``is_ready`` but another base is wrapped:
    ``PythonIndicator(object)``.
    """

    input_kind = "data"
    _target: Any
    _value_set: Number

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the indicator ready before the author's ``__init__``, which need not call ours."""
        self = super().__new__(cls)
        IndicatorBase.__init__(self, cls.__name__)
        self._target = self
        self._value_set = 0.0
        self._warm_up_period = 0
        self._says_ready = False
        return self

    def __init__(self, *args: Any) -> None:
        if args and hasattr(args[0], "update"):
            self._wrap(args[0])

    def _wrap(self, target: Any) -> None:
        for name in ("is_ready", "update", "value"):
            if not _has(target, name):
                kind = type(target).__name__
                hint = f" or use PythonIndicator as base: class {kind}(PythonIndicator):" if name == "is_ready" else ""
                raise NotImplementedError(
                    f"Indicator.{name} must be implemented. Please implement this missing method in {kind}{hint}"
                )
        self._target = target
        self._name = str(_get(target, "name", type(target).__name__))
        self._warm_up_period = int(_get(target, "warm_up_period", 0))

    @property
    def name(self) -> str:
        """The name, as in charts."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def value(self) -> Any:
        """The value that ``update`` has set."""
        return self._value_set if self._target is self else _get(self._target, "value", 0.0)

    @value.setter
    def value(self, value: Number) -> None:
        self._value_set = value

    @property
    def warm_up_period(self) -> int:
        """How many inputs the indicator needs to be ready; zero if it cannot say."""
        return self._warm_up_period

    @warm_up_period.setter
    def warm_up_period(self, value: int) -> None:
        self._warm_up_period = value

    @property
    def is_ready(self) -> bool:
        """What ``update`` returned last."""
        if self._target is self or self._says_ready:
            return self._says_ready
        return bool(_get(self._target, "is_ready", False))

    @is_ready.setter
    def is_ready(self, value: bool) -> None:
        self._says_ready = bool(value)

    def _next(self, data: BaseData) -> float:
        target = self._target
        if target is self and type(self).update is IndicatorBase.update:
            raise NotImplementedError(
                f"Indicator.update must be implemented. Please implement this missing method in {type(self).__name__}"
            )
        ready = target.update(data) if target is self else _get(target, "update")(data)
        self._says_ready = bool(_get(target, "is_ready", False) if ready is None else ready)
        return float(_get(target, "value", 0.0))


def _spellings(name: str) -> tuple[str, str]:
    return name, "".join(part.capitalize() for part in name.split("_"))


def _has(target: Any, name: str) -> bool:
    return any(hasattr(target, spelling) for spelling in _spellings(name))


def _get(target: Any, name: str, default: Any = None) -> Any:
    for spelling in _spellings(name):
        if hasattr(target, spelling):
            found = getattr(target, spelling)
            return found() if name == "is_ready" and callable(found) else found
    return default
