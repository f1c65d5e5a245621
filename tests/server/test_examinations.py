"""``/api/v1/backtests/{id}/doctor/`` and ``stress/``: what is found of a run, and who may ask."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tradinglab.doctor import diagnose, stress
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.examinations.models import Examination
from tradinglab.server.runs.lease import Lease, lease_claim
from tradinglab.server.runs.limits import limits_set
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import held_run_carry_out, run_carry_out
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
V1 = "/api/v1/backtests"

HEAD = """
from AlgorithmImports import *

class Examined(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 3, 1)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.bar = -1

    def on_data(self, data):
        self.bar += 1
        wanted = 100 if self.rises() else 0
        held = self.portfolio[self.symbol].quantity
        if wanted != held:
            self.market_order(self.symbol, wanted - held)

    def rises(self):
"""
#: Every other bar.
SOUND = HEAD + "        return self.bar % 2 == 0\n"
#: Tomorrow's close, as the engine's source has it.
PEEKING = (
    HEAD
    + """        bars = self.lab_context.source.bars(self.symbol, Resolution.DAILY, TickType.TRADE, -(1 << 62), 1 << 62)
        at = int(bars.end_ns.searchsorted(self.lab_utc_ns))
        return at + 1 < len(bars) and bars.values["close"][at + 1] > bars.values["close"][at]
