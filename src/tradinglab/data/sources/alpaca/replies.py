"""Alpaca's replies, read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, cast

import numpy as np

from tradinglab.core.clock import day_of_date, to_ns
from tradinglab.core.decimals import ONE, ZERO, to_decimal
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.sources.errors import (
    CredentialError,
    NotServedError,
    RefusedError,
    SourceError,
    UnknownSymbolError,
)
from tradinglab.data.sources.http import Reply

_NAMES: Final = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of bars: starts, values, and what the next page is asked for by (None: it is the last)."""

    times_us: Ints
    values: Mapping[str, Floats]
    next: str | None
    body: bytes


def read_bars(reply: Reply) -> Page:
    """Return the bars in a reply.

    Raises
    ------
    SourceError
        If it is a refusal, or has none.
    """
    found = object_of(reply)
    bars = found.get("bars")
    if bars is not None and not isinstance(bars, dict):
        raise reply.garbled("The reply has no bars in it")
    if "bars" not in found:
        raise reply.garbled("The reply has no bars in it")
    by_symbol = cast(Mapping[str, list[Object]], bars or {})
    if other := [name for name in by_symbol if name.upper() != reply.symbol.upper()]:
        raise reply.garbled(f"The reply is about '{other[0]}', '{reply.symbol}' was asked for")
    rows = next(iter(by_symbol.values()), None) or []
    try:
        times = np.array([_instant_us(str(row["t"])) for row in rows], np.int64)
        values = {
            name: np.array([float(cast(float, row[short])) for row in rows], np.float64)
            for name, short in _NAMES.items()
        }
    except (TypeError, ValueError, KeyError, AttributeError) as problem:
        raise reply.garbled(f"A bar cannot be read: {type(problem).__name__}: {problem}") from None
    token = found.get("next_page_token")
    return Page(times, values, str(token) if token else None, reply.body)


def object_of(reply: Reply) -> Object:
    """Return the object that a reply is.

    Raises
    ------
    SourceError
        If it is a refusal.
    """
    if reply.status >= 400:
        raise _refusal(reply)
    found = reply.json()
    if not isinstance(found, dict):
        raise reply.garbled("The reply is no object")
    return found


def _refusal(reply: Reply) -> SourceError:
    text = ""
    try:
        found = reply.json()
        text = str(found.get("message") or "") if isinstance(found, dict) else ""
    except SourceError:
        pass
    lower, source, symbol = text.lower(), reply.source, reply.symbol
    if "subscription" in lower:
        reason = (
            f"The account's plan does not give these bars ('{text[:200]}'). Set ALPACA_DATA_FEED=iex, or ask for an "
            "earlier range."
        )
        return NotServedError(source, reason, symbol=symbol)
    if reply.status in (401, 403):
        reason = "The keys are not accepted. Set APCA_API_KEY_ID and APCA_API_SECRET_KEY to those of your account."
        return CredentialError(source, reason, symbol=symbol)
    if "symbol" in lower:
        return UnknownSymbolError(source, f"The symbol is not known ('{text[:200]}').", symbol=symbol)
    return RefusedError(source, f"HTTP {reply.status}: {text[:300] or 'no reason was given'}", symbol=symbol)


def _instant_us(text: str) -> int:
    """Return the instant that an RFC 3339 text names; Alpaca's are all UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"'{text}' names no instant")
    return to_ns(moment.astimezone(UTC).replace(tzinfo=None)) // 1_000


@dataclass(frozen=True, slots=True)
class Event:
    """A split or a dividend: dividend per share and old shares per new one."""

    day: int
    dividend: Decimal = ZERO
    split_factor: Decimal = ONE


def read_events(reply: Reply) -> tuple[list[Event], str | None]:
    """Return the splits and dividends in a reply, and what the next page is asked for by."""
    found = object_of(reply)
    kinds = found.get("corporate_actions")
    if not isinstance(kinds, dict):
        raise reply.garbled("The reply has no corporate actions in it")
    try:
        events = [
            event
            for kind, rows in kinds.items()
            for row in cast(list[Object], rows or [])
            if (event := _event(str(kind), row)) is not None
        ]
    except (TypeError, ValueError, KeyError, ArithmeticError) as problem:
        raise reply.garbled(f"A corporate action cannot be read: {type(problem).__name__}: {problem}") from None
    token = found.get("next_page_token")
    return events, str(token) if token else None


def _event(kind: str, row: Object) -> Event | None:
    day = day_of_date(date.fromisoformat(str(row["ex_date"])))
    if kind in ("forward_splits", "reverse_splits"):
        new, old = (to_decimal(float(cast(float, row[name]))) for name in ("new_rate", "old_rate"))
        if new <= 0 or old <= 0:
            raise ValueError(f"a split of {new} for {old}")
        return Event(day, split_factor=old / new)
    if kind == "cash_dividends":
        return Event(day, dividend=to_decimal(float(cast(float, row["rate"]))))
    if kind == "stock_dividends":
        return Event(day, split_factor=1 / (1 + to_decimal(float(cast(float, row["rate"])))))
    return None
