"""Yahoo's chart replies (v8), read.

Prices and volumes of a chart are adjusted by every split since, dividends are per share of today. A store keeps raw
prices, so that both are turned back: a price of a day times the shares that one of its shares is today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final, cast

import numpy as np

from tradinglab.core.clock import Zone, zone
from tradinglab.core.decimals import ONE, ZERO, to_decimal
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.sources.errors import (
    CredentialError,
    NotServedError,
    RateLimitedError,
    RefusedError,
    SourceError,
    UnknownSymbolError,
)
from tradinglab.data.sources.http import Reply
from tradinglab.data.sources.protocol import Action
from tradinglab.data.sources.shaping import SECOND_US, days_of

_PRICES: Final = ("open", "high", "low", "close")
_FIELDS: Final = (*_PRICES, "volume")
Object = Mapping[str, object]


class StaleCrumbError(CredentialError):
    """The crumb that goes with the cookie is not accepted any more."""

    code = "source_stale_crumb"


@dataclass(frozen=True, slots=True)
class Split:
    """A split: *ratio* new shares for an old one, from *day* on."""

    day: int
    ratio: Decimal


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: meta data, rows as they came, splits and dividends in order of their days.

    Attributes
    ----------
    times_us, values
        Instants of the rows, and prices and volumes, adjusted by splits.
    dividends
        Days and amounts per share of today.
    note
        Why there are no rows, if Yahoo said so.
    """

    meta: Object
    times_us: Ints
    values: Mapping[str, Floats]
    splits: tuple[Split, ...]
    dividends: tuple[tuple[int, Decimal], ...]
    body: bytes
    note: str = ""

    @property
    def zone(self) -> Zone:
        """The exchange's zone."""
        return zone(str(self.meta.get("exchangeTimezoneName") or "America/New_York"))


def read_chart(reply: Reply) -> Chart:
    """Return what a reply says.

    Raises
    ------
    SourceError
        If it is a refusal, or no chart.
    """
    if reply.status in (401, 403):
        raise StaleCrumbError(reply.source, f"The request was refused (HTTP {reply.status}).", symbol=reply.symbol)
    found = reply.json()
    chart = found.get("chart") if isinstance(found, dict) else None
    if not isinstance(chart, dict):
        finance = found.get("finance") if isinstance(found, dict) else None
        raise _refusal(reply, finance.get("error") if isinstance(finance, dict) else None)
    if chart.get("error"):
        text = _text(chart["error"])
        if "Data doesn't exist for startDate" in text:
            return Chart({}, np.empty(0, np.int64), _no_values(), (), (), reply.body, "there are no bars of these days")
        raise _refusal(reply, chart["error"])
    results = chart.get("result")
    if not isinstance(results, list) or not results or not isinstance(results[0], dict):
        raise reply.garbled("The reply has no chart in it")
    try:
        return _read_result(reply, results[0])
    except (TypeError, ValueError, KeyError, ArithmeticError, AttributeError) as problem:
        raise reply.garbled(f"The chart cannot be read: {type(problem).__name__}: {problem}") from None


def _refusal(reply: Reply, error: object) -> SourceError:
    """Return the error for what Yahoo says is wrong."""
    if not isinstance(error, dict):
        return reply.garbled("The reply has no chart in it")
    code, text = str(error.get("code") or ""), _text(error)
    if "crumb" in text.lower() or code == "Unauthorized":
        return StaleCrumbError(reply.source, text, symbol=reply.symbol)
    if "Too Many Requests" in (code + text):
        return RateLimitedError(reply.source, text, symbol=reply.symbol)
    if code == "Not Found" or reply.status == 404:
        reason = f"The symbol is not known, or its security is traded no more ('{text}'). Search for its name."
        return UnknownSymbolError(reply.source, reason, symbol=reply.symbol)
    if reply.status == 422 or "not available" in text:
        return NotServedError(reply.source, text, symbol=reply.symbol)
    return RefusedError(reply.source, f"{code}: {text}", symbol=reply.symbol)


