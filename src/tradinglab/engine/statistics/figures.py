"""Records of figures: decimals inside, floats where an author looks, texts in the result file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import ClassVar, overload

from tradinglab.core.decimals import ZERO, round_half_even
from tradinglab.core.dual import Dual
from tradinglab.core.system_decimal import decimal_text

_JSON_DECIMALS = 4


class Figure:
    """A member of a :class:`FigureRecord`: reads as float; ``record.exact[name]`` is the decimal."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, record: None, owner: type) -> Figure: ...

    @overload
    def __get__(self, record: FigureRecord, owner: type) -> float: ...

    def __get__(self, record: FigureRecord | None, owner: type) -> float | Figure:
        return self if record is None else float(record.exact[self.name])


class FigureRecord(Dual):
    """A set of named decimals, zero until computed."""

    figures: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.figures = tuple(name for name, value in vars(cls).items() if isinstance(value, Figure))

    def __init__(self, exact: Mapping[str, Decimal] | None = None) -> None:
        self.exact: dict[str, Decimal] = dict.fromkeys(self.figures, ZERO) | dict(exact or {})

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={decimal_text(round_half_even(self.exact[name], 4))}" for name in self.figures)
        return f"{type(self).__name__}({shown})"


@cache
def camel_case(name: str) -> str:
    """Return a member's name as it stands in the result file."""
    first, *others = name.split("_")
    return first + "".join("MAE" if o == "mae" else "MFE" if o == "mfe" else o[:1].upper() + o[1:] for o in others)


def json_figure(value: Decimal) -> str:
    """Return a decimal as the result file holds it: a text with at most four decimals."""
    return decimal_text(round_half_even(value, _JSON_DECIMALS))
