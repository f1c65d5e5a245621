"""Strategies: made from files and templates, copied, sorted, put away, deleted and taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.strategies.services import strategy_create, strategy_update
from tradinglab.server.strategies.versions import version_save
from tradinglab.templates import all_templates

pytestmark = pytest.mark.django_db
HOME = "/api/v1/strategies/"


def make(api: APIClient, **body: object) -> Any:
    return api.post(HOME, {"name": "Mine"} | body, format="json")


def names(api: APIClient, query: str = "") -> list[str]:
    answer = api.get(f"{HOME}{query}")
    assert answer.status_code == 200, answer.content
    return [each["name"] for each in answer.json()["results"]]


def test_the_templates_are_listed_with_their_sources(api: APIClient) -> None:
    listed = api.get(f"{HOME}templates/").json()
    assert {each["name"] for each in listed} >= {
        "buy-and-hold", "sma-cross", "rsi-mean-reversion", "momentum-rotation", "pairs-trading",
        "volatility-targeting",
    }  # fmt: skip
    assert all(each["title"] and each["description"] and each["tags"] for each in listed)
    one = api.get(f"{HOME}templates/sma-cross/").json()
    assert "class SmaCross(QCAlgorithm)" in one["files"]["main.py"]
    assert api.get(f"{HOME}templates/nothing/").status_code == 404


@pytest.mark.parametrize("template", all_templates(), ids=lambda each: each.name)
def test_a_strategy_starts_from_a_template(template: Any, api: APIClient) -> None:
    made = make(api, template=template.name)
    assert made.status_code == 201
    body = made.json()
    assert (body["description"], body["tags"]) == (template.description, list(template.tags))
    version = api.get(f"{HOME}{body['id']}/versions/{body['head']['content_hash']}/").json()
    assert version["files"] == {"main.py": template.source}
    assert template.name in version["message"]


def test_what_is_given_goes_before_the_template(api: APIClient) -> None:
    body = make(api, template="sma-cross", description="", tags=["own"], message="start").json()
    assert (body["description"], body["tags"], body["head"]["message"]) == ("", ["own"], "start")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "files"),
        ({"template": "sma-cross", "files": {"main.py": ""}}, "files"),
        ({"template": "nothing"}, "template"),
        ({"template": "../__init__"}, "template"),
        ({"template": 5.5}, "template"),
    ],
)
def test_neither_files_nor_a_template(body: dict[str, Any], field: str, api: APIClient) -> None:
    answer = make(api, **body)
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert Strategy.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE strategies_strategy; --", "<script>alert(1)</script>", "%_\\", "ｆｕｌｌ 💡"]
)
def test_names_are_only_text(name: str, api: APIClient, strategy: Strategy) -> None:
    made = make(api, name=name, template="sma-cross", tags=[name[:50]])
    assert made.json()["name"] == name
    assert made.headers["Content-Type"].startswith("application/json")
    for query in ("name", "search", "tag"):
        found = api.get(HOME, {query: name[:50]}).json()["results"]
        assert [each["name"] for each in found] == [name], query


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": 1}, "name"),
        ({"name": 0.5}, "name"),
        ({"files": {"main.py": 1}}, "files.main.py"),
        ({"tags": ["a", 1]}, "tags.1"),
        ({"message": False}, "message"),
        ({"template": 7, "files": None}, "template"),
    ],
)
def test_a_number_is_no_text(change: dict[str, Any], field: str, api: APIClient) -> None:
    answer = make(api, **({"name": "a", "files": {"main.py": ""}} | change))
    assert answer.status_code == 400
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert Strategy.objects.count() == 0


@pytest.mark.parametrize("value", [1, 0, "perhaps", []])
def test_what_is_neither_true_nor_false(value: object, api: APIClient, strategy: Strategy) -> None:
    answer = api.patch(f"/api/v1/strategies/{strategy.pk}/", {"is_archived": value}, format="json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "is_archived"


def test_the_list_is_searched_and_sorted(api: APIClient, owner: User) -> None:
    for name, description, tags in (("b", "Trend", ["x", "Slow"]), ("c", "", ["x"]), ("a", "trends", [])):
        strategy_create(owner=owner, name=name, files={"main.py": ""}, description=description, tags=tags)
    assert names(api) == ["a", "c", "b"]
    assert names(api, "?sort=name") == ["a", "b", "c"]
    assert names(api, "?sort=-name&page_size=2") == ["c", "b"]
    assert names(api, "?search=TREND") == ["a", "b"]
    assert names(api, "?tag=x") == ["c", "b"]
    assert names(api, "?tag=x&tag=slow") == ["b"]
    assert names(api, "?tag=none") == []
    found, address = [], f"{HOME}?sort=updated_at&page_size=1"
    while address:
        page = api.get(address).json()
        found += [each["name"] for each in page["results"]]
        address = page["next"]
    assert found == ["b", "c", "a"]
    assert api.get(f"{HOME}?sort=owner").json()["errors"][0]["field"] == "sort"
    assert api.get(f"{HOME}?search=%00").status_code == 400
    assert api.get(f"{HOME}?tag=%00&tag=x").json()["errors"][0]["field"] == "tag"
    assert api.get(f"{HOME}?{'&'.join(f'tag={each}' for each in range(80))}").json()["errors"][0]["field"] == "tag"


def test_tags_are_replaced_and_counted_once(api: APIClient, strategy: Strategy) -> None:
    where = f"{HOME}{strategy.pk}/"
    assert api.patch(where, {"tags": ["b", "a", "b"]}, format="json").json()["tags"] == ["b", "a"]
    assert api.patch(where, {"description": "d"}, format="json").json()["tags"] == ["b", "a"]
    assert api.patch(where, {"tags": []}, format="json").json()["tags"] == []


def test_two_who_change_different_things_undo_nothing(strategy: Strategy) -> None:
    first, second = Strategy.objects.get(pk=strategy.pk), Strategy.objects.get(pk=strategy.pk)
    strategy_update(strategy=first, name="New")
    strategy_update(strategy=second, is_archived=True)
    stored = Strategy.objects.get(pk=strategy.pk)
    assert (stored.name, stored.archived_at is None) == ("New", False)


def test_a_copy_starts_with_the_head(api: APIClient, strategy: Strategy, owner: User) -> None:
    version_save(strategy=strategy, author=owner, files={"main.py": "# two"})
    where = f"{HOME}{strategy.pk}/duplicate/"
    first, second = api.post(where, {}, format="json").json(), api.post(where, {}, format="json").json()
    assert (first["name"], second["name"]) == ("Quick (copy)", "Quick (copy 2)")
    assert strategy.head is not None
    assert first["head"]["content_hash"] == strategy.head.content_hash
    assert first["head"]["parent"] is None
    assert len(api.get(f"{HOME}{first['id']}/versions/").json()["results"]) == 1
    api.patch(f"{HOME}{first['id']}/files/", {"files": {"main.py": "# three"}}, format="json")
    strategy.refresh_from_db()
    assert strategy.head.files == {"main.py": "# two"}


def test_a_copy_of_one_version_and_of_all(api: APIClient, strategy: Strategy, owner: User) -> None:
    assert strategy.head is not None
    first = strategy.head.content_hash
    version_save(strategy=strategy, author=owner, files={"main.py": "# two"}, message="two")
    where = f"{HOME}{strategy.pk}/duplicate/"
    one = api.post(where, {"version": first, "name": "One"}, format="json").json()
    assert (one["name"], one["head"]["content_hash"]) == ("One", first)
    whole = api.post(where, {"with_versions": True, "name": "All"}, format="json").json()
    listed = api.get(f"{HOME}{whole['id']}/versions/").json()["results"]
    assert [(each["message"], each["parent"]) for each in listed] == [("two", first), ("", None)]
    assert whole["head"]["content_hash"] == listed[0]["content_hash"]
    assert StrategyVersion.objects.filter(strategy=whole["id"], parent__strategy=strategy).count() == 0
    assert api.post(where, {"with_versions": True, "version": first}, format="json").status_code == 400
    assert api.post(where, {"version": "0" * 64}, format="json").status_code == 404
    taken = api.post(where, {"name": "One"}, format="json")
    assert taken.json()["errors"][0]["field"] == "name"


def test_a_deleted_strategy_is_gone_and_comes_back(
    api: APIClient, strategy: Strategy, owner: User, other: User, client_of: Callable[..., APIClient]
) -> None:
    assert strategy.head is not None
    version = strategy.head
    run = backtest_submit(owner=owner, request=BacktestRequest(version=version)).run
    where = f"{HOME}{strategy.pk}/"
    assert api.post(f"{where}undelete/").status_code == 404
    assert api.delete(where).status_code == 204
    for path in (where, f"{where}versions/", f"{where}versions/{version.content_hash}/"):
        assert api.get(path).status_code == 404
    assert api.delete(where).status_code == 404
    assert names(api) == []
    assert names(api, "deleted/") == ["Quick"]
    assert api.post("/api/v1/backtests/", {"version": str(version.pk)}, format="json").status_code == 404
    assert api.get(f"/api/v1/backtests/{run.pk}/").json()["strategy_name"] == "Quick"
    assert client_of(other).post(f"{where}undelete/").status_code == 404
    again = make(api, name="Quick", files={"main.py": QUICK})
    assert again.status_code == 201
    refused = api.post(f"{where}undelete/")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    api.delete(f"{HOME}{again.json()['id']}/")
    assert api.post(f"{where}undelete/").json()["name"] == "Quick"
    assert names(api) == ["Quick"]
