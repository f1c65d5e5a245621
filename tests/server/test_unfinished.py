"""Backtests that do not finish: what they leave, and what is said of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
from django.test import Client
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.runs.lease import lease_claim, lease_event
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.services import Wishes, run_cancel
from tradinglab.server.runs.supervision import Supervisor, run_carry_out
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
IN_INITIALIZE = QUICK.replace('self.debug("ready")', 'self.debug("ready")\n        raise ValueError("no luck")')
MIDWAY = QUICK.replace("    def on_data(self, data):", """    def on_data(self, data):
        if self.time.month == 2:
            raise ValueError("no luck")""")  # fmt: skip
# Deaf to the engine's clock.
STUCK = QUICK.replace("    def on_data(self, data):", """    def on_data(self, data):
        self.error(f"stuck <here> at {self.time:%Y-%m-%d}")
        while True:
            try:
                while True:
                    pass
            except BaseException:
                continue""")  # fmt: skip


def submit(owner: User, source: str, timeout_s: float | None = None) -> Run:
    strategy = strategy_create(owner=owner, name=f"S{Run.objects.count()}", files={"main.py": source})
    assert strategy.head is not None
    request = BacktestRequest(version=strategy.head, wishes=Wishes(timeout_s=timeout_s))
    return backtest_submit(owner=owner, request=request).run


def cancelled_once_it_is_stuck(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hear = Supervisor.hear

    def heard(self: Supervisor, *, fraction: float | None, date: str, lines: Sequence[str]) -> None:
        hear(self, fraction=fraction, date=date, lines=lines)
        if any("stuck" in line for line in lines):
            run_cancel(run=Run.objects.get(pk=run.pk))

    monkeypatch.setattr(Supervisor, "hear", heard)


@pytest.mark.parametrize(
    ("source", "timeout_s", "state", "last"),
    [
        (IN_INITIALIZE, None, "failed", "ready"),
        (STUCK, 1.0, "timed_out", "stuck <here>"),
        (STUCK, None, "cancelled", "stuck <here>"),
    ],
)
def test_a_run_without_a_result_has_the_log_that_was_heard(
    source: str, timeout_s: float | None, state: str, last: str, owner: User, api: APIClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = submit(owner, source, timeout_s)
    if state == "cancelled":
        cancelled_once_it_is_stuck(run, monkeypatch)
    run_carry_out(run_id=run.pk, worker="a")
    where = f"/api/v1/backtests/{run.pk}"
    assert api.get(f"{where}/").json()["state"] == state
    answer = api.get(f"{where}/log/")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["left_out"] is None
    assert told["total"] == len(told["results"]) >= 1
    assert "ready" in told["results"][0]["text"]
    assert last in told["results"][-1]["text"]
    assert [each["line"] for each in told["results"]] == list(range(1, told["total"] + 1))
    assert api.get(f"{where}/log/?contains=READY&limit=1").json()["total"] == 1
    assert last in api.get(f"{where}/log/?format=csv").content.decode()
    table = pl.read_parquet(io.BytesIO(api.get(f"{where}/log/?format=parquet").content))
    assert table["text"].to_list() == [each["text"] for each in told["results"]]
    assert api.get(f"{where}/equity/").status_code == 404
    page = page_of(owner, run)
    assert "ready" in page
    assert "<here>" not in page
    assert "<iframe" not in page


def page_of(owner: User, run: Run) -> str:
    browser = Client()
    browser.force_login(owner)
    return browser.get(f"/backtests/{run.pk}/").content.decode()


def test_a_run_that_fails_midway_has_its_results_until_then_as_its_own_word(owner: User, api: APIClient) -> None:
    run = submit(owner, MIDWAY)
    run_carry_out(run_id=run.pk, worker="a")
    where = f"/api/v1/backtests/{run.pk}"
    said = api.get(f"{where}/").json()
    assert (said["state"], said["verification"]) == ("failed", "not_checked")
    assert (said["net_profit"], said["total_orders"], said["statistics"]) == (None, None, {})
    log = api.get(f"{where}/log/").json()
    assert log["left_out"] == 0
    assert "ready" in log["results"][0]["text"]
    assert log["results"][0]["time"] is not None
    assert api.get(f"{where}/orders/").json()["total"] == 1
    assert api.get(f"{where}/equity/").json()["time"][-1] < "2010-02-03"
    report: Any = api.get(f"{where}/report/")
    assert "its own word" in b"".join(report.streaming_content).decode()
    page = page_of(owner, run)
    assert "its own word" in page
    assert "<iframe" in page


def test_a_run_that_completed_is_not_called_so(owner: User) -> None:
    run = submit(owner, QUICK)
    run_carry_out(run_id=run.pk, worker="a")
    assert Backtest.objects.get(run=run).verification == "verified"
    assert "its own word" not in page_of(owner, run)
    assert "Last lines" not in page_of(owner, run)


def test_the_log_of_a_run_that_was_taken_over_is_that_of_its_last_attempt(
    owner: User, other: User, api: APIClient, client_of: Callable[..., APIClient]
) -> None:
    run = submit(owner, QUICK)
    where = f"/api/v1/backtests/{run.pk}/log/"
    assert api.get(where).status_code == 404
    for attempt in ("first", "second"):
        Run.objects.filter(pk=run.pk).update(state="queued")
        lease = lease_claim(run_id=run.pk, worker=attempt)
        assert lease is not None
        for line in ("a", "b"):
            lease_event(lease=lease, kind="log", data={"lines": [f"{attempt} {line}"]})
    told: Any = api.get(where).json()
    assert [each["text"] for each in told["results"]] == ["second a", "second b"]
    assert client_of(other).get(where).status_code == 404


def test_a_log_that_a_run_left_and_that_is_gone_is_not_replaced(owner: User, api: APIClient) -> None:
    run = submit(owner, QUICK)
    run_carry_out(run_id=run.pk, worker="a")
    run.artefacts.filter(name="log.parquet").delete()
    assert api.get(f"/api/v1/backtests/{run.pk}/log/").status_code == 404
