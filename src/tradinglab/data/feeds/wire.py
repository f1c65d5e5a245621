"""Deliveries and notices as JSON, for a strategy whose process has no network of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns
from tradinglab.data.feeds.protocol import Delivery, DeliveryKind, Notice, NoticeKind, Received, Series

_MOST_BARS: Final = 500
_LONGEST_NAME: Final = 100


def series_document(series: Series) -> list[str]:
    """Return a series as texts: identifier, ticker, resolution, type of ticks."""
    symbol = series.symbol
    return [str(symbol.id), symbol.value, series.resolution.name, series.tick_type.name]


def series_of(document: Sequence[Any]) -> Series:
    """Return the series that texts name.

    Raises
    ------
    ValueError
        If they name none.
    """
    try:
        identifier, ticker, resolution, tick_type = (str(each)[:_LONGEST_NAME] for each in document)
        symbol = Symbol(SecurityIdentifier.parse(identifier), ticker)
        return Series(symbol, Resolution[resolution], TickType[tick_type])
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError) as problem:
        raise ValueError(f"{str(document)[:200]} names no series ({problem})") from None


def documents(received: Sequence[Received], settled_ns: int) -> Iterator[dict[str, Any]]:
    """Yield messages that tell of what was received; the last one says up to where time may go.

    A history in several pieces is told as bars that come, and its last piece as the history.
    """
    for each in received:
        if isinstance(each, Notice):
            yield {"kind": "feed", "notice": _notice_document(each)}
            continue
        bars, kind = each.bars, each.kind
        for first in range(0, max(len(bars), 1), _MOST_BARS):
            is_last = first + _MOST_BARS >= len(bars)
            told = DeliveryKind.LIVE if kind == DeliveryKind.HISTORY and not is_last else kind
            rows = slice(first, first + _MOST_BARS)
            yield {
                "kind": "feed",
                "series": series_document(each.series),
                "is": str(told),
                "time": bars.time_ns[rows].tolist(),
                "end": bars.end_ns[rows].tolist(),
                "values": {name: column[rows].tolist() for name, column in bars.values.items()},
            }
    yield {"kind": "feed", "settled": settled_ns}


def received_of(document: Mapping[str, Any]) -> Received | int:
    """Return what a message tells: a delivery, a notice, or up to where time may go."""
    if "settled" in document:
        return int(document["settled"])
    if "notice" in document:
        said = document["notice"]
        return Notice(
            kind=NoticeKind(said["kind"]),
            text=said["text"],
            at_ns=said["time"],
            series=None if said["series"] is None else series_of(said["series"]),
            data=said["data"],
        )
    series = series_of(document["series"])
    bars = BarColumns(
        series.tick_type,
        np.array(document["time"], np.int64),
        np.array(document["end"], np.int64),
        {name: np.array(column, np.float64) for name, column in document["values"].items()},
    )
    return Delivery(series, DeliveryKind(document["is"]), bars)


def _notice_document(notice: Notice) -> dict[str, Any]:
    return {**notice.document(), "series": None if notice.series is None else series_document(notice.series)}
