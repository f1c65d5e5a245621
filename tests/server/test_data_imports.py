"""Files that are sent, looked at and imported by the server."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.conftest import set_environment
from tests.server.test_data_jobs import ALL, V1, Keeper, done, items, step
from tests.sources.figures import share_days

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.server.accounts.models import User
from tradinglab.server.data_jobs import uploads
from tradinglab.server.data_jobs.models import DataUpload
from tradinglab.server.data_jobs.uploads import uploads_forget

pytestmark = pytest.mark.django_db
KEY = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.DAILY, TickType.TRADE)
DAYS = share_days(date(2021, 1, 4), date(2021, 3, 31))


@pytest.fixture(autouse=True)
def _no_other_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keeper, "_go_on", lambda self: None)


@pytest.fixture
def admin(owner: User, client_of: Callable[..., APIClient]) -> APIClient:
    return client_of(owner, ALL)


def table(*, time: str = "date", wrong: int | None = None) -> bytes:
    lines = [f"{time},open,high,low,close,volume"]
    for place, bar in enumerate(DAYS):
        high = bar.low - 1 if place == wrong else bar.high
        day = timezone.datetime.fromtimestamp(bar.at).date()
        lines.append(f"{day},{bar.open},{high},{bar.low},{bar.close},{bar.volume:.0f}")
    return "\n".join(lines).encode()


def sent(client: APIClient, content: bytes, name: str = "aaa.csv", code: int = 201) -> dict[str, Any]:
    answered = client.post(f"{V1}/data-uploads/?name={name}", content, content_type="application/octet-stream")
    assert answered.status_code == code, answered.content
    found: dict[str, Any] = answered.json()
    return found


def importing(admin: APIClient, file: dict[str, Any], code: int = 202, **more: Any) -> dict[str, Any]:
    body = {"upload": file["id"], "symbol": "AAA", "resolution": "daily", **more}
    answered = admin.post(f"{V1}/data-jobs/import/", body, format="json")
    assert answered.status_code == code, answered.content
    found: dict[str, Any] = answered.json()
    return found


def test_a_file_is_looked_at_imported_and_judged(admin: APIClient, settings: Any) -> None:
    upload = sent(admin, table(time="When"))
    assert (upload["name"], upload["size"]) == ("aaa.csv", len(table(time="When")))
    seen = admin.post(f"{V1}/data-uploads/{upload['id']}/preview/", {}, format="json").json()
    assert not seen["can_be_imported"]
    assert str(settings.HOME.folder) not in str(seen)
    columns = {"time": "When"}
    seen = admin.post(f"{V1}/data-uploads/{upload['id']}/preview/", {"columns": columns}, format="json").json()
    assert (seen["can_be_imported"], seen["resolution"], seen["rows"]) == (True, "daily", len(DAYS))
    assert seen["columns"]["time"] == "When"
    job = importing(admin, upload, columns=columns)
    assert done(admin, job)["state"] == "completed", items(admin, job)
    (item,) = items(admin, job)
    assert (item["symbol"], item["added"], item["known"], item["progress"]) == ("AAA", len(DAYS), 0, 1.0)
    times, values = BarStore(settings.HOME.bars).read(KEY)
    assert times.tolist() == [bar.us for bar in DAYS]
    assert values["close"].tolist() == [bar.close for bar in DAYS]
    where = f"{V1}/data-jobs/{job['id']}/items/{item['id']}/quality/"
    report = admin.get(where).json()
    assert report["imported"][0]["bars"] == len(DAYS)
    assert report["reports"][0]["grade"] == item["quality"]
    page = admin.get(f"{where}page/")
    assert page.headers["Content-Type"] == "text/html"
    html = b"".join(page.streaming_content).decode()
    assert "AAA" in html
    assert str(settings.HOME.folder) not in html + str(report)


def test_a_policy_repairs_or_rejects_and_the_report_stays(admin: APIClient, settings: Any) -> None:
    upload = sent(admin, table(wrong=5))
    strict = importing(admin, upload, policy="reject")
    assert done(admin, strict)["state"] == "failed"
    (item,) = items(admin, strict)
    assert item["error"]["code"] == "bars_rejected"
    assert not BarStore(settings.HOME.bars).has(KEY)
    report = admin.get(f"{V1}/data-jobs/{strict['id']}/items/{item['id']}/quality/").json()
    assert "high_below_low" in str(report["reports"])
    mended = importing(admin, upload, policy="repair")
    assert done(admin, mended)["state"] == "completed", items(admin, mended)
    (item,) = items(admin, mended)
    report = admin.get(f"{V1}/data-jobs/{mended['id']}/items/{item['id']}/quality/").json()
    assert report["repairs"]
    assert len(report["reports"]) == 2


def test_a_wrong_row_is_named_by_the_file_as_its_owner_knows_it(admin: APIClient, settings: Any) -> None:
    job = importing(admin, sent(admin, table(wrong=5)))
    assert done(admin, job)["state"] == "failed"
    message = items(admin, job)[0]["error"]["message"]
    assert "aaa.csv, line 7" in message
    assert str(settings.HOME.folder) not in message


def test_many_symbols_in_a_packed_file(admin: APIClient, settings: Any) -> None:
    import gzip

    head, *rows = table().decode().splitlines()
    many = [f"{head},symbol", *(f"{row},{name}" for name in ("AAA", "BBB") for row in rows)]
    upload = sent(admin, gzip.compress("\n".join(many).encode()), "many.csv.gz")
    answered = admin.post(f"{V1}/data-jobs/import/", {"upload": upload["id"], "resolution": "daily"}, format="json")
    job = answered.json()
    assert done(admin, job)["state"] == "completed", items(admin, job)
    assert items(admin, job)[0]["symbol"] == ""
    assert [key.ticker for key in BarStore(settings.HOME.bars).series()] == ["AAA", "BBB"]


def test_bars_that_contradict_the_store_change_nothing(admin: APIClient, settings: Any) -> None:
    store = BarStore(settings.HOME.bars)
    values = {name: np.full(1, 5.0) for name in KEY.fields}
    store.write(KEY, np.array([DAYS[3].us]), values, [Origin("mine", "00" * 32)])
    job = importing(admin, sent(admin, table()))
    assert done(admin, job)["state"] == "failed"
    assert store.read(KEY)[0].tolist() == [DAYS[3].us]
    assert done(admin, importing(admin, sent(admin, table()), on_conflict="keep"))["state"] == "completed"
    assert store.read(KEY)[1]["close"].tolist()[3] == 5.0


def test_what_is_too_large_is_refused_and_leaves_nothing(
    admin: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(settings, upload_mb=1)
    refused = sent(admin, b"x" * 1_000_001, code=413)
    assert "1,000,000 bytes" in refused["detail"]
    assert sent(admin, b"", code=400)["errors"][0]["field"] == "body"
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 0)
    assert sent(admin, b"x", code=429)["limit"] == 0
    assert list(settings.HOME.uploads.glob("*")) == []


def test_a_full_disk_takes_no_upload(admin: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_written", full)
    assert sent(admin, b"x", code=503)["code"] == "storage_full"
    assert list(settings.HOME.uploads.glob("*")) == []


@pytest.mark.parametrize("name", ["../../../etc/passwd", "..", ".hidden", "a/b.csv"])
def test_a_name_leads_nowhere_else(name: str, admin: APIClient, settings: Any) -> None:
    answered = admin.post(f"{V1}/data-uploads/?name={name}", b"x", content_type="application/octet-stream")
    assert answered.status_code in (201, 400)
    found = [path for path in settings.HOME.uploads.rglob("*") if path.is_file()]
    assert all(path.parent.parent == settings.HOME.uploads for path in found)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"policy": "/etc/hosts.toml"}, "policy"),
        ({"policy": "mend"}, "policy"),
        ({"policy": "repair", "on_bad": "drop"}, "on_bad"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"symbol": "../x"}, "symbol"),
        ({"market": "../x"}, "market"),
        ({"resolution": "tick"}, "resolution"),
        ({"target": "sample"}, "target"),
        ({"upload": "3b8a1e4e-2f37-4a62-a3b4-111111111111"}, "upload"),
    ],
)
def test_what_cannot_be_imported_is_refused_by_name(more: dict[str, Any], field: str, admin: APIClient) -> None:
    assert importing(admin, sent(admin, table()), 400, **more)["errors"][0]["field"] == field


def test_no_table_is_told_so(admin: APIClient) -> None:
    upload = sent(admin, b"<!DOCTYPE html><html></html>")
    seen = admin.post(f"{V1}/data-uploads/{upload['id']}/preview/", {}, format="json").json()
    assert "aaa.csv is a web page" in seen["problems"][0]
    job = importing(admin, upload)
    assert done(admin, job)["state"] == "failed"


def test_files_are_their_owners_and_forgotten_after_a_week(
    admin: APIClient, other: User, client_of: Callable[..., APIClient], settings: Any
) -> None:
    upload, used = sent(admin, table()), sent(admin, table())
    stranger = client_of(other, ALL)
    assert stranger.get(f"{V1}/data-uploads/").json()["results"] == []
    assert stranger.get(f"{V1}/data-uploads/{upload['id']}/").status_code == 404
    assert importing(stranger, upload, 400)["errors"][0]["field"] == "upload"
    job = importing(admin, used)
    assert admin.delete(f"{V1}/data-uploads/{used['id']}/").status_code == 409
    DataUpload.objects.update(created_at=timezone.now() - timedelta(days=8))
    (settings.HOME.uploads / "3b8a1e4e-2f37-4a62-a3b4-111111111111").mkdir()
    old = (timezone.now() - timedelta(days=8)).timestamp()
    os.utime(settings.HOME.uploads / "3b8a1e4e-2f37-4a62-a3b4-111111111111", (old, old))
    assert uploads_forget() == 1
    assert [path.name for path in settings.HOME.uploads.iterdir()] == [used["id"]]
    assert done(admin, job)["state"] == "completed"
    assert admin.delete(f"{V1}/data-uploads/{used['id']}/").status_code == 204
    again = admin.post(f"{V1}/data-jobs/{job['id']}/retry/", {}, format="json")
    assert again.status_code == 409


def test_a_file_that_is_gone_fails_its_job_in_words(admin: APIClient, settings: Any) -> None:
    upload = sent(admin, table())
    job = importing(admin, upload)
    (settings.HOME.uploads / upload["id"] / "aaa.csv").unlink()
    step(job)
    assert items(admin, job)[0]["error"]["code"] == "upload_gone"
    where = f"{V1}/data-jobs/{job['id']}/items/{items(admin, job)[0]['id']}/quality/"
    assert admin.get(where).status_code == 409


def test_the_body_is_not_read_into_memory(owner: User, settings: Any) -> None:
    """The service takes what it is given piece by piece."""

    class Counting(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert size > 0
            self.largest = max(self.largest, size)
            return super().read(size)

    stream = Counting(b"x" * 5_000_000)
    made = uploads.upload_create(owner=owner, name="x.csv", stream=stream)
    assert (made.size, stream.largest) == (5_000_000, 1 << 20)


def test_the_process_of_an_import_ends_with_its_worker(tmp_path: Path) -> None:
    """Whoever takes the import over finds the file free."""
    text = (
        "import sys, time\n"
        "from tradinglab.server.data_jobs import import_process\n"
        "import_process._answer = lambda one: time.sleep(600)\n"
        "import_process.main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    order = {"memory_mb": 2048, "path": str(tmp_path / "x.csv"), "options": {}}
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.close()
    assert process.wait(60) == 1
