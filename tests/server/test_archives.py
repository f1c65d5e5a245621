"""Strategies as zip files: what goes out comes in again, and what may not come in is named."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.archives import archive_read
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.strategies.project import project_parameters
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
HOME = "/api/v1/strategies/"
Entry = tuple[str | zipfile.ZipInfo, str | bytes]


def zipped(*entries: Entry, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content, method)
    return buffer.getvalue()


MAIN: Entry = ("main.py", QUICK)


def send(api: APIClient, body: bytes, path: str = "import/") -> Any:
    return api.post(f"{HOME}{path}", body, content_type="application/zip")


def test_what_goes_out_comes_in_again(api: APIClient, owner: User) -> None:
    files = {"main.py": QUICK, "lib/a.py": "é\r\n", "data/x.csv": "", "notes.md": "\ufeff# x"}
    first = strategy_create(owner=owner, name='A "b"/ü', files=files)
    assert first.head is not None
    out = api.get(f"{HOME}{first.pk}/versions/{first.head.content_hash}/archive/")
    assert out.status_code == 200
    assert out.headers["Content-Type"] == "application/zip"
    assert out.headers["Content-Disposition"].startswith("attachment; filename")
    again = api.get(f"{HOME}{first.pk}/versions/{first.head.content_hash}/archive/")
    assert again.content == out.content
    with zipfile.ZipFile(io.BytesIO(out.content)) as archive:
        assert archive.namelist() == sorted(files)
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    made = send(api, out.content, "import/?name=Second")
    assert made.status_code == 201
    assert made.json()["strategy"]["name"] == "Second"
    assert made.json()["strategy"]["head"]["content_hash"] == first.head.content_hash


def test_a_project_of_the_command_line_of_quantconnect(api: APIClient) -> None:
    config = {"algorithm-language": "Python", "parameters": {"fast": "5"}, "description": "Crosses averages"}
    body = zipped(
        ("My Project/main.py", QUICK),
        ("My Project/config.json", json.dumps(config)),
        ("My Project/research.ipynb", b"\xff\x00"),
        ("My Project/backtests/2026/log.bin", b"\xff"),
        ("__MACOSX/._main.py", b"\xff"),
        ("My Project/.DS_Store", b"\xff"),
    )
    made = send(api, body)
    assert made.status_code == 201, made.content
    strategy = made.json()["strategy"]
    assert (strategy["name"], strategy["description"]) == ("My Project", "Crosses averages")
    assert len(made.json()["notes"]) == 4
    assert any("research.ipynb" in note for note in made.json()["notes"])
    version = StrategyVersion.objects.get(pk=strategy["head"]["id"])
    assert sorted(version.files) == ["config.json", "main.py"]
    read = api.get(f"{HOME}{strategy['id']}/versions/{version.content_hash}/").json()
    assert read["configured"] == {"fast": "5"}
    for asked, used in (({}, {"fast": "5"}), ({"fast": "7", "x": "1"}, {"fast": "7", "x": "1"})):
        body_of_run = {"version": str(version.pk), "parameters": asked}
        assert api.post("/api/v1/backtests/", body_of_run, format="json").json()["parameters"] == used
    assert send(api, body).json()["strategy"]["name"] == "My Project (2)"


def test_a_form(api: APIClient, strategy: Strategy) -> None:
    file = SimpleUploadedFile("rotation.zip", zipped(MAIN), "application/zip")
    made = api.post(f"{HOME}import/", {"archive": file, "message": "m"}, format="multipart")
    assert made.status_code == 201, made.content
    assert (made.json()["strategy"]["name"], made.json()["strategy"]["head"]["message"]) == ("rotation", "m")
    file = SimpleUploadedFile("x.zip", zipped(MAIN))
    refused = api.post(f"{HOME}import/", {"archive": file, "nmae": "x"}, format="multipart")
    assert refused.json()["errors"][0]["field"] == "nmae"
    assert api.post(f"{HOME}import/", {"name": "x"}, format="multipart").json()["errors"][0]["field"] == "archive"
    assert api.post(f"{HOME}import/", {"archive": "text"}, format="multipart").status_code == 400
    broken = api.post(f"{HOME}import/", b"--x", content_type="multipart/form-data; boundary=y")
    assert broken.status_code == 400
    large = SimpleUploadedFile("x.zip", b"x" * 2_200_000)
    assert api.post(f"{HOME}import/", {"archive": large}, format="multipart").status_code == 413
    assert api.post(f"{HOME}import/", {"archive": "x"}, format="json").status_code == 415


def test_a_zip_file_is_saved_as_a_version(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    first = strategy.head.content_hash
    path = f"{strategy.pk}/import/"
    made = send(api, zipped(("main.py", "# two")), f"{path}?message=two&parent={first}")
    assert made.status_code == 201, made.content
    assert (made.json()["version"]["files"], made.json()["version"]["parent"]) == ({"main.py": "# two"}, first)
    assert send(api, zipped(("main.py", "# two")), path).status_code == 200
    stale = send(api, zipped(MAIN), f"{path}?parent={first}")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert send(api, zipped(MAIN), f"{path}?name=x").json()["errors"][0]["field"] == "name"


def test_it_is_the_owners_alone(
    strategy: Strategy, api: APIClient, other: User, client_of: Callable[..., APIClient]
) -> None:
    assert strategy.head is not None
    stranger = client_of(other)
    assert stranger.get(f"{HOME}{strategy.pk}/versions/{strategy.head.content_hash}/archive/").status_code == 404
    assert send(stranger, zipped(MAIN), f"{strategy.pk}/import/").status_code == 404
    assert send(client_of(strategy.owner, ("read",)), zipped(MAIN)).status_code == 403


def link(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (kind | 0o777) << 16
    return entry


def renamed(old: bytes, new: bytes) -> bytes:
    """Return a zip file with a name that Python would not write."""
    assert len(old) == len(new)
    return zipped(MAIN, (old.decode(), "x")).replace(old, new)


def encrypted() -> bytes:
    body = bytearray(zipped(MAIN))
    central = body.index(b"PK\x01\x02")
    for place in (6, central + 8):
        body[place] |= 1
    return bytes(body)


def lying() -> bytes:
    """Return a zip file whose entry says that it is small."""
    body = bytearray(zipped(MAIN, ("big.txt", "ab" * 40_000 + "x" * 1_500_000)))
    size = struct.pack("<I", 1_580_000)
    assert body.count(size) == 2
    return bytes(body.replace(size, struct.pack("<I", 5_000)))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        pytest.param(zipped(MAIN, ("../evil.py", "")), "../evil.py", id="parent"),
        pytest.param(zipped(MAIN, ("a/../../evil.py", "")), "a/../../evil.py", id="nested-parent"),
        pytest.param(zipped(MAIN, ("/etc/evil.py", "")), "/etc/evil.py", id="absolute"),
        pytest.param(zipped(MAIN, ("C:/evil.py", "")), "C:/evil.py", id="drive"),
        pytest.param(renamed(b"a-evil.py", b"a\\evil.py"[:9]), "a\\", id="backslash"),
        pytest.param(renamed(b"evil_x.py", b"evil\x00x.py"), "evil", id="nul"),
        pytest.param(zipped(MAIN, (link("l.py", stat.S_IFLNK), "/etc/passwd")), "l.py", id="link"),
        pytest.param(zipped(MAIN, (link("d.py", stat.S_IFIFO), "")), "d.py", id="fifo"),
        pytest.param(zipped(MAIN, ("Main.py", "")), "Main.py", id="case"),
        pytest.param(zipped(MAIN, ("main.py/x.py", "")), "main.py", id="folder-is-a-file"),
        pytest.param(encrypted(), "main.py", id="encrypted"),
        pytest.param(zipped(MAIN, ("x.py", b"\xff\xfe")), "x.py", id="not-utf-8"),
        pytest.param(zipped(MAIN, ("x.py", b"a\0b")), "x.py", id="binary"),
        pytest.param(zipped(MAIN, ("x.so", b"x")), "x.so", id="kind"),
        pytest.param(zipped(MAIN, ("x.py", b"x" * 500_000)), "x.py", id="growth"),
        pytest.param(zipped(MAIN, method=zipfile.ZIP_LZMA), "main.py", id="lzma"),
        pytest.param(zipped(*((f"f{n}.csv", "x" * 90_000) for n in range(30))), "2,700,000", id="total"),
        pytest.param(zipped(*((f"f{n}.csv", "x") for n in range(1_001))), "1,001", id="entries"),
        pytest.param(lying(), "", id="lying"),
        pytest.param(zipped(("a/main.py", ""), ("b/x.py", "")), "main.py", id="two-folders"),
        pytest.param(zipped(("a/b/main.py", "")), "main.py", id="two-deep"),
        pytest.param(zipped(("Main.cs", "")), "main.py", id="other-language"),
        pytest.param(zipped(), "main.py", id="empty"),
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"PK\x03\x04 no zip", "zip file", id="no-zip"),
        pytest.param(zipped(MAIN)[:-30], "zip file", id="cut"),
        pytest.param(zipped(MAIN).replace(b"\x78", b"\x79"), "", id="damaged"),
    ],
)
def test_what_may_not_come_in(body: bytes, named: str, api: APIClient) -> None:
    answer = send(api, body)
    assert answer.status_code == 400, answer.content
    problem = answer.json()
    assert problem["errors"][0]["field"].startswith(("archive", "files"))
    assert named in problem["detail"] + str(problem["errors"])
    assert Strategy.objects.count() == 0


def test_an_entry_that_is_there_twice(api: APIClient) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        body = zipped(MAIN, MAIN)
    assert "'main.py' is there twice" in send(api, body).json()["detail"]


def test_a_body_that_is_too_large(api: APIClient) -> None:
    assert send(api, b"x" * 2_000_001).status_code == 413


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_whatever_is_wrong_with_a_zip_file_is_said(noise: bytes, place: int, length: int) -> None:
    body = zipped(MAIN, ("lib/a.py", "x = 1\n" * 50), ("data.csv", "1,2\n" * 300))
    damaged = body[:place] + noise + body[place + length :]
    with suppress(InputError):  # all that may be raised
        assert "main.py" in archive_read(damaged).files


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ('{"parameters": {"a": 1, "b": "x", "c": 0.5}}', {"a": "1", "b": "x", "c": "0.5"}),
        ('{"parameters": {"a": null, "b": [1], "c d": "1", "e": "\\u0000", "f": "\\ud800", "g": "ok"}}', {"g": "ok"}),
        ('{"parameters": ["a"]}', {}),
        ("[1]", {}),
        ("{", {}),
        ("[" * 100_000, {}),
    ],
)
def test_parameters_of_a_project(config: str, expected: dict[str, str]) -> None:
    assert project_parameters({"main.py": "", "config.json": config}) == expected
