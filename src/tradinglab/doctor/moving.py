"""Which variants of parameters are a little off: by a share of their size, or by steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.engine.errors import UsageError

MOST_TRIALS: Final = 10_000
MOST_STEPS: Final = 1_000
_MOST: Final = Decimal(10) ** 15
#: So many draws in vain, and there are no further variants.
_MOST_IN_VAIN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRange:
    """What a strategy declares of a parameter: the range that it keeps to, and the step by which it goes."""

    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


def jittered(
    parameters: Mapping[str, str],
    *,
    share: float | None = None,
    steps: int | None = None,
    ranges: Mapping[str, ParameterRange] | None = None,
    trials: int,
    seed: int = 0,
) -> list[dict[str, str]]:
    """Return variants of parameters, each number moved a little, none twice and none as it was.

    Texts stay as they are, and numbers do not change their sign nor leave the range that is declared for them, unless
    they are out of it as it is. There may be fewer variants than *trials*.

    Parameters
    ----------
    share
        Each number other than 0 moves by up to this share of its size; whole ones stay whole and may move by one.
    steps
        In place of a share: each number moves by up to so many of its declared steps. Where none is declared, the step
        of a whole number is 1, and any other stays as it is.
    ranges
        What is declared, by the names of parameters.

    Raises
    ------
    UsageError
        If no parameter can be moved, or none within its range, or a setting has no meaning.
    """
    _check(share, steps, trials)
    declared = ranges or {}
    draws: dict[str, _Draw] = {}
    numbers: dict[str, Decimal] = {}
    for name, text in parameters.items():
        number = _number(text)
        draw = None if number is None else _draw(number, declared.get(name, ParameterRange()), share, steps)
        if number is not None and draw is not None:
            numbers[name], draws[name] = number, draw
    if not draws:
        what = "with a declared step, or whole" if steps is not None else "other than 0"
        raise UsageError(f"No parameter is a number {what}, that could be moved; give some, such as fast=20.")
    generator = np.random.default_rng(seed)
    found: dict[tuple[str, ...], dict[str, str]] = {}
    known = tuple(_text(number) for number in numbers.values())
    in_vain = 0
    while len(found) < trials and in_vain < _MOST_IN_VAIN:
        moved = {name: draw(generator) for name, draw in draws.items()}
        key = tuple(moved.values())
        if key == known or key in found:
            in_vain += 1
            continue
        found[key] = {**parameters, **moved}
        in_vain = 0
    if not found:
        raise UsageError("There is no variant: the declared ranges leave each parameter where it is.")
    return list(found.values())


_Draw = Callable[[np.random.Generator], str]


def _check(share: float | None, steps: int | None, trials: int) -> None:
    if (share is None) == (steps is None):
        raise UsageError("The parameters are moved by a share or by steps: give one of the two.")
    if share is not None and not 0 < share < 1:
        raise UsageError(f"The parameters are moved by a share between 0 and 1; it was {share}.")
    if steps is not None and not 1 <= steps <= MOST_STEPS:
        raise UsageError(f"The parameters are moved by 1 to {MOST_STEPS:,} steps; it was {steps}.")
    if not 1 <= trials <= MOST_TRIALS:
        raise UsageError(f"1 to {MOST_TRIALS:,} variants are tried; it was {trials}.")


def _draw(number: Decimal, declared: ParameterRange, share: float | None, steps: int | None) -> _Draw | None:
    """Return what draws a number near another; ``None`` if it is not moved."""
    is_whole = number == number.to_integral_value()
    if steps is not None:
        step = Decimal(repr(declared.step)) if declared.step else Decimal(1) if is_whole else None
        return None if step is None else _by_steps(number, step, steps, declared)
    assert share is not None
    if not number:
        return None
    if is_whole:
        reach = max(1, round(abs(float(number)) * share))
        return _by_steps(number, Decimal(1), reach, declared)
    return _by_share(number, share, declared)


def _by_steps(number: Decimal, step: Decimal, reach: int, declared: ParameterRange) -> _Draw:
    low, high = _range(number, declared)
    least = -reach if low is None else max(-reach, min(0, math.ceil(Fraction(low - number) / Fraction(step))))
    most = reach if high is None else min(reach, max(0, math.floor(Fraction(high - number) / Fraction(step))))
    # Without a declared end, a number keeps its sign.
    if low is None and number > 0:
        least = max(least, math.floor(-Fraction(number) / Fraction(step)) + 1)
    if high is None and number < 0:
        most = min(most, math.ceil(-Fraction(number) / Fraction(step)) - 1)
    return lambda generator: _text(number + int(generator.integers(least, most, endpoint=True)) * step)


def _by_share(number: Decimal, share: float, declared: ParameterRange) -> _Draw:
    low, high = _range(number, declared)

    def draw(generator: np.random.Generator) -> str:
        moved = Decimal(f"{float(number) * (1 + generator.uniform(-share, share)):.6g}")
        is_inside = (low is None or moved >= low) and (high is None or moved <= high)
        return _text(moved if is_inside else number)

    return draw


def _range(number: Decimal, declared: ParameterRange) -> tuple[Decimal | None, Decimal | None]:
    """Return the range that is declared; an end that the number is beyond as it is counts for nothing."""
    low = None if declared.minimum is None else Decimal(repr(declared.minimum))
    high = None if declared.maximum is None else Decimal(repr(declared.maximum))
    return (None if low is not None and number < low else low, None if high is not None and number > high else high)


def _number(text: str) -> Decimal | None:
    """Return a text as a number; ``None`` of other texts, and of what is too large to count by ones."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _MOST else None


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
