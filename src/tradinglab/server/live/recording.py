"""Storing what a strategy's process tells of itself: bounded, and only while the deployment is this process's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.server.live.conversation import Told
from tradinglab.server.live.events import live_event_store
from tradinglab.server.live.lease import LiveLease
from tradinglab.server.live.models import (
    HELD,
    Deployment,
    DeploymentCommand,
    DeploymentLine,
    DeploymentRecord,
    DeploymentSeries,
    RecordKind,
    Status,
)
from tradinglab.server.runs.lease import LeaseLost

MOST_LINES: Final = 20_000
_MOST_LINES_AT_ONCE: Final = 200
_LONGEST_LINE: Final = 4000
_MOST_RECORDS: Final = 10_000
_MOST_EVENTS_OF_ORDER: Final = 200
_MOST_SERIES: Final = 200
MOST_POINTS: Final = 4000
_MOST_NOTICES: Final = 200
_MOST_NOTICE_KINDS: Final = 50
#: What says how a feed is from then on.
_FEED_STATES: Final = ("connected", "stale", "reconnecting", "behind", "paused")
_PORTFOLIO_EVENT_EVERY: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Recorder:
    """Stores what one deployment tells, under one claim."""

    def __init__(self, lease: LiveLease) -> None:
        self._lease = lease
        self._next_portfolio_event = timezone.now()
        self._stores: dict[str, Callable[[Deployment, list[Any]], None]] = {
            "status": self._statuses,
            "log": self._lines,
            "order": self._orders,
            "insight": lambda row, values: self._records(row, RecordKind.INSIGHT, values),
            "trade": lambda row, values: self._records(row, RecordKind.TRADE, values),
            "portfolio": self._portfolio,
            "figures": self._figures,
            "chart": self._series,
            "points": self._series,
            "answer": self._answers,
            "beat": self._beats,
            "feed": self._feeds,
        }

    def store(self, told: list[Told]) -> None:
        """Store what came at once.

        Raises
        ------
        LeaseLost
            If the deployment is another's by now.
        BadAnswerError
            If a value is not of its kind's form.
        """
        if not told:
            return
        by_kind: dict[str, list[Any]] = {}
        for kind, value in told:
            by_kind.setdefault(kind, []).append(value)
        try:
            self._store(by_kind)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
            raise BadAnswerError(
                f"a message of the strategy's process has not the form of its kind: {problem}"
            ) from None

    @transaction.atomic
    def _store(self, by_kind: dict[str, list[Any]]) -> None:
        row = self._held()
        for kind, values in by_kind.items():
            self._stores[kind](row, values)

    def _held(self) -> Deployment:
        # The update locks the row, so that nobody takes the deployment over meanwhile.
        if not self._lease.held().update(reported_at=timezone.now(), is_silent=False):
            raise LeaseLost
        return Deployment.objects.get(pk=self._lease.deployment_id)

    @transaction.atomic
    def note(self, lines: list[str]) -> None:
        """Add lines of the server's own to the log.

        Raises
        ------
        LeaseLost
            If the deployment is another's by now, whose lines have these numbers.
        """
        self._write_lines(self._held(), lines)

    def _event(self, row: Deployment, kind: str, data: dict[str, Any]) -> None:
        live_event_store(deployment_id=row.pk, kind=kind, data=data)

    def _statuses(self, row: Deployment, values: list[Any]) -> None:
        for value in values:
            # How it ends is said by its answer.
            if value in HELD and value != row.status:
                row.status = Status(value)
                self._lease.held().update(status=value)
                self._event(row, "status", {"status": value})
                self._write_lines(row, [f"{row.deploy_id}: {Status(value).label}"])

    def _lines(self, row: Deployment, values: list[Any]) -> None:
        kept = [str(each)[:_LONGEST_LINE] for each in values[:_MOST_LINES_AT_ONCE]]
        if len(values) > len(kept):
            kept.append(f"{len(values) - len(kept)} lines were left out: the strategy logs too much.")
        self._write_lines(row, kept)

    def _write_lines(self, row: Deployment, lines: list[str]) -> None:
        first = Deployment.objects.values_list("line_count", flat=True).get(pk=row.pk)
        DeploymentLine.objects.bulk_create(
            DeploymentLine(deployment=row, number=first + at, text=text) for at, text in enumerate(lines)
        )
        count = first + len(lines)
        Deployment.objects.filter(pk=row.pk).update(line_count=count)
        if count // 500 > first // 500:
            DeploymentLine.objects.filter(deployment=row, number__lt=count - MOST_LINES).delete()
        self._event(row, "log", {"lines": lines})

    def _orders(self, row: Deployment, values: list[Any]) -> None:
        for value in values:
            order, events = dict(value["order"]), list(value["events"])
            key = str(_whole(order["id"]))
            known = DeploymentRecord.objects.filter(deployment=row, kind=RecordKind.ORDER, key=key).first()
            if known is None:
                if row.order_count >= _MOST_RECORDS:
                    continue
                row.order_count += 1
            before = [] if known is None else list(known.data["events"])
            data = order | {"events": [*before, *events][-_MOST_EVENTS_OF_ORDER:]}
            DeploymentRecord.objects.update_or_create(
                deployment=row, kind=RecordKind.ORDER, key=key, defaults={"data": data}
            )
            self._event(row, "order", {"order": order, "events": events})
        Deployment.objects.filter(pk=row.pk).update(order_count=row.order_count)

    def _records(self, row: Deployment, kind: RecordKind, values: list[Any]) -> None:
        room = _MOST_RECORDS - DeploymentRecord.objects.filter(deployment=row, kind=kind).count()
        for value in values[: max(room, 0)]:
            data = dict(value)
            key = f"{self._lease.fence}-{data['id']}" if kind == RecordKind.TRADE else str(data["id"])
            DeploymentRecord.objects.update_or_create(deployment=row, kind=kind, key=key[:64], defaults={"data": data})
            self._event(row, str(kind), data)

    def _portfolio(self, row: Deployment, values: list[Any]) -> None:
        snapshot = dict(values[-1])
        clock = _instant(snapshot.pop("time"))
        equity = _number(snapshot.pop("value"))
        holdings, cash = dict(snapshot["holdings"]), dict(snapshot["cash"])
        _check_account(holdings, cash)
        portfolio = {"holdings": holdings, "cash": cash}
        Deployment.objects.filter(pk=row.pk).update(portfolio=portfolio, equity=equity, clock_at=clock)
        now = timezone.now()
        if now >= self._next_portfolio_event or row.portfolio.get("holdings", {}).keys() != holdings.keys():
            self._next_portfolio_event = now + _PORTFOLIO_EVENT_EVERY
            self._event(row, "portfolio", {"equity": equity, **portfolio})

    def _figures(self, row: Deployment, values: list[Any]) -> None:
        figures = {str(name)[:100]: str(value)[:200] for name, value in list(dict(values[-1]).items())[:100]}
        Deployment.objects.filter(pk=row.pk).update(figures=figures)

    def _beats(self, row: Deployment, values: list[Any]) -> None:
        Deployment.objects.filter(pk=row.pk).update(clock_at=_instant(values[-1]["time"]))

    def _feeds(self, row: Deployment, values: list[Any]) -> None:
        """Store what happened to the feed: as events, as lines, and how it stands."""
        stands = {"status": "", "since": None, "counts": {}, **row.feed}
        for value in values[:_MOST_NOTICES]:
            kind, text = str(value["kind"])[:32], str(value["text"])[:_LONGEST_LINE]
            at = _instant(value["time"]).isoformat()
            stands["counts"][kind] = stands["counts"].get(kind, 0) + 1
            if kind in _FEED_STATES:
                stands |= {"status": kind, "since": at}
            told = {"kind": kind, "text": text, "at": at, "data": dict(value["data"])}
            self._event(row, "feed", told | ({"series": str(value["series"])[:200]} if "series" in value else {}))
            self._write_lines(row, [f"Feed: {text}"])
        if len(stands["counts"]) > _MOST_NOTICE_KINDS:
            raise TypeError("there are no so many kinds of notices")
        row.feed = stands
        Deployment.objects.filter(pk=row.pk).update(feed=stands)

    def feed(self, notices: list[dict[str, object]]) -> None:
        """Store what happened to a feed of the server's own.

        Raises
        ------
        LeaseLost
            If the deployment is another's by now.
        """
        self.store([("feed", each) for each in notices])

    def _series(self, row: Deployment, values: list[Any]) -> None:
        for value in values:
            chart, name = str(value["chart"])[:200], str(value.get("series", ""))[:200]
            known = DeploymentSeries.objects.filter(deployment=row, chart=chart, name=name).first()
            if known is None:
                if DeploymentSeries.objects.filter(deployment=row).count() >= _MOST_SERIES:
                    continue
                known = DeploymentSeries(deployment=row, chart=chart, name=name)
            points = [_point(each) for each in value.get("values", ())]
            known.looks = {key: value[key] for key in ("unit", "index", "type", "color", "marker") if key in value}
            first = points[0][0] if points else None
            # The last point that was told may come again, changed.
            kept = [each for each in known.points if first is None or each[0] < first]
            known.points = [*kept, *points][-MOST_POINTS:]
            known.save()

    def _answers(self, row: Deployment, values: list[Any]) -> None:
        for value in values:
            told = {"is_done": bool(value["done"]), "text": str(value["text"])[:_LONGEST_LINE]}
            if DeploymentCommand.objects.filter(pk=int(value["id"]), deployment=row).update(**told):
                self._event(row, "command", {"id": int(value["id"]), **told})


def _point(value: Any) -> list[float | int | None]:
    time, *rest = value
    return [int(time), *(None if each is None else _number(each) for each in rest[:4])]


def _number(value: Any) -> float:
    """Return a number; of a text, which may say nan, there is none."""
    if not isinstance(value, int | float):
        raise TypeError("a number is expected")
    return float(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("a whole number is expected")
    return value


def _check_account(holdings: dict[str, Any], cash: dict[str, Any]) -> None:
    """Refuse an account with which a deployment could not go on."""
    for each in holdings.values():
        if not isinstance(each["symbol"], str):
            raise TypeError("a symbol is expected")
        for name in ("q", "a"):
            _number(each[name])
    for each in cash.values():
        _number(each["amount"])


def _instant(utc_ns: Any) -> datetime:
    return _EPOCH + timedelta(microseconds=_whole(utc_ns) // 1000)
