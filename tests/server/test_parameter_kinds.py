"""A parameter that cannot be made into what the strategy makes of it is refused before the run."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.backtests import parameters
from tradinglab.server.runs.models import Run
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
