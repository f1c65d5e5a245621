"""The ledger of trials: every variant once, whoever tried it and however often."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from tests.server.test_optimizations import SHARED, work
from tests.server.test_rule_strategies import CROSS

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.honesty.ledger import Variant, variants_note
from tradinglab.server.honesty.models import Source, TriedVariant
from tradinglab.server.honesty.selectors import standing_of, trials_count
from tradinglab.server.runs.deletion import run_delete
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Shared", files={"main.py": SHARED})


def start(api: APIClient, strategy: Strategy, what: str = "backtests", **given: Any) -> str:
    assert strategy.head is not None
    answer = api.post(f"/api/v1/{what}/", {"version": str(strategy.head.pk), **given}, format="json")
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


def trials(api: APIClient, strategy: Strategy) -> Any:
    answer = api.get(f"/api/v1/strategies/{strategy.pk}/trials/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def variant(number: int, **given: Any) -> Variant:
    days = {"first_day": date(2010, 1, 4), "last_day": date(2010, 12, 31)}
    return Variant(**{"content_hash": "c", "parameters": {"x": str(number)}, "data": "sample", **days, **given})


def test_nothing_was_tried_at_first(api: APIClient, shared: Strategy) -> None:
    found = trials(api, shared)
    assert (found["trials"], found["times"], found["variance"], found["data"]) == (0, 0, None, [])


def test_a_variant_counts_once_however_often_it_is_tried(api: APIClient, owner: User, shared: Strategy) -> None:
    for share in ("0.5", "0.50", 0.5, "0.7"):
        start(api, shared, parameters={"share": share})
    waiting = start(api, shared, parameters={"share": "0.9"})
    api.post(f"/api/v1/backtests/{waiting}/cancel/")
    start(api, shared, parameters={"flavour": "bad"})
    work()
    found = trials(api, shared)
    assert (found["trials"], found["times"]) == (2, 4)  # what came to no figures was not seen
    assert found["by_source"] == {"backtest": 2}
    assert found["by_person"] == [{"email": owner.email, "trials": 2}]
    (data,) = found["data"]
    (period,) = data["periods"]
    assert (data["data"], data["trials"]) == ("sample", 2)
    assert (period["first_day"], period["last_day"], period["trials"], period["times"]) == (
        "2010-01-04",
        "2010-03-01",
        2,
        4,
    )
    tests = Backtest.objects.filter(run__state="completed").exclude(parameters={"share": "0.50"})
    ratios = [float(each.sharpe_ratio or 0) for each in tests.distinct()]
    assert period["best_sharpe_ratio"] == pytest.approx(max(ratios))
    assert period["variance"] == pytest.approx(statistics.variance(sorted(set(ratios))))


def test_what_is_deleted_stays_counted(api: APIClient, shared: Strategy) -> None:
    run_id = start(api, shared)
    work()
    run_delete(run=Backtest.objects.get(pk=run_id).run)
    assert trials(api, shared)["trials"] == 1


def test_a_search_counts_its_trials(api: APIClient, shared: Strategy) -> None:
    space = [{"name": "share", "values": ["0.2", "0.4", "0.6"]}]
    start(api, shared, "optimizations", space=space)
    work()
    start(api, shared, parameters={"share": "0.4"})  # known already
    work()
    found = trials(api, shared)
    assert (found["trials"], found["times"], found["by_source"]) == (3, 4, {"search": 3})


def test_a_walk_forward_counts_searches_and_tests(api: APIClient, shared: Strategy) -> None:
    space = [{"name": "share", "values": ["0.2", "0.4"]}]
    days = {"start": "2010-01-04", "end": "2010-06-30", "train_days": 60, "test_days": 60}
    start(api, shared, "walk-forwards", space=space, **days)
    for _ in range(4):
        work()
    found = trials(api, shared)
    assert found["trials"] == 2
    assert set(found["by_source"]) == {"walk_forward"}
    assert len(found["data"][0]["periods"]) == 2


def test_a_simulation_of_stored_rules_is_a_trial(api: APIClient, owner: User) -> None:
    told = strategy_create(owner=owner, name="Told", files={"main.rules": CROSS})
    ratios = []
    for body in ({"text": CROSS}, {"text": CROSS, "parameters": {"fast": 7}}, {"text": CROSS}):
        answer = api.post("/api/v1/rules/simulate/", body, format="json")
        assert answer.status_code == 200
        ratios.append(answer.json()["figures"]["sharpe_ratio"])
    other = CROSS.replace("fast = 5", "fast = 6")
    assert api.post("/api/v1/rules/simulate/", {"text": other}, format="json").status_code == 200  # nobody's
    body = {"text": other, "strategy": str(told.pk)}
    assert api.post("/api/v1/rules/simulate/", body, format="json").status_code == 200
    ratios.append(api.post("/api/v1/rules/simulate/", body, format="json").json()["figures"]["sharpe_ratio"])
    found = trials(api, told)
    assert (found["trials"], found["times"], found["by_source"]) == (3, 5, {"simulation": 3})
    (period,) = found["data"][0]["periods"]
    assert period["best_sharpe_ratio"] == pytest.approx(max(ratios))
    start(api, told)
    work()
    assert trials(api, told)["trials"] == 3  # simulated before


def test_a_simulated_search_counts_its_trials_at_once(api: APIClient, owner: User) -> None:
    told = strategy_create(owner=owner, name="Told", files={"main.rules": CROSS})
    start(api, told, "optimizations", space=[{"name": "fast", "values": ["4", "6", "8"]}])
    for _ in range(3):
        work()
    found = trials(api, told)
    assert (found["trials"], found["times"], found["by_source"]) == (3, 3, {"search": 3})
    assert found["variance"] is not None
    assert found["data"][0]["periods"][0]["first_day"] == "2010-01-04"


def test_another_users_trials_do_not_exist(
    other: User, client_of: Callable[..., APIClient], shared: Strategy, api: APIClient
) -> None:
    assert client_of(other).get(f"/api/v1/strategies/{shared.pk}/trials/").status_code == 404
    theirs = strategy_create(owner=other, name="Theirs", files={"main.rules": CROSS})
    body = {"text": CROSS, "strategy": str(theirs.pk)}
    assert api.post("/api/v1/rules/simulate/", body, format="json").status_code == 404
    assert api.post("/api/v1/rules/simulate/", {"text": CROSS}, format="json").status_code == 200
    assert TriedVariant.objects.count() == 0


def test_ten_thousand_trials_are_few_statements(
    owner: User, shared: Strategy, django_assert_max_num_queries: Any
) -> None:
    many = [variant(number, sharpe_ratio=number / 1000) for number in range(10_000)]
    # Of each five hundred: three statements in a savepoint; SQLite takes an insertion in parts.
    with django_assert_max_num_queries(20 * (5 + 10)):
        variants_note(strategy_id=shared.pk, by=owner, source=Source.SEARCH, variants=many)
    variants_note(strategy_id=shared.pk, by=owner, source=Source.SEARCH, variants=many[:10])
    assert trials_count(strategy=shared) == 10_000
    assert TriedVariant.objects.filter(times=2).count() == 10
    expected = statistics.variance(number / 1000 for number in range(10_000))
    found = standing_of(strategy=shared, data="sample", first_day=date(2010, 1, 4), last_day=date(2010, 6, 1))
    assert (found.trials, found.ratios) == (10_000, 10_000)
    assert found.variance == pytest.approx(expected)


def test_standing_is_that_of_the_days_and_of_the_moment(owner: User, shared: Strategy) -> None:
    def note(*variants: Variant) -> None:
        variants_note(strategy_id=shared.pk, by=owner, source=Source.BACKTEST, variants=variants)

    note(variant(1, sharpe_ratio=1.0), variant(2, sharpe_ratio=2.0))
    then = timezone.now()
    note(variant(3, sharpe_ratio=9.0))
    short = {"first_day": date(2010, 1, 4), "last_day": date(2010, 1, 8)}
    note(variant(4, sharpe_ratio=50.0, **short), variant(1, sharpe_ratio=40.0, **short))
    note(variant(5, data="other"), variant(6, first_day=date(2012, 1, 1), last_day=date(2012, 2, 1)))
    days = {"first_day": date(2010, 1, 4), "last_day": date(2010, 12, 31)}
    now = standing_of(strategy=shared, data="sample", **days)
    # Short runs are trials, but their ratios are of another spread.
    assert (now.trials, now.ratios, now.variance) == (4, 3, pytest.approx(statistics.variance([1.0, 2.0, 9.0])))
    before = standing_of(strategy=shared, data="sample", until=then, **days)
    assert (before.trials, before.variance) == (2, pytest.approx(0.5))
    alone = standing_of(strategy=shared, data="other", **days)
    assert (alone.trials, alone.variance) == (1, None)
    assert alone.ratios == 0
    unseen = {each: day + timedelta(days=9000) for each, day in days.items()}
    assert standing_of(strategy=shared, data="sample", **unseen).trials == 0
