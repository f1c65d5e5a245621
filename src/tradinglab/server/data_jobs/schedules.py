"""Schedules by which watch-lists are updated: each day at a time of a zone, once for all that was missed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import SecurityType
from tradinglab.core.errors import CoreError
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.data_jobs.models import DataSchedule
from tradinglab.server.data_jobs.requests import Subjects, UpdateRequest, sources_check
from tradinglab.server.data_jobs.services import data_job_submit
from tradinglab.server.data_jobs.targets import target_get, target_wanted
from tradinglab.server.datasets.models import Instrument, WatchList
from tradinglab.server.errors import InputError, LimitReachedError, ServerError
from tradinglab.server.texts import check_name

MOST_SCHEDULES: Final = 100
#: Markets open again within so many days.
_DAYS_AHEAD: Final = 40
_LONGEST: Final = 500
_log = logging.getLogger(__name__)


@transaction.atomic
def schedule_create(*, owner: User, values: Mapping[str, Any]) -> DataSchedule:
    """Make a schedule.

    Raises
    ------
    InputError
        If a value cannot be used, or the owner has a schedule of that name.
    LimitReachedError
        If the owner has as many as may be.
    """
    User.objects.select_for_update().get(pk=owner.pk)
    current = DataSchedule.objects.filter(owner=owner).count()
    if current >= MOST_SCHEDULES:
        text = f"You have {current} schedules, and may have {MOST_SCHEDULES}. Delete one first."
        raise LimitReachedError(text, limit=MOST_SCHEDULES, current=current)
    made = DataSchedule(owner=owner)
    _save(made, values)
    audit_note(action="data_schedule.created", actor=owner, target=made, details={"name": made.name})
    return made


@transaction.atomic
def schedule_update(*, schedule: DataSchedule, values: Mapping[str, Any]) -> None:
    """Change what is given; its next time follows from what it is then."""
    _save(DataSchedule.objects.select_for_update().get(pk=schedule.pk), values)


@transaction.atomic
def schedule_delete(*, schedule: DataSchedule) -> None:
    """Delete a schedule; its jobs stay."""
    audit_note(action="data_schedule.deleted", actor=schedule.owner, target=schedule, details={"name": schedule.name})
    schedule.delete()


def _save(schedule: DataSchedule, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(schedule, name, value)
    check_name("name", schedule.name)
    target_wanted(name=schedule.target)
    sources_check(schedule.sources)
    try:
        ZoneInfo(schedule.time_zone)
    except (KeyError, ValueError, OSError):
        text = "There is no such time zone. Give a name such as America/New_York."
        raise InputError("time_zone", schedule.time_zone, text) from None
    now = timezone.now()
    schedule.updated_at = now
    schedule.next_run_at = next_time(schedule, now) if schedule.is_active else None
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError as error:
        raise InputError("name", schedule.name, "You have a schedule of that name. Choose another.") from error


def next_time(schedule: DataSchedule, after: datetime) -> datetime | None:
    """Return when a schedule is due next; none if no market of its instruments opens for weeks."""
    hours = _hours(schedule.watch_list) if schedule.is_trading_days_only else []
    return next_moment(after, at=schedule.at, time_zone=schedule.time_zone, hours=hours)


def next_moment(
    after: datetime, *, at: time, time_zone: str, hours: Sequence[SecurityExchangeHours] = ()
) -> datetime | None:
    """Return the next moment at which clocks of a zone show a time, on a day on which one of some markets is open.

    A time that a change of clocks leaves out is that much later; one that comes twice counts the first time.
    """
    clock = ZoneInfo(time_zone)
    first = after.astimezone(clock).date() - timedelta(days=1)
    for ahead in range(_DAYS_AHEAD):
        day = first + timedelta(days=ahead)
        moment = datetime.combine(day, at, tzinfo=clock).astimezone(UTC)
        if moment > after and (not hours or _is_open(hours, day)):
            return moment
    return None


def _is_open(hours: Sequence[SecurityExchangeHours], day: date) -> bool:
    return any(each.is_day_open(day_of_date(day), True) for each in hours)


def _hours(watch_list: WatchList) -> list[SecurityExchangeHours]:
    """Return the hours of the markets of a list's instruments; none if one is not known: it may be open any day."""
    ids = watch_list.entries.values("instrument_id")
    found = []
    markets: dict[tuple[str, str], str] = {}
    for kind, market, ticker in Instrument.objects.filter(pk__in=ids).values_list("security_type", "market", "ticker"):
        markets.setdefault((kind, market), ticker)
    for (kind, market), ticker in markets.items():
        try:
            entry = MarketHoursDatabase.default().get_entry(market, ticker, SecurityType[kind.upper()])
        except (CoreError, KeyError):
            return []
        found.append(entry.exchange_hours)
    return found


def schedules_run() -> int:
    """Begin the updates that are due, and of those that were missed one; return 0, as nothing is forgotten."""
    due = DataSchedule.objects.filter(is_active=True, next_run_at__lte=timezone.now())
    for schedule_id in list(due.order_by("next_run_at").values_list("pk", flat=True)):
        _run_due(schedule_id)
    return 0


@transaction.atomic
def _run_due(schedule_id: UUID) -> None:
    """Begin one update, unless somebody else just did."""
    now = timezone.now()
    schedule = DataSchedule.objects.select_for_update().filter(pk=schedule_id, next_run_at__lte=now).first()
    if schedule is None:
        return
    claimed = DataSchedule.objects.filter(pk=schedule.pk, next_run_at=schedule.next_run_at)
    if not claimed.update(next_run_at=next_time(schedule, now), last_run_at=now):
        return
    job, problem = None, ""
    try:
        with transaction.atomic():
            job = schedule_begin(schedule=schedule)
    except ServerError as error:
        problem = str(error)[:_LONGEST]
        _log.warning("the schedule %s began no update: %s", schedule.pk, error)
    DataSchedule.objects.filter(pk=schedule.pk).update(last_job_id=job, problem=problem)


def schedule_begin(*, schedule: DataSchedule) -> UUID:
    """Make the job of a schedule, and return its id.

    Raises
    ------
    ServerError
        If there is nothing to update, or the owner may not do so any more.
    """
    if not schedule.owner.is_active or Scope.ADMIN not in schedule.owner.scopes:
        raise InputError("owner", None, "Its owner may not write bars any more. Have an admin make the schedule anew.")
    request = UpdateRequest(
        target=target_get(name=schedule.target),
        subjects=Subjects(watch_list=schedule.watch_list),
        sources=tuple(schedule.sources),
        resolutions=(schedule.resolution,) if schedule.resolution else (),
        on_restated=schedule.on_restated,
    )
    made = data_job_submit(owner=schedule.owner, request=request, schedule=schedule)
    return made.run.pk
