"""An indicator where a number is expected: ``if self.fast > self.slow``."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tradinglab.core.decimals import to_decimal
from tradinglab.core.dual import Derivable

_FIVE_PLACES = Decimal("0.00001")


class ActsAsNumber(Derivable):
    """Compares and calculates as its value; two of them are equal only if they are the same."""

    @property
    def name(self) -> str:
        """The name, as in charts."""
        raise NotImplementedError

    def __float__(self) -> float:
        raise NotImplementedError

    def __lt__(self, other: Any) -> bool:
        return float(self) < float(other)

    def __le__(self, other: Any) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: Any) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: Any) -> bool:
        return float(self) >= float(other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ActsAsNumber):
            return self is other
        return isinstance(other, float | int | Decimal) and float(self) == float(other)

    def __hash__(self) -> int:
        return id(self)

    def __add__(self, other: Any) -> float:
        return float(self) + float(other)

    def __sub__(self, other: Any) -> float:
        return float(self) - float(other)

    def __mul__(self, other: Any) -> float:
        return float(self) * float(other)

    def __truediv__(self, other: Any) -> float:
        return float(self) / float(other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> float:
        return float(other) - float(self)

    def __rtruediv__(self, other: Any) -> float:
        return float(other) / float(self)

    def __neg__(self) -> float:
        return -float(self)

    def __abs__(self) -> float:
        return abs(float(self))

    def __str__(self) -> str:
        rounded = to_decimal(float(self)).quantize(_FIVE_PLACES, rounding=ROUND_HALF_UP)
        whole, _, fraction = format(rounded, "f").partition(".")
        return f"{whole}.{fraction.rstrip('0') or '0'}"

    def __repr__(self) -> str:
        return f"<{self.name}: {self}>"

    def to_string(self) -> str:
        """Return the value as text."""
        return str(self)

    def to_detailed_string(self) -> str:
        """Return the name and the value as text."""
        return f"{self.name} - {self}"
