"""How .NET prints the numbers and times of orders: in logs, and in the text that is hashed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from tradinglab.core.clock import SECOND_NS, from_ns, to_ns
from tradinglab.core.currencies import Currencies
from tradinglab.core.decimals import smart_round
from tradinglab.core.system_decimal import decimal_text

Moment = datetime | int
"""A time in UTC: a naive datetime, an aware one, or nanoseconds since 1970."""


def instant_ns(moment: Moment) -> int:
    """Return *moment* as nanoseconds since 1970 UTC."""
    if isinstance(moment, int):
        return moment
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return to_ns(moment)


def currency_symbol(currency: str) -> str:
    """Return the sign of a currency, such as ``$``; its code if it has none."""
    return Currencies.get_currency_symbol(currency) if currency else ""


def price_text(price: Decimal, currency: str) -> str:
    """Return a price as messages have it: rounded, with the sign of its currency."""
    return f"{currency_symbol(currency)}{decimal_text(smart_round(price))}"


def time_text(utc_ns: int) -> str:
    """Return a time as .NET's invariant culture prints it, such as ``10/07/2013 13:31:00``."""
    return from_ns(utc_ns).strftime("%m/%d/%Y %H:%M:%S")


def local_time_text(moment: datetime) -> str:
    """Return a wall-clock time as .NET's invariant culture prints it."""
    return moment.strftime("%m/%d/%Y %H:%M:%S")


def iso_text(utc_ns: int, suffix: str = "Z") -> str:
    """Return a time as JSON has it: no fraction when that is zero, else 100 ns steps without trailing zeros."""
    seconds, fraction_ns = divmod(utc_ns, SECOND_NS)
    text = from_ns(seconds * SECOND_NS).isoformat()
    fraction = f"{fraction_ns // 100:07d}".rstrip("0")
    return f"{text}.{fraction}{suffix}" if fraction else text + suffix


def trailing_amount_text(amount: Decimal, as_percentage: bool, currency: str) -> str:
    """Return a trailing amount as messages have it, such as ``1.0%`` or ``$0.5``."""
    return f"{decimal_text(amount * 100)}%" if as_percentage else f"{currency_symbol(currency)}{decimal_text(amount)}"
