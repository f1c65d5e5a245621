"""Commands: what somebody outside asks of an algorithm that runs live."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from tradinglab.algorithm.slice import KeyValuePair
from tradinglab.core.dual import Derivable, second_spelling

__all__ = ["Command"]


class CommandValues:
    """An object of a command's text: its members by name, as attributes and by iterating over pairs, as in LEAN."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = {str(name): _value(value) for name, value in members.items()}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._members[name]
        except KeyError:
            raise AttributeError(
                f"the command has no '{name}'; it has {', '.join(self._members) or 'nothing'}"
            ) from None

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[KeyValuePair[Any]]:
        return (KeyValuePair(name, value) for name, value in self._members.items())

    def __repr__(self) -> str:
        return repr(self._members)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member, or the default."""
        return self._members.get(name, default)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._members.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        return self._members.values()

    def items(self) -> ItemsView[str, Any]:
        """Return names and values."""
        return self._members.items()


class Command(Derivable):
    """A command of an author's own: its class names the members that may be set, and ``run`` does it.

    Register the class with ``add_command``; a command whose ``$type`` is the class's name makes one of it.
    """

    id: str | None = None
    Id = second_spelling("id")

    def run(self, algorithm: Any) -> bool | None:
        """Carry the command out; return whether it was."""
        raise NotImplementedError(f"{type(self).__name__} needs a method run(self, algorithm)")


def command_of(kind: type[Any], members: Mapping[str, Any]) -> Any:
    """Return a command of a class, with the members that a text gives it."""
    made = kind()
    for name, value in members.items():
        setattr(made, str(name), _value(value))
    return made


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return CommandValues(value)
    return [_value(each) for each in value] if isinstance(value, list) else value
