"""The tools for authors that need no model."""

from __future__ import annotations

import ast
import threading

import pytest
from tests.server.qcapi.client import Signed

from tradinglab.server.qcapi.assist.pep8 import converted
from tradinglab.server.rest import waiting
from tradinglab.server.rest.waiting import waiting_place
from tradinglab.server.runs import awaiting
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.templates import all_templates

pytestmark = pytest.mark.django_db


def file(content: str, name: str = "main.py") -> list[dict[str, str]]:
    return [{"name": name, "content": content}]


def test_syntax_errors_are_told_with_their_lines(qc: Signed) -> None:
    answer = qc.done("ai/tools/syntax-check", language="Py", files=file("a = 1\nb = \n"))
    assert (answer["state"], answer["payloadType"], answer["version"]) == ("Error", "StringArray", 2.0)
    assert answer["payload"][0].startswith("main.py:2:")
    answer = qc.done("ai/tools/syntax-check", language="Py", files=file("a = unknown\n", "other.py"))
    assert (answer["state"], answer["payload"]) == ("End", [])


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("self.add_equity('AAPL', Resolution.DAY)", "DAY"),
        ("self.add_equity('AAPL', Resolution.DAILY)", ""),
        ("exit()", "SystemExit"),
    ],
)
def test_initialize_is_tried_out(qc: Signed, monkeypatch: pytest.MonkeyPatch, body: str, wrong: str) -> None:
    monkeypatch.setattr(awaiting, "PATIENCE_S", 60.0)

    def work(_: float) -> None:
        run_carry_out(run_id=Run.objects.get(state="queued").pk, worker="test")

    monkeypatch.setattr("tradinglab.server.runs.awaiting.time.sleep", work)
    code = f"from AlgorithmImports import *\n\nclass A(QCAlgorithm):\n    def initialize(self):\n        {body}\n"
    answer = qc.done("ai/tools/backtest-init", language="Py", files=file(code))
    assert answer["state"] == ("Error" if wrong else "End"), answer
    assert wrong in answer["payload"]
    assert "main.py:5" in answer["payload"] or not wrong
    run = Run.objects.get()
    assert run.manifest == {}
    assert run.deleted_at is not None


