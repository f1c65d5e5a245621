"""What every store of artefacts does, and what each does when it cannot."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import connection
from django.utils import timezone
from pydantic import SecretStr
from rest_framework.test import APIClient
from tests.server.conftest import set_environment
from tests.server.s3 import BucketServer, refusing

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.errors import StorageError, StorageRefusedError
from tradinglab.server.ops.health import readiness
from tradinglab.server.runs import supervision
from tradinglab.server.runs.any_store import ArtefactStore, Stored
from tradinglab.server.runs.deletion import StoreSweep
from tradinglab.server.runs.local_copies import LocalCopies
from tradinglab.server.runs.models import Artefact, Run, StoredContent, StoredObject, StoredPiece
from tradinglab.server.runs.store import FolderStore, store
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
ANY = 10**9
#: More than two pieces of a database, and an odd end.
LARGE = bytes(range(256)) * 3000 + b"end"


def use_bucket(settings: Any, place: str, url: str) -> ArtefactStore:
    keys = {"aws_key_id": SecretStr("test-key"), "aws_secret": SecretStr("test-secret"), "aws_region": "us-east-1"}
    set_environment(settings, artefacts=place, s3_endpoint=url, **keys)
    return store()


@pytest.fixture(params=["folder", "database", "s3"])
def kind(request: pytest.FixtureRequest, settings: Any) -> str:
    """The name of each kind of store, which the settings name meanwhile."""
    if request.param == "s3":
        server: BucketServer = request.getfixturevalue("bucket_server")
        use_bucket(settings, f"s3://{server.bucket()}/some/where/", server.url)
    else:
        set_environment(settings, artefacts=request.param)
    return str(request.param)


@pytest.fixture
def kept(kind: str) -> ArtefactStore:
    return store()


def put(kept: ArtefactStore, folder: Path, content: bytes, *, days_ago: float = 0) -> str:
    (folder / "source").write_bytes(content)
    stored = kept.put(folder / "source", most_bytes=ANY)
    assert stored == Stored(hashlib.sha256(content).hexdigest(), len(content))
    at = timezone.now() - timedelta(days=days_ago)
    if isinstance(kept, FolderStore):
        os.utime(kept.path(stored.sha256), (at.timestamp(), at.timestamp()))
    StoredContent.objects.filter(pk=stored.sha256).update(stored_at=at)
    StoredObject.objects.filter(pk=stored.sha256).update(stored_at=at)
    return stored.sha256


def a_day_ago() -> datetime:
    return timezone.now() - timedelta(days=1)


def is_there(kept: ArtefactStore, sha256: str) -> bool:
    try:
        kept.size(sha256)
    except FileNotFoundError:
        return False
    return True


@pytest.mark.parametrize("content", [b"", b"x", LARGE], ids=["empty", "one byte", "large"])
def test_what_is_put_can_be_read(content: bytes, kept: ArtefactStore, tmp_path: Path) -> None:
    sha256 = put(kept, tmp_path, content)
    assert kept.size(sha256) == len(content)
    assert kept.read(sha256) == content
    for _ in range(2):
        assert kept.file(sha256).read_bytes() == content
    assert kept.found(sha256[:2]) == [sha256]
    assert kept.found(f"{(int(sha256[:2], 16) + 1) % 256:02x}") == []


PIECE = 1 << 18


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 0), (0, 9), (5, 5), (PIECE - 1, PIECE), (PIECE, 2 * PIECE), (7, len(LARGE) - 1), (len(LARGE) - 1,) * 2],
)
def test_a_range_is_read(first: int, last: int, kept: ArtefactStore, tmp_path: Path) -> None:
    sha256 = put(kept, tmp_path, LARGE)
    assert b"".join(kept.pieces(sha256, first, last)) == LARGE[first : last + 1]


def test_what_is_not_there_says_so(kept: ArtefactStore) -> None:
    sha256 = "0" * 64
    asks: list[Callable[[], object]] = [
        lambda: kept.size(sha256),
        lambda: kept.read(sha256),
        lambda: kept.file(sha256),
        lambda: list(kept.pieces(sha256, 0, 5)),
    ]
    for ask in asks:
        with pytest.raises(FileNotFoundError):
            ask()
    assert kept.found("00") == []


def test_what_cannot_be_put_leaves_nothing(kept: ArtefactStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 1001)
    for name in ("link", "folder", "pipe", "large", "none"):
        with pytest.raises(OSError):
            kept.put(tmp_path / name, most_bytes=1000)
    assert [found for number in range(256) for found in kept.found(f"{number:02x}")] == []
    assert kept.put(tmp_path / "secret", most_bytes=6).size == 6


def test_the_same_bytes_are_kept_once(kept: ArtefactStore, tmp_path: Path) -> None:
    first, second = (put(kept, tmp_path, LARGE) for _ in range(2))
    assert first == second
    assert kept.found(first[:2]) == [first]
    assert StoredContent.objects.count() <= 1
    assert kept.read(first) == LARGE


def test_a_folder_writes_the_same_bytes_once_and_mends_what_is_damaged(tmp_path: Path) -> None:
    kept = FolderStore(tmp_path / "kept")
    path = kept.path(put(kept, tmp_path, b"bytes", days_ago=2))
    written = path.stat()
    assert kept.put(tmp_path / "source", most_bytes=ANY).size == 5
    assert path.stat().st_ino == written.st_ino
    assert path.stat().st_mtime > written.st_mtime + 86_400
    for damaged in (b"bites", b"byt", b"bytes and more"):
        path.write_bytes(damaged)
        assert put(kept, tmp_path, b"bytes") == path.name
        assert path.read_bytes() == b"bytes"
    assert [each.name for each in (tmp_path / "kept").glob("part-*")] == []


def test_what_is_old_is_removed_unless_it_was_put_again(kept: ArtefactStore, tmp_path: Path) -> None:
    old, again, new = (put(kept, tmp_path, text, days_ago=days) for text, days in ((b"a", 2), (b"b", 2), (b"c", 0)))
    before = a_day_ago()
    put(kept, tmp_path, b"b")
    assert [kept.discard(each, before=before) for each in (old, again, new)] == [True, False, False]
    kept.discard_parts(before=before)
    assert [is_there(kept, each) for each in (old, again, new)] == [False, True, True]
    assert kept.found(old[:2]) == []
    assert StoredPiece.objects.filter(content_id=old).count() == 0
    # What is removed may come again.
    assert put(kept, tmp_path, b"a") == old
    assert kept.read(old) == b"a"


def test_the_sweep_goes_through_each(kept: ArtefactStore, tmp_path: Path, owner: User, strategy: Strategy) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    referred, old, new = (put(kept, tmp_path, text, days_ago=days) for text, days in ((b"a", 5), (b"b", 5), (b"c", 0)))
    Artefact.objects.create(run=run, name="x", media_type="text/plain", size=1, sha256=referred)
    sweep = StoreSweep()
    assert sum(sweep.step() for _ in range(256)) == 1
    assert [is_there(kept, each) for each in (referred, old, new)] == [True, False, True]


def test_it_is_well(kept: ArtefactStore) -> None:
    assert kept.check() == "ok"
    kept.trial()
    assert readiness()["artefacts"] == "ok"


@pytest.mark.slow
def test_a_run_and_all_that_is_asked_of_it(
    kind: str, api: APIClient, owner: User, strategy: Strategy, client: Any, settings: Any
) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    assert run_carry_out(run_id=run.pk, worker="a")
    where = f"/api/v1/backtests/{run.pk}"
    assert api.get(f"{where}/").json()["state"] == "completed"
    assert len(api.get(f"{where}/equity/").json()["equity"]) > 10
    assert len(api.get(f"{where}/orders/").json()["results"]) == 1
    assert api.get(f"{where}/statistics/").status_code == 200
    whole = b"".join(api.get(f"{where}/artefacts/result.json/"))  # type: ignore[arg-type]
    assert hashlib.sha256(whole).hexdigest() == Artefact.objects.get(run=run, name="result.json").sha256
    part = api.get(f"{where}/artefacts/result.json/", headers={"Range": "bytes=10-19"})
    assert (part.status_code, b"".join(part)) == (206, whole[10:20])  # type: ignore[arg-type]
    client.force_login(owner)
    assert b"<svg" in client.get(f"/backtests/{run.pk}/report/").content
    again = api.post(f"{where}/verify/").json()["id"]
    assert run_carry_out(run_id=again, worker="a")
    assert api.get(f"{where}/verifications/{again}/").json()["outcome"] == "identical"
    in_folder = any(path.is_file() for path in Path(settings.HOME.artefacts).rglob("*"))
    assert in_folder == (kind == "folder")


def test_a_bucket_may_hold_what_another_has_put(bucket_server: BucketServer, settings: Any) -> None:
    name = bucket_server.bucket()
    kept = use_bucket(settings, f"s3://{name}", bucket_server.url)
    sha256 = hashlib.sha256(b"foreign").hexdigest()
    bucket_server.client().put_object(Bucket=name, Key=f"{sha256[:2]}/{sha256}", Body=b"foreign")
    assert kept.read(sha256) == b"foreign"
    assert kept.found(sha256[:2]) == [sha256]
    assert not kept.discard(sha256, before=a_day_ago())
    assert kept.discard(sha256, before=timezone.now() + timedelta(days=1))
    assert kept.found(sha256[:2]) == []


def test_labs_that_share_a_bucket_see_their_own(bucket_server: BucketServer, settings: Any, tmp_path: Path) -> None:
    name = bucket_server.bucket()
    first = put(use_bucket(settings, f"s3://{name}/one", bucket_server.url), tmp_path, b"first")
    StoredObject.objects.all().delete()
    second = use_bucket(settings, f"s3://{name}/two", bucket_server.url)
    assert not is_there(second, first)
    assert second.found(first[:2]) == []


def test_a_bucket_that_is_not_there(bucket_server: BucketServer, settings: Any, tmp_path: Path) -> None:
    kept = use_bucket(settings, "s3://nobodys-bucket/x", bucket_server.url)
    assert kept.check() == "there is no such bucket"
    (tmp_path / "source").write_bytes(b"x")
    with pytest.raises(StorageRefusedError) as caught:
        kept.put(tmp_path / "source", most_bytes=1)
    assert "NoSuchBucket" in caught.value.reason


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [(403, "AccessDenied", "refuses"), (403, "InvalidAccessKeyId", "refuses"), (503, "SlowDown", "does not answer")],
)
def test_a_bucket_that_refuses(status: int, code: str, said: str, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x")
    with refusing(status, code) as url:
        kept = use_bucket(settings, "s3://bucket", url)
        with pytest.raises(StorageError) as caught:
            kept.put(tmp_path / "source", most_bytes=1)
        assert isinstance(caught.value, StorageRefusedError) == (status == 403)
        assert code in caught.value.reason
        assert said in kept.check()
        with pytest.raises(StorageError):
            kept.read("0" * 64)


@pytest.mark.parametrize(("status", "code"), [(507, "XMinioStorageFull"), (403, "QuotaExceeded"), (507, "")])
def test_a_bucket_that_is_full(status: int, code: str, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x")
    with refusing(status, code) as url:
        kept = use_bucket(settings, "s3://bucket", url)
        with pytest.raises(OSError) as caught:
            kept.put(tmp_path / "source", most_bytes=1)
    assert caught.value.errno == errno.ENOSPC


def test_a_server_that_is_away_or_breaks_off(settings: Any, tmp_path: Path) -> None:
    with refusing(200, "", broken_off=True) as url:
        kept = use_bucket(settings, "s3://bucket", url)
        with pytest.raises(StorageError):
            list(kept.pieces("0" * 64, 0, 1000))
    with pytest.raises(StorageError):
        kept.size("0" * 64)
    assert kept.check() == "the bucket does not answer"


@pytest.mark.django_db(transaction=True)
def test_a_database_without_room(settings: Any, tmp_path: Path) -> None:
    set_environment(settings, artefacts="database")
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite's size can be bounded here")
    (tmp_path / "source").write_bytes(os.urandom(3_000_000))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 100}")
        try:
            with pytest.raises(OSError) as caught:
                store().put(tmp_path / "source", most_bytes=ANY)
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert caught.value.errno == errno.ENOSPC
    assert (StoredContent.objects.count(), StoredPiece.objects.count()) == (0, 0)
    assert store().put(tmp_path / "source", most_bytes=ANY).size == 3_000_000


def test_copies_are_bounded_and_what_is_damaged_is_not_kept(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path / "copies", most_bytes=250)
    contents = [bytes([number]) * 100 for number in range(4)]
    hashes = [hashlib.sha256(each).hexdigest() for each in contents]
    for age, sha256, content in zip((400, 300, 200, 100), hashes[:3], contents, strict=False):
        path = copies.keep(sha256, [content])
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    assert copies.path(hashes[1]) is not None  # it is asked for again
    copies.keep(hashes[3], [contents[3]])
    assert [copies.path(each) is not None for each in hashes] == [False, True, False, True]
    damaged = copies.keep(hashes[0], [b"other"])
    assert damaged.read_bytes() == b"other"
    assert copies.path(hashes[0]) is None


def test_no_room_for_a_copy_is_said(tmp_path: Path) -> None:
    (tmp_path / "copies").write_text("a file")
    with pytest.raises(StorageError):
        LocalCopies(tmp_path / "copies", most_bytes=1).keep("0" * 64, [b"x"])


class Failing(FolderStore):
    """A store that raises what it is given before it takes anything."""

    problems: list[Exception]

    def put(self, source: Path, *, most_bytes: int) -> Stored:
        if self.problems:
            raise self.problems.pop(0)
        return super().put(source, most_bytes=most_bytes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problems", "state", "code"),
    [
        ([StorageError("busy")] * 2, "completed", ""),
        ([StorageRefusedError("no rights")], "failed", "storage_unavailable"),
        ([StorageError("away")] * 99, "failed", "storage_unavailable"),
        ([OSError(errno.ENOSPC, "full")], "failed", "storage_full"),
    ],
)
def test_a_run_whose_artefacts_cannot_be_stored(
    problems: list[Exception], state: str, code: str, owner: User, strategy: Strategy, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    failing = Failing(settings.HOME.artefacts)
    failing.problems = list(problems)
    monkeypatch.setattr(supervision, "store", lambda: failing)
    monkeypatch.setattr(supervision, "_STORE_PAUSE_S", 0.01)
    monkeypatch.setattr(supervision, "_STORE_PATIENCE_S", 0.2)
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    assert run_carry_out(run_id=run.pk, worker="a")
    run = Run.objects.get(pk=run.pk)
    assert (run.state, run.error_code) == (state, code)
    assert "rights" not in str(run.error)


def test_a_store_that_is_away_is_answered_503(
    api: APIClient, owner: User, strategy: Strategy, client: Any, settings: Any
) -> None:
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    for name in ("equity.parquet", "statistics.json", "report.html"):
        Artefact.objects.create(run=run, name=name, media_type="text/html", size=1, sha256="0" * 64)
    client.force_login(owner)
    with refusing(403, "AccessDenied") as url:
        use_bucket(settings, "s3://bucket", url)
        for end in ("equity", "statistics", "artefacts/equity.parquet"):
            answer = api.get(f"/api/v1/backtests/{run.pk}/{end}/")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), end
            assert "Retry-After" in answer.headers
            assert "AccessDenied" not in str(answer.content)
        assert client.get(f"/backtests/{run.pk}/report/").status_code == 503


def test_a_table_is_read_from_its_copy(kept: ArtefactStore, tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2]}).write_parquet(tmp_path / "table")
    stored = kept.put(tmp_path / "table", most_bytes=ANY)
    lazy = pl.scan_parquet(kept.file(stored.sha256), glob=False)
    assert lazy.collect()["a"].to_list() == [1, 2]
