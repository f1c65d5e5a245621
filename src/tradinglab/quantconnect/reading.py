"""What makes models of payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel

from tradinglab.quantconnect.answers import Payload

M = TypeVar("M", bound=BaseModel)
#: What every answer has besides what it holds.
_ENVELOPE = frozenset({"success", "errors"})


def nothing(payload: Payload) -> None:
    """Read an answer that says no more than that it went well."""


def whole(model: type[M]) -> Callable[[Payload], M]:
    """Return what reads an answer as one model."""

    def read(payload: Payload) -> M:
        return model.model_validate({name: payload[name] for name in payload if name not in _ENVELOPE})

    return read


def part(model: type[M], name: str, **known: object) -> Callable[[Payload], M]:
    """Return what reads the entry *name* of an answer; what is *known* stands in where it says nothing."""

    def read(payload: Payload) -> M:
        entry = payload.get(name)
        if isinstance(entry, list) and len(entry) == 1:
            entry = entry[0]
        if not isinstance(entry, Mapping):
            raise ValueError(f"'{name}' is missing or no object")
        return model.model_validate({**known, **entry})

    return read


def many(model: type[M], *names: str, **known: object) -> Callable[[Payload], tuple[M, ...]]:
    """Return what reads the list that one of *names* holds."""

    def read(payload: Payload) -> tuple[M, ...]:
        return tuple(model.model_validate({**known, **each}) for each in entries(payload, *names))

    return read


def entries(payload: Payload, *names: str) -> list[Mapping[str, object]]:
    """Return the objects of the list, or map, that one of *names* holds.

    Raises
    ------
    ValueError
        If there is no such list, or it holds other things.
    """
    for name in names:
        held = payload.get(name)
        if isinstance(held, Mapping):
            held = list(held.values())
        if isinstance(held, list):
            if not all(isinstance(each, Mapping) for each in held):
                raise ValueError(f"'{name}' holds other things than objects")
            return held
        if name in payload and held is None:
            return []
    raise ValueError(f"'{names[0]}' is missing")


def lines(name: str) -> Callable[[Payload], tuple[str, ...]]:
    """Return what reads the lines of text that *name* holds."""

    def read(payload: Payload) -> tuple[str, ...]:
        held = payload.get(name)
        if isinstance(held, Mapping):
            held = list(held.values())
        if isinstance(held, str):
            held = held.splitlines()
        if held is None and name in payload:
            held = []
        if not isinstance(held, list):
            raise ValueError(f"'{name}' is missing")
        return tuple(str(each) for each in held)

    return read


def total(payload: Payload) -> int | None:
    """Return the number of items that a list says it has."""
    length = payload.get("length")
    return length if isinstance(length, int) and not isinstance(length, bool) else None
