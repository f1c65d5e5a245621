"""One definition, two spellings.

QuantConnect publishes every member of its API twice: ``set_holdings`` and ``SetHoldings``.
Here a member is written once, in snake case, and answers to both. A strategy that overrides
the other spelling (``def OnData``) overrides ours.
"""

from __future__ import annotations

import functools
import re
from enum import EnumType, IntEnum
from types import FunctionType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OURS = __name__.partition(".")[0]
#: How the names of members begin that are not for authors.
INNER = ("_", "lab_", "exact_")
_ALIASED = (FunctionType, property, classmethod, staticmethod, MemberDescriptorType)


def snake_case(name: str) -> str:
    """Return *name* in snake case: ``GetOHLC`` becomes ``get_ohlc``."""
    return _WORD.sub("_", name).lower()


def pascal_case(name: str) -> str:
    """Return *name* in Pascal case: ``on_end_of_day`` becomes ``OnEndOfDay``."""
    if name.islower() and name.isascii():  # as nearly all are: the quick way to the same
        return "".join(map(str.capitalize, name.split("_")))
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def fold(name: str) -> str:
    """Return the form in which both spellings of a name are equal."""
    return name.replace("_", "").lower()


@functools.cache
def other_spelling(name: str) -> str:
    """Return the snake-case name of a Pascal-case one, and the other way round."""
    return snake_case(name) if name[:1].isupper() else pascal_case(name)


#: How LEAN spells the members that have abbreviations in their names.
_IRREGULAR = {
    "ad_difference": ("ADDifference",),
    "ad_ratio": ("ADRatio",),
    "adv_ratio": ("ADVRatio",),
    "adx": ("ADX",),
    "ema_fast": ("EMAFast",),
    "ema_slow": ("EMASlow",),
    "poc_price": ("POCPrice",),
    "poc_volume": ("POCVolume",),
    "t3": ("t_3",),
    **{f"roc{number}": (f"ROC{number}", f"roc_{number}") for number in (1, 2, 3, 4)},
    **{f"roc{number}_ma": (f"ROC{number}MA", f"roc_{number}_ma") for number in (1, 2, 3, 4)},
}


@functools.cache
def _other_spellings(name: str) -> tuple[str, ...]:
    return (other_spelling(name), *_IRREGULAR.get(name, ()))


class _SecondSpelling(property):
    """A name for an attribute that has another."""


def second_spelling(name: str) -> property:
    """Return the Pascal-case spelling of a plain attribute, which an author may set as well as read."""

    def read(self: Any) -> Any:
        return getattr(self, name)

    def write(self: Any, value: Any) -> None:
        setattr(self, name, value)

    return _SecondSpelling(read, write, doc=f"The same as ``{name}``.")


class Spelled:
    """Gives methods and properties their second spelling when the class is made.

    For classes on the path of every bar: without ``__getattr__`` the interpreter reads their
    attributes two to three times faster than those of :class:`Dual`.
    """

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        for name, value in list(own.items()):
            if name[0] == "_" or not isinstance(value, _ALIASED) or isinstance(value, _SecondSpelling):
                continue
            for alias in _other_spellings(name):
                if alias not in own:
                    setattr(cls, alias, value)


class NetObject(Spelled):
    """Base of the classes with fixed attributes that are made or read for every order.

    They have both spellings of every member, and what every object of .NET can do.
    """

    __slots__ = ()

    def equals(self, other: object) -> bool:
        """Whether the two are equal, as every object of .NET can say."""
        return self == other

    def get_hash_code(self) -> int:
        """Return the hash, as every object of .NET can."""
        return hash(self)

    def to_string(self) -> str:
        """Return the text, as every object of .NET can."""
        return str(self)

    Equals, GetHashCode, ToString = equals, get_hash_code, to_string


class Dual(NetObject):
    """Base of the other classes that a strategy's author sees.

    Methods and properties get their second spelling when the class is made; irregular
    spellings (``SMA`` for ``sma``) are found, once, when first asked for. What an object keeps as a
    plain attribute (``portfolio``) can be read by its Pascal-case name too.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        found = resolve(type(self), name)
        if found is not None:
            return getattr(self, found)
        if name[:1].isupper():
            own: dict[str, Any] = object.__getattribute__(self, "__dict__") if type(self).__dictoffset__ else {}
            if (kept := snake_case(name)) in own:
                return own[kept]
        raise _missing_member(self, name)


#: The ``__getattr__`` of authors' classes.
read_otherwise: Any = Dual.__getattr__


class Derivable(NetObject):
    """Base of the classes on the path of every bar that an author may derive from.

    Ours read their attributes plainly; what an author derives from them is a :class:`Dual`.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Tell type checkers that a class has more than it is written with: its second spellings."""
            ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.partition(".")[0] != _OURS and all(
            vars(base).get("__getattr__", read_otherwise) is read_otherwise for base in cls.__mro__
        ):
            cls.__getattr__ = read_otherwise  # type: ignore[method-assign]


def _missing_member(asked: object, name: str) -> AttributeError:
    if name.startswith(INNER):
        kind = asked.__name__ if isinstance(asked, type) else type(asked).__name__
        return AttributeError(f"'{kind}' object has no attribute '{name}'", name=name)
    # Imported here: hardly a program needs LEAN's names.
    from tradinglab.core.surface import missing_member

    return missing_member(asked, name)


_resolved: dict[tuple[type, str], str | None] = {}


def resolve(cls: type, name: str) -> str | None:
    """Return the member of *cls* that *name* is an irregular spelling of, if there is one."""
    if name.startswith("_"):
        return None
    key = (cls, name)
    if key not in _resolved:
        wanted = fold(name)
        found = (each for each in dir(cls) if each != name and not each.startswith("_") and fold(each) == wanted)
        # A second spelling of a plain attribute reads that: it is no help when the object has none.
        _resolved[key] = next(
            (each for each in found if snake_case(each) != name or not isinstance(getattr(cls, each), _SecondSpelling)),
            None,
        )
    return _resolved[key]


class DualType(type):
    """Metaclass of classes that hold constants: ``Market.Oanda`` means ``Market.OANDA``."""

    def __getattr__(cls, name: str) -> Any:
        found = resolve(cls, name)
        if found is not None:
            return getattr(cls, found)
        raise _missing_member(cls, name)


class DualEnumType(EnumType):
    """Metaclass that lets ``Resolution.Minute`` mean ``Resolution.MINUTE``."""

    def __getattr__(cls, name: str) -> Any:
        if not name.startswith("_"):
            wanted = fold(name)
            for member in cls.__members__:
                if fold(member) == wanted:
                    return cls.__members__[member]
        raise _missing_member(cls, name)


class DualEnum(IntEnum, metaclass=DualEnumType):
    """An enumeration of the author's API: integer values as in LEAN, printed in Pascal case."""

    def __str__(self) -> str:
        return pascal_case(self.name.lower())

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def to_string(self) -> str:
        """Return the Pascal-case name, as .NET prints it."""
        return str(self)

    ToString = to_string
