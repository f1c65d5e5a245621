"""Indicators made of other indicators, and the simplest ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.base_data import BaseData, IndicatorDataPoint
from tradinglab.algorithm.indicators import kernels
from tradinglab.algorithm.indicators.base import Indicator, IndicatorBase, IndicatorResult, WindowIndicator
from tradinglab.algorithm.indicators.naming import named, text_of
from tradinglab.algorithm.indicators.tracks import Link, NoArrayForm, Series
from tradinglab.core.enums import IndicatorStatus

if TYPE_CHECKING:
    from tradinglab.core.decimals import Number
    from tradinglab.data.columns import Floats

Composer = Callable[[IndicatorBase, IndicatorBase], IndicatorResult | float]


class Identity(Indicator):
    """The value itself."""

    @named("")
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._warm_up_period = 1

    @property
    def is_ready(self) -> bool:
        """Whether there was a value."""
        return self.samples > 0

    def _next(self, data: IndicatorDataPoint) -> float:
        return data.value

    def _vectorize(self, link: Link, source: Series) -> Series:
        return source


class WindowIdentity(WindowIndicator):
    """The value itself, ready after ``period`` of them."""

    @named("WIN-ID{period}")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)

    def _next(self, data: IndicatorDataPoint) -> float:
        return data.value

    def _vectorize(self, link: Link, source: Series) -> Series:
        return source


class Delay(WindowIndicator):
    """The value ``period`` inputs ago; the first one until then."""

    @named("DELAY({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._removed = 0.0
        self._warm_up_period = period + 1

    def _next(self, data: IndicatorDataPoint) -> float:
        oldest = self._inputs[0] if self._inputs else data.value
        self._inputs.append(data.value)
        return oldest

    def _vectorize(self, link: Link, source: Series) -> Series:
        first = source.first

        def make() -> Floats:
            values = source.values
            return np.concatenate([values[:first], kernels.lagged(values[first:], self._period)])

        return Series(first, make)


class ConstantIndicator(IndicatorBase):
    """Always the same value."""

    input_kind = "data"

    def __init__(self, name: str, value: Number) -> None:
        super().__init__(name)
        self._constant = float(value)
        self._clear()

    def __class_getitem__(cls, kind: object) -> type[ConstantIndicator]:
        """Return the class: in LEAN it is one for each kind of data."""
        return cls

    @property
    def is_ready(self) -> bool:
        """Always."""
        return True

    def _next(self, data: BaseData) -> float:
        return self._constant

    def _clear(self) -> None:
        self._window.add(IndicatorDataPoint(datetime.min, self._constant))


class FunctionalIndicator(IndicatorBase):
    """An indicator made of functions: of the input, to the value; of the indicator, to whether it is ready."""

    input_kind = "data"

    def __init__(
        self,
        name: str,
        compute_next_value: Callable[[Any], Number],
        is_ready: Callable[[IndicatorBase], bool],
        reset: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(name)
        self._compute, self._says_ready, self._on_reset = compute_next_value, is_ready, reset

    @property
    def is_ready(self) -> bool:
        """What the given function says."""
        return bool(self._says_ready(self))

    def _next(self, data: BaseData) -> float:
        return float(self._compute(data))

    def _clear(self) -> None:
        if self._on_reset is not None:
            self._on_reset()


class Line(IndicatorBase):
    """A value that another indicator works out and publishes as an indicator of its own."""

    input_kind = "data"

    def __init__(self, name: str, is_ready: Callable[[], bool]) -> None:
        super().__init__(name)
        self._says_ready = is_ready
        self._pending: float | None = 0.0

    @property
    def is_ready(self) -> bool:
        """What the indicator that it belongs to says."""
        return self._says_ready()

    def put(self, data: BaseData, value: float | None) -> None:
        """Take the value that belongs to an input; ``None`` if it brings none."""
        self._pending = value
        self.consume(data)

    def _next(self, data: BaseData) -> float | None:
        return self._pending


class FilteredIdentity(IndicatorBase):
    """The value of the last input that a filter let pass."""

    input_kind = "data"

    def __init__(self, name: Any = "", filter: Callable[[Any], bool] | None = None) -> None:
        nameless = callable(name) or name is None
        super().__init__("" if nameless else name)
        self._filter = (name if nameless else None) or filter or (lambda _: True)
        self._passed = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether a positive value has passed."""
        return self.samples > 0 and self._value() > 0

    def _next(self, data: BaseData) -> float:
        if self._filter(data):
            self._passed = data.value
        return self._passed

    def _clear(self) -> None:
        self._passed = 0.0


