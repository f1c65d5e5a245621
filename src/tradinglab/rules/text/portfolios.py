"""What portfolios say of shares and limits, read from text."""

from __future__ import annotations

from typing import Any

from tradinglab.rules.loading import validated
from tradinglab.rules.portfolios import (
    BlackLittermanShares,
    CalmShares,
    DrawdownLimit,
    MarketWeight,
    ReturnShares,
    Sector,
    View,
)
from tradinglab.rules.text.cursor import Cursor


def read_weighting(cursor: Cursor) -> CalmShares | ReturnShares | BlackLittermanShares:
    """Read how the securities of a portfolio share its money."""
    cursor.expect("by")
    words = cursor.expect("volatility", "minimum", "maximum", "risk", "hierarchical", "black")
    following = {"minimum": ("variance",), "maximum": ("sharpe",), "risk": ("parity",),
                 "hierarchical": ("risk", "parity"), "black": ("litterman",)}  # fmt: skip
    kind = "_".join([words, *(cursor.expect(word) for word in following.get(words, ()))])
    cursor.expect("over")
    bars = cursor.bars()
    if words == "black":
        given: dict[str, Any] = {"bars": bars}
        if cursor.accept("risk"):
            cursor.expect("aversion")
            given["risk_aversion"] = cursor.quantity()
        if cursor.accept("tau"):
            given["tau"] = cursor.quantity()
        return validated(given, BlackLittermanShares, path="rebalance.weighting")
    return CalmShares(bars=bars) if words == "volatility" else validated({"kind": kind, "bars": bars}, ReturnShares)


def read_view(cursor: Cursor) -> dict[str, Any]:
    """Read what a security is expected to earn, or how much more than another one."""
    given: dict[str, Any] = {"ticker": _ticker(cursor)}
    if cursor.accept("over"):
        given["over"] = _ticker(cursor)
    given["percent"] = cursor.percent()
    cursor.expect("a")
    cursor.expect("year")
    if cursor.accept("confidence"):
        given["confidence"] = cursor.percent()
    return {"views": (validated(given, View, path="views"),)}


def read_market(cursor: Cursor) -> dict[str, Any]:
    """Read how large securities are in the market."""
    cursor.expect("weights")
    found: list[MarketWeight] = []
    while not found or cursor.is_sign(","):
        if found:
            cursor.take()
        given = {"ticker": _ticker(cursor), "weight": cursor.quantity()}
        found.append(validated(given, MarketWeight, path="market_weights"))
    return {"market_weights": tuple(found)}


def _ticker(cursor: Cursor) -> str:
    if cursor.token.kind not in ("word", "text"):
        cursor.fail("a ticker")
    return cursor.take().text.strip('"')


def read_limit(cursor: Cursor) -> dict[str, Any]:
    """Read one limit: a field of them all."""
    if cursor.accept("position"):
        return {"limits": {"position_percent": cursor.percent()}}
    if cursor.accept("drawdown"):
        limit: dict[str, Any] = {"percent": cursor.percent()}
        if cursor.accept("then"):
            cursor.expect("wait")
            limit["wait_bars"] = cursor.bars()
        return {"limits": {"drawdown": validated(limit, DrawdownLimit, path="limits.drawdown")}}
    if cursor.is_word("leverage"):
        cursor.fail("'position', 'sector' or 'drawdown' (leverage is limited by a statement of its own: leverage 2)")
    if cursor.expect("position", "sector", "drawdown") and cursor.token.kind != "word":
        cursor.fail("the name of the sector")
    given: dict[str, Any] = {"name": cursor.take().text.lower(), "percent": cursor.percent()}
    cursor.expect("of")
    tickers: list[str] = []
    while not tickers or cursor.is_sign(","):
        if tickers:
            cursor.take()
        tickers.append(_ticker(cursor))
    return {"limits": {"sectors": (validated({**given, "tickers": tuple(tickers)}, Sector, path="limits.sectors"),)}}