def test_not_all_threads_wait_for_trials(qc: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_places", lambda: places)
    places = threading.BoundedSemaphore(1)
    with waiting_place():
        assert "Too many wait" in qc.refused("ai/tools/backtest-init", language="Py", files=file("x = 1\n"))
        answer = qc.http.post(
            "/api/v2/ai/tools/backtest-init",
            {"language": "Py", "files": file("x = 1\n")},
            "application/json",
            headers=qc.headers(),
        )
        assert (answer.status_code, answer.headers["Retry-After"]) == (200, "10")
    assert not Run.objects.exists()
    assert "No worker" in qc.refused("ai/tools/backtest-init", language="Py", files=file("x = 1\n"))


def test_a_trial_that_no_worker_takes_is_given_up(qc: Signed) -> None:
    assert "No worker" in qc.refused("ai/tools/backtest-init", language="Py", files=file("x = 1\n"))
    run = Run.objects.get()
    assert (run.state, run.deleted_at is None) == ("cancelled", False)


@pytest.mark.parametrize(
    ("language", "sentence", "answer"),
    [
        ("Py", "self.add_e", "self.add_equity"),
        ("Py", "x = self.portfolio.tot", "self.portfolio.total_portfolio_value"),
        ("Py", "self.sma = SimpleMov", "SimpleMovingAverage"),
        ("Py", "Resolution.DA", "Resolution.DAILY"),
        ("C#", "AddE", "AddEquity"),
    ],
)
def test_names_go_on(qc: Signed, language: str, sentence: str, answer: str) -> None:
    payload = qc.done("ai/tools/complete", language=language, sentence=sentence)["payload"]
    assert answer in payload
    assert len(payload) <= 10
    assert len(qc.done("ai/tools/complete", language=language, sentence=sentence, responseSizeLimit=1)["payload"]) == 1


@pytest.mark.parametrize(
    "sentence", ["", "(", "self.nothing.x", "nobody.knows", "1 + ", "os.sys", "x" * 5000, "star_import."]
)
def test_what_is_unknown_does_not_go_on(qc: Signed, sentence: str) -> None:
    assert qc.done("ai/tools/complete", language="Py", sentence=sentence)["payload"] == []


def test_members_become_snake_case_and_nothing_else() -> None:
    before = (
        "from QuantConnect.Algorithm import *\n# self.AddEquity stays in comments\nclass MyAlgo(QCAlgorithm):\n"
        "    def Initialize(self):\n        self.SetStartDate(2020, 1, 1)\n"
        "        self.spy = self.AddEquity('AddEquity', Resolution.Daily).Symbol\n        self.MyOwnThing = 1\n"
        "    def MyHelper(self):\n        return self.Portfolio[self.spy].Quantity, Market.USA, self.MyOwnThing\n"
    )
    after = (
        "from QuantConnect.Algorithm import *\n# self.AddEquity stays in comments\nclass MyAlgo(QCAlgorithm):\n"
        "    def initialize(self):\n        self.set_start_date(2020, 1, 1)\n"
        "        self.spy = self.add_equity('AddEquity', Resolution.DAILY).symbol\n        self.MyOwnThing = 1\n"
        "    def MyHelper(self):\n        return self.portfolio[self.spy].quantity, Market.USA, self.MyOwnThing\n"
    )
    assert converted(before) == after
    assert converted(after) == after


@pytest.mark.parametrize("code", ["def f(:", "'''", "\t x\n  y", "", "é = self.AddEquity()\r\nx", "a\x0cb.AddEquity"])
def test_whatever_is_no_python_stays(code: str) -> None:
    assert converted(code) == code.replace("AddEquity", "add_equity") or converted(code) == code


def test_our_own_strategies_are_in_snake_case_already() -> None:
    for template in all_templates():
        assert converted(template.source) == template.source
        ast.parse(converted(template.source))


def test_files_are_converted(qc: Signed) -> None:
    files = [*file("self.AddEquity('SPY')\n"), *file("self.AddEquity", "notes.md")]
    payload = qc.done("ai/tools/pep8-convert", files=files)["payload"]
    assert payload == {"main.py": "self.add_equity('SPY')\n", "notes.md": "self.AddEquity"}


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("The specified market wasn't found in the markets lookup. Requested: spxw.", "market"),
        ("KeyError: 'SPY'", "data[self.symbol]"),
        ("AttributeError: 'A' object has no attribute 'ad_equity'", "spelling"),
        ("something else", "No hint"),
    ],
)
def test_errors_are_explained(qc: Signed, message: str, advice: str) -> None:
    answer = qc.done("ai/tools/error-enhance", language="Py", error={"message": message})
    assert (answer["state"], advice in answer["payload"]) == ("End", True)


def test_passages_are_found(qc: Signed) -> None:
    asked = [
        {"input": "moving average cross", "type": "Examples", "count": 3},
        {"input": "how do I set the holdings", "type": "Stubs", "count": 1},
        {"input": "anything", "type": "Forum", "count": 5},
    ]
    found = qc.done("ai/tools/search", language="Py", criteria=asked)["retrivals"]
    assert [each["type"] for each in found] == [3, 3, 3, 0]
    assert "sma-cross" in found[0]["url"]
    assert found[0]["score"] > found[2]["score"]
    assert "set_holdings" in found[3]["content"]


def test_csharp_is_told_apart(qc: Signed) -> None:
    for tool in ("syntax-check", "backtest-init"):
        answer = qc.done(f"ai/tools/{tool}", language="C#", files=file("x", "Main.cs"))
        assert answer["state"] == "Error"
        assert "Python" in str(answer["payload"])
