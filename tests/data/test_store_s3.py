"""A store in a bucket, of a real server that speaks as S3 does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.lean_folder import EVER
from tests.server.s3 import KEYS, BucketServer, refusing

from tradinglab.core.clock import to_ns
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.derivation import Action
from tradinglab.data.errors import DataSourceError, MalformedDataError, StoreError
from tradinglab.data.reads import files_read, reads_noted
from tradinglab.data.source import open_source
from tradinglab.data.store import BarStore, Origin, SeriesKey, run_slices
from tradinglab.data.store.copies import Copies
from tradinglab.data.store.layout import folder_of

KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
ORIGIN = Origin("abc.csv", "0" * 64)
START = to_ns(datetime(2020, 3, 2, 14, 30)) // 1000
MINUTE, DAY = 60_000_000, 86_400_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[BucketServer]:
    with BucketServer() as found:
        yield found


@pytest.fixture
def address(server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL_S3": server.url, "XDG_CACHE_HOME": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    return f"s3://{server.bucket()}/labs/one"


def bars(count: int, price: float = 10.0, start: int = START) -> tuple[Ints, dict[str, Floats]]:
    values = {name: np.full(count, price) for name in ("open", "high", "low", "close")}
    return start + np.arange(count) * MINUTE, {**values, "volume": np.ones(count)}


def closes(store: BarStore, **how: object) -> list[float]:
    found: list[float] = store.read(KEY, **how)[1]["close"].tolist()  # type: ignore[arg-type]
    return found


def test_it_is_a_store_like_any_other(address: str) -> None:
    store = BarStore(address)
    assert store.series() == []
    store.write(KEY, *bars(3), [ORIGIN])
    first = store.slices(KEY)
    store.append_day(KEY, *bars(1, 11.0, START + DAY), ORIGIN)
    store.write(KEY, *bars(1, 12.0), [ORIGIN], on_conflict="replace")
    again = BarStore(address)
    assert again.series() == [KEY]
    assert closes(again) == [12, 10, 10, 11]
    assert closes(again, at=first) == [10, 10, 10]
    assert again.restatements(KEY)[0].old["close"].tolist() == [10]
    assert again.verify(KEY) == []
    again.pin("run", first)
    # What was restated is in the bucket still, what only waited to be merged is not.
    assert [one.period for one in again.collect(grace=timedelta(0))] == ["2020-03-03"]
    assert closes(again, at=first) == [10, 10, 10]
    assert again.pins() == {"run": list(first.values())}
    again.unpin("run")
    assert len(again.collect(grace=timedelta(0))) == 1
    assert closes(BarStore(address)) == [12, 10, 10, 11]


def test_it_opens_as_a_source_and_a_run_names_its_slices(address: str) -> None:
    store = BarStore(address)
    store.write(KEY, *bars(3), [ORIGIN])
    store.add_actions(SecurityType.EQUITY, "usa", "ABC", [], source="nobody")
    source = open_source(f"store:{address}")
    assert source.name == f"store:{address}"
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    with reads_noted():
        found = source.bars(symbol, Resolution.MINUTE, TickType.TRADE, *EVER)
        assert run_slices(store.folder, files_read()) == store.slices(KEY)
    assert found.values["close"].tolist() == [10, 10, 10]
    assert [one.bars for one in source.coverage()] == [3]


def test_two_writers_do_not_lose_each_others_bars(address: str) -> None:
    BarStore(address).write(KEY, *bars(1, start=START - DAY), [ORIGIN])

    def write(number: int) -> None:
        one = BarStore(address)
        for at in range(4):
            one.append_day(KEY, *bars(1, start=START + (4 * number + at) * DAY), Origin(str(number)))
            if at == 1:
                one.compact(KEY)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    store = BarStore(address)
    assert store.read(KEY)[0].tolist() == [START + at * DAY for at in range(-1, 12)]
    assert store.verify(KEY) == []
    assert store.manifest(KEY).generation >= 13


def test_a_damaged_copy_is_fetched_again(address: str) -> None:
    store = BarStore(address)
    store.write(KEY, *bars(3), [ORIGIN])
    store.read(KEY)
    copy = store.files(KEY)[0].path
    good = copy.read_bytes()
    copy.write_bytes(good[:-20])
    assert closes(BarStore(address)) == [10, 10, 10]
    assert copy.read_bytes() == good


def test_what_is_damaged_in_the_bucket_is_said_to_be(address: str, server: BucketServer) -> None:
    store = BarStore(address)
    for price in (10.0, 11.0):
        store.write(KEY, *bars(3, price), [ORIGIN], on_conflict="replace")
    past, present = store.manifest(KEY).past[0], store.manifest(KEY).slices[0]
    bucket, prefix = address.removeprefix("s3://").split("/", 1)
    where = {"Bucket": bucket, "Key": f"{prefix}/{folder_of(KEY)}/{present.file}"}
    other = {"Bucket": bucket, "Key": f"{prefix}/{folder_of(KEY)}/{past.file}"}
    server.client().copy_object(**where, CopySource=other)
    for path in store.folder.rglob("*.parquet"):
        path.unlink()
    with pytest.raises(MalformedDataError, match="the file is damaged"):
        BarStore(address).read(KEY)
    assert [file.sha256 for file in BarStore(address).verify(KEY)] == [present.sha256]


def test_factors_are_in_the_bucket_too(address: str) -> None:
    daily = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.DAILY, TickType.TRADE)
    store = BarStore(address)
    start = to_ns(datetime(2020, 3, 2, 5)) // 1000
    times = start + np.arange(3) * DAY
    store.write(daily, times, {**bars(3, 10.0)[1]}, [ORIGIN])
    store.add_actions(
        SecurityType.EQUITY, "usa", "ABC", [Action(start // DAY + 2, split_factor=Decimal("0.5"))], source="x"
    )
    found = BarStore(address).read(daily, view=DataNormalizationMode.SPLIT_ADJUSTED)[1]["close"]
    assert found.tolist() == [5, 5, 10]


def test_a_store_of_nothing_is_no_source(address: str) -> None:
    with pytest.raises(DataSourceError, match=r"it has no store\.json"):
        open_source(f"store:{address}")


def test_a_bucket_of_something_else_is_no_store(address: str, server: BucketServer) -> None:
    bucket, prefix = address.removeprefix("s3://").split("/", 1)
    server.client().put_object(Bucket=bucket, Key=f"{prefix}/letter.txt", Body=b"hello")
    with pytest.raises(StoreError, match="not a bar store"):
        BarStore(address)
    assert BarStore(f"s3://{bucket}/elsewhere").series() == []


@pytest.mark.parametrize("where", ["s3://", "s3:///x", "s3://UPPER/x", "s3://b", "s3://bucket/../x"])
def test_an_address_that_names_no_bucket(where: str) -> None:
    with pytest.raises(StoreError, match="s3://bucket/prefix; it was"):
        BarStore(where)


def test_a_bucket_that_is_not_there(address: str) -> None:
    with pytest.raises(StoreError, match="NoSuchBucket"):
        BarStore("s3://there-is-none/x").write(KEY, *bars(1), [ORIGIN])


def test_a_bucket_that_refuses(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing(403, "AccessDenied") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        with pytest.raises(StoreError, match=r"refuses 'store.json' \(AccessDenied: because\).*credentials") as caught:
            BarStore(address)
    assert "test-secret" not in str(caught.value)


def test_a_bucket_that_does_not_answer(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="cannot be reached"):
        BarStore(address)


def test_copies_do_not_grow_without_end(tmp_path: Path) -> None:
    copies = Copies(tmp_path, 1000)
    for at in range(20):
        copies.get(f"a/{at}", lambda path: None, lambda path: path.write_bytes(bytes(300)) and None)
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in kept) <= 1000
        assert tmp_path / f"a/{at}" in kept
    copies.get("large", lambda path: None, lambda path: path.write_bytes(bytes(5000)) and None)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["large"]