def _text(error: object) -> str:
    return str(error.get("description") or error.get("code") or "")[:300] if isinstance(error, dict) else str(error)


def _read_result(reply: Reply, result: Object) -> Chart:
    meta = cast(Object, result.get("meta") or {})
    named = str(meta.get("symbol") or "")
    if named and named.upper() != reply.symbol.upper():
        raise reply.garbled(f"The reply is about '{named}', '{reply.symbol}' was asked for")
    stamps = cast(Sequence[int], result.get("timestamp") or [])
    indicators = cast(Object, result.get("indicators") or {})
    quotes = cast(Sequence[Mapping[str, Sequence[float | None]]], indicators.get("quote") or [{}])
    values = _columns(quotes[0], len(stamps))
    times = np.array([int(one) for one in stamps], np.int64) * SECOND_US
    events = cast(Mapping[str, Mapping[str, Object]], result.get("events") or {})
    chart = Chart(meta, times, values, (), (), reply.body)
    where = chart.zone
    splits = sorted(_split(where, one) for one in (events.get("splits") or {}).values())
    dividends = sorted(
        (_day(where, one), to_decimal(float(cast(float, one["amount"]))))
        for one in (events.get("dividends") or {}).values()
    )
    parts = tuple(Split(day, ratio) for day, ratio in splits)
    return Chart(meta, times, values, parts, tuple(dividends), reply.body)


def _columns(quote: Mapping[str, Sequence[float | None]], count: int) -> dict[str, Floats]:
    """Return the columns of a quote; of a phantom, which has none, empty ones."""
    values = {}
    for name in _FIELDS:
        column = quote.get(name)
        if column is None:
            column = [0.0 if name == "volume" else None] * count
        if len(column) != count:
            raise ValueError(f"'{name}' has {len(column)} values for {count} times")
        values[name] = np.array([np.nan if one is None else float(one) for one in column], np.float64)
    values["volume"] = np.nan_to_num(values["volume"])
    return values


def _no_values() -> dict[str, Floats]:
    return {name: np.empty(0) for name in _FIELDS}


def _day(where: Zone, event: Object) -> int:
    return int(days_of(np.array([int(cast(int, event["date"])) * SECOND_US]), where)[0])


def _split(where: Zone, event: Object) -> tuple[int, Decimal]:
    new, old = (to_decimal(float(cast(float, event[name]))) for name in ("numerator", "denominator"))
    if new <= 0 or old <= 0:
        raise ValueError(f"a split of {new} for {old}")
    return _day(where, event), new / old


def shares_of_today(days: Ints, splits: Sequence[Split]) -> Floats:
    """Return how many shares of today one share of each day is."""
    factors = np.ones(len(days))
    for split in splits:
        factors[days < split.day] *= float(split.ratio)
    return factors


def raw_values(values: Mapping[str, Floats], days: Ints, splits: Sequence[Split]) -> dict[str, Floats]:
    """Return prices and volumes as they were on their days.

    A share that has split 2:1 since counts for two of today: its price was twice the adjusted one, and half as many
    were traded.
    """
    factors = shares_of_today(days, splits)
    raw = {name: values[name] * factors for name in _PRICES}
    return raw | {"volume": np.rint(values["volume"] / factors)}


def raw_actions(dividends: Sequence[tuple[int, Decimal]], splits: Sequence[Split]) -> list[Action]:
    """Return splits and dividends by day; dividends per share of their day."""
    found = []
    events = [*((day, amount, ONE) for day, amount in dividends), *((one.day, ZERO, 1 / one.ratio) for one in splits)]
    for day, group in groupby(sorted(events, key=lambda event: event[0]), key=lambda event: event[0]):
        of_day = list(group)
        today = ONE
        for split in splits:
            today *= split.ratio if split.day > day else ONE
        factor = ONE
        for _, _, one in of_day:
            factor *= one
        found.append(Action(day, sum((amount for _, amount, _ in of_day), ZERO) * today, factor))
    return found
