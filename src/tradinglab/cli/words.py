"""What is written after an option, read into values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from tradinglab.cli.errors import CommandError


def parse_day(option: str, text: str) -> date:
    """Return the day that *text* names."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option} was '{text}', which is no day; write it like 2013-10-07") from None


def parse_money(option: str, text: str) -> Decimal:
    """Return the amount that *text* names; it is above zero."""
    try:
        amount = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise CommandError(f"{option} was '{text}', which is no number") from None
    if not amount.is_finite() or amount <= 0:
        raise CommandError(f"{option} was {text}; it is an amount above zero")
    return amount


def parse_parameters(texts: Sequence[str]) -> dict[str, str]:
    """Return what ``NAME=VALUE`` texts say; the last of a name wins."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise CommandError(f"--parameter was '{text}'; write it as NAME=VALUE")
        pairs[name.strip()] = value
    return pairs
