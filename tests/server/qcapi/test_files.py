"""A project's files: kept to the letter, patched as git does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.server.qcapi.client import Signed

from tradinglab.server.errors import InputError
from tradinglab.server.qcapi.models import Project
from tradinglab.server.qcapi.patches import patched
from tradinglab.server.strategies.models import StrategyVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(qc: Signed) -> int:
    return int(qc.done("projects/create", name="Mine", language="Py")["projects"][0]["projectId"])


def content(qc: Signed, project: int, name: str) -> str:
    (file,) = qc.done("files/read", projectId=project, name=name)["files"]
    assert (file["projectId"], file["name"], file["isLibrary"]) == (project, name, False)
    return str(file["content"])


@pytest.mark.parametrize("text", ["x = 1", " \n\n", "a\r\nb\r\n", "ä€😀\t", "\ufeffx\n", "no end", '{"cells": []}'])
def test_content_is_kept_to_the_letter(qc: Signed, project: int, text: str) -> None:
    (file,) = qc.done("files/create", projectId=project, name="dir/x.py", content=text)["files"]
    assert file["content"] == content(qc, project, "dir/x.py") == text
    qc.done("files/update", projectId=project, name="dir/x.py", content=text + "!")
    assert content(qc, project, "dir/x.py") == text + "!"


def test_a_file_may_be_made_without_content_but_not_with_none(qc: Signed, project: int) -> None:
    qc.done("files/create", projectId=project, name="empty.py")
    assert content(qc, project, "empty.py") == ""
    assert "empty" in qc.refused("files/create", projectId=project, name="other.py", content="")
    assert "empty" in qc.refused("files/update", projectId=project, name="main.py", content="")


def test_what_is_not_there_is_not_found(qc: Signed, project: int) -> None:
    for path, more in (
        ("files/read", {}),
        ("files/update", {"content": "x"}),
        ("files/update", {"newName": "y.py"}),
        ("files/delete", {}),
    ):
        assert "There is no file 'in.py'" in qc.refused(path, projectId=project, name="in.py", **more)
        assert qc.refused(path, projectId=-1, name="main.py", **more) == "There is no project -1."
    assert "already" in qc.refused("files/create", projectId=project, name="main.py", content="x")
    assert "Give" in qc.refused("files/update", projectId=project, name="main.py")


def test_a_file_is_renamed_and_deleted(qc: Signed, project: int) -> None:
    before = content(qc, project, "main.py")
    qc.done("files/update", projectId=project, name="main.py", newName="lib/old.py")
    assert content(qc, project, "lib/old.py") == before
    taken = {"projectId": project, "name": "lib/old.py", "newName": "research.ipynb"}
    versions = StrategyVersion.objects.count()
    assert "already" in qc.refused("files/update", **taken)
    # Both or neither.
    assert "already" in qc.refused("files/update", **taken, content="x = 1\n")
    qc.done("files/update", **taken | {"newName": "lib/new.py"}, content="x = 1\n")
    assert StrategyVersion.objects.count() == versions + 1
    qc.done("files/update", **taken | {"name": "lib/new.py", "newName": "lib/old.py"})
    for name in ("lib/old.py", "research.ipynb"):
        qc.done("files/delete", projectId=project, name=name)
    assert qc.done("files/read", projectId=project)["files"] == []


def test_every_save_is_a_version(qc: Signed, project: int) -> None:
    for number in range(3):
        qc.done("files/update", projectId=project, name="main.py", content=f"x = {number}\n")
    saved = StrategyVersion.objects.order_by("created_at")
    assert [each.message for each in saved] == ["A new project", *["main.py changed"] * 3]


@pytest.mark.parametrize("name", ["", "../x.py", "/x.py", "a//b.py", "x.exe", "config.json", "a" * 300])
def test_names_that_no_file_has_are_refused(qc: Signed, project: int, name: str) -> None:
    assert qc.refused("files/create", projectId=project, name=name, content="x")
    assert qc.refused("files/update", projectId=project, name="main.py", newName=name or "/")


def test_too_much_is_refused(qc: Signed, project: int) -> None:
    assert "bytes" in qc.refused("files/create", projectId=project, name="x.py", content="x" * 1_100_000)
    assert "bytes" in qc.refused("files/create", projectId=project, name="x.py", content="x" * 3_000_000)


def test_gits_empty_context_line_is_an_empty_line(qc: Signed, project: int) -> None:
    text = "# region imports\nfrom AlgorithmImports import *\n# endregion\n\na = 1\n"
    qc.done("files/update", projectId=project, name="main.py", content=text)
    patch = (
        "diff --git a/main.py b/main.py\nindex 5a38b08..72c8d1e 100644\n--- a/main.py\n+++ b/main.py\n"
        "@@ -2,4 +2,4 @@\n from AlgorithmImports import *\n # endregion\n\n-a = 1\n+a = 2\n"
    )
    qc.done("files/patch", projectId=project, patch=patch)
    assert content(qc, project, "main.py") == text.replace("1", "2")
    assert "does not fit" in qc.refused("files/patch", projectId=project, patch=patch)


_HEAD = "--- a/main.py\n+++ b/main.py\n"


@pytest.mark.parametrize(
    "patch",
    [
        " ",
        "x",
        _HEAD,
        f"{_HEAD}@@ -1 +1 @@",
        "@@ -1 +1 @@\n-a\n+b\n",
        "--- a/no.py\n+++ b/no.py\n@@ -1 +1 @@\n-a\n+b\n",
        "--- /dev/null\n+++ b/main.py\n@@ -0,0 +1 @@\n+x\n",
        "--- a/main.py\n+++ b/../x.py\n",
        f"{_HEAD}@@ -99999999999 +1 @@\n-a\n+b\n",
        "--- a/config.json\n+++ b/config.json\n@@ -1 +1 @@\n-a\n+b\n",
        "--- /dev/null\n+++ b/config.json\n@@ -0,0 +1 @@\n+{}\n",
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(qc: Signed, project: int, patch: str) -> None:
    before = Project.objects.get(pk=project).strategy.head
    assert qc.refused("files/patch", projectId=project, patch=patch)
    assert Project.objects.get(pk=project).strategy.head == before


_FILES = st.dictionaries(
    st.sampled_from(["a.txt", "b.txt", "dir/c.txt"]),
    st.lists(st.sampled_from(["x", "y", "", "  z", "-", "+", "@@"]), min_size=1).map(
        lambda rows: "\n".join(rows) + "\n"
    ),
    max_size=3,
)


@settings(max_examples=25)
@given(old=_FILES, new=_FILES)
def test_a_patch_does_what_git_says_it_does(tmp_path_factory: pytest.TempPathFactory, old: object, new: object) -> None:
    """The oracle is git: it makes the patch, and ours is to come to the same files."""
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    folder = tmp_path_factory.mktemp("git")
    for side, files in (("old", old), ("new", new)):
        (folder / side).mkdir()
        for name, text in files.items():
            place: Path = folder / side / name
            place.parent.mkdir(exist_ok=True, parents=True)
            place.write_text(text)
    git = ["git", "-c", "core.safecrlf=false", "diff", "--no-index", "--no-renames", "old", "new"]
    patch = subprocess.run(git, check=False, cwd=folder, capture_output=True, text=True).stdout
    patch = patch.replace("a/old/", "a/").replace("b/new/", "b/").replace("a/new/", "a/").replace("b/old/", "b/")
    if not patch:
        assert old == new
        return
    assert patched(old, patch) == new


def test_a_patch_moves_with_the_text_around_it() -> None:
    lines = [f"line {number}" for number in range(50)]
    patch = "--- a/x.py\n+++ b/x.py\n@@ -20,3 +20,3 @@\n line 19\n-line 20\n+changed\n line 21\n"
    moved = ["new"] * 7 + lines
    done = patched({"x.py": "\n".join(moved)}, patch)["x.py"]
    assert done.split("\n") == ["new"] * 7 + lines[:20] + ["changed"] + lines[21:]


def test_line_ends_stay() -> None:
    patch = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    assert patched({"x.py": "a\r\nb"}, patch) == {"x.py": "a\r\nc"}
    assert patched({"x.py": "a\r\nb\r\n"}, patch.replace("\n", "\r\n")) == {"x.py": "a\r\nc\r\n"}
    with pytest.raises(InputError):
        patched({"x.py": "b\r\na\r\n"}, patch)


_HEAD = "--- a/m.py\n+++ b/m.py\n"


def _hunk(at: int, *old: str, new: str = "z") -> str:
    return f"@@ -{at},{len(old)} +{at},1 @@\n" + "".join(f"-{each}\n" for each in old) + f"+{new}\n"


def test_hunks_far_from_where_they_say_are_found() -> None:
    """Two thousand, each said to be at the other end of the longest file there may be."""
    lines = [f"{number}\n" for number in range(130_000)]
    patch = _HEAD + "".join(_hunk(130_000 if n % 2 else 1, str(n * 60), new=f"new {n}") for n in range(2_000))
    found = patched({"m.py": "".join(lines)}, patch)["m.py"].splitlines()
    assert [found[n * 60] for n in range(2_000)] == [f"new {n}" for n in range(2_000)]
    assert len(found) == len(lines)


def test_of_two_places_the_nearest_is_taken_and_of_two_as_near_the_first() -> None:
    text = "a\nb\nx\nb\na\n"
    assert patched({"m.py": text}, _HEAD + _hunk(3, "b"))["m.py"] == "a\nz\nx\nb\na\n"
    assert patched({"m.py": text}, _HEAD + _hunk(4, "a"))["m.py"] == "a\nb\nx\nb\nz\n"
    assert patched({"m.py": text}, _HEAD + _hunk(1, "b") + _hunk(2, "b"))["m.py"] == "a\nz\nx\nz\na\n"


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(_HEAD + _hunk(1, *["a"] * 1_000, "b"), id="one that nearly fits everywhere"),
        pytest.param((_HEAD + _hunk(1, "a", new="a")) * 2_000, id="two thousand of one line each"),
    ],
)
def test_a_patch_that_costs_too_much_is_refused(patch: str) -> None:
    with pytest.raises(InputError, match="too far"):
        patched({"m.py": "a\n" * 480_000}, patch)
