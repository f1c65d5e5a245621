"""What a search goes through: the values of each parameter, and their combinations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import prod
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.optimize.constraints import Constraint, Kind, constraint_check, constraint_holds
from tradinglab.optimize.errors import SpaceError

#: More values of one parameter than anybody means; a step that is a digit too small gives as many.
MOST_VALUES: Final = 10_000
_DIGITS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A parameter and the values that are tried, as texts that ``get_parameter`` takes.

    Attributes
    ----------
    values
        Empty if any number from *low* to *high* is one.
    low, high, step
        The range that the values are of, if they are one; without a step it is continuous.
    min_step
        Down to which step an Euler search refines.
    is_log
        Whether a continuous range is searched by orders of magnitude.
    """

    name: str
    values: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    step: Decimal | None = None
    min_step: Decimal | None = None
    is_log: bool = False

    @property
    def is_continuous(self) -> bool:
        """Whether there is no end of values."""
        return not self.values and self.low is not None

    @property
    def kind(self) -> Kind:
        """Whether the values are numbers, or texts."""
        return Kind.NUMBER if self.is_continuous or _numbers(self.values) is not None else Kind.TEXT

    @property
    def numbers(self) -> tuple[float, ...] | None:
        """The values as numbers, ``None`` if one of them is none."""
        return _numbers(self.values)

    @property
    def span(self) -> tuple[float, float] | None:
        """The smallest and the largest of its values; ``None`` if they are texts."""
        if self.low is not None and self.high is not None and (self.is_continuous or self.min_step is not None):
            return float(self.low), float(self.high)
        numbers = self.numbers
        return None if numbers is None else (min(numbers), max(numbers))

    def at(self, fraction: float) -> str:
        """Return the value so far along: 0 is at the beginning, 1 behind the end."""
        if self.values:
            return self.values[min(int(fraction * len(self.values)), len(self.values) - 1)]
        assert self.low is not None
        assert self.high is not None
        low, high = float(self.low), float(self.high)
        if self.is_log:
            return number_text(math.exp(math.log(low) + fraction * (math.log(high) - math.log(low))))
        return number_text(low + fraction * (high - low))

    def fraction(self, text: str) -> float:
        """Return how far along a continuous range a value is, from 0 to 1."""
        assert self.low is not None
        assert self.high is not None
        low, value, high = float(self.low), float(text), float(self.high)
        if self.is_log:
            low, value, high = math.log(low), math.log(value), math.log(high)
        return min(max((value - low) / (high - low), 0.0), 1.0)


@lru_cache(maxsize=256)
def _numbers(values: tuple[str, ...]) -> tuple[float, ...] | None:
    try:
        found = tuple(float(Decimal(text)) for text in values)
    except InvalidOperation:
        return None
    return found if all(math.isfinite(number) for number in found) else None


def number_text(number: float) -> str:
    """Return a number of a continuous range as ``get_parameter`` takes it: ten digits, never an exponent."""
    return decimal_text(Decimal(f"{number:.{_DIGITS}g}"))


