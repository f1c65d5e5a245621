"""The members of a model, whoever wrote it: a class of ours, one derived from it, or any with the same methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.dual import pascal_case


def checked_model(what: str, model: object, needed: tuple[str, ...]) -> Any:
    """Return a model if it has the methods that its kind needs, in either spelling.

    Raises
    ------
    AlgorithmError
        If it is a class rather than an object, or lacks one of them.
    """
    if isinstance(model, type):
        raise AlgorithmError(f"{what}: an object is expected, not the class; write {model.__name__}().")
    missing = [name for name in needed if member_of(model, name) is None]
    if missing:
        raise AlgorithmError(
            f"{what}: {type(model).__name__} has no method {missing[0]}; such a model has {', '.join(needed)}."
        )
    return model


def member_of(model: object, name: str) -> Callable[..., Any] | None:
    """Return a method of a model by either spelling of its name; ``None`` if it has none."""
    for spelling in (name, pascal_case(name)):
        found = getattr(model, spelling, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    return None


def model_name(model: object) -> str:
    """Return what insights of a model give as their source: its name, or that of its class."""
    for spelling in ("name", "Name"):
        found = getattr(model, spelling, None)
        if isinstance(found, str) and found:
            return found
    return type(model).__name__


def listed(found: Iterable[Any] | object | None) -> list[Any]:
    """Return what a model came to, as a list: nothing, one, or several; those that are ``None`` are left out."""
    if found is None:
        return []
    if isinstance(found, Iterable):
        return [each for each in found if each is not None]
    return [found]
