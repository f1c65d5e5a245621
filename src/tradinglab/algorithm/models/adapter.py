"""Models that an author wrote without deriving from ours."""

from __future__ import annotations

from typing import TypeVar

from tradinglab.core.dual import Spelled, pascal_case

T = TypeVar("T")


def adapt(model: T, *methods: str) -> T:
    """Return *model* with its Pascal-case methods callable in snake case.

    A class that derives from ours has both spellings already; one that does not gets the other of the
    named methods.
    """
    cls = type(model)
    if not isinstance(model, Spelled):
        for name in methods:
            other = pascal_case(name)
            if not hasattr(cls, name) and hasattr(cls, other):
                setattr(cls, name, getattr(cls, other))
    return model
