"""Strategies that are told as rules, at QuantConnect: there they are the source that is generated."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.server.test_rule_strategies import CROSS

from tradinglab.rules import algorithm_source, read_rules
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.models import CloudAccount, CloudLink
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
_HERE = "/api/v1/quantconnect/strategies"


@pytest.fixture
def pushed(api: APIClient, owner: User, cloud: FakeCloud, account: CloudAccount) -> Strategy:
    told = strategy_create(owner=owner, name="Told", files={"main.rules": CROSS})
    # The project's own first file is nobody's change, and nothing has to be forced.
    answer = api.post(f"{_HERE}/{told.pk}/push/", {}, format="json")
    assert answer.status_code == 200, answer.content
    return told


@pytest.fixture
def there(cloud: FakeCloud, pushed: Strategy) -> dict[str, Any]:
    return cloud.projects[CloudLink.objects.get(strategy=pushed).remote_id]


def test_the_generated_source_is_pushed(api: APIClient, pushed: Strategy, there: dict[str, Any]) -> None:
    assert there["files"]["main.py"] == algorithm_source(read_rules(CROSS))
    assert "main.rules" not in there["files"]
    assert api.get(f"{_HERE}/{pushed.pk}/").json()["is_same"] is True
    assert api.post(f"{_HERE}/{pushed.pk}/pull/", {}, format="json").json()["changed"] == []


def test_source_that_was_changed_there_does_not_overwrite_the_rules(
    api: APIClient, pushed: Strategy, there: dict[str, Any]
) -> None:
    there["files"]["main.py"] = "x = 1\n"
    answer = api.post(f"{_HERE}/{pushed.pk}/pull/", {}, format="json")
    assert (answer.status_code, "main.rules" in answer.json()["detail"]) == (409, True)
    pushed.refresh_from_db()
    assert pushed.head is not None
    assert pushed.head.files == {"main.rules": CROSS}


def test_by_force_it_takes_their_place(api: APIClient, pushed: Strategy, there: dict[str, Any]) -> None:
    there["files"]["main.py"] = "x = 1\n"
    answer = api.post(f"{_HERE}/{pushed.pk}/pull/", {"force": True}, format="json")
    assert answer.status_code == 200, answer.content
    pushed.refresh_from_db()
    assert pushed.head is not None
    assert pushed.head.files == {"main.py": "x = 1\n"}


def test_rules_with_errors_are_not_pushed(api: APIClient, pushed: Strategy, there: dict[str, Any]) -> None:
    before = dict(there["files"])
    files = {"files": {"main.rules": CROSS.replace("size", "siz")}}
    assert api.post(f"/api/v1/strategies/{pushed.pk}/versions/", files, format="json").status_code == 201
    answer = api.post(f"{_HERE}/{pushed.pk}/push/", {}, format="json")
    assert (answer.status_code, "line 9" in answer.json()["detail"]) == (400, True)
    assert there["files"] == before
