"""Amounts that a buying power model answers with."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Self

from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import NetObject


def exact(value: object) -> Decimal:
    """Return the decimal of a margin or of a number, whichever a model gave."""
    if isinstance(value, Margin):
        return value.exact_value
    return to_decimal(value)  # type: ignore[arg-type]


class Margin(NetObject):
    """An amount of margin in the account's currency; it may be used as a number."""

    __slots__ = ("exact_value",)
    exact_value: Decimal

    def __init__(self, value: Number | Margin = ZERO) -> None:
        self.exact_value = exact(value)

    @property
    def value(self) -> float:
        """The amount."""
        return float(self.exact_value)

    def __float__(self) -> float:
        return float(self.exact_value)

    def __neg__(self) -> Self:
        return type(self)(-self.exact_value)

    def __abs__(self) -> Self:
        return type(self)(abs(self.exact_value))

    def __add__(self, other: float | Margin) -> float:
        return float(self) + float(other)

    def __sub__(self, other: float | Margin) -> float:
        return float(self) - float(other)

    def __mul__(self, other: float) -> float:
        return float(self) * float(other)

    def __truediv__(self, other: float) -> float:
        return float(self) / float(other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: float | Margin) -> float:
        return float(other) - float(self)

    def __lt__(self, other: float | Margin) -> bool:
        return float(self) < float(other)

    def __le__(self, other: float | Margin) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: float | Margin) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: float | Margin) -> bool:
        return float(self) >= float(other)

    def __eq__(self, other: object) -> bool:
        return float(self) == float(other) if isinstance(other, (int, float, Decimal, Margin)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.exact_value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.exact_value})"


class InitialMargin(Margin):
    """The margin that opening a position takes."""

    __slots__ = ()
    ZERO: ClassVar[InitialMargin]
    Zero: ClassVar[InitialMargin]


class MaintenanceMargin(Margin):
    """The margin that keeping a position takes."""

    __slots__ = ()
    ZERO: ClassVar[MaintenanceMargin]
    Zero: ClassVar[MaintenanceMargin]


InitialMargin.ZERO = InitialMargin.Zero = InitialMargin()
MaintenanceMargin.ZERO = MaintenanceMargin.Zero = MaintenanceMargin()


class BuyingPower(Margin):
    """What an order may use."""

    __slots__ = ()


class ReservedBuyingPowerForPosition(Margin):
    """What a position binds."""

    __slots__ = ()

    @property
    def absolute_used_buying_power(self) -> float:
        """The amount."""
        return float(self.exact_value)
