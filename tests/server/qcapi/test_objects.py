"""The object store: set, described, listed, downloaded, deleted; of limited size, and each user's own."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.server.qcapi.client import Signed

from tradinglab.server.accounts.models import User
from tradinglab.server.qcapi import objects
from tradinglab.server.qcapi.models import ObjectDownload

pytestmark = pytest.mark.django_db


def upload(qc: Signed, key: str, content: bytes = b"Hello, world!", organization: str | None = None) -> dict[str, Any]:
    body = {
        "organizationId": qc.organization_id if organization is None else organization,
        "key": key,
        "objectData": SimpleUploadedFile("upload", content),
    }
    return Signed.document(qc.http.post("/api/v2/object/set", body, headers=qc.headers()))


def ask(qc: Signed, what: str, **values: object) -> dict[str, Any]:
    return qc.ask(f"object/{what}", organizationId=qc.organization_id, **values)


def downloaded(qc: Signed, *keys: str) -> dict[str, bytes]:
    begun = ask(qc, "get", keys=list(keys))
    assert (begun["success"], begun["url"]) == (True, None), begun
    url = ask(qc, "get", jobId=begun["jobId"])["url"]
    assert url.startswith("http://testserver/api/v2/object/download/")
    answer = Client().get(url.removeprefix("http://testserver"))
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_object_is_described(qc: Signed) -> None:
    assert upload(qc, "/a key")["success"] is True
    described = ask(qc, "properties", key="a key")["metadata"]
    assert described["key"] == "a key"
    assert described["md5"] == hashlib.md5(b"Hello, world!", usedforsecurity=False).hexdigest()
    assert (described["size"], described["mime"], described["preview"]) == (13, "text/plain", "Hello, world!")
    upload(qc, "a key", b"\xff\x00")
    described = ask(qc, "properties", key="/a key")["metadata"]
    assert (described["size"], described["mime"], described["preview"]) == (2, "application/octet-stream", "")
    upload(qc, "x.json", b"{}")
    assert ask(qc, "properties", key="x.json")["metadata"]["mime"] == "application/json"


def test_a_folder_is_listed_one_level_deep(qc: Signed) -> None:
    for key in ("top", "dir/child", "dir/deep/grandchild", "Dir/other"):
        upload(qc, key)
    root = ask(qc, "list")
    assert (root["path"], root["page"], root["totalPages"], root["objectStorageUsed"]) == ("/", 1, 1, 52)
    assert root["objectStorageUsedHuman"] == "52 B"
    assert [(each["key"], each["folder"], each["isFolder"]) for each in root["objects"]] == [
        ("/Dir", True, True),
        ("/dir", True, True),
        ("/top", False, False),
    ]
    inside = ask(qc, "list", path="dir")
    assert inside["path"] == "dir"
    assert [(each["key"], each["name"], each["mime"], each["size"]) for each in inside["objects"]] == [
        ("dir/child", "child", "text/plain", 13),
        ("dir/deep", "deep", "directory", 13),
    ]
    assert [each["key"] for each in ask(qc, "list", path="/dir/deep/")["objects"]] == ["dir/deep/grandchild"]
    assert ask(qc, "list", path="none")["objects"] == []


def test_objects_are_downloaded_as_a_zip_file(qc: Signed) -> None:
    upload(qc, "top", b"1")
    upload(qc, "dir/child", b"\x00\xff")
    upload(qc, "dir/deep/x", b"3")
    assert downloaded(qc, "top") == {"top": b"1"}
    assert downloaded(qc, "dir", "gone", "/top") == {"dir/child": b"\x00\xff", "dir/deep/x": b"3", "top": b"1"}


@pytest.mark.parametrize("keys", [[], ["gone"], [""], ["/"], ["di"], "gone"])
def test_there_is_no_download_of_nothing(qc: Signed, keys: object) -> None:
    upload(qc, "dir/child")
    assert ask(qc, "get", keys=keys)["success"] is False


def test_a_download_is_for_whoever_has_the_link_and_for_a_while(qc: Signed, stranger: Signed, monkeypatch: Any) -> None:
    upload(qc, "top")
    job = ask(qc, "get", keys=["top"])["jobId"]
    assert ask(stranger, "get", jobId=job)["success"] is False
    path = ask(qc, "get", jobId=job)["url"].removeprefix("http://testserver")
    assert Client().get(f"{path[:-2]}x/").status_code == 404
    assert Client().post(path).status_code == 405
    assert Client().get(path).status_code == 200
    monkeypatch.setattr(objects, "_DOWNLOADS_LAST", timedelta(seconds=-1))
    assert Client().get(path).status_code == 404
    ObjectDownload.objects.update(created_at=timezone.now() - timedelta(days=1))
    ask(qc, "get", keys=["top"])
    assert ObjectDownload.objects.count() == 1


def test_a_download_ends_with_its_owner(qc: Signed, owner: User) -> None:
    upload(qc, "top")
    path = ask(qc, "get", jobId=ask(qc, "get", keys=["top"])["jobId"])["url"].removeprefix("http://testserver")
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert Client().get(path).status_code == 404


def test_an_object_or_a_whole_folder_is_deleted(qc: Signed) -> None:
    for key in ("dir/a", "dir/b/c", "dir2", "DIR/a"):
        upload(qc, key)
    assert ask(qc, "delete", key="dir")["success"] is True
    assert {each["name"] for each in ask(qc, "list")["objects"]} == {"dir2", "DIR"}
    for key in ("dir", "", "/", "di"):
        assert ask(qc, "delete", key=key)["success"] is False
    assert ask(qc, "delete", key="/dir2")["success"] is True


@pytest.mark.parametrize("what", ["properties", "delete", "list", "get", "set"])
def test_anothers_objects_are_not_there(qc: Signed, stranger: Signed, what: str) -> None:
    upload(stranger, "theirs")
    for organization in (stranger.organization_id, " ", "0" * 32):
        asked = {"organizationId": organization, "key": "theirs", "keys": ["theirs"], "objectData": "x"}
        assert "There is no organization" in qc.refused(f"object/{what}", **asked)
    if what not in ("list", "set"):
        assert ask(qc, what, key="theirs", keys=["theirs"])["success"] is False


def test_folders_are_no_objects(qc: Signed) -> None:
    upload(qc, "dir/child")
    assert ask(qc, "properties", key="dir")["success"] is False
    assert "folder" in upload(qc, "dir")["errors"][0]
    assert "folder" in upload(qc, "dir/child/x")["errors"][0]


@pytest.mark.parametrize("key", ["", "/", "a//b", "../x", "a/./b", "a\\b", "a\nb", "x" * 201, "a/ "])
def test_a_key_is_a_path(qc: Signed, key: str) -> None:
    assert upload(qc, key)["success"] is False


def test_the_store_is_of_limited_size(qc: Signed, monkeypatch: Any) -> None:
    monkeypatch.setattr(objects, "LARGEST_OBJECT", 10)
    monkeypatch.setattr(objects, "MOST_BYTES", 15)
    monkeypatch.setattr(objects, "_MOST_OBJECTS", 2)
    assert "at most 10" in upload(qc, "large", b"x" * 11)["errors"][0]
    assert upload(qc, "a", b"x" * 10)["success"] is True
    assert "more than 15" in upload(qc, "b", b"x" * 6)["errors"][0]
    assert upload(qc, "a", b"x" * 9)["success"] is True
    assert upload(qc, "b", b"x" * 6)["success"] is True
    assert "no more are stored" in upload(qc, "c", b"")["errors"][0]
    assert upload(qc, "b", b"")["success"] is True
    monkeypatch.setattr(objects, "_LARGEST_DOWNLOAD", 5)
    assert "at most 5" in ask(qc, "get", keys=["a", "b"])["errors"][0]


def test_the_bytes_must_be_there(qc: Signed) -> None:
    assert "objectData" in ask(qc, "set", key="x")["errors"][0]
