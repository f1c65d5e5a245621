"""What portfolios say of shares and limits, read from text."""

from __future__ import annotations

from typing import Any

from tradinglab.rules.loading import validated
from tradinglab.rules.schema import CalmShares, ReturnShares, Sector
from tradinglab.rules.text.cursor import Cursor


def read_weighting(cursor: Cursor) -> CalmShares | ReturnShares:
    """Read how the securities of a portfolio share its money."""
    cursor.expect("by")
    words = cursor.expect("volatility", "minimum", "maximum", "risk", "hierarchical")
    following = {"minimum": ("variance",), "maximum": ("sharpe",), "risk": ("parity",),
                 "hierarchical": ("risk", "parity")}  # fmt: skip
    kind = "_".join([words, *(cursor.expect(word) for word in following.get(words, ()))])
    cursor.expect("over")
    bars = cursor.bars()
    return CalmShares(bars=bars) if words == "volatility" else validated({"kind": kind, "bars": bars}, ReturnShares)


def read_limit(cursor: Cursor) -> dict[str, Any]:
    """Read one limit: a field of them all."""
    if cursor.accept("position"):
        return {"limits": {"position_percent": cursor.percent()}}
    if cursor.expect("position", "sector") and cursor.token.kind != "word":
        cursor.fail("the name of the sector")
    given: dict[str, Any] = {"name": cursor.take().text.lower(), "percent": cursor.percent()}
    cursor.expect("of")
    tickers: list[str] = []
    while not tickers or cursor.is_sign(","):
        if tickers:
            cursor.take()
        if cursor.token.kind not in ("word", "text"):
            cursor.fail("a ticker")
        tickers.append(cursor.take().text.strip('"'))
    return {"limits": {"sectors": (validated({**given, "tickers": tuple(tickers)}, Sector, path="limits.sectors"),)}}
