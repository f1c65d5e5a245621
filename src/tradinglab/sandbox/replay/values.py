"""Settings, prices and times as lists that JSON can carry, each with a letter that says what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from tradinglab.algorithm.orders import (
    DayTimeInForce,
    GoodTilCanceledTimeInForce,
    GoodTilDateTimeInForce,
    TimeInForce,
)
from tradinglab.algorithm.orders.venue import Exchange
from tradinglab.core import enums
from tradinglab.core.dual import DualEnum
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError

Plain = list[object]

_MICROSECOND = timedelta(microseconds=1)
_LONGEST_TEXT = 1000


class OpaqueError(ValueError):
    """A value of a kind that cannot be carried."""


def plain(value: object) -> Plain:
    """Return a value as a list of a letter and what JSON can carry.

    Raises
    ------
    OpaqueError
        If there is no letter for its kind.
    """
    kind = type(value)
    if value is None:
        return ["n"]
    if kind is bool:
        return ["b", value]
    if kind is int:
        return ["i", value]
    if kind is str and len(str(value)) <= _LONGEST_TEXT:
        return ["s", plain_text(value)]
    if isinstance(value, Decimal) and value.is_finite():
        return ["d", str(value)]
    if isinstance(value, float) and value - value == 0:
        return ["f", repr(float(value))]
    if kind is timedelta:
        return ["t", value // _MICROSECOND]  # type: ignore[operator]
    if kind is datetime and value.tzinfo is None:  # type: ignore[attr-defined]
        return ["m", value.isoformat()]  # type: ignore[attr-defined]
    if isinstance(value, DualEnum) and getattr(enums, kind.__name__, None) is kind:
        return ["e", kind.__name__, int(value)]
    return _named(value)


def _named(value: object) -> Plain:
    kind = type(value)
    if kind is Symbol:
        return ["y", *symbol_pair(value)]  # type: ignore[arg-type]
    if kind is GoodTilCanceledTimeInForce:
        return ["gtc"]
    if kind is DayTimeInForce:
        return ["day"]
    if kind is GoodTilDateTimeInForce:
        return ["gtd", value.expiry.isoformat()]  # type: ignore[attr-defined]
    if kind is Exchange:
        return ["x", f"{value.name} {value.market}"]  # type: ignore[attr-defined]
    raise OpaqueError(f"a {kind.__name__} cannot be carried")


def plain_text(text: object) -> str:
    """Return a text that JSON can carry."""
    return str(text).replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def symbol_pair(symbol: Symbol) -> list[str]:
    """Return a symbol as its identifier and its ticker."""
    return [str(symbol.id), symbol.value]


def read_symbol(value: Reader) -> Symbol:
    """Return the symbol of an identifier and a ticker."""
    identifier, ticker = value.items(2)
    return _symbol(identifier, ticker)


def _symbol(identifier: Reader, ticker: Reader) -> Symbol:
    try:
        return Symbol(SecurityIdentifier.parse(identifier.text()), ticker.text())
    except (ValueError, KeyError) as problem:
        raise BadAnswerError(f"the answer names no symbol: {str(problem)[:200]}") from None


def read_plain(value: Reader) -> object:
    """Return what a list of a letter and plain values stands for."""
    letter, *rest = value.items()
    kind = letter.raw_text()
    if kind in _BARE:
        return _BARE[kind]
    if kind in ("e", "y"):
        if len(rest) != 2:
            raise BadAnswerError("a value of the answer is incomplete")
        return _enumerated(*rest) if kind == "e" else _symbol(*rest)
    if kind not in _READ or len(rest) != 1:
        raise BadAnswerError("a value of the answer is of no known kind")
    try:
        return _READ[kind](rest[0])
    except (OverflowError, ValueError):
        raise BadAnswerError("a value of the answer is out of range") from None


def _enumerated(name: Reader, number: Reader) -> object:
    kind = getattr(enums, name.raw_text(), None)
    if not (isinstance(kind, type) and issubclass(kind, DualEnum) and kind is not DualEnum):
        raise BadAnswerError("a value of the answer is of no known enumeration")
    try:
        return kind(number.whole())
    except ValueError:
        raise BadAnswerError(f"a value of the answer is no {kind.__name__}") from None


def _moment(value: Reader) -> datetime:
    moment = datetime.fromisoformat(value.raw_text())
    if moment.tzinfo is not None:
        raise BadAnswerError("a time of the answer names a time zone")
    return moment


def _venue(value: Reader) -> Exchange:
    name = value.text()
    for each in vars(Exchange).values():
        if isinstance(each, Exchange) and f"{each.name} {each.market}" == name:
            return each
    raise BadAnswerError("an order of the answer is routed to no known venue")


_BARE: dict[str, object] = {"n": None, "gtc": TimeInForce.GOOD_TIL_CANCELED, "day": TimeInForce.DAY}
_READ: dict[str, Callable[[Reader], object]] = {
    "b": Reader.flag,
    "i": Reader.whole,
    "s": Reader.text,
    "d": Reader.decimal,
    "f": lambda value: float(value.decimal()),
    "t": lambda value: timedelta(microseconds=value.whole()),
    "m": _moment,
    "gtd": lambda value: GoodTilDateTimeInForce(_moment(value)),
    "x": _venue,
}
