"""Alpha Vantage's replies, read. What it refuses comes with HTTP 200, as a text under one of three names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, cast

import numpy as np

from tradinglab.core.clock import SECOND_NS, UTC_ZONE, to_ns, zone
from tradinglab.core.decimals import ONE, to_decimal
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.sources.errors import (
    CredentialError,
    NotServedError,
    QuotaUsedUpError,
    RateLimitedError,
    SourceError,
    UnknownSymbolError,
)
from tradinglab.data.sources.http import Reply

_REFUSALS: Final = ("Note", "Information", "Error Message")
_NUMBERING = re.compile(r"^\d+[a-z]?\.\s*")
_UNIT = re.compile(r"\s*\(([A-Z]+)\)$")
_PRICES: Final = ("open", "high", "low", "close")
_DAY_LENGTH: Final = 10
Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rows:
    """A time series, oldest first.

    Attributes
    ----------
    local_ns
        Wall-clock times of the starts, in *time_zone*; of days their midnight.
    dividends, splits
        Amount and new shares per old of each row; None if the reply has none.
    symbol
        What the reply says it is about, empty if it does not.
    """

    local_ns: Ints
    values: Mapping[str, Floats]
    time_zone: str
    symbol: str
    body: bytes
    dividends: tuple[Decimal, ...] | None = None
    splits: tuple[Decimal, ...] | None = None


def object_of(reply: Reply) -> Object:
    """Return the object that a reply is.

    Raises
    ------
    SourceError
        If it is a refusal.
    """
    found = reply.json()
    if not isinstance(found, dict):
        raise reply.garbled("The reply is no object")
    for name in _REFUSALS:
        if isinstance(text := found.get(name), str):
            raise _refusal(reply, name, text)
    if reply.status >= 400:
        raise CredentialError(reply.source, f"The request was refused (HTTP {reply.status}).", symbol=reply.symbol)
    return found


def _refusal(reply: Reply, name: str, text: str) -> SourceError:
    """Return the error for a text; the words that tell two limits apart are looked for first."""
    lower = text.lower()
    source, symbol = reply.source, reply.symbol
    if "spreading out" in lower or "per second" in lower:
        return RateLimitedError(source, "More requests a second than the plan allows.", symbol=symbol, wait_s=2.0)
    if "per minute" in lower or "call frequency" in lower:
        return RateLimitedError(source, "More requests a minute than the plan allows.", symbol=symbol, wait_s=60.0)
    if "per day" in lower:
        reason = "The requests of the day are used up (25 with a free key)."
        return QuotaUsedUpError(source, reason, symbol=symbol)
    if "premium" in lower:
        reason = "These bars come with a paid plan only. Take them from another source, or use a key of a paid plan."
        return NotServedError(source, reason, symbol=symbol)
    if "apikey" in lower or "api key" in lower:
        reason = "The key is not accepted. Set ALPHA_VANTAGE_API_KEY to the one that Alpha Vantage has sent you."
        return CredentialError(source, reason, symbol=symbol)
    if name == "Error Message":
        reason = "The symbol is not known, or has no such bars. Search for its name."
        return UnknownSymbolError(source, reason, symbol=symbol)
    return RateLimitedError(source, f"It answers with a text in place of data: {text[:200]}", symbol=symbol)


def read_rows(reply: Reply) -> Rows:
    """Return the time series in a reply.

    Raises
    ------
    SourceError
        If it is a refusal, or has none.
    """
    found = object_of(reply)
    if not found:
        raise UnknownSymbolError(reply.source, "The reply is empty: it has no such bars.", symbol=reply.symbol)
    series = next((value for name, value in found.items() if name.startswith("Time Series")), None)
    if not isinstance(series, dict):
        raise reply.garbled(f"The reply has no time series, but {', '.join(found)[:100]}")
    meta = {_plain(name): str(value) for name, value in cast(Object, found.get("Meta Data") or {}).items()}
    try:
        return _rows(cast(Mapping[str, Mapping[str, str]], series), meta, reply)
    except (TypeError, ValueError, KeyError, ArithmeticError, AttributeError) as problem:
        raise reply.garbled(f"A row cannot be read: {type(problem).__name__}: {problem}") from None


def _rows(series: Mapping[str, Mapping[str, str]], meta: Mapping[str, str], reply: Reply) -> Rows:
    times = sorted(series)
    rows = [_fields(series[time]) for time in times]
    values = {name: np.array([float(row[name]) for row in rows], np.float64) for name in _PRICES}
    values["volume"] = np.array([float(row.get("volume", 0.0)) for row in rows], np.float64)
    symbol = meta.get("symbol") or meta.get("digital currency code") or meta.get("from symbol", "")
    zone_name = meta.get("time zone", "") or UTC_ZONE
    # Dates may say "UTC" or "US/Eastern", or carry the time of the last update: only times of day need it.
    has_clock = any(len(time) > _DAY_LENGTH for time in times)
    where = str(zone(zone_name)) if has_clock else UTC_ZONE
    is_adjusted = bool(rows) and "dividend amount" in rows[0]
    return Rows(
        np.array([to_ns(datetime.fromisoformat(time)) // SECOND_NS * SECOND_NS for time in times], np.int64),
        values,
        where,
        symbol,
        reply.body,
        tuple(to_decimal(float(row["dividend amount"])) for row in rows) if is_adjusted else None,
        tuple(to_decimal(float(row.get("split coefficient", "1"))) or ONE for row in rows) if is_adjusted else None,
    )


def _fields(row: Mapping[str, str]) -> dict[str, str]:
    """Return a row by plain names; of several currencies (``1a. open (CNY)``, ``1b. open (USD)``) the last counts."""
    return {_plain(name): value for name, value in row.items()}


def _plain(name: str) -> str:
    return _UNIT.sub("", _NUMBERING.sub("", name)).strip().lower()


def read_matches(reply: Reply) -> list[dict[str, str]]:
    """Return the results of a search, by plain names."""
    matches = object_of(reply).get("bestMatches")
    if not isinstance(matches, list):
        raise reply.garbled("The reply has no results of a search in it")
    return [{_plain(name): str(value) for name, value in one.items()} for one in matches if isinstance(one, dict)]


def read_rate(reply: Reply) -> dict[str, str]:
    """Return what a reply says of a pair of currencies."""
    rate = object_of(reply).get("Realtime Currency Exchange Rate")
    if not isinstance(rate, dict):
        raise UnknownSymbolError(reply.source, "The pair of currencies is not known.", symbol=reply.symbol)
    return {_plain(name): str(value) for name, value in rate.items()}
