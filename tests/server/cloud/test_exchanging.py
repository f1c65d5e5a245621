"""Import, push and pull: nothing that the other side has changed is overwritten."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.server.cloud.driving import to_the_end

from tradinglab.server.accounts.models import AuditEntry
from tradinglab.server.cloud.merging import standing
from tradinglab.server.cloud.models import CloudAccount, CloudLink
from tradinglab.server.rest.waiting import waiting_place
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
_HERE = "/api/v1/quantconnect"


@pytest.fixture
def project(cloud: FakeCloud, account: CloudAccount) -> dict[str, Any]:
    """A project that the user made there."""
    number = cloud.do_projects_create({"name": "Theirs", "language": "Py"})["projects"][0]["projectId"]
    made = cloud.projects[number]
    made["files"] = {"main.py": "x = 1\n", "lib.py": "y = 1\n"}
    return made


@pytest.fixture
def imported(api: APIClient, project: dict[str, Any]) -> Strategy:
    answer = api.post(f"{_HERE}/projects/{project['projectId']}/import/", {}, format="json")
    assert answer.status_code == 200, answer.content
    return Strategy.objects.get(pk=answer.json()["strategy"])


def save(api: APIClient, strategy: Strategy, **files: str) -> None:
    texts = {name.replace("_", "."): text for name, text in files.items()}
    answer = api.post(f"/api/v1/strategies/{strategy.pk}/versions/", {"files": texts}, format="json")
    assert answer.status_code in (200, 201), answer.content


def files_of(strategy: Strategy) -> dict[str, str]:
    strategy.refresh_from_db()
    assert strategy.head is not None
    return dict(strategy.head.files)


def carry(api: APIClient, strategy: Strategy, way: str, **more: object) -> Any:
    return api.post(f"{_HERE}/strategies/{strategy.pk}/{way}/", more, format="json")


def backtest_there(cloud: FakeCloud, project_id: int) -> str:
    """Start a backtest there, without anybody here."""
    compiled = cloud.do_compile_create({"projectId": project_id})["compileId"]
    body = {"projectId": project_id, "compileId": compiled, "backtestName": "Long ago", "parameters": {"fast": 3}}
    return str(cloud.do_backtests_create(body)["backtest"]["backtestId"])


def test_a_project_becomes_a_strategy_once(api: APIClient, imported: Strategy, project: dict[str, Any]) -> None:
    assert (imported.name, files_of(imported)) == ("Theirs", project["files"])
    again = api.post(f"{_HERE}/projects/{project['projectId']}/import/", {}, format="json").json()
    assert (again["strategy"], again["changed"]) == (str(imported.pk), [])
    assert AuditEntry.objects.filter(action="quantconnect_project.imported").count() == 1


def test_a_name_that_is_taken_gets_a_number(api: APIClient, project: dict[str, Any], strategy: Strategy) -> None:
    project["name"] = strategy.name
    where = f"{_HERE}/projects/{project['projectId']}/import/"
    made = api.post(where, {}, format="json").json()
    assert Strategy.objects.get(pk=made["strategy"]).name == f"{strategy.name} (imported)"


def test_a_pull_takes_what_was_changed_there_and_keeps_what_was_changed_here(
    api: APIClient, imported: Strategy, project: dict[str, Any]
) -> None:
    save(api, imported, main_py="x = 2\n", lib_py="y = 1\n")
    project["files"] |= {"lib.py": "y = 3\n", "new.py": "z = 1\n"}
    shown = api.get(f"{_HERE}/strategies/{imported.pk}/").json()
    assert (shown["changed_here"], shown["changed_there"], shown["conflicts"]) == (
        ["main.py"],
        ["lib.py", "new.py"],
        [],
    )
    answer = carry(api, imported, "pull")
    assert (answer.status_code, answer.json()["changed"]) == (200, ["lib.py", "new.py"])
    assert files_of(imported) == {"main.py": "x = 2\n", "lib.py": "y = 3\n", "new.py": "z = 1\n"}
    shown = api.get(f"{_HERE}/strategies/{imported.pk}/").json()
    assert (shown["changed_here"], shown["changed_there"]) == (["main.py"], [])


def test_what_both_changed_is_refused_by_name(api: APIClient, imported: Strategy, project: dict[str, Any]) -> None:
    save(api, imported, main_py="x = 2\n", lib_py="y = 1\n")
    project["files"]["main.py"] = "x = 3\n"
    for way in ("pull", "push"):
        answer = carry(api, imported, way)
        assert (answer.status_code, answer.json()["code"]) == (409, "quantconnect_conflict")
        assert "main.py" in answer.json()["detail"]
        assert "lib.py" not in answer.json()["detail"]
    assert (files_of(imported)["main.py"], project["files"]["main.py"]) == ("x = 2\n", "x = 3\n")


@pytest.mark.parametrize(("way", "text"), [("pull", "x = 3\n"), ("push", "x = 2\n")])
def test_by_force_one_side_wins(
    api: APIClient, imported: Strategy, project: dict[str, Any], way: str, text: str
) -> None:
    save(api, imported, main_py="x = 2\n", lib_py="y = 1\n")
    project["files"]["main.py"] = "x = 3\n"
    assert carry(api, imported, way, force=True).status_code == 200
    assert files_of(imported)["main.py"] == project["files"]["main.py"] == text
    assert api.get(f"{_HERE}/strategies/{imported.pk}/").json()["is_same"] is True


@pytest.mark.parametrize("way", ["pull", "push"])
def test_what_only_looks_like_force_is_none(
    api: APIClient, imported: Strategy, project: dict[str, Any], way: str
) -> None:
    save(api, imported, main_py="x = 2\n")
    project["files"]["main.py"] = "x = 3\n"
    answer = carry(api, imported, way, force="yes")
    assert answer.status_code == 400
    (wrong,) = answer.json()["errors"]
    assert (wrong["field"], wrong["value"]) == ("force", "yes")
    assert (files_of(imported)["main.py"], project["files"]["main.py"]) == ("x = 2\n", "x = 3\n")


def test_a_push_is_refused_over_what_was_changed_there_alone(
    api: APIClient, imported: Strategy, project: dict[str, Any]
) -> None:
    project["files"]["lib.py"] = "y = 3\n"
    assert carry(api, imported, "push").status_code == 409
    assert project["files"]["lib.py"] == "y = 3\n"


def test_a_file_that_is_removed_on_one_side_is_removed_on_the_other(
    api: APIClient, imported: Strategy, project: dict[str, Any]
) -> None:
    save(api, imported, main_py="x = 1\n")
    assert carry(api, imported, "push").json()["changed"] == ["lib.py"]
    assert set(project["files"]) == {"main.py"}


def test_a_push_leaves_files_alone_that_are_never_pushed(
    api: APIClient, imported: Strategy, project: dict[str, Any]
) -> None:
    project["files"]["notes.md"] = "mine\n"
    save(api, imported, main_py="x = 2\n", lib_py="y = 1\n")
    assert carry(api, imported, "push").json()["changed"] == ["main.py"]
    assert project["files"] == {"main.py": "x = 2\n", "lib.py": "y = 1\n", "notes.md": "mine\n"}


def test_a_strategy_without_a_project_is_pushed_to_a_new_one(
    api: APIClient, strategy: Strategy, account: CloudAccount, cloud: FakeCloud
) -> None:
    assert api.get(f"{_HERE}/strategies/{strategy.pk}/").json()["link"] is None
    assert carry(api, strategy, "pull").status_code == 404
    for changed in (["main.py", "research.ipynb"], []):
        answer = carry(api, strategy, "push")
        assert (answer.status_code, answer.json()["changed"]) == (200, changed)
    (project,) = cloud.projects.values()
    assert project["files"] == files_of(strategy)
    assert CloudLink.objects.get().remote_id == project["projectId"]


def test_a_project_that_was_deleted_there_is_made_anew_by_force(
    api: APIClient, imported: Strategy, project: dict[str, Any], cloud: FakeCloud
) -> None:
    cloud.projects.clear()
    answer = carry(api, imported, "push")
    assert (answer.status_code, "force" in answer.json()["detail"], cloud.projects) == (409, True, {})
    assert carry(api, imported, "push", force=True).status_code == 200
    (made,) = cloud.projects.values()
    assert (made["files"], CloudLink.objects.get().remote_id) == (files_of(imported), made["projectId"])


def test_a_past_backtest_becomes_one_here_once(api: APIClient, project: dict[str, Any], cloud: FakeCloud) -> None:
    number = project["projectId"]
    backtest = backtest_there(cloud, number)
    where = f"{_HERE}/projects/{number}/backtests/{backtest}/import/"
    assert api.post(where).status_code == 409
    cloud.backtests[backtest]["at"] -= 1000
    made = api.post(where)
    assert made.status_code == 202, made.content
    to_the_end(made.json()["backtest_id"], cloud)
    shown = api.get(f"/api/v1/backtests/{made.json()['backtest_id']}/").json()
    assert (shown["state"], shown["name"], shown["parameters"]) == ("completed", "Long ago", {"fast": "3"})
    assert shown["warnings"][0]["text"].startswith("It was imported")
    assert api.post(where).json()["backtest_id"] == made.json()["backtest_id"]
    assert len(cloud.started) == 1


@pytest.mark.parametrize("module", ["exchanging", "importing"])
def test_of_two_imports_at_once_one_is_made(
    api: APIClient, project: dict[str, Any], cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    number = project["projectId"]
    backtest = backtest_there(cloud, number)
    cloud.backtests[backtest]["at"] -= 1000
    where = f"{_HERE}/projects/{number}/" + ("" if module == "exchanging" else f"backtests/{backtest}/") + "import/"
    first: list[Any] = []

    def waited(*, account: CloudAccount) -> None:
        # The other one had the account's row, and has imported meanwhile.
        monkeypatch.undo()
        first.append(api.post(where, {}, format="json").json())

    monkeypatch.setattr(f"tradinglab.server.cloud.{module}.account_lock", waited)
    second = api.post(where, {}, format="json")
    assert second.status_code in (200, 202), second.content
    assert {"strategy", "backtest_id"} & first[0].keys()
    assert all(first[0].get(name) == second.json().get(name) for name in ("strategy", "backtest_id"))
    assert Strategy.objects.count() == 1


def test_an_import_that_is_cancelled_leaves_the_backtest_there(
    api: APIClient, project: dict[str, Any], cloud: FakeCloud
) -> None:
    number = project["projectId"]
    backtest = backtest_there(cloud, number)
    cloud.backtests[backtest]["at"] -= 1000
    made = api.post(f"{_HERE}/projects/{number}/backtests/{backtest}/import/").json()
    assert api.post(f"/api/v1/backtests/{made['backtest_id']}/cancel/").status_code == 202
    assert backtest in cloud.backtests


def test_the_complete_flow_answers_where_it_stands(
    api: APIClient, strategy: Strategy, account: CloudAccount, cloud: FakeCloud
) -> None:
    body = {"strategy_id": str(strategy.pk), "start_date": "2011-02-03", "end_date": "2011-12-30"}
    answer = api.post(f"{_HERE}/backtests/", body, format="json")
    shown = answer.json()
    assert (answer.status_code, shown["success"], shown["results"]) == (202, True, None)
    to_the_end(shown["backtest_id"], cloud)
    ended = api.get(f"{_HERE}/backtests/{shown['backtest_id']}/?wait=1")
    assert (ended.status_code, ended.json()["state"]) == (200, "completed")
    assert ended.json()["remote"]["backtest_id"] == cloud.started[0]
    assert ended.json()["results"]["statistics"]["Sharpe Ratio"] == "1.5"
    assert api.post(f"{_HERE}/backtests/?wait=9999", body, format="json").status_code == 400


def test_where_too_many_wait_already_nobody_else_does(
    api: APIClient, strategy: Strategy, account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr("tradinglab.server.rest.waiting._places", lambda: places)
    monkeypatch.setattr("tradinglab.server.cloud.flow.MOST_WAIT_S", 0.1)
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=slept.append)
    monkeypatch.setattr("tradinglab.server.cloud.flow.time", clock)
    run = api.post(f"{_HERE}/backtests/", {"strategy_id": str(strategy.pk)}, format="json").json()
    with waiting_place():
        assert api.get(f"{_HERE}/backtests/{run['backtest_id']}/?wait=60").status_code == 202
    assert not slept
    api.get(f"{_HERE}/backtests/{run['backtest_id']}/?wait=60")
    assert slept


def test_standing_by_cases() -> None:
    found = standing(
        {"same": "1", "here": "1", "there": "1", "both": "1", "agreed": "1", "gone": "1"},
        {"same": "1", "here": "2", "there": "1", "both": "2", "agreed": "3", "made": "1", "gone": "1"},
        {"same": "1", "here": "1", "there": "2", "both": "3", "agreed": "3"},
    )
    assert (found.here, found.there, found.both) == (("here", "made"), ("gone", "there"), ("both",))