def decimal_text(number: Decimal) -> str:
    """Return a number as LEAN writes it: without zeros at the end, never with an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def axis_of_range(name: str, *, low: Decimal, high: Decimal, step: Decimal, min_step: Decimal | None = None) -> Axis:
    """Return a parameter that goes from *low* up to *high* in steps, both included, as LEAN's optimizer steps.

    Raises
    ------
    SpaceError
        If there is no such way, or it is endless.
    """
    parts = {"min": low, "max": high, "step": step} | ({} if min_step is None else {"min_step": min_step})
    _check_range(name, parts)
    for part in ("step", "min_step"):
        if part in parts and parts[part] <= 0:
            raise SpaceError("A step is above 0.", parameter=name, part=part, value=parts[part])
    if min_step is not None and min_step > step:
        text = f"The smallest step is above the step ({step}); swap them."
        raise SpaceError(text, parameter=name, part="min_step", value=min_step)
    if (high - low) > (min_step or step) * (MOST_VALUES - 1):
        count = int((high - low) / (min_step or step)) + 1
        text = f"That makes {count:,} values; {MOST_VALUES:,} may be tried of one parameter. Use a larger step."
        raise SpaceError(text, parameter=name, part="step" if min_step is None else "min_step", value=min_step or step)
    return Axis(name=name, values=stepped(low, high, step), low=low, high=high, step=step, min_step=min_step)


def stepped(low: Decimal, high: Decimal, step: Decimal) -> tuple[str, ...]:
    """Return the numbers from *low* up to *high* in steps, as texts."""
    return tuple(decimal_text(low + number * step) for number in range(int((high - low) / step) + 1))


def axis_of_span(name: str, *, low: Decimal, high: Decimal, is_log: bool = False) -> Axis:
    """Return a parameter that may be any number from *low* to *high*.

    Raises
    ------
    SpaceError
        If there is nothing between them, or a logarithm is to be taken of what has none.
    """
    _check_range(name, {"min": low, "max": high})
    if high == low:
        text = "A range without a step has a beginning and an end that differ."
        raise SpaceError(text, parameter=name, part="max", value=high)
    if is_log and low <= 0:
        text = "A range that is searched by orders of magnitude begins above 0."
        raise SpaceError(text, parameter=name, part="min", value=low)
    return Axis(name=name, low=low, high=high, is_log=is_log)


def _check_range(name: str, parts: Mapping[str, Decimal]) -> None:
    for part, number in parts.items():
        if not number.is_finite():
            raise SpaceError("A parameter's range has finite numbers.", parameter=name, part=part, value=number)
    if parts["max"] < parts["min"]:
        text = f"The highest value is below the lowest ({parts['min']}); swap them."
        raise SpaceError(text, parameter=name, part="max", value=parts["max"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """All combinations of the values of some parameters, numbered from 0; the last parameter changes fastest.

    Attributes
    ----------
    constraints
        The constraints between the parameters: a combination that breaks one is not tried.

    Raises
    ------
    SpaceError
        If there is no parameter, one has no value, two have one name, or a constraint means nothing here.
    """

    axes: tuple[Axis, ...]
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        if not self.axes:
            raise SpaceError("A search has at least one parameter to vary; there is none.")
        names: set[str] = set()
        for axis in self.axes:
            if not axis.values and not axis.is_continuous:
                raise SpaceError("A parameter has at least one value.", parameter=axis.name, part="values", value="[]")
            if axis.name in names:
                text = "That parameter is there twice; name each once."
                raise SpaceError(text, parameter=axis.name, part="name", value=axis.name)
            names.add(axis.name)
        if self.constraints:
            kinds = {axis.name: axis.kind for axis in self.axes}
            for constraint in self.constraints:
                constraint_check(constraint, kinds)

    @property
    def is_continuous(self) -> bool:
        """Whether a parameter has no end of values."""
        return any(axis.is_continuous for axis in self.axes)

    @property
    def size(self) -> int:
        """How many combinations there are, those that break a constraint among them.

        Raises
        ------
        SpaceError
            If there is no end of them.
        """
        for axis in self.axes:
            if axis.is_continuous:
                text = "A range without a step has no end of values; give it a step, or search at random."
                raise SpaceError(text, parameter=axis.name, part="step", value="")
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

    def allows(self, combination: Mapping[str, str]) -> bool:
        """Say whether a combination keeps to all constraints."""
        if not self.constraints:
            return True
        values = {
            axis.name: float(combination[axis.name]) if axis.kind == Kind.NUMBER else combination[axis.name]
            for axis in self.axes
        }
        return all(constraint_holds(constraint, values) for constraint in self.constraints)

    @classmethod
    def of(cls, axes: Sequence[Axis], constraints: Sequence[Constraint] = ()) -> Space:
        """Return the space of some parameters."""
        return cls(axes=tuple(axes), constraints=tuple(constraints))
