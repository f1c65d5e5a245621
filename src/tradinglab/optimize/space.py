"""What a search goes through: the values of each parameter, and their combinations."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import prod
from typing import Final

from tradinglab.core.errors import TradingLabError
from tradinglab.core.values import dataclass

#: More values of one parameter than anybody means; a step that is a digit too small gives as many.
MOST_VALUES: Final = 10_000


class SpaceError(TradingLabError):
    """A space that cannot be searched.

    Attributes
    ----------
    parameter
        Which parameter is wrong; empty if it is the space as a whole.
    part
        What of it: ``min``, ``max``, ``step``, ``values``, ``name``; empty if all of it.
    value
        What was given.
    """

    code = "search_space"

    def __init__(self, message: str, *, parameter: str = "", part: str = "", value: object = "") -> None:
        self.parameter = parameter
        self.part = part
        self.value = value
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A parameter and the values that are tried, as texts that ``get_parameter`` takes."""

    name: str
    values: tuple[str, ...]


def axis_of_range(name: str, *, low: Decimal, high: Decimal, step: Decimal) -> Axis:
    """Return a parameter that goes from *low* up to *high* in steps, both included, as LEAN's optimizer steps.

    Raises
    ------
    SpaceError
        If there is no such way, or it is endless.
    """
    for part, number in (("min", low), ("max", high), ("step", step)):
        if not number.is_finite():
            raise SpaceError("A parameter's range has finite numbers.", parameter=name, part=part, value=number)
    if high < low:
        text = f"The highest value is below the lowest ({low}); swap them."
        raise SpaceError(text, parameter=name, part="max", value=high)
    if step <= 0:
        raise SpaceError("A step is above 0.", parameter=name, part="step", value=step)
    if (high - low) > step * (MOST_VALUES - 1):
        text = f"That makes more than {MOST_VALUES:,} values; use a larger step."
        raise SpaceError(text, parameter=name, part="step", value=step)
    count = int((high - low) / step) + 1
    return Axis(name=name, values=tuple(_text(low + number * step) for number in range(count)))


def _text(number: Decimal) -> str:
    """Return a number as LEAN writes it: without zeros at the end, never with an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """All combinations of the values of some parameters, numbered from 0; the last parameter changes fastest.

    Raises
    ------
    SpaceError
        If there is no parameter, one has no value, or two have one name.
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        if not self.axes:
            raise SpaceError("A search has at least one parameter to vary; there is none.")
        names: set[str] = set()
        for axis in self.axes:
            if not axis.values:
                raise SpaceError("A parameter has at least one value.", parameter=axis.name, part="values", value="[]")
            if axis.name in names:
                text = "That parameter is there twice; name each once."
                raise SpaceError(text, parameter=axis.name, part="name", value=axis.name)
            names.add(axis.name)

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return prod(len(axis.values) for axis in self.axes)

    def __getitem__(self, number: int) -> dict[str, str]:
        """Return a combination: a value for each parameter."""
        if not 0 <= number < self.size:
            raise IndexError(f"There are {self.size} combinations, from 0 on; {number} is none of them.")
        places = []
        for axis in reversed(self.axes):
            number, place = divmod(number, len(axis.values))
            places.append(place)
        return {axis.name: axis.values[place] for axis, place in zip(self.axes, reversed(places), strict=True)}

    @classmethod
    def of(cls, axes: Sequence[Axis]) -> Space:
        """Return the space of some parameters."""
        return cls(axes=tuple(axes))
