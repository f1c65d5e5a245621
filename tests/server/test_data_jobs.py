"""Jobs that download and update: what they bring, what stops them, who may ask for them."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from rest_framework.test import APIClient
from tests.server.conftest import set_environment
from tests.sources.figures import LISTED, TODAY, midnight, share_days, share_minutes
from tests.sources.speakers import AlphaVantage, Yahoo
from tests.sources.wire import answer

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.download_notes import StoreLedger
from tradinglab.data.store import BarStore, SeriesKey
from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.data_jobs.coordinating import data_job_advance
from tradinglab.server.data_jobs.keeping import Keeper
from tradinglab.server.datasets.models import CatalogueSeries, Instrument
from tradinglab.server.datasets.services import watch_list_create
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import Supervisor, run_carry_out

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
ALL = ("read", "run", "admin")
DAILY = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.DAILY, TickType.TRADE)
MINUTES = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.MINUTE, TickType.TRADE)


@pytest.fixture(autouse=True)
def _no_other_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a test's transaction another thread finds its tables locked; whole processes have tests of their own."""
    monkeypatch.setattr(Keeper, "_go_on", lambda self: None)


@pytest.fixture
def yahoo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Yahoo]:
    with Yahoo() as wire:
        monkeypatch.setenv("YAHOO_FINANCE_BASE_URL", wire.url)
        yield wire


@pytest.fixture
def vantage(monkeypatch: pytest.MonkeyPatch) -> Iterator[AlphaVantage]:
    """Minutes, a month with each request."""
    with AlphaVantage() as wire:
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "TOPSECRETKEY")
        monkeypatch.setenv("ALPHA_VANTAGE_REQUESTS_PER_MINUTE", "10000")
        monkeypatch.setenv("ALPHA_VANTAGE_BASE_URL", wire.url)
        yield wire


