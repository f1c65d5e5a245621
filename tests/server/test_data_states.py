"""What runs have read of a bar store: pinned, marked when it is restated, read again by verifications, released."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from rest_framework.test import APIClient

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.sample import SampleSource
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_states import data_states_job
from tradinglab.server.backtests.models import Backtest, DataState
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.datasets.maintaining import maintenance_job
from tradinglab.server.runs.kinds import all_sandboxes
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
V1 = "/api/v1/backtests"
KEY = SeriesKey(SecurityType.EQUITY, "usa", "AAPL", Resolution.DAILY, TickType.TRADE)
EVER = -(1 << 62), 1 << 62


@pytest.fixture
def store(settings: Any) -> Iterator[BarStore]:
    """The store at home, with the sample's days of AAPL; sandboxes may read that of the test before."""
    for keeper in all_sandboxes():
        keeper.close()
    source = SampleSource()
    symbol = source.resolve_symbol("AAPL", SecurityType.EQUITY, "usa")
    bars = source.bars(symbol, Resolution.DAILY, TickType.TRADE, *EVER)
    found = BarStore(settings.HOME.bars)
    found.write(KEY, bars.time_ns // 1000, {name: bars.values[name] for name in KEY.fields}, [Origin("sample")])
    yield found
    for keeper in all_sandboxes():
        keeper.close()


def carry_out(run_id: Any) -> Run:
    assert run_carry_out(run_id=run_id, worker="a")
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.error) == ("completed", {})
    return run


@pytest.fixture
def done(owner: User, strategy: Strategy, store: BarStore) -> Run:
    assert strategy.head is not None
    return carry_out(backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, data="local")).run.pk)


def restate(store: BarStore, run: Run) -> None:
    """Halve the close of three days in the middle of what the run covered."""
    first = Backtest.objects.get(run=run).first_day
    assert first is not None
    begins = int(np.datetime64(first, "us").astype(np.int64))
    times, values = store.read(KEY, begins, begins + 10 * 86_400_000_000)
    part = {name: column[1:4] * (1 if name == "volume" else 0.5) for name, column in values.items()}
    store.write(KEY, times[1:4], part, [Origin("vendor")], on_conflict="replace")
    # What was is not kept but for the pin.
    store.maintain(grace=timedelta(0))


def test_a_run_is_marked_when_its_bars_are_restated(api: APIClient, done: Run, store: BarStore, owner: User) -> None:
    assert data_states_job() == 0
    assert api.get(f"{V1}/{done.pk}/").json()["data_changes"] == []
    assert api.get(f"{V1}/?data_changed=true").json()["results"] == []
    restate(store, done)
    assert data_states_job() == 1
    found = api.get(f"{V1}/{done.pk}/").json()
    (change,) = found["data_changes"]
    assert (change["kind"], change["count"]) == ("bars", 3)
    assert change["text"].startswith("AAPL (equity, usa, daily, trade): 3 bars are not what they were")
    assert found["data_changed_at"] is not None
    assert [each["id"] for each in api.get(f"{V1}/?data_changed=true").json()["results"]] == [str(done.pk)]
    assert api.get(f"{V1}/?data_changed=false").json()["results"] == []
    assert data_states_job() == 0, "nothing new"
    client = Client()
    client.force_login(owner)
    assert "3 bars are not what they were" in client.get(f"/backtests/{done.pk}/").content.decode()


def test_a_verification_and_a_rerun_read_what_the_run_has_read(api: APIClient, done: Run, store: BarStore) -> None:
    restate(store, done)
    made = api.post(f"{V1}/{done.pk}/verify/").json()
    carry_out(uuid.UUID(made["id"]))
    found = api.get(f"{V1}/{done.pk}/verifications/{made['id']}/").json()
    assert (found["outcome"], found["differences"]) == ("identical", [])
    figures = {}
    for bars in ("then", "now"):
        again = api.post(f"{V1}/{done.pk}/rerun/", {"bars": bars}, format="json")
        assert again.status_code == 202, again.content
        run = carry_out(uuid.UUID(again.json()["id"]))
        figures[bars] = Backtest.objects.get(run=run).end_equity, run.manifest["data"]["slices"]
    assert figures["then"] == (Backtest.objects.get(run=done).end_equity, done.manifest["data"]["slices"])
    assert figures["now"] != figures["then"]


def test_what_no_run_needs_is_released(api: APIClient, done: Run, store: BarStore) -> None:
    assert len(store.pins()) == 1
    restate(store, done)
    assert len(store.manifest(KEY).past) == 1
    api.delete(f"{V1}/{done.pk}/")
    data_states_job()
    assert len(store.pins()) == 1, "it may be restored"
    Run.objects.get(pk=done.pk).delete()
    assert data_states_job() == 1
    assert (store.pins(), DataState.objects.count()) == ({}, 0)
    store.maintain(grace=timedelta(0))
    assert store.manifest(KEY).past == ()


def test_the_sample_has_no_earlier_bars(api: APIClient, owner: User, strategy: Strategy) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    answer = api.post(f"{V1}/{run.pk}/rerun/", {"bars": "then"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "bars")


def test_stores_are_maintained(settings: Any) -> None:
    store = BarStore(settings.HOME.bars)
    for day in range(25):
        at = np.array([1_704_690_000_000_000 + day * 86_400_000_000])
        store.append_day(KEY, at, {name: np.ones(1) for name in KEY.fields}, Origin("x"))
    assert maintenance_job() == 25
    assert [each.period for each in store.manifest(KEY).slices] == ["2024"]
    assert maintenance_job() == 0
