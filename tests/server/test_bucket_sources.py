"""A bar store in a bucket as a data source: strategies read a copy, runs pin what they have read in the bucket."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient
from tests.server.s3 import KEYS, BucketServer

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.sample import SampleSource
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.data.store.mirroring import mirror
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_states import data_states_job
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.config.data_sources import parse_data_sources
from tradinglab.server.runs.kinds import all_sandboxes
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

V1 = "/api/v1"
KEY = SeriesKey(SecurityType.EQUITY, "usa", "AAPL", Resolution.DAILY, TickType.TRADE)


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[BucketServer]:
    with BucketServer() as found:
        yield found


@pytest.fixture
def store(bucket_server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BarStore:
    """A store in a bucket, with the sample's days of AAPL."""
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "AWS_ENDPOINT_URL_S3": bucket_server.url}
    for name, value in {**KEYS, **cache}.items():
        monkeypatch.setenv(name, value)
    source = SampleSource()
    symbol = source.resolve_symbol("AAPL", SecurityType.EQUITY, "usa")
    bars = source.bars(symbol, Resolution.DAILY, TickType.TRADE, -(1 << 62), 1 << 62)
    found = BarStore(f"s3://{bucket_server.bucket()}/bars")
    found.write(KEY, bars.time_ns // 1000, {name: bars.values[name] for name in KEY.fields}, [Origin("sample")])
    return found


@pytest.fixture
def named(store: BarStore, settings: Any) -> Iterator[str]:
    changes = {"named_data": f"cloud=store:{store.place.name}"}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changes)
    # What a sandbox may read is settled when it is put up.
    for keeper in all_sandboxes():
        keeper.close()
    yield "cloud"
    for keeper in all_sandboxes():
        keeper.close()


def carry_out(run_id: uuid.UUID) -> Run:
    assert run_carry_out(run_id=run_id, worker="a")
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.error) == ("completed", {})
    return run


def restate(store: BarStore, day: str = "2010-01-12") -> None:
    begins = int(np.datetime64(day, "us").astype(np.int64))
    times, values = store.read(KEY, begins, begins + 3 * 86_400_000_000)
    part = {name: column * (1 if name == "volume" else 0.5) for name, column in values.items()}
    store.write(KEY, times, part, [Origin("vendor")], on_conflict="replace")
    store.maintain(grace=timedelta(0))


def test_a_copy_has_what_the_store_has_and_fetches_what_is_new(store: BarStore, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    first = store.slices(KEY)
    assert mirror(store, folder) == len(first)
    copy = BarStore(folder)
    assert (copy.series(), copy.slices(KEY)) == ([KEY], first)
    assert mirror(store, folder) == 0
    store.pin("run", first)
    restate(store)
    assert mirror(store, folder, fresh_s=3600) == 0, "it is new enough"
    assert BarStore(folder).slices(KEY) == first
    assert mirror(store, folder) == 1, "a year was written anew"
    assert BarStore(folder).slices(KEY) == store.slices(KEY)
    assert BarStore(folder).pinned("run") == first
    for at in (None, first):
        (times, values), (own_times, own) = store.read(KEY, at=at), BarStore(folder).read(KEY, at=at)
        assert (times == own_times).all()
        assert (values["close"] == own["close"]).all()
    store.unpin("run")
    store.maintain(grace=timedelta(0))
    mirror(store, folder)
    assert len(list(folder.rglob("*.parquet"))) == len(store.slices(KEY)), "what is gone there is gone here"
    # Another machine begins anew, with what the pin keeps no more.
    mirror(store, tmp_path / "other")
    assert BarStore(tmp_path / "other").pins() == {}


@pytest.mark.django_db
def test_a_backtest_of_a_bucket_is_verified_on_what_it_has_read(
    api: APIClient, owner: User, strategy: Strategy, store: BarStore, named: str
) -> None:
    assert strategy.head is not None
    done = carry_out(backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, data=named)).run.pk)
    slices = done.manifest["data"]["slices"]
    assert slices.items() <= store.slices(KEY).items()
    assert list(store.pins().values()) == [sorted(slices.values())]
    restate(store)
    assert data_states_job() == 1
    assert Backtest.objects.get(run=done).data_changed_at is not None
    made = api.post(f"{V1}/backtests/{done.pk}/verify/").json()
    carry_out(uuid.UUID(made["id"]))
    found = api.get(f"{V1}/backtests/{done.pk}/verifications/{made['id']}/").json()
    assert (found["outcome"], found["differences"]) == ("identical", [])
    catalogue = api.get(f"{V1}/catalogue/?source=cloud").json()["results"]
    assert [(each["ticker"], each["bars"]) for each in catalogue] == [("AAPL", len(store.times(KEY)))]


@pytest.mark.django_db
def test_a_bucket_that_is_away_fails_the_run_with_its_name(
    owner: User, strategy: Strategy, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, data=named)).run
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.error["message"].startswith("The data source 'cloud' cannot be read now")


def test_only_a_bucket_is_one() -> None:
    assert parse_data_sources("a=store:s3://bars/us")["a"] == "store:s3://bars/us"
    for wrong in ("a=lean:s3://bars/us", "a=store:s3://", "a=store:s3://bars/us?x=1", "a=store:s3:/bars"):
        with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
            parse_data_sources(wrong)