class CompositeIndicator(IndicatorBase):
    """What a function makes of two indicators, whenever both have changed.

    ``CompositeIndicator([name,] left, right, composer)``: the composer takes both indicators and
    returns a number or an ``IndicatorResult``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        values = args if _is_name(args) else (None, *args)
        given = dict(zip(("name", "left", "right", "composer"), values, strict=False))
        given |= {"composer" if key == "handler" else key: value for key, value in kwargs.items()}
        self._left, self._right = as_indicator(given["left"]), as_indicator(given["right"])
        self._composer: Composer = given["composer"]
        super().__init__(given.get("name") or self._default_name())
        self._has_left = self._has_right = False
        self._left_is_constant = isinstance(self._left, ConstantIndicator)
        self._right_is_constant = isinstance(self._right, ConstantIndicator)
        self._left._listen(self._on_left, self)
        self._right._listen(self._on_right, self)

    def _default_name(self) -> str:
        return f"COMPOSE({self._left.name},{self._right.name})"

    @property
    def left(self) -> IndicatorBase:
        """The first indicator."""
        return self._left

    @property
    def right(self) -> IndicatorBase:
        """The second indicator."""
        return self._right

    @property
    def is_ready(self) -> bool:
        """Whether both indicators are."""
        return self._left.is_ready and self._right.is_ready

    def reset(self) -> None:
        """Reset this indicator and the two that it is made of."""
        self._left.reset()
        self._right.reset()
        super().reset()

    def _on_left(self, _: IndicatorBase, point: IndicatorDataPoint) -> None:
        self._has_left = True
        if self._has_right or self._right_is_constant:
            self._compose(point)

    def _on_right(self, _: IndicatorBase, point: IndicatorDataPoint) -> None:
        self._has_right = True
        if self._has_left or self._left_is_constant:
            self._compose(point)

    def _compose(self, point: IndicatorDataPoint) -> None:
        time = max(point.time, self._left.current.time, self._right.current.time)
        self.consume(IndicatorDataPoint(time, 0.0))
        self._has_left = self._has_right = False

    def _next(self, data: IndicatorDataPoint) -> float | None:
        result = self._composer(self._left, self._right)
        if isinstance(result, IndicatorResult):
            return result.value if result.status == IndicatorStatus.SUCCESS else None
        return float(result)

    def _vectorize(self, link: Link, source: Series) -> Series:
        raise NoArrayForm(self.name)


class ResetCompositeIndicator(CompositeIndicator):
    """A composite with more to reset."""

    def __init__(self, *args: Any) -> None:
        *rest, self._extra_reset = args
        super().__init__(*rest)

    def _default_name(self) -> str:
        return f"RESET_COMPOSE({self._left.name},{self._right.name})"

    def reset(self) -> None:
        """Reset this indicator, its parts, and what else was named."""
        super().reset()
        self._extra_reset()


def _is_name(args: tuple[Any, ...]) -> bool:
    return bool(args) and (isinstance(args[0], str) or (args[0] is None and len(args) > 3))


def as_indicator(value: Any) -> IndicatorBase:
    """Return an indicator: itself, a wrapper of an author's own, or a number that never changes."""
    if isinstance(value, IndicatorBase):
        return value
    if isinstance(value, int | float) or hasattr(value, "as_tuple"):
        return ConstantIndicator(str(text_of(value)), value)
    from tradinglab.algorithm.indicators.python_indicator import wrapped

    return wrapped(value)
