"""A parameter that cannot be made into what the strategy makes of it is refused before the run; one that it does not
ask for is warned of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests import parameters
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.errors import CheckBusyError
from tradinglab.server.strategies.models import Strategy, StrategyVersion

pytestmark = pytest.mark.django_db
V1 = "/api/v1/backtests/"
MORE = QUICK.replace(
    'self.debug("ready")',
    'self.share, self.word = float(self.get_parameter("share") or 0.5), self.get_parameter("word", "x")\n'
    '        self.days = self.get_parameter("days", 20)',
)


def posted(api: APIClient, given: dict[str, Any]) -> Any:
    return api.post(V1, {"files": {"main.py": MORE}, "parameters": given}, format="json")


@pytest.mark.parametrize(
    ("name", "text", "default"), [("cash", "much", "100000"), ("share", "1/2", "0.5"), ("days", "ten", "20")]
)
def test_a_text_for_a_number(api: APIClient, name: str, text: str, default: str) -> None:
    answer = posted(api, {name: text, "word": "any"})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == f"parameters.{name}"
    assert "main.py, line" in answer.json()["detail"]
    assert f"default {default}" in answer.json()["detail"]
    assert Run.objects.count() == StrategyVersion.objects.count() == 0


def test_what_can_be_used(api: APIClient) -> None:
    given = {"cash": "5e4", "share": " 0.25 ", "days": 7, "word": "ten", "unknown": "?", "share2": ""}
    assert posted(api, given).status_code == 202
    assert posted(api, {"share": ""}).status_code == 202


def test_a_version_is_held_to_it_too_and_so_is_a_rerun(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    body = {"version": str(strategy.head.pk)}
    assert api.post(V1, body | {"parameters": {"cash": "x"}}, format="json").status_code == 400
    first = api.post(V1, body, format="json").json()["id"]
    again = api.post(f"{V1}{first}/rerun/", {"parameters": {"cash": "x"}}, format="json")
    assert (again.status_code, again.json()["errors"][0]["field"]) == (400, "parameters.cash")


def test_when_nobody_has_time_to_read_it_the_run_says_it(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(**_: Any) -> None:
        raise CheckBusyError("Too many strategies are being checked; try again in some seconds.")

    monkeypatch.setattr(parameters, "files_parameters", busy)
    assert posted(api, {"cash": "much"}).status_code == 202


def warned(answer: Any) -> list[str]:
    assert answer.status_code in (200, 202), answer.content
    assert {each["kind"] for each in answer.json()["warnings"]} <= {"parameter"}
    return [each["text"] for each in answer.json()["warnings"]]


def test_a_parameter_that_is_not_asked_for_is_warned_of_before_and_after_the_run(api: APIClient) -> None:
    answer = posted(api, {"Share": 0.5, "word": "x"})
    (text,) = warned(answer)
    assert "parameter Share" in text
    assert "Did you mean: 'share'?" in text
    assert "cash, share, word, days" in text
    where = f"{V1}{answer.json()['id']}/"
    assert warned(api.get(where)) == [text]
    again = api.post(f"{where}rerun/", {"parameters": {"wrd": "y"}}, format="json")
    assert "Did you mean: 'word'?" in warned(again)[0]
    browser = Client()
    browser.force_login(User.objects.get())
    assert "Did you mean: &#x27;share&#x27;?" in browser.get(f"/backtests/{answer.json()['id']}/").content.decode()
    run_carry_out(run_id=UUID(answer.json()["id"]), worker="a")
    (text,) = warned(api.get(where))
    assert "did not read the parameter Share. Did you mean: 'share'?" in text


def test_the_same_request_again_has_the_same_warnings(api: APIClient) -> None:
    body = {"files": {"main.py": MORE}, "parameters": {"Share": 1}}
    answers = [api.post(V1, body, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 200]
    assert warned(answers[0]) == warned(answers[1]) != []


@pytest.mark.parametrize(
    ("source", "are_known"),
    [
        ("x = 1", True),
        (MORE, True),
        ("for name in ('a', 'b'):\n    self.get_parameter(name)", False),
        ("ask = self.get_parameter\nask('a')", False),
        ("self.GetParameters()", False),
        ("self.get_parameter('a'", False),
    ],
)
def test_only_what_the_text_shows_is_warned_of(source: str, are_known: bool, api: APIClient) -> None:
    body = {"files": {"main.py": source}, "parameters": {"other": "1"}}
    texts = warned(api.post(V1, body, format="json"))
    assert bool(texts) == are_known


def test_nobody_is_warned_without_parameters(api: APIClient, strategy: Strategy) -> None:
    assert strategy.head is not None
    assert warned(api.post(V1, {"version": str(strategy.head.pk)}, format="json")) == []
    assert warned(api.post(V1, {"version": str(strategy.head.pk), "parameters": {"cash": 5}}, format="json")) == []
