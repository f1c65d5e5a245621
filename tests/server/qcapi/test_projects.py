"""Projects: made, read, changed as the clients do, deleted, and not there for others."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient
from tests.server.qcapi.client import Signed

from tradinglab.server.accounts.models import User
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


def made(qc: Signed, name: str = "Mine", language: str = "Py") -> int:
    document = qc.done("projects/create", name=name, language=language, organizationId=qc.organization_id)
    return int(document["projects"][0]["projectId"])


def names(qc: Signed, project: int) -> list[str]:
    return [each["name"] for each in qc.done("files/read", projectId=project)["files"]]


@pytest.mark.parametrize(
    ("language", "files"), [("Py", ["main.py", "research.ipynb"]), ("C#", ["Main.cs", "Research.ipynb"])]
)
def test_a_new_project_has_two_files(qc: Signed, language: str, files: list[str]) -> None:
    document = qc.done("projects/create", name="Mine", language=language)
    (project,) = document["projects"]
    assert (project["name"], project["language"], project["owner"]) == ("Mine", language, True)
    assert project["organizationId"] == qc.organization_id
    assert document["versions"]
    assert names(qc, project["projectId"]) == files
    for name in ("description", "collaborators", "leanVersionId", "leanEnvironment", "parameters", "libraries"):
        assert project[name] is not None


def test_a_project_is_a_strategy_and_a_strategy_a_project(qc: Signed, owner: User, strategy: Strategy) -> None:
    (listed,) = qc.get("projects/read")["projects"]
    assert listed["name"] == "Quick"
    again = qc.done("projects/read", projectId=listed["projectId"], start=0)["projects"]
    assert again == [listed]
    made(qc)
    assert {each.name for each in Strategy.objects.filter(owner=owner)} == {"Quick", "Mine"}


def test_a_name_that_is_taken_gets_a_number_but_is_no_new_name(qc: Signed) -> None:
    first, second = made(qc), made(qc)
    shown = qc.done("projects/read", projectId=second)["projects"][0]
    assert shown["name"] == "Mine 2"
    assert "already" in qc.refused("projects/update", projectId=second, name="Mine")
    assert qc.done("projects/update", projectId=first, name="Mine")
    for _ in range(2):
        made(qc, "x" * 200)
    assert qc.done("projects/read", end=1)["projects"][0]["name"] == "x" * 198 + " 2"


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201, "a\u202eb"])
def test_a_name_must_be_one(qc: Signed, name: str) -> None:
    assert "name" in qc.refused("projects/create", name=name, language="Py")


def test_the_newest_come_first_and_a_part_can_be_read(qc: Signed) -> None:
    ids = [made(qc, f"P{number}") for number in range(4)]
    listed = [each["projectId"] for each in qc.done("projects/read")["projects"]]
    assert listed == ids[::-1]
    assert [each["projectId"] for each in qc.done("projects/read", start=1, end=3)["projects"]] == listed[1:3]
    for start, end in ((1, 1), (1, 0), (-1, 5)):
        assert qc.refused("projects/read", start=start, end=end)


def test_name_and_description_are_changed(qc: Signed) -> None:
    project = made(qc)
    qc.done("projects/update", projectId=project, name="New", description="Two\nlines")
    shown = qc.done("projects/read", projectId=project)["projects"][0]
    assert (shown["name"], shown["description"]) == ("New", "Two\nlines")
    qc.done("projects/update", projectId=project, description="")
    shown = qc.done("projects/read", projectId=project)["projects"][0]
    assert (shown["name"], shown["description"]) == ("New", "")


def push(project: int, files: dict[str, str], more: str = "") -> str:
    pairs = [
        f"files[{place}][{field}]={quote(value)}"
        for place, (name, text) in enumerate(files.items())
        for field, value in (("name", name), ("content", text))
    ]
    return f"projectId={project}&" + "&".join(pairs) + more


def test_the_command_lines_push_replaces_files_parameters_and_libraries(qc: Signed) -> None:
    project, library = made(qc), made(qc, "Library/Mine")
    qc.done("projects/library/create", projectId=project, libraryId=library)
    files = {"main.py": "a = 'ä & b%'\n", "lib/more.py": ""}
    more = "&name=Pushed&parameters[0][key]=fast&parameters[0][value]=10&versionId=-1&codeSourceId=cli&encryptionKey="
    assert qc.form("projects/update", push(project, files, f"{more}&libraries[0]={library}"))["success"] is True
    read = {each["name"]: each["content"] for each in qc.done("files/read", projectId=project)["files"]}
    assert read == files
    shown = qc.done("projects/read", projectId=project)["projects"][0]
    assert [(each["key"], each["name"], each["value"]) for each in shown["parameters"]] == [("fast", "fast", "10")]
    assert [each["libraryName"] for each in shown["libraries"]] == ["Library/Mine"]
    qc.form("projects/update", push(project, files))
    shown = qc.done("projects/read", projectId=project)["projects"][0]
    assert (len(shown["parameters"]), shown["libraries"]) == (1, [])
    qc.form("projects/update", push(project, files, "&parameters="))
    assert qc.done("projects/read", projectId=project)["projects"][0]["parameters"] == []


def test_parameters_are_those_of_every_run(qc: Signed) -> None:
    project = made(qc)
    qc.done("projects/update", projectId=project, parameters=[{"name": "fast", "value": 10}])
    head = StrategyVersion.objects.latest("created_at")
    assert head.files["config.json"] == '{\n    "parameters": {\n        "fast": "10"\n    }\n}'
    assert "config.json" not in names(qc, project)
    assert "cannot be stored" in qc.refused("projects/update", projectId=project, parameters={"a b": "1"})


def test_a_push_that_fails_changes_nothing(qc: Signed) -> None:
    project = made(qc)
    why = qc.refused(
        "projects/update", projectId=project, description="New", files=[{"name": "../main.py", "content": "x"}]
    )
    assert "../main.py" in why or "relative path" in why
    assert qc.done("projects/read", projectId=project)["projects"][0]["description"] == ""


def test_a_deleted_project_is_gone_and_its_strategy_can_be_taken_back(qc: Signed) -> None:
    project = made(qc)
    qc.done("projects/delete", projectId=project)
    assert qc.refused("projects/read", projectId=project) == f"There is no project {project}."
    assert qc.done("projects/read")["projects"] == []
    assert Strategy.objects.get().deleted_at is not None


def test_versions_and_environments(qc: Signed) -> None:
    (version,) = qc.done("lean/versions/read")["versions"]
    (environment,) = qc.get("lean/environments/read")["environments"]
    assert qc.form("lean/versions/read", "")["versions"] == [version]
    project = qc.done("projects/create", name="x", language="Py")["projects"][0]
    assert (project["leanVersionId"], project["leanPinnedToMaster"]) == (version["id"], True)
    assert project["leanEnvironment"] == environment["id"]


def test_a_list_costs_the_same_however_long_it_is(qc: Signed, django_assert_max_num_queries: Any) -> None:
    for number in range(8):
        made(qc, f"P{number}")
    qc.done("projects/read")
    with django_assert_max_num_queries(20):
        assert len(qc.done("projects/read")["projects"]) == 8


def test_a_list_costs_the_same_however_many_libraries_there_are(
    qc: Signed, stranger: Signed, django_assert_max_num_queries: Any
) -> None:
    project = made(qc)
    for number in range(12):
        library = made(stranger, f"P{number}")
        who = {"collaboratorUserId": qc.public_id}
        stranger.done("projects/collaboration/create", projectId=library, **who)
        qc.done("projects/library/create", projectId=project, libraryId=library)
    with django_assert_max_num_queries(14):
        shown = qc.done("projects/read")["projects"]
    assert [each["access"] for one in shown for each in one["libraries"]] == [True] * 12


def test_a_deleted_library_is_in_nobodys_way(qc: Signed) -> None:
    project, first, second = (made(qc, name) for name in ("P", "A", "B"))
    qc.done("projects/library/create", projectId=project, libraryId=first)
    qc.done("projects/delete", projectId=first)
    qc.done("projects/library/create", projectId=project, libraryId=second)


def test_a_draft_is_not_backtested(api: APIClient, qc: Signed, owner: User) -> None:
    made(qc, language="C#")
    version = str(Strategy.objects.get().head_id)
    answer = api.post("/api/v1/backtests/", {"version": version}, format="json")
    assert (answer.status_code, "main.py" in answer.json()["detail"]) == (400, True)


def test_a_library_is_no_other_users(qc: Signed, stranger: Signed, other: User) -> None:
    theirs = strategy_create(owner=other, name="Theirs", files={"main.py": "x = 1\n"})
    stranger.done("projects/read")
    project, library = made(qc), theirs.quantconnect_project.pk
    assert qc.refused("projects/library/create", projectId=project, libraryId=library) == (
        f"There is no project {library}."
    )
    assert "own library" in qc.refused("projects/library/create", projectId=project, libraryId=project)
    assert qc.refused("projects/library/delete", projectId=project, libraryId=library)


def test_null_is_called_null_and_not_by_its_name_in_python(qc: Signed) -> None:
    text = qc.refused("backtests/orders/read", projectId=1, backtestId="x" * 32, start=None, end=10)
    assert "start was null" in text
    assert "None" not in text