"""
)


def done(owner: User, text: str, name: str = "Examined") -> Run:
    head = strategy_create(owner=owner, name=name, files={"main.py": text}).head
    assert head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=head)).run
    assert run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    assert run.state == "completed", run.error
    return run


def examined(api: APIClient, run: Run, kind: str, **options: Any) -> dict[str, Any]:
    """Ask, have it carried out, and return what there is then."""
    made = api.post(f"{V1}/{run.pk}/{kind}/", options, format="json")
    assert made.status_code == 202, made.content
    assert made.json()["state"] == "queued"
    run_carry_out(run_id=uuid.UUID(made.json()["id"]), worker="a")
    found: dict[str, Any] = api.get(f"{V1}/{run.pk}/{kind}/").json()
    assert found["id"] == made.json()["id"]
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [each["code"] for each in found["findings"]]


def test_a_look_ahead_is_found_with_its_bar(api: APIClient, owner: User) -> None:
    run = done(owner, PEEKING)
    found = examined(api, run, "doctor", cuts=3)
    assert (found["state"], found["error"], found["basis"], found["cuts"]) == ("completed", {}, "runs", 3)
    first = found["findings"][0]
    assert (first["code"], first["severity"]) == ("look-ahead", "error")
    assert first["bar"]["symbol"] == "AAPL"
    assert first["bar"]["time"].startswith("2010-")
    assert first["bar"]["row"] >= 0
    assert first["evidence"]["cuts"] == 3
    kinds = [each["kind"] for each in api.get(f"/api/v1/runs/{found['id']}/events/").json()["events"]]
    assert kinds[:2] == ["queued", "started"]
    assert kinds[-1] == "finished"


def test_the_server_finds_what_the_command_does(api: APIClient, owner: User, tmp_path: Path) -> None:
    """Runs in the sandbox, read by another, come to what runs in one process do."""
    path = tmp_path / "main.py"
    path.write_text(PEEKING)
    run = done(owner, PEEKING)
    seed = run.manifest["seed"]
    found = examined(api, run, "doctor", cuts=4)
    expected = diagnose(path, cuts=4, seed=seed)
    shown = [json.loads(json.dumps(each.as_json())) for each in expected.findings]
    assert found["findings"] == shown
    rows = examined(api, run, "stress", scenarios=["fees", "delay", "missed", "cash"], seed=seed)["rows"]
    by_name = {each.name: each for each in stress(path, seed=seed).rows}
    assert len(rows) == 9
    for row in rows:
        assert row == pytest.approx(asdict(by_name[row["name"]])), row["name"]


def test_a_sound_strategy_has_no_error(api: APIClient, owner: User) -> None:
    found = examined(api, done(owner, SOUND), "doctor", cuts=3)
    assert found["state"] == "completed", found["error"]
    assert {"look-ahead", "not-repeatable", "outside-data"}.isdisjoint(codes(found))
    assert {"few-trades", "short-span"} <= set(codes(found))
    assert found["left_out"] == []


def test_stress(api: APIClient, owner: User) -> None:
    found = examined(api, done(owner, SOUND), "stress", scenarios=["fees", "cash", "break_even"])
    assert found["state"] == "completed", found["error"]
    rows = {each["name"]: each for each in found["rows"]}
    assert list(rows) == ["as it is", "fees times 0", "fees times 2", "fees times 3", "cash times 10"]
    plain = rows["as it is"]
    assert rows["fees times 0"]["fees"] == 0
    assert rows["fees times 2"]["fees"] == pytest.approx(2 * plain["fees"])
    assert rows["fees times 3"]["net_profit"] == pytest.approx(plain["net_profit"] - 2 * plain["fees"], abs=0.1)
    assert rows["cash times 10"]["net_return"] == pytest.approx(plain["net_return"] / 10)
    assert found["break_even"]["sentence"]


# Asking.


def test_the_same_is_asked_once_unless_it_is_to_be_done_again(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    where = f"{V1}/{run.pk}/doctor/"
    first = api.post(where, {"cuts": 0}, format="json")
    second = api.post(where, {"cuts": 0, "priority": "batch"}, format="json")
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json() == first.json()
    assert first["Location"].endswith(f"{V1}/{run.pk}/examinations/{first.json()['id']}/")
    other = api.post(where, {"cuts": 1}, format="json")
    again = api.post(where, {"cuts": 0, "again": True}, format="json")
    assert (other.status_code, again.status_code) == (202, 202)
    found = [each.json()["id"] for each in (again, other, first)]
    assert len(set(found)) == 3
    assert [each["id"] for each in api.get(f"{V1}/{run.pk}/examinations/").json()] == found
    assert api.get(where).json()["id"] == found[0]
    assert api.post(where, {"cuts": 0}, format="json").json()["id"] == found[0]


def test_one_that_was_cancelled_does_not_count(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    first = api.post(f"{V1}/{run.pk}/stress/", {}, format="json").json()
    cancelled = api.delete(f"{V1}/{run.pk}/examinations/{first['id']}/")
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    second = api.post(f"{V1}/{run.pk}/stress/", {}, format="json")
    assert (second.status_code, second.json()["state"]) == (202, "queued")
    assert second.json()["id"] != first["id"]
    assert api.get(f"{V1}/{run.pk}/examinations/{first['id']}/").json()["state"] == "cancelled"
    Run.objects.filter(pk=second.json()["id"]).update(state="failed")
    again = api.delete(f"{V1}/{run.pk}/examinations/{second.json()['id']}/")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_a_key_starts_one(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    where, key = f"{V1}/{run.pk}/doctor/", {"HTTP_IDEMPOTENCY_KEY": "one"}
    first = api.post(where, {"again": True}, format="json", **key)
    second = api.post(where, {"again": True}, format="json", **key)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]
    other = api.post(where, {"cuts": 2}, format="json", **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    # What is there already is the answer under another key, too.
    third = api.post(where, {}, format="json", HTTP_IDEMPOTENCY_KEY="two")
    assert (third.status_code, third.json()["id"]) == (200, first.json()["id"])


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("doctor", {"cuts": -1}, "cuts"),
        ("doctor", {"cuts": 51}, "cuts"),
        ("doctor", {"cuts": "many"}, "cuts"),
        ("doctor", {"again": "yes"}, "again"),
        ("doctor", {"priority": "now"}, "priority"),
        ("doctor", {"scenarios": ["fees"]}, "scenarios"),
        ("stress", {"cuts": 1}, "cuts"),
        ("stress", {"scenarios": []}, "scenarios"),
        ("stress", {"scenarios": ["weather"]}, "scenarios.0"),
        ("stress", {"seed": -1}, "seed"),
        ("jitter", {"share": 1}, "share"),
        ("jitter", {"share": 0.1, "steps": 1}, "steps"),
        ("jitter", {"steps": 0}, "steps"),
        ("jitter", {"trials": 101}, "trials"),
        ("jitter", {}, "share"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    api: APIClient, owner: User, kind: str, body: dict[str, Any], field: str
) -> None:
    head = strategy_create(owner=owner, name="Any", files={"main.py": SOUND}).head
    assert head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=head)).run
    Run.objects.filter(pk=run.pk).update(state="completed")
    answer = api.post(f"{V1}/{run.pk}/{kind}/", body, format="json")
    assert answer.status_code == 400, answer.content
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert not Examination.objects.exists()


@pytest.mark.parametrize("kind", ["doctor", "stress", "jitter"])
@pytest.mark.parametrize("state", ["queued", "running", "failed", "cancelled", "timed_out"])
def test_what_has_not_completed_is_not_examined(api: APIClient, owner: User, kind: str, state: str) -> None:
    head = strategy_create(owner=owner, name="Any", files={"main.py": SOUND}).head
    assert head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=head)).run
    Run.objects.filter(pk=run.pk).update(state=state)
    answer = api.post(f"{V1}/{run.pk}/{kind}/", {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert f"is {state}" in answer.json()["detail"]
    missing = api.get(f"{V1}/{run.pk}/{kind}/")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_another_user_s_is_not_there(
    api: APIClient, owner: User, other: User, client_of: Callable[..., APIClient]
) -> None:
    run = done(owner, SOUND)
    made = api.post(f"{V1}/{run.pk}/doctor/", {}, format="json").json()["id"]
    stranger = client_of(other)
    for method, end in (
        ("post", "doctor/"), ("get", "doctor/"), ("post", "stress/"), ("get", "stress/"),
        ("post", "jitter/"), ("get", "jitter/"), ("get", "examinations/"),
        ("get", f"examinations/{made}/"), ("delete", f"examinations/{made}/"),
    ):  # fmt: skip
        assert getattr(stranger, method)(f"{V1}/{run.pk}/{end}").status_code == 404
    theirs = done(other, SOUND)
    assert stranger.get(f"{V1}/{theirs.pk}/examinations/{made}/").status_code == 404
    reader = client_of(owner, scopes=("read",))
    assert reader.post(f"{V1}/{run.pk}/doctor/", {}, format="json").status_code == 403
    assert reader.get(f"{V1}/{run.pk}/doctor/").status_code == 200


def test_the_report_shows_the_newest(api: APIClient, owner: User) -> None:
    run = done(owner, PEEKING)
    before = api.get(f"{V1}/{run.pk}/report/").getvalue().decode()
    assert 'id="doctor"' not in before
    examined(api, run, "doctor", cuts=3)
    report = api.get(f"{V1}/{run.pk}/report/").getvalue().decode()
    assert 'id="doctor"' in report
    assert "The strategy sees the future" in report
    assert 'href="#chart-equity" data-day="2010-' in report
    assert api.get(f"{V1}/{run.pk}/artefacts/report.html/").getvalue().decode() == before


# What cannot be run again.


def test_a_run_elsewhere_is_judged_by_what_it_left(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    Backtest.objects.filter(pk=run.pk).update(engine="quantconnect")
    found = examined(api, run, "doctor")
    assert (found["state"], found["basis"], found["cuts"]) == ("completed", "stored", None)
    assert {"few-trades", "short-span"} <= set(codes(found))
    assert "large-fills" not in codes(found)
    (left_out,) = found["left_out"]
    assert "look-ahead" in left_out["codes"]
    assert "quantconnect" in left_out["reason"]
    assert "from what the run has left" in api.get(f"{V1}/{run.pk}/report/").getvalue().decode()
    refused = api.post(f"{V1}/{run.pk}/stress/", {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "rerun" in refused.json()["detail"]


def test_data_that_are_gone_leave_what_is_stored(api: APIClient, owner: User) -> None:
    run = done(
        owner, SOUND.replace("100 if", "10**8 if").replace("self.bar = -1", "self.bar = -1; self.set_cash(10**12)")
    )
    Backtest.objects.filter(pk=run.pk).update(data="gone")
    found = examined(api, run, "doctor")
    assert (found["state"], found["basis"]) == ("completed", "stored")
    assert "gone" in found["left_out"][0]["reason"]
    large = next(each for each in found["findings"] if each["code"] == "large-fills")
    assert large["bar"]["symbol"] == "AAPL"
    assert large["bar"]["row"] is not None


def test_a_run_without_orders_elsewhere(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND.replace("self.bar % 2 == 0", "False"))
    Backtest.objects.filter(pk=run.pk).update(engine="quantconnect")
    first = examined(api, run, "doctor")["findings"][0]
    assert (first["code"], first["severity"]) == ("no-orders", "error")
    assert "No order was sent" in first["sentence"]


# What strategies do.


def test_a_strategy_that_cannot_be_repeated_is_not_called_look_ahead(api: APIClient, owner: User) -> None:
    dice = HEAD.replace("from AlgorithmImports import *", "import os\nfrom AlgorithmImports import *")
    found = examined(api, done(owner, dice + "        return os.urandom(1)[0] % 2 == 0\n"), "doctor", cuts=3)
    assert found["state"] == "completed", found["error"]
    assert "not-repeatable" in codes(found)
    assert "look-ahead" not in codes(found)


def test_what_the_strategy_says_of_the_doctor_does_not_count(api: APIClient, owner: User) -> None:
    """It shares its process with nobody who judges it."""
    forging = """
        import sys
        for name, module in list(sys.modules.items()):
            if name.startswith("tradinglab.doctor"):
                for what in ("checked", "compare_cut", "cut_finding", "look_ahead", "first_difference"):
                    if hasattr(module, what):
                        setattr(module, what, lambda *args, **more: [])
