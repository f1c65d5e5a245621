"""Instructions that accompany an order: how long it works, and what its broker understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from functools import lru_cache
from typing import Any, Self, TypeVar, cast

from tradinglab.algorithm.orders.time_in_force import TimeInForce
from tradinglab.algorithm.orders.venue import Exchange
from tradinglab.core.dual import Dual, pascal_case

T = TypeVar("T")
_bare = object.__new__


class Setting(property):
    """One instruction: a property with a default, a name in JSON, and a check of what is set."""

    def __init__(
        self, default: object, json: str | None, *, keep_empty: bool, check: Callable[[Any, Any], object] | None
    ) -> None:
        super().__init__(self._read, self._write)
        self.default = default
        self.json = json
        self.keep_empty = keep_empty
        self._check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name
        if self.json is None:
            self.json = pascal_case(name)

    def _read(self, owner: OrderProperties) -> object:
        settings = owner.settings
        if self.attribute not in settings and isinstance(self.default, type):
            settings[self.attribute] = self.default()
        return settings.get(self.attribute, self.default)

    def _write(self, owner: OrderProperties, value: object) -> None:
        owner.settings[self.attribute] = value if self._check is None else self._check(owner, value)


def setting(
    default: T | type[T],
    json: str | None = None,
    *,
    keep_empty: bool = True,
    check: Callable[[Any, Any], object] | None = None,
) -> T:
    """Declare an instruction.

    Parameters
    ----------
    default
        Its value when nothing is set; a class is called to make one for each object.
    json
        Its name in JSON; by default the name in Pascal case.
    keep_empty
        Whether JSON has the instruction when it is ``None``.
    check
        Called with the object and a value that is being set; returns what to keep.
    """
    return cast(T, Setting(default, json, keep_empty=keep_empty, check=check))


class OrderProperties(Dual):
    """Time in force and venue of an order; base of what single brokers add."""

    time_in_force: TimeInForce = setting(TimeInForce.GOOD_TIL_CANCELED, "timeInForce")
    exchange: Exchange | None = setting(None, keep_empty=False)
    _settings: dict[str, object] | None = None

    def __init__(self, exchange: Exchange | None = None) -> None:
        if exchange is not None:
            self.exchange = exchange

    @property
    def settings(self) -> dict[str, object]:
        """What was set, by name."""
        # Made when needed: a strategy's own subclass may not call our constructor.
        held = self._settings
        if held is None:
            held = self._settings = {}
        return held

    def given(self, name: str) -> object:
        """Return what an instruction was set to; ``None`` if it was not."""
        settings = self._settings
        return settings.get(name) if settings else None

    def clone(self) -> Self:
        """Return a copy."""
        twin = _bare(type(self)) if type(self) is OrderProperties else copy(self)
        settings = self._settings
        if settings is not None:
            twin._settings = {
                name: copy(value) if isinstance(value, dict) else value for name, value in settings.items()
            }
        return twin

    def json_members(self) -> Iterator[tuple[str, object]]:
        """Yield names and values as JSON has them: those of a subclass first."""
        kind: Any = type(self)
        for member in _members_of(kind):
            value = member.fget(self) if member.fget is not None else None
            if value is not None or member.keep_empty:
                yield str(member.json), value


@lru_cache(maxsize=32)
def _members_of(kind: type[object]) -> list[Setting]:
    """Return the instructions that a class of properties has, its own first."""
    return [
        member
        for cls in kind.__mro__
        for name, member in vars(cls).items()
        if isinstance(member, Setting) and name == member.attribute
    ]
