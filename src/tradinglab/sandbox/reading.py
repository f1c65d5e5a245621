"""Reading values of an answer that stand in more than one place of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.sandbox.answer import Reader

T = TypeVar("T")


def optional(value: Reader, read: Callable[[Reader], T]) -> T | None:
    """Return what a reader makes of a value, or ``None`` if there is none."""
    return None if value.is_null else read(value)


def symbol_of(value: Reader) -> Symbol:
    """Return the symbol that an identifier and a ticker name."""
    identifier, ticker = value.items(2)
    return Symbol(SecurityIdentifier.parse(identifier.text()), ticker.text())
