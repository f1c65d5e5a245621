"""The data point that every other one derives from, and the plain one that indicators make.

Times are naive, in the exchange's time zone.
"""

from __future__ import annotations

import copy
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Derivable, second_spelling
from tradinglab.core.enums import MarketDataType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol


class BaseData(Derivable):
    """A data point: a symbol, a time, a value."""

    data_type: MarketDataType = MarketDataType.BASE
    is_fill_forward = False
    DataType, IsFillForward = second_spelling("data_type"), second_spelling("is_fill_forward")

    def __init__(self) -> None:
        self._symbol: Symbol | None = None
        self._time = datetime.min
        self._end_time: datetime | None = None
        self._value: Number = 0.0

    @property
    def symbol(self) -> Symbol:
        """The symbol that the data point belongs to."""
        return self._symbol  # type: ignore[return-value]

    @symbol.setter
    def symbol(self, value: Symbol) -> None:
        self._symbol = value

    @property
    def time(self) -> datetime:
        """The start of the time that the data point covers."""
        return self._time

    @time.setter
    def time(self, value: datetime) -> None:
        self._time = value

    @property
    def end_time(self) -> datetime:
        """The end of the time that the data point covers: when it became known."""
        return self.time if self._end_time is None else self._end_time

    @end_time.setter
    def end_time(self, value: datetime) -> None:
        self._end_time = value

    @property
    def value(self) -> float:
        """The value that stands for the data point: of a bar, its close."""
        return float(self._value)

    @value.setter
    def value(self, value: Number) -> None:
        self._value = value

    @property
    def price(self) -> float:
        """The same as ``value``."""
        return self.value

    @property
    def exact_value(self) -> Decimal:
        """``value`` as a decimal."""
        return to_decimal(self._value)

    @property
    def exact_price(self) -> Decimal:
        """``price`` as a decimal."""
        return self.exact_value

    def clone(self, fill_forward: bool = False) -> Self:
        """Return a copy, marked as filled forward if asked."""
        twin = copy.copy(self)
        if fill_forward:
            twin.is_fill_forward = True
        return twin

    def __str__(self) -> str:
        return f"{self.symbol}: {self.value:g}"

    def to_string(self) -> str:
        """Return the data point as text."""
        return str(self)


class IndicatorDataPoint(BaseData):
    """A value of an indicator at a time: ``(time, value)`` or ``(symbol, time, value)``."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 3:
            self._symbol, self._time, self._value = args
        elif len(args) == 2:
            self._time, self._value = args

    def __float__(self) -> float:
        return self.value

    def __lt__(self, other: Any) -> bool:
        return self.value < float(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > float(other)

    def __str__(self) -> str:
        return f"{self.time} - {self.value:g}"
