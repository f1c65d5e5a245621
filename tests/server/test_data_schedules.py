"""Schedules: when they are due, what is caught up with, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.test_data_jobs import ALL, V1, Keeper, done, downloading
from tests.sources.speakers import Yahoo

from tradinglab.core.enums import SecurityType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.server.accounts.models import User
from tradinglab.server.data_jobs.models import DataJob, DataSchedule
from tradinglab.server.data_jobs.schedules import next_moment, schedules_run
from tradinglab.server.datasets.models import Instrument
from tradinglab.server.datasets.services import watch_list_create

pytestmark = pytest.mark.django_db
HALF_PAST_SIX = time(18, 30)


@pytest.fixture(autouse=True)
def _no_other_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keeper, "_go_on", lambda self: None)


@pytest.fixture
def admin(owner: User, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(owner, ALL)


@pytest.fixture
def yahoo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Yahoo]:
    with Yahoo() as wire:
        monkeypatch.setenv("YAHOO_FINANCE_BASE_URL", wire.url)
        yield wire


@pytest.fixture
def watched(owner: User) -> str:
    share = Instrument.objects.create(security_type="equity", market="usa", ticker="AAA")
    return str(watch_list_create(owner=owner, name="Mine", instruments=[share.pk]).pk)


def made(admin: APIClient, watched: str, code: int = 201, **more: Any) -> dict[str, Any]:
    body = {"name": "Evening", "watch_list": watched, "at": "18:30", "time_zone": "America/New_York", **more}
    answered = admin.post(f"{V1}/data-schedules/", body, format="json")
    assert answered.status_code == code, answered.content
    found: dict[str, Any] = answered.json()
    return found


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        # Friday before, and after half past six in New York (23:30 UTC in winter).
        (datetime(2024, 1, 12, 23, 29, tzinfo=UTC), datetime(2024, 1, 12, 23, 30, tzinfo=UTC)),
        # Then the weekend, and Martin Luther King's day.
        (datetime(2024, 1, 12, 23, 30, tzinfo=UTC), datetime(2024, 1, 16, 23, 30, tzinfo=UTC)),
        # In summer New York is an hour nearer.
        (datetime(2024, 7, 1, 0, 0, tzinfo=UTC), datetime(2024, 7, 1, 22, 30, tzinfo=UTC)),
    ],
)
def test_trading_days_follow_the_markets_calendar(after: datetime, expected: datetime) -> None:
    hours = MarketHoursDatabase.default().get_entry("usa", "AAA", SecurityType.EQUITY).exchange_hours
    found = next_moment(after, at=HALF_PAST_SIX, time_zone="America/New_York", hours=[hours])
    assert found == expected


def test_every_day_and_changes_of_clocks() -> None:
    saturday = datetime(2024, 1, 13, 0, 0, tzinfo=UTC)
    assert next_moment(saturday, at=time(6), time_zone="UTC") == datetime(2024, 1, 13, 6, tzinfo=UTC)
    # On 2024-03-31 clocks in Berlin go from two to three: half past two is half past three.
    spring = datetime(2024, 3, 30, 12, 0, tzinfo=UTC)
    assert next_moment(spring, at=time(2, 30), time_zone="Europe/Berlin") == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    autumn = datetime(2024, 10, 26, 12, 0, tzinfo=UTC)
    first = next_moment(autumn, at=time(2, 30), time_zone="Europe/Berlin")
    assert first == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert next_moment(first, at=time(2, 30), time_zone="Europe/Berlin") == datetime(2024, 10, 28, 1, 30, tzinfo=UTC)


def test_what_was_missed_is_caught_up_with_once(
    admin: APIClient,
    watched: str,
    yahoo: Yahoo,
    settings: Any,
) -> None:
    done(admin, downloading(admin, "AAA"))
    schedule = made(admin, watched)
    assert (schedule["last_run_at"], schedule["last_job"]) == (None, None)
    assert datetime.fromisoformat(schedule["next_run_at"]) > timezone.now()
    schedules_run()
    assert not DataJob.objects.filter(schedule=schedule["id"]).exists()
    DataSchedule.objects.update(next_run_at=timezone.now() - timedelta(days=9))  # nobody was there for nine days
    schedules_run()
    schedules_run()
    (job,) = DataJob.objects.filter(schedule=schedule["id"])
    found = admin.get(f"{V1}/data-schedules/{schedule['id']}/").json()
    assert (found["last_job"], found["problem"]) == (str(job.pk), "")
    assert datetime.fromisoformat(found["next_run_at"]) > timezone.now()
    assert done(admin, {"id": str(job.pk)})["state"] == "completed"
    assert len(admin.get(f"{V1}/data-jobs/?schedule={schedule['id']}").json()["results"]) == 1


def test_why_no_update_began_is_told(admin: APIClient, watched: str, owner: User) -> None:
    schedule = made(admin, watched)
    for problem in ("Download some first", "may not write bars"):
        DataSchedule.objects.update(next_run_at=timezone.now() - timedelta(seconds=1))
        schedules_run()
        assert problem in admin.get(f"{V1}/data-schedules/{schedule['id']}/").json()["problem"]
        User.objects.filter(pk=owner.pk).update(role="researcher")
    assert not DataJob.objects.exists()


def test_a_schedule_is_changed_paused_begun_and_deleted(
    admin: APIClient,
    watched: str,
    yahoo: Yahoo,
) -> None:
    done(admin, downloading(admin, "AAA"))
    schedule = made(admin, watched, is_trading_days_only=True)
    where = f"{V1}/data-schedules/{schedule['id']}/"
    quiet = admin.patch(where, {"is_active": False}, format="json").json()
    assert (quiet["is_active"], quiet["next_run_at"]) == (False, None)
    loud = admin.patch(where, {"is_active": True, "at": "06:00"}, format="json").json()
    assert (loud["at"], loud["name"]) == ("06:00:00", "Evening")
    begun = admin.post(f"{where}run/")
    assert (begun.status_code, begun.json()["schedule"], begun.json()["kind"]) == (202, schedule["id"], "update")
    assert admin.get(where).json()["next_run_at"] == loud["next_run_at"]
    assert admin.delete(where).status_code == 204
    assert admin.get(f"{V1}/data-jobs/{begun.json()['id']}/").json()["schedule"] is None


def test_what_cannot_be_a_schedule_is_refused_by_name(
    admin: APIClient, watched: str, other: User, client_of: Callable[..., APIClient]
) -> None:
    made(admin, watched)
    for more, field in (
        ({}, "name"),
        ({"name": "B", "time_zone": "Mars/Base"}, "time_zone"),
        ({"name": "B", "at": "25:00"}, "at"),
        ({"name": "B", "sources": ["yaho"]}, "sources.0"),
        ({"name": "B", "target": "us"}, "target"),
        ({"name": "B", "watch_list": "3b8a1e4e-2f37-4a62-a3b4-111111111111"}, "watch_list"),
    ):
        assert made(admin, watched, 400, **more)["errors"][0]["field"] == field, more
    stranger = client_of(other, ALL)
    assert stranger.get(f"{V1}/data-schedules/").json()["results"] == []
    assert made(stranger, watched, 400)["errors"][0]["field"] == "watch_list"


def test_a_watch_list_is_not_deleted_with_its_schedules(admin: APIClient, watched: str, owner: User) -> None:
    schedule = made(admin, watched)["id"]
    refused = admin.delete(f"{V1}/watch-lists/{watched}/")
    assert (refused.status_code, "'Evening'" in refused.json()["detail"]) == (409, True)
    assert admin.get(f"{V1}/data-schedules/{schedule}/").status_code == 200
    assert admin.delete(f"{V1}/data-schedules/{schedule}/").status_code == 204
    assert admin.delete(f"{V1}/watch-lists/{watched}/").status_code == 204


def test_who_may_have_no_schedules_any_more_can_delete_the_list(
    admin: APIClient, watched: str, owner: User, client_of: Callable[..., APIClient]
) -> None:
    made(admin, watched)
    User.objects.filter(pk=owner.pk).update(role="researcher")
    owner.refresh_from_db()
    assert client_of(owner, ("read", "run")).delete(f"{V1}/watch-lists/{watched}/").status_code == 204
    assert not DataSchedule.objects.exists()
