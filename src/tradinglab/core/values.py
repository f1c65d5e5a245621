"""Dataclasses that are quick to define.

The standard library writes and compiles up to eight methods for each dataclass when its module is imported: a
millisecond each, which a command that is over in half a second feels. Here only ``__init__`` is compiled, when the
first value is made; the other methods are closures over the fields. The class is a dataclass all the same: ``fields``,
``replace``, ``asdict``, ``match`` and ``pickle`` work, and a type checker takes it for one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, NoReturn, TypeVar, dataclass_transform

__all__ = ["dataclass", "field"]

T = TypeVar("T")
Fields = dict[str, "Field[Any]"]

_set: Any = object.__setattr__


@dataclass_transform(field_specifiers=(field,))
def dataclass(*, slots: bool, frozen: bool = False, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Return a decorator that makes a dataclass with slots, as the standard library's does.

    Parameters
    ----------
    slots
        Must be True: it is written out because type checkers read it.
    frozen
        Whether fields may not be set again; such values can be hashed.
    kw_only
        Whether fields are given by name only.
    """
    if not slots:
        raise TypeError("values have slots: write slots=True, or use the standard library's dataclass")

    def decorate(cls: type[T]) -> type[T]:
        return _made(cls, frozen, kw_only)

    return decorate


def _made(cls: type[T], frozen: bool, kw_only: bool) -> type[T]:
    inherited: Fields = {}
    for base in reversed(cls.__mro__[1:]):
        inherited.update(vars(base).get("__dataclass_fields__", {}))
    own = _own_fields(cls, kw_only)
    fields = inherited | own
    members = {name: value for name, value in vars(cls).items() if name not in own}
    members.pop("__dict__", None)
    members.pop("__weakref__", None)
    members["__slots__"] = tuple(name for name in own if name not in inherited)
    members["__dataclass_fields__"] = fields
    members["__dataclass_params__"] = SimpleNamespace(frozen=frozen)  # all that a standard dataclass reads of its base
    members.setdefault("__match_args__", tuple(name for name, one in fields.items() if not one.kw_only))
    for name, method in _methods(tuple(fields), frozen, "__eq__" in members).items():
        members.setdefault(name, method)
    make: Any = type(cls)
    made: Any = make(cls.__name__, cls.__bases__, members)
    made.__qualname__ = cls.__qualname__
    if "__init__" not in members:
        _construct_later(made, fields, frozen)
    if frozen:
        _freeze(made, frozenset(fields))
    result: type[T] = made
    return result


def _own_fields(cls: type, kw_only: bool) -> Fields:
    found: Fields = {}
    for name, kind in cls.__annotations__.items():
        if str(kind).startswith(("ClassVar", "typing.ClassVar")):
            continue
        given = vars(cls).get(name, MISSING)
        one: Any = given if isinstance(given, Field) else field(default=given)
        if one.default is not MISSING and one.default.__class__.__hash__ is None:
            raise ValueError(f"mutable default for field {name}: use default_factory")
        one.name, one.type = name, kind
        one._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
        if one.kw_only is MISSING:
            one.kw_only = kw_only
        found[name] = one
    return found


def _construct_later(cls: Any, fields: Fields, frozen: bool) -> None:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        cls.__init__ = made = _constructor(cls, fields, frozen)
        made(self, *args, **kwargs)

    cls.__init__ = __init__


def _constructor(cls: type, fields: Fields, frozen: bool) -> Callable[..., None]:
    """Compile ``__init__``: the parameters by name come last, in the order of the fields."""
    known: dict[str, Any] = {"_set": _set, "_missing": MISSING}
    plain: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for name, one in fields.items():
        parameter, value = name, name
        if one.default is not MISSING:
            known[f"_of_{name}"] = one.default
            parameter += f"=_of_{name}"
        elif one.default_factory is not MISSING:
            known[f"_of_{name}"] = one.default_factory
            parameter += "=_missing"
            value = f"_of_{name}() if {name} is _missing else {name}"
        (named if one.kw_only else plain).append(parameter)
        lines.append(f"  _set(self, {name!r}, {value})" if frozen else f"  self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("  self.__post_init__()")
    parameters = ", ".join(["self", *plain, *(["*", *named] if named else [])])
    source = f"def make({', '.join(known)}):\n def __init__({parameters}):\n" + "\n".join(lines or ["  pass"])
    space: dict[str, Any] = {}
    exec(source + "\n return __init__", {}, space)
    made: Callable[..., None] = space["make"](**known)
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _methods(names: tuple[str, ...], frozen: bool, has_own_equality: bool) -> dict[str, Any]:
    """Return the methods that a class has unless it defines them."""
    values = _reader(names)

    def __repr__(self: Any) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={value!r}" for name, value in zip(names, values(self), strict=True))
        return f"{type(self).__qualname__}({shown})"

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    def __getstate__(self: Any) -> list[Any]:  # noqa: N807
        return list(values(self))

    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            _set(self, name, value)

    made: dict[str, Any] = {"__repr__": __repr__}
    if not has_own_equality:
        made |= {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}
    if frozen:
        made |= {"__getstate__": __getstate__, "__setstate__": __setstate__}
    return made


def _reader(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that reads all fields of a value."""
    if len(names) > 1:
        read: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
        return read
    return lambda value: tuple(getattr(value, name) for name in names)


def _freeze(cls: Any, names: frozenset[str]) -> None:
    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            _refuse("assign to", name)
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            _refuse("delete", name)
        super(cls, self).__delattr__(name)

    cls.__setattr__ = __setattr__
    cls.__delattr__ = __delattr__


def _refuse(verb: str, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot {verb} field {name!r}")