@pytest.fixture
def admin(owner: User, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(owner, ALL)


def asked(admin: APIClient, what: str, body: dict[str, Any], code: int = 202) -> dict[str, Any]:
    answered = admin.post(f"{V1}/data-jobs/{what}/", body, format="json")
    assert answered.status_code == code, answered.content
    found: dict[str, Any] = answered.json()
    return found


def downloading(admin: APIClient, *symbols: str, **more: Any) -> dict[str, Any]:
    body = {"symbols": symbols, "start": "2021-01-04", "end": "2021-12-30", **more}
    return asked(admin, "download", body)


def step(job: dict[str, Any]) -> None:
    """Do what a worker does next."""
    data_job_advance(job["id"])
    for run in Run.objects.filter(parent=job["id"], state="queued"):
        run_carry_out(run_id=run.pk, worker="a")
    data_job_advance(job["id"])


def done(admin: APIClient, job: dict[str, Any]) -> dict[str, Any]:
    """Carry a job out, and return what is told of it."""
    for _ in range(20):
        step(job)
        found: dict[str, Any] = admin.get(f"{V1}/data-jobs/{job['id']}/").json()
        if found["state"] not in ("queued", "running"):
            return found
    raise AssertionError(found)


def items(admin: APIClient, job: dict[str, Any], **wanted: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.get(f"{V1}/data-jobs/{job['id']}/items/", wanted).json()["results"]
    return found


def stored(settings: Any, key: SeriesKey = DAILY) -> tuple[list[int], list[float]]:
    times, values = BarStore(settings.HOME.bars).read(key)
    return times.tolist(), values["close"].tolist()


def expected(first: date, last: date) -> list[int]:
    return [bar.us for bar in share_days(first, last)]


def test_a_download_brings_the_bars_and_the_catalogue_knows_them(
    admin: APIClient, yahoo: Yahoo, settings: Any, owner: User
) -> None:
    job = downloading(admin, "AAA", "aaa")
    assert (job["kind"], job["state"], job["target"]) == ("download", "queued", "local")
    assert job["items"]["total"] == 1  # the same ticker twice is one
    found = done(admin, job)
    assert (found["state"], found["items"]["completed"], found["progress"]) == ("completed", 1, 1.0)
    times, closes = stored(settings)
    bars = share_days(date(2021, 1, 4), date(2021, 12, 30))
    assert times == [bar.us for bar in bars]
    assert closes == pytest.approx([bar.close for bar in bars], rel=1e-6)
    (item,) = items(admin, job)
    assert (item["state"], item["added"], item["known"], item["actions"]) == ("completed", len(bars), 0, 2)
    assert [(each["source"], each["bars"], each["passed"]) for each in item["ranges"]] == [("yahoo", len(bars), [])]
    assert CatalogueSeries.objects.get(source__name="local", ticker="AAA").bars == len(bars)
    events = admin.get(f"{V1}/runs/{job['id']}/events/").json()["events"]
    kinds = [each["kind"] for each in events]
    assert (kinds[:2], kinds[-1]) == (["queued", "started"], "finished")
    told = [each["data"] for each in events if each["kind"] == "item"]
    assert (told[0]["state"], told[-1]["state"], told[-1]["added"]) == ("running", "completed", len(bars))
    assert AuditEntry.objects.filter(action="data_job.submitted", actor=owner).count() == 1


def test_what_was_answered_is_not_asked_again_unless_it_is_to_be(admin: APIClient, yahoo: Yahoo, settings: Any) -> None:
    done(admin, downloading(admin, "AAA"))
    before = len(yahoo.asked)
    again = downloading(admin, "AAA")
    assert done(admin, again)["state"] == "completed"
    assert len(yahoo.asked) == before
    fresh = downloading(admin, "AAA", refresh=True)
    done(admin, fresh)
    assert len(yahoo.asked) > before
    (item,) = items(admin, fresh)
    assert (item["added"], item["known"]) == (0, len(expected(date(2021, 1, 4), date(2021, 12, 30))))


def test_without_a_start_it_begins_where_the_source_does(admin: APIClient, yahoo: Yahoo, settings: Any) -> None:
    done(admin, asked(admin, "download", {"symbols": ["AAA"], "end": "2020-03-02"}))
    assert stored(settings)[0] == expected(LISTED, date(2020, 3, 2))


def test_one_symbol_that_fails_keeps_no_other_and_is_tried_again(admin: APIClient, yahoo: Yahoo, settings: Any) -> None:
    job = downloading(admin, "NOPE", "AAA")
    found = done(admin, job)
    assert (found["state"], found["items"]["completed"], found["items"]["failed"]) == ("completed", 1, 1)
    (lost,) = items(admin, job, state="failed")
    assert lost["symbol"] == "NOPE"
    assert lost["error"]["code"] == "source_unknown_symbol"
    message = lost["error"]["message"]
    assert [text for text in ("NOPE", "yahoo", "Try the item again") if text not in message] == []
    again = admin.post(f"{V1}/data-jobs/{job['id']}/retry/", {"items": [lost["id"]]}, format="json")
    assert again.status_code == 202
    assert (again.json()["retry_of"], again.json()["items"]["total"]) == (job["id"], 1)
    assert again.headers["Location"].endswith(f"/api/v1/data-jobs/{again.json()['id']}/")
    assert done(admin, again.json())["error"]["code"] == "no_item_completed"
    wrong = admin.post(f"{V1}/data-jobs/{job['id']}/retry/", {"items": [lost["id"] + 1000]}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "items.0")


def test_an_item_is_tried_again_in_a_job_that_goes_on(admin: APIClient, yahoo: Yahoo) -> None:
    job = downloading(admin, "NOPE", "AAA", "BBB-C")
    step(job)
    assert admin.post(f"{V1}/data-jobs/{job['id']}/pause/").json()["state"] == "paused"
    (lost,) = items(admin, job, state="failed")
    again = admin.post(f"{V1}/data-jobs/{job['id']}/retry/", {}, format="json")
    assert (again.status_code, again.json()["id"]) == (200, job["id"])
    assert {each["state"] for each in items(admin, job) if each["id"] == lost["id"]} == {"waiting"}


def test_a_pause_stops_between_two_parts_and_resume_goes_on_there(
    admin: APIClient, vantage: AlphaVantage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is paused while its fifth month is asked for."""
    body = {"sources": ["alpha_vantage"], "resolution": "minute", "start": "2021-01-01", "end": "2021-12-31"}
    job = downloading(admin, "AAA", **body)
    data_job_advance(job["id"])
    (run,) = Run.objects.filter(parent=job["id"])
    seen = Supervisor.is_cancelled

    def is_cancelled(self: Any) -> bool:
        if len(vantage.asked) == 5:
            assert admin.post(f"{V1}/data-jobs/{job['id']}/pause/").json()["state"] == "paused"
        self._next_renewal = 0
        return seen(self)

    with monkeypatch.context() as patched:
        patched.setattr(Supervisor, "is_cancelled", is_cancelled)
        run_carry_out(run_id=run.pk, worker="a")
    data_job_advance(job["id"])
    run.refresh_from_db()
    assert (run.state, run.error) == ("cancelled", {})
    (item,) = items(admin, job)
    months = [each.params["month"] for each in vantage.asked]
    assert (item["state"], item["tries"], months) == ("waiting", 1, [f"2021-{month:02}" for month in range(1, 6)])
    part = item["added"]
    assert len(stored(settings, MINUTES)[0]) == part == len(share_minutes(date(2021, 1, 1), date(2021, 5, 31)))
    step(job)  # nothing happens while it is paused
    assert Run.objects.filter(parent=job["id"]).count() == 1
    assert admin.post(f"{V1}/data-jobs/{job['id']}/resume/").json()["state"] == "running"
    assert done(admin, job)["state"] == "completed"
    (item,) = items(admin, job)
    whole = [bar.us for bar in share_minutes(date(2021, 1, 1), date(2021, 12, 31))]
    assert stored(settings, MINUTES)[0] == whole
    assert (item["added"], item["known"], item["tries"]) == (len(whole), 0, 2)
    # Of what was stored nothing was asked for again.
    months = [each.params["month"] for each in vantage.asked]
    assert months == [f"2021-{month:02}" for month in range(1, 13)]


def test_an_update_asks_from_the_last_bar_and_tells_what_was_corrected(
    admin: APIClient, yahoo: Yahoo, settings: Any
) -> None:
    done(admin, downloading(admin, "AAA"))
    times, closes = stored(settings)
    store = BarStore(settings.HOME.bars)
    values = {name: column[-3:] for name, column in store.read(DAILY)[1].items()}
    values["close"] = values["close"] - np.array([0.0, 0.0, 0.5])
    from tradinglab.data.store import Origin

    store.write(DAILY, np.array(times[-3:]), values, [Origin("yahoo: AAA", "00" * 32)], on_conflict="replace")
    job = asked(admin, "update", {"symbols": ["AAA"]})
    assert done(admin, job)["state"] == "completed"
    (item,) = items(admin, job)
    (restated,) = item["restated"]
    assert (restated["source"], restated["count"], restated["day"]) == ("yahoo", 1, "2021-12-30")
    assert restated["new_close"] - restated["stored_close"] == pytest.approx(0.5)
    assert restated["kept"] == "stored"
    asked_from = min(int(float(each.params["period1"])) for each in yahoo.asked[-1:])
    assert asked_from >= midnight(date(2021, 12, 20))
    assert stored(settings)[0] == expected(date(2021, 1, 4), TODAY)
    replaced = asked(admin, "update", {"all": True, "on_restated": "replace", "overlap_days": 30})
    done(admin, replaced)
    (item,) = items(admin, replaced)
    assert item["restated"][0]["kept"] == "new"
    assert stored(settings)[1][: len(closes)] == pytest.approx(closes)


def test_a_watch_list_is_downloaded_and_updated(admin: APIClient, yahoo: Yahoo, owner: User, settings: Any) -> None:
    made = [
        Instrument.objects.create(security_type="equity", market="usa", ticker=ticker) for ticker in ("AAA", "BBB-C")
    ]
    watched = watch_list_create(owner=owner, name="Mine", instruments=[each.pk for each in made])
    body = {"watch_list": str(watched.pk)}
    refused = asked(admin, "update", body, 400)
    assert refused["errors"][0]["field"] == "watch_list"
    job = asked(admin, "download", {**body, "start": "2021-12-01", "end": "2021-12-30"})
    assert done(admin, job)["items"]["completed"] == 2
    assert [each["symbol"] for each in items(admin, job)] == ["AAA", "BBB-C"]
    assert done(admin, asked(admin, "update", body))["items"]["completed"] == 2


def test_two_jobs_for_one_series_follow_one_another(admin: APIClient, yahoo: Yahoo, settings: Any) -> None:
    first, second = downloading(admin, "AAA"), downloading(admin, "AAA", refresh=True)
    data_job_advance(first["id"])
    step(second)
    (waiting,) = items(admin, second)
    assert (waiting["state"], waiting["waits_for"]) == ("waiting", first["id"])
    assert done(admin, first)["state"] == "completed"
    assert done(admin, second)["state"] == "completed"
    assert items(admin, second)[0]["waits_for"] is None


def test_a_job_is_cancelled_before_and_while_it_runs(admin: APIClient, yahoo: Yahoo) -> None:
    early, late = downloading(admin, "AAA"), downloading(admin, "AAA", "NOPE")
    cancelled = admin.post(f"{V1}/data-jobs/{early['id']}/cancel/")
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert cancelled.json()["items"]["cancelled"] == 1
    data_job_advance(late["id"])
    assert admin.delete(f"{V1}/data-jobs/{late['id']}/").status_code == 409
    admin.post(f"{V1}/data-jobs/{late['id']}/cancel/")
    assert done(admin, late)["state"] == "cancelled"
    for verb in ("pause", "resume"):
        assert admin.post(f"{V1}/data-jobs/{late['id']}/{verb}/").status_code == 409
    assert admin.delete(f"{V1}/data-jobs/{late['id']}/").status_code == 204
    assert [each["id"] for each in admin.get(f"{V1}/data-jobs/").json()["results"]] == [early["id"]]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_and_leaves_no_half(
    number: int, admin: APIClient, yahoo: Yahoo, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = downloading(admin, "AAA")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(number, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(BarStore, "write", full)
        assert done(admin, job)["state"] == "failed"
    (item,) = items(admin, job)
    assert item["error"]["code"] == "storage_full"
    assert "'local' is full" in item["error"]["message"]
    assert str(settings.HOME.bars) not in item["error"]["message"]
    assert StoreLedger(BarStore(settings.HOME.bars)).read(DAILY) == []
    again = admin.post(f"{V1}/data-jobs/{job['id']}/retry/", {}, format="json").json()
    assert done(admin, again)["state"] == "completed"
    assert BarStore(settings.HOME.bars).verify(DAILY) == []


def test_a_source_that_refuses_is_followed_by_the_next_and_no_key_is_told(
    admin: APIClient, yahoo: Yahoo, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "TOPSECRETKEY")
    monkeypatch.setenv("ALPHA_VANTAGE_BASE_URL", yahoo.url)
    yahoo.faults.extend([answer({"Error Message": "the parameter apikey is invalid or missing: TOPSECRETKEY."})] * 2)
    job = downloading(admin, "AAA", sources=["alpha_vantage", "yahoo"])
    done(admin, job)
    (item,) = items(admin, job)
    passed = [one["source"] for each in item["ranges"] for one in each["passed"]]
    assert (item["state"], "alpha_vantage" in passed) == ("completed", True)
    told = str(admin.get(f"{V1}/runs/{job['id']}/events/").json()) + str(items(admin, job)) + caplog.text
    assert "TOPSECRETKEY" not in told


def test_what_each_source_said_is_told_in_whole_sentences(
    admin: APIClient, yahoo: Yahoo, vantage: AlphaVantage
) -> None:
    job = downloading(admin, "NOPE", sources=["yahoo", "alpha_vantage"])
    assert done(admin, job)["state"] == "failed"
    (item,) = items(admin, job)
    told = item["error"]["message"]
    assert "; alpha_vantage: " in told
    assert told.endswith(". Try the item again, or name another source.")
    assert ".;" not in told


def test_a_named_store_can_be_written_and_other_sources_cannot(
    admin: APIClient, yahoo: Yahoo, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "lean").mkdir()
    set_environment(settings, named_data=f"mine=store:{tmp_path / 'mine'},us=lean:{tmp_path / 'lean'}")
    assert done(admin, downloading(admin, "AAA", target="mine"))["state"] == "completed"
    assert BarStore(tmp_path / "mine").has(DAILY)
    refused = asked(admin, "download", {"symbols": ["AAA"], "target": "us"}, 400)
    assert refused["errors"][0] == {
        "field": "target", "value": "us",
        "message": "There is no bar store 'us' that can be written. Use one of: local, mine.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        ({}, "symbols", "Give one of"),
        ({"symbols": ["AAA"], "watch_list": "3b8a1e4e-2f37-4a62-a3b4-111111111111"}, "symbols", "Give one of"),
        ({"symbols": ["AA A"]}, "symbols.0", "is no ticker"),
        ({"symbols": ["^GSPC"], "security_type": "index"}, "symbols.0", "is no ticker"),
        ({"symbols": ["AAA"], "sources": ["yaho"]}, "sources.0", "Did you mean: 'yahoo'"),
        ({"symbols": ["AAA"], "sources": ["binance"], "security_type": "equity"}, "sources", "no bars of AAA"),
        ({"symbols": ["AAA"], "start": "2021-02-01", "end": "2021-01-01"}, "end", "swap them"),
        ({"symbols": ["AAA"], "start": "2190-01-01"}, "start", "is to come"),
        ({"symbols": ["AAA"], "start": "0001-01-01", "end": "2190-01-01"}, "start", "from 1900-01-01 on"),
        ({"symbols": ["AAA"], "end": "1850-01-01"}, "end", "from 1900-01-01 on"),
        ({"symbols": ["AAA"], "sources": ["yahoo", "yahoo"]}, "sources.1", "twice"),
        ({"symbols": ["AAA"], "resolution": "tick"}, "resolution", "Choose one of"),
        ({"watch_list": "3b8a1e4e-2f37-4a62-a3b4-111111111111"}, "watch_list", "no such watch-list"),
        ({"symbols": ["AAA"], "market": "../../etc"}, "symbols.0", "A market may have"),
    ],
)
def test_what_cannot_be_downloaded_is_refused_by_name(
    body: dict[str, Any], field: str, text: str, admin: APIClient
) -> None:
    refused = asked(admin, "download", body, 400)
    assert refused["errors"][0]["field"] == field
    assert text in refused["errors"][0]["message"]


def test_what_cannot_be_updated_is_refused_by_name(admin: APIClient, settings: Any) -> None:
    for body, field in (({"symbols": ["AAA"]}, "symbols.0"), ({"all": True}, "target")):
        assert asked(admin, "update", body, 400)["errors"][0]["field"] == field
    settings.HOME.bars.joinpath("alien.txt").write_text("no store")
    assert asked(admin, "update", {"all": True}, 409)["code"] == "conflict"


def test_made_up_bars_are_not_mixed_with_real_ones(admin: APIClient, yahoo: Yahoo, settings: Any) -> None:
    from tradinglab.data.store import store_synthetic_bars

    store_synthetic_bars(settings.HOME.bars, "AAA", Resolution.DAILY, date(2021, 1, 4), date(2021, 2, 1))
    job = asked(admin, "update", {"all": True, "sources": ["yahoo"]})
    done(admin, job)
    assert "made up" in items(admin, job)[0]["error"]["message"]


def test_jobs_are_their_owners_and_only_admins_make_them(
    admin: APIClient, other: User, client_of: Callable[..., APIClient], yahoo: Yahoo
) -> None:
    job = downloading(admin, "AAA")
    stranger = client_of(other, ALL)
    assert stranger.get(f"{V1}/data-jobs/").json()["results"] == []
    where = f"{V1}/data-jobs/{job['id']}/"
    assert stranger.get(where).status_code == stranger.get(f"{where}items/").status_code == 404
    for verb in ("pause", "resume", "cancel", "retry"):
        assert stranger.post(f"{where}{verb}/", {}, format="json").status_code == 404
    researcher = User.objects.create_user("r@example.com", "a long password 3", role="researcher")
    refused = client_of(researcher).post(f"{V1}/data-jobs/download/", {"symbols": ["AAA"]}, format="json")
    assert (refused.status_code, "the scope 'admin'" in refused.json()["detail"]) == (403, True)


def test_the_same_request_starts_one_job(admin: APIClient) -> None:
    body = {"symbols": ["AAA"]}
    made = [
        admin.post(f"{V1}/data-jobs/download/", body, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert [each.status_code for each in made] == [202, 200]
    assert made[0].json()["id"] == made[1].json()["id"]
    other_body = admin.post(
        f"{V1}/data-jobs/download/", {"symbols": ["B"]}, format="json", headers={"Idempotency-Key": "k"}
    )
    assert other_body.status_code == 422


def test_jobs_are_filtered(admin: APIClient) -> None:
    job = downloading(admin, "AAA")
    admin.post(f"{V1}/data-jobs/{job['id']}/pause/")
    for query, count in (("state=paused", 1), ("state=queued", 0), ("kind=update", 0), ("target=local", 1)):
        assert len(admin.get(f"{V1}/data-jobs/?{query}").json()["results"]) == count, query


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "data_jobs", "--check", "--dry-run", verbosity=0)
