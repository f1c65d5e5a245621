"""Single calls to QuantConnect: projects, files, compilations, backtests."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud

from tradinglab.server.accounts.models import AuditEntry
from tradinglab.server.cloud.compiling import compile_message, compile_problems
from tradinglab.server.cloud.models import CloudAccount

pytestmark = pytest.mark.django_db
_HERE = "/api/v1/quantconnect/projects/"


@pytest.fixture
def project(api: APIClient, account: CloudAccount) -> int:
    answer = api.post(_HERE, {"name": "Momentum"}, format="json")
    assert answer.status_code == 201
    return int(answer.json()["project_id"])


def test_a_project_is_created_under_its_own_name(api: APIClient, project: int, cloud: FakeCloud) -> None:
    assert cloud.projects[project]["name"] == "Momentum"
    assert [each["name"] for each in api.get(_HERE).json()] == ["Momentum"]
    assert AuditEntry.objects.get(action="quantconnect_project.created").details["project_id"] == project


def test_a_file_is_created_and_replaced(api: APIClient, project: int) -> None:
    here = f"{_HERE}{project}/files/"
    for text in ("x = 1\n", "x = 2\n", ""):
        answer = api.post(here, {"name": "lib/own.py", "content": text}, format="json")
        if text:
            assert (answer.status_code, answer.json()["content"]) == (201, text)
    found = {each["name"]: each["content"] for each in api.get(here).json()}
    assert set(found) == {"main.py", "research.ipynb", "lib/own.py"}


@pytest.mark.parametrize("name", ["../up.py", "/etc/passwd", ""])
def test_a_path_that_leads_elsewhere_is_refused(api: APIClient, project: int, name: str) -> None:
    answer = api.post(f"{_HERE}{project}/files/", {"name": name, "content": "x"}, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "name"


def test_a_compile_names_file_and_line(api: APIClient, project: int, cloud: FakeCloud) -> None:
    cloud.compile_s, cloud.build_error = 0.0, True
    made = api.post(f"{_HERE}{project}/compile/").json()
    assert made["state"] == "InQueue"
    found = api.get(f"{_HERE}{project}/compile/{made['compile_id']}/").json()
    assert (found["is_finished"], found["is_success"]) == (True, False)
    assert found["problems"] == [{"file": "main.py", "line": 3, "column": None, "message": "bad", "is_warning": False}]


def test_a_backtest_is_monitored(api: APIClient, project: int, cloud: FakeCloud) -> None:
    compiled = cloud.do_compile_create({"projectId": project})["compileId"]
    body = {"projectId": project, "compileId": compiled, "backtestName": "by hand"}
    backtest = cloud.do_backtests_create(body)["backtest"]["backtestId"]
    here = f"{_HERE}{project}/backtests/"
    assert api.get(f"{here}{backtest}/").json()["is_finished"] is False
    cloud.backtests[backtest]["at"] -= 100
    found = api.get(f"{here}{backtest}/").json()
    assert (found["is_finished"], found["statistics"]["Sharpe Ratio"]) == (True, "1.5")
    assert [each["backtest_id"] for each in api.get(here).json()] == [backtest]


def test_what_is_not_there_is_not_found(api: APIClient, project: int) -> None:
    for answer in (
        api.get(f"{_HERE}99/files/"),
        api.post(f"{_HERE}99/compile/"),
        api.get(f"{_HERE}{project}/compile/none/"),
        api.get(f"{_HERE}{project}/backtests/none/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("line", "file", "number", "column", "message"),
    [
        ("main.py:12:5 error: no such name 'x'", "main.py", 12, 5, "error: no such name 'x'"),
        ("Main.cs(3,7): error CS1002: ; expected", "Main.cs", 3, 7, "error CS1002: ; expected"),
        ('File "lib/own.py", line 4: SyntaxError', "lib/own.py", 4, None, "SyntaxError"),
        ("Build Error: File: main.py Line:9 Column:1 - bad", "main.py", 9, 1, "bad"),
        ("SyntaxError: invalid syntax at line 8 in main.py", "main.py", 8, None, "SyntaxError: invalid syntax at"),
        ("Something is wrong", None, None, None, "Something is wrong"),
    ],
)
def test_places_are_found(line: str, file: str | None, number: int | None, column: int | None, message: str) -> None:
    (found,) = compile_problems([line])
    assert (found.file, found.line, found.column, found.message) == (file, number, column, message)


def test_good_news_are_no_problem() -> None:
    assert compile_problems(["Build Request Successful for Project ID: 1"]) == []
    said = compile_message(["Build Error for project 1", "main.py:2:1 warning: unused", "main.py:3:1 error: bad"])
    assert said == "main.py:3: error: bad"
