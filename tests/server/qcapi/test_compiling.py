"""Compiles: asynchronous, with file and line of what is wrong, and pinned to what was compiled."""

from __future__ import annotations

import pytest
from tests.server.qcapi.client import Signed
from tests.server.test_rule_strategies import CROSS

from tradinglab.server.qcapi.models import Compile
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.services import run_cancel
from tradinglab.server.runs.supervision import run_carry_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(qc: Signed) -> int:
    return int(qc.done("projects/create", name="Mine", language="Py")["projects"][0]["projectId"])


def compiled(qc: Signed, project: int, **files: str) -> tuple[str, list[str]]:
    for name, text in files.items():
        qc.ask("files/create", projectId=project, name=f"{name}.py")
        qc.done("files/update", projectId=project, name=f"{name}.py", content=text)
    begun = qc.done("compile/create", projectId=project)
    assert (begun["state"], begun["projectId"]) == ("InQueue", project)
    asked = {"projectId": project, "compileId": begun["compileId"]}
    waiting = qc.done("compile/read", **asked)
    assert (waiting["state"], waiting["logs"]) == ("InQueue", [])
    assert run_carry_out(run_id=Compile.objects.get(pk=begun["compileId"]).run_id, worker="test")
    over = qc.get("compile/read", **asked)
    assert over["compileId"] == begun["compileId"]
    return over["state"], over["logs"]


def test_the_strategy_that_a_project_starts_with_compiles(qc: Signed, project: int) -> None:
    state, logs = compiled(qc, project)
    assert state == "BuildSuccess"
    assert f"Build Request Successful for Project ID: {project}" in logs[0]


def test_a_syntax_error_is_told_with_file_and_line(qc: Signed, project: int) -> None:
    state, logs = compiled(qc, project, main="from AlgorithmImports import *\n\ndef f(:\n")
    assert state == "BuildError"
    assert any(each.startswith("main.py:3:") and "error" in each for each in logs)


def test_what_raises_on_import_is_told_with_file_and_line(qc: Signed, project: int) -> None:
    main = "from AlgorithmImports import *\nimport helper\n\nclass A(QCAlgorithm):\n    pass\n"
    state, logs = compiled(qc, project, main=main, helper="x = 1\ny = {}['gone']\n")
    assert state == "BuildError"
    assert any(each.startswith("helper.py:2 error:") and "gone" in each for each in logs), logs


def test_code_at_the_top_of_a_file_runs_in_the_sandbox(qc: Signed, project: int) -> None:
    main = "from AlgorithmImports import *\nopen('/etc/passwd').read()\nclass A(QCAlgorithm):\n    pass\n"
    state, logs = compiled(qc, project, main=main)
    assert state == "BuildError"
    assert not any("root:" in each for each in logs)


def test_without_a_main_file_nothing_compiles(qc: Signed, project: int) -> None:
    qc.done("files/delete", projectId=project, name="main.py")
    state, logs = compiled(qc, project)
    assert (state, len(logs)) == ("BuildError", 1)
    assert "main.py" in logs[0]


def test_a_csharp_project_says_why_it_does_not_compile(qc: Signed) -> None:
    project = qc.done("projects/create", name="Sharp", language="C#")["projects"][0]["projectId"]
    begun = qc.done("compile/create", projectId=project)
    assert begun["state"] == "InQueue"
    over = qc.done("compile/read", projectId=project, compileId=begun["compileId"])
    assert (over["state"], len(over["logs"])) == ("BuildError", 1)
    assert "Python" in over["logs"][0]


def test_a_compile_stays_what_it_was(qc: Signed, project: int) -> None:
    first = qc.done("compile/create", projectId=project)["compileId"]
    qc.done("files/update", projectId=project, name="main.py", content="x = 1\n")
    second = qc.done("compile/create", projectId=project)["compileId"]
    texts = {each.pk: each.version.files["main.py"] for each in Compile.objects.all()}
    assert texts[second] == "x = 1\n"
    assert "MyStrategy" in texts[first]
    assert first.rpartition("-")[2] != second.rpartition("-")[2]


def test_libraries_are_imported_by_the_last_part_of_their_name(qc: Signed, project: int) -> None:
    library = qc.done("projects/create", name="Library/My Tools", language="Py")["projects"][0]["projectId"]
    qc.done("files/create", projectId=library, name="tools.py", content="ANSWER = 42\n")
    qc.done("projects/library/create", projectId=project, libraryId=library)
    main = (
        "from AlgorithmImports import *\nfrom My_Tools.tools import ANSWER\nassert ANSWER == 42\n"
        "class A(QCAlgorithm):\n    pass\n"
    )
    state, logs = compiled(qc, project, main=main)
    assert state == "BuildSuccess", logs
    assert len(qc.done("files/read", projectId=project)["files"]) == 2


def test_a_compile_that_is_cancelled_says_so(qc: Signed, project: int) -> None:
    begun = qc.done("compile/create", projectId=project)
    run_cancel(run=Run.objects.get())
    over = qc.done("compile/read", projectId=project, compileId=begun["compileId"])
    assert over["state"] == "BuildError"
    assert over["logs"]


@pytest.mark.parametrize("compile_id", ["", " ", "x" * 10_000, "0" * 32])
def test_there_is_no_other_compile(qc: Signed, project: int, compile_id: str) -> None:
    assert "no compile" in qc.refused("compile/read", projectId=project, compileId=compile_id)


def test_a_compile_of_another_project_is_not_there(qc: Signed, project: int) -> None:
    begun = qc.done("compile/create", projectId=project)
    second = qc.done("projects/create", name="Other", language="Py")["projects"][0]["projectId"]
    assert qc.refused("compile/read", projectId=second, compileId=begun["compileId"])


@pytest.mark.parametrize(("old", "new", "wanted"), [("", "", "BuildSuccess"), ("size", "siz", "BuildError")])
def test_rules_compile_as_the_source_that_is_generated(
    old: str, new: str, wanted: str, qc: Signed, project: int
) -> None:
    qc.done("files/delete", projectId=project, name="main.py")
    qc.done("files/create", projectId=project, name="main.rules", content=CROSS.replace(old, new) if old else CROSS)
    state, logs = compiled(qc, project)
    assert state == wanted, logs
    assert any(each.startswith("main.rules:9:1 error") for each in logs) is (wanted == "BuildError")
