"""What changed between what is known of a deployment and what one look has shown, as events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from tradinglab.quantconnect.models.live import LiveDeployment, LivePortfolio
from tradinglab.server.cloud.live.cleaning import cleaned, document, number
from tradinglab.server.cloud.live.looking import Look
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.live.work import Told

_LINES_AN_EVENT: Final = 200
_LONGEST_TEXT: Final = 20_000
#: LEAN's numbers and names of the states in which orders end.
_CLOSED: Final = frozenset({"3", "5", "7", "filled", "canceled", "invalid"})
#: The ways to end that are nobody's wish.
_FAILED: Final = frozenset({"runtimeerror", "deployerror", "invalid"})


class Changes:
    """What one look changes in a deployment's row, and the events that tell of it."""

    def __init__(self, row: CloudDeployment, look: Look, found: LiveDeployment) -> None:
        self._row = row
        self._now = timezone.now()
        self.told: list[Told] = []
        self.columns: dict[str, Any] = {"reported_at": self._now, "missing": 0}
        if look.is_superseded:
            self.columns["is_superseded"] = True
        self._back()
        self._lines(look)
        self._orders(look)
        self._insights(look)
        self._portfolio(look.portfolio, found)
        self._heard(found)
        self._status(found)

    def _back(self) -> None:
        """Say that one is heard again that was not."""
        row = self._row
        if row.alert and row.alert != "unchanged":
            since = row.reported_at or row.created_at
            seconds = round((self._now - since).total_seconds(), 1)
            self.told.append(Told("recovered", {"code": row.alert, "after_s": seconds}))
            self.columns["alert"] = ""

    def _status(self, found: LiveDeployment) -> None:
        row = self._row
        status, said = cleaned(found.status)[:40], cleaned(found.error or found.message)[:_LONGEST_TEXT]
        has_changed = status != row.status
        if has_changed or said != row.message:
            self.columns |= {"status": status, "message": said}
            self.told.append(Told("status", {"status": status, "message": said}))
        if found.launched is not None and row.launched_at is None:
            self.columns["launched_at"] = found.launched
        if not found.is_over or row.is_ended:
            return
        self.columns |= {"is_ended": True, "stopped_at": found.stopped or self._now, "step_at": self._now}
        if status.replace(" ", "").lower() in _FAILED or found.error:
            error = {"code": "failed", "message": said or f"QuantConnect ended it: {status}."}
            self.columns["error"] = error
            self.told.append(Told("alert", error))

    def _portfolio(self, portfolio: LivePortfolio | None, found: LiveDeployment) -> None:
        row, known = self._row, self._row.portfolio
        equity = equity_of(found, portfolio)
        if equity is not None and equity != row.equity:
            self.columns["equity"] = equity
            self.told.append(Told("equity", {"equity": equity}))
        if portfolio is None:
            return
        shown = portfolio_document(portfolio)
        if shown != known:
            self.columns["portfolio"] = shown
        if _held(shown) != _held(known) or _amounts(shown) != _amounts(known):
            self.told.append(Told("portfolio", shown))

    def _orders(self, look: Look) -> None:
        opened, count = dict(self._row.open_orders), self._row.order_count
        for place, order in look.orders:
            key, data = str(order.id), document(order)
            before = opened.pop(key, None)
            if before is None and place < self._row.order_count:
                # It was closed when it was last seen.
                continue
            count = max(count, place + 1)
            digest = _digest(data)
            if before is None or before["digest"] != digest:
                seen = 0 if before is None else int(before["events"])
                self.told.append(Told("order", _order_event(data, seen, is_new=before is None)))
            if str(order.status).lower() not in _CLOSED:
                opened[key] = {"place": place, "digest": digest, "events": len(order.events)}
        if opened != self._row.open_orders or count != self._row.order_count:
            self.columns |= {"open_orders": opened, "order_count": count}

    def _insights(self, look: Look) -> None:
        for each in look.insights:
            self.told.append(Told("insight", document(each)))
        if look.insights:
            self.columns["insight_count"] = self._row.insight_count + len(look.insights)

    def _lines(self, look: Look) -> None:
        if look.line_offset != self._row.line_offset:
            self.columns["line_offset"] = look.line_offset
        lines = cleaned(look.lines)
        for start in range(0, len(lines), _LINES_AN_EVENT):
            self.told.append(Told("log", {"lines": lines[start : start + _LINES_AN_EVENT]}))
        if lines:
            self.columns["line_count"] = self._row.line_count + len(lines)

    def _heard(self, found: LiveDeployment) -> None:
        """Note whether anything is other than it was, beside what has had an event."""
        row = self._row
        figures = cleaned(dict(list(found.runtime_statistics.items())[:100]))
        charts = sorted(cleaned(found.charts))[:200]
        if figures != row.figures:
            self.columns["figures"] = figures
        if charts and charts != row.charts:
            self.columns["charts"] = charts
        seen = _digest([found.status, figures, self.columns.get("portfolio", row.portfolio)])
        if seen == row.seen and not self.told:
            return
        self.columns |= {"seen": seen, "changed_at": self._now}
        if row.alert == "unchanged":
            since: datetime = row.changed_at or row.created_at
            seconds = round((self._now - since).total_seconds(), 1)
            self.told.append(Told("recovered", {"code": row.alert, "after_s": seconds}))
            self.columns["alert"] = ""


def equity_of(found: LiveDeployment, portfolio: LivePortfolio | None) -> float | None:
    """Return what a deployment is worth, from wherever QuantConnect tells it."""
    told = number(found.runtime_statistics.get("Equity", ""))
    if told is not None:
        return told
    if found.equity is not None:
        return cleaned(found.equity)  # type: ignore[no-any-return]  # a number, or none
    if portfolio is None or not portfolio.cash:
        return None
    cash = [each.value_in_account_currency for each in portfolio.cash.values()]
    held = [each.value for each in portfolio.holdings.values()]
    values = [each for each in (*cash, *held) if each is not None]
    return number(sum(values)) if len(values) == len(cash) + len(held) else None


def portfolio_document(portfolio: LivePortfolio) -> dict[str, Any]:
    """Return holdings by QuantConnect's identifier, and cash by currency."""
    names = ("quantity", "average_price", "price", "value", "unrealized")
    shown: dict[str, Any] = cleaned(
        {
            "holdings": {
                symbol: {name: getattr(each, name) for name in names}
                for symbol, each in list(portfolio.holdings.items())[:5000]
            },
            "cash": {
                name: {"amount": each.amount, "value": each.value_in_account_currency}
                for name, each in list(portfolio.cash.items())[:200]
            },
        }
    )
    return shown


def _order_event(data: dict[str, Any], seen: int, *, is_new: bool) -> dict[str, Any]:
    events = data.get("events", [])
    order = {name: value for name, value in data.items() if name != "events"}
    return {"order": order, "events": events[seen:], "is_new": is_new}


def _held(portfolio: dict[str, Any]) -> dict[str, float]:
    return {name: each["quantity"] for name, each in portfolio.get("holdings", {}).items() if each["quantity"]}


def _amounts(portfolio: dict[str, Any]) -> dict[str, float]:
    return {name: each["amount"] for name, each in portfolio.get("cash", {}).items()}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def order_states(look: Look) -> Iterator[str]:
    """Return which orders are open, in a few words each."""
    for _, order in look.orders:
        if str(order.status).lower() not in _CLOSED:
            symbol = order.symbol if isinstance(order.symbol, str) or order.symbol is None else order.symbol.value
            yield f"order {order.id} of {order.quantity:g} {symbol}" if order.quantity else f"order {order.id}"
