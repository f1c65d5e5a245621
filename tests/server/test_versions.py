"""Versions: saving against a head, changing single files, going back, comparing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
FIRST = {"main.py": "one\ntwo\n", "lib/a.py": "a"}


@pytest.fixture
def mine(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Mine", files=FIRST)


def where(strategy: Strategy, rest: str = "") -> str:
    return f"/api/v1/strategies/{strategy.pk}/{rest}"


def head(api: APIClient, strategy: Strategy) -> str:
    found: str = api.get(where(strategy)).json()["head"]["content_hash"]
    return found


def change(api: APIClient, strategy: Strategy, files: dict[str, str | None], **more: object) -> Any:
    return api.patch(where(strategy, "files/"), {"files": files} | more, format="json")


def test_single_files_are_changed_added_and_removed(api: APIClient, mine: Strategy) -> None:
    first = head(api, mine)
    made = change(api, mine, {"main.py": "new", "b.py": "", "lib/a.py": None}, message="m", parent=first)
    assert made.status_code == 201
    assert made.json()["files"] == {"main.py": "new", "b.py": ""}
    assert (made.json()["parent"], made.json()["message"]) == (first, "m")
    assert head(api, mine) == made.json()["content_hash"]
    assert api.get(where(mine, f"versions/{first}/")).json()["files"] == FIRST


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"gone.py": None}, "files.gone.py"),
        ({"main.py": None}, "files"),
        ({"../x.py": ""}, "files"),
        ({"lib/A.py": ""}, "files"),
        ({"x.so": ""}, "files"),
        ({"main.py": "", "b.py": []}, "files.b.py"),
        ({"main.py": 5.5}, "files.main.py"),
        ({}, "files"),
    ],
)
def test_files_that_cannot_be_changed(files: Any, field: str, api: APIClient, mine: Strategy) -> None:
    before = head(api, mine)
    answer = change(api, mine, files)
    assert answer.status_code == 400
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert head(api, mine) == before


def test_a_save_against_a_stale_head_is_refused_unless_nothing_is_asked(api: APIClient, mine: Strategy) -> None:
    first = head(api, mine)
    second = change(api, mine, {"main.py": "theirs"}).json()["content_hash"]
    for answer in (
        change(api, mine, {"main.py": "mine"}, parent=first),
        api.post(where(mine, "versions/"), {"files": {"main.py": "mine"}, "parent": first}, format="json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
        assert second in answer.json()["detail"]
    assert head(api, mine) == second
    assert change(api, mine, {"main.py": "mine"}, parent=second).status_code == 201
    assert change(api, mine, {"main.py": "forced"}).status_code == 201


def test_going_back_moves_the_head_and_changes_no_version(api: APIClient, mine: Strategy) -> None:
    first = head(api, mine)
    second = change(api, mine, {"main.py": "two"}).json()
    restored = api.post(where(mine, f"versions/{first}/restore/"))
    assert restored.status_code == 200
    assert restored.json()["head"]["content_hash"] == first
    read = api.get(where(mine, f"versions/{second['content_hash']}/")).json()
    assert read == second | {"parameters": [], "configured": {}}
    third = change(api, mine, {"main.py": "three"}).json()
    assert third["parent"] == first
    api.patch(where(mine), {"is_archived": True}, format="json")
    assert api.post(where(mine, f"versions/{first}/restore/")).status_code == 409
    assert api.post(where(mine, f"versions/{'0' * 64}/restore/")).status_code == 404
    assert head(api, mine) == third["content_hash"]


def test_what_differs_from_the_parent(api: APIClient, mine: Strategy) -> None:
    first = head(api, mine)
    second = change(api, mine, {"main.py": "one\nTWO\nthree", "lib/a.py": None, "b.py": "b\n"}).json()["content_hash"]
    diff = api.get(where(mine, f"versions/{second}/diff/")).json()
    assert (diff["old"], diff["new"], diff["lines_added"], diff["lines_removed"]) == (first, second, 3, 2)
    assert [(each["path"], each["change"], each["lines_added"], each["lines_removed"]) for each in diff["files"]] == [
        ("b.py", "added", 1, 0),
        ("lib/a.py", "removed", 0, 1),
        ("main.py", "changed", 2, 1),
    ]
    assert diff["files"][2]["unified"] == (
        "--- a/main.py\n+++ b/main.py\n@@ -1,2 +1,3 @@\n one\n-two\n+TWO\n+three\n\\ No newline at end of file\n"
    )
    start = api.get(where(mine, f"versions/{first}/diff/")).json()
    assert (start["old"], [each["change"] for each in start["files"]]) == (None, ["added", "added"])


def test_any_two_of_a_users_versions_are_compared(
    api: APIClient, mine: Strategy, owner: User, other: User, client_of: Callable[..., APIClient]
) -> None:
    another = strategy_create(owner=owner, name="Another", files={"main.py": "two\n"})
    theirs = strategy_create(owner=other, name="Theirs", files={"main.py": "secret\n"})
    assert mine.head is not None
    assert another.head is not None
    assert theirs.head is not None
    address = where(mine, f"versions/{mine.head.content_hash}/diff/")
    diff = api.get(address, {"against": another.head.content_hash}).json()
    assert [each["path"] for each in diff["files"]] == ["lib/a.py", "main.py"]
    assert api.get(address, {"against": mine.head.content_hash}).json()["files"] == []
    for unknown in (theirs.head.content_hash, "x", "\0"):
        answer = api.get(address, {"against": unknown})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "against"), unknown
    assert client_of(other).get(address).status_code == 404


def test_the_patch_is_one_that_git_applies(api: APIClient, mine: Strategy, tmp_path: Path) -> None:
    second = change(api, mine, {"main.py": "two\r\n\x0cé", "lib/a.py": None, "b/c.py": "\n\n", "lib/b.py": "x"}).json()
    patch = api.get(where(mine, f"versions/{second['content_hash']}/diff/")).json()["unified"]
    folder = tmp_path / "files"
    for path, text in FIRST.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=folder, input=patch.encode(), check=True)
    left = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in folder.rglob("*") if path.is_file()
    }
    assert left == second["files"]