"""
    text = PEEKING.replace("        self.bar = -1\n", f"        self.bar = -1\n{forging}")
    assert "look-ahead" in codes(examined(api, done(owner, text), "doctor", cuts=3))


def test_a_failure_ends_it_with_the_strategy_s_message(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    text = SOUND.replace("self.bar = -1", "raise ValueError('not today')")
    Backtest.objects.get(pk=run.pk).version.__class__.objects.update(files={"main.py": text})
    for kind in ("doctor", "stress"):
        found = examined(api, run, kind)
        assert (found["state"], found["error"]["code"]) == ("failed", "strategy")
        assert "not today" in found["error"]["message"]


def test_a_strategy_that_does_not_come_back_is_timed_out(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    Backtest.objects.get(pk=run.pk).version.__class__.objects.update(
        files={"main.py": SOUND.replace("self.bar += 1", "self.bar += 1\n        while True: pass")}
    )
    made = api.post(f"{V1}/{run.pk}/doctor/", {}, format="json").json()["id"]
    Run.objects.filter(pk=made).update(timeout_s=1)
    run_carry_out(run_id=uuid.UUID(made), worker="a")
    found = api.get(f"{V1}/{run.pk}/doctor/").json()
    assert (found["state"], found["error"]["code"]) == ("timed_out", "time_limit")


def test_one_under_way_is_cancelled(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    made = api.post(f"{V1}/{run.pk}/stress/", {}, format="json").json()["id"]
    Run.objects.filter(pk=made).update(cancel_requested_at=timezone.now(), state="running", fence=1, worker="b")
    run_cancelled = Run.objects.get(pk=made)
    held_run_carry_out(lease=Lease(run_id=run_cancelled.pk, fence=1, priority=1))
    assert api.get(f"{V1}/{run.pk}/stress/").json()["state"] == "cancelled"


def test_a_lost_worker_s_examination_is_taken_over(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    made = api.post(f"{V1}/{run.pk}/doctor/", {"cuts": 1}, format="json").json()["id"]
    assert lease_claim(run_id=uuid.UUID(made), worker="dead") is not None
    Run.objects.filter(pk=made).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run_carry_out(run_id=uuid.UUID(made), worker="b")
    found = api.get(f"{V1}/{run.pk}/doctor/").json()
    assert (found["state"], found["cuts"]) == ("completed", 1)
    events = api.get(f"/api/v1/runs/{made}/events/").json()["events"]
    assert [each["data"]["attempt"] for each in events if each["kind"] == "started"] == [1, 2]


def test_who_waits_for_much_is_refused_more(api: APIClient, owner: User) -> None:
    run = done(owner, SOUND)
    limits_set(user=owner, changes={"most_queued": 1})
    assert api.post(f"{V1}/{run.pk}/doctor/", {}, format="json").status_code == 202
    refused = api.post(f"{V1}/{run.pk}/stress/", {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_queued")
    assert api.post(f"{V1}/{run.pk}/doctor/", {}, format="json").status_code == 200
