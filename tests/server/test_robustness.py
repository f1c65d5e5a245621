"""How much of a run's, and of a search's, figures is luck."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient
from tests.server.test_optimizations import SHARED, work

from tradinglab.analytics.cross_validation import backtest_overfitting
from tradinglab.analytics.overfitting import deflated_sharpe_ratio, expected_maximum_sharpe_ratio
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.daily import daily_account
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.honesty.ledger import Variant, variants_note
from tradinglab.server.honesty.models import Source
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
#: Buys and sells in turn, so that there are closed trades.
TRADING = """
from AlgorithmImports import *

class Trading(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 6, 1)
        self.every = int(self.get_parameter("every", "5"))
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.day = 0

    def on_data(self, data):
        self.day += 1
        if self.day % self.every == 0:
            if self.portfolio.invested:
                self.liquidate()
            else:
                self.set_holdings(self.symbol, 1)
"""


@pytest.fixture
def trading(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Trading", files={"main.py": TRADING})


def start(api: APIClient, strategy: Strategy, what: str = "backtests", **given: Any) -> str:
    assert strategy.head is not None
    answer = api.post(f"/api/v1/{what}/", {"version": str(strategy.head.pk), **given}, format="json")
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


def robustness(api: APIClient, run_id: str, status: int = 200, **query: object) -> Any:
    answer = api.get(f"/api/v1/backtests/{run_id}/robustness/", query)
    assert answer.status_code == status, answer.content
    return json.loads(answer.content, parse_constant=pytest.fail)


def test_a_first_run_is_one_trial(api: APIClient, trading: Strategy) -> None:
    run_id = start(api, trading)
    work()
    found = robustness(api, run_id)
    luck = found["luck"]
    assert (found["trials"]["trials"], found["trials"]["variance"]) == (1, None)
    assert luck["expected_maximum_sharpe_ratio"] == 0
    assert luck["deflated_sharpe_ratio"] == pytest.approx(luck["probabilistic_sharpe_ratio"])
    returns = daily_account(test=Backtest.objects.get(pk=run_id)).returns
    assert luck["sharpe_ratio"] == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(252))


def test_the_deflated_ratio_counts_what_was_tried_by_then(api: APIClient, owner: User, trading: Strategy) -> None:
    for every in (3, 4):
        start(api, trading, parameters={"every": every})
    run_id = start(api, trading)
    work()
    then = robustness(api, run_id)
    days = {"first_day": date(2010, 1, 4), "last_day": date(2010, 6, 1)}
    many = [
        Variant(content_hash="c", parameters={"x": str(each)}, data="sample", sharpe_ratio=each / 10, **days)
        for each in range(40)
    ]
    variants_note(strategy_id=trading.pk, by=owner, source=Source.SEARCH, variants=many)
    later = start(api, trading)  # the same variant again
    work()
    assert robustness(api, run_id)["luck"] == then["luck"]
    assert (then["trials"]["trials"], robustness(api, run_id)["trials"]["trials_now"]) == (3, 43)
    found = robustness(api, later)
    assert found["trials"]["trials"] == 43
    tests = Backtest.objects.filter(pk__in=[run_id]) | Backtest.objects.exclude(parameters={})
    ratios = [float(each.sharpe_ratio or 0) for each in tests] + [each / 10 for each in range(40)]
    variance = float(np.var(ratios, ddof=1))
    assert found["trials"]["variance"] == pytest.approx(variance)
    returns = daily_account(test=Backtest.objects.get(pk=later)).returns
    assert found["luck"]["expected_maximum_sharpe_ratio"] == pytest.approx(expected_maximum_sharpe_ratio(43, variance))
    assert found["luck"]["deflated_sharpe_ratio"] == pytest.approx(deflated_sharpe_ratio(returns, 43, variance))
    assert found["luck"]["deflated_sharpe_ratio"] < then["luck"]["deflated_sharpe_ratio"]


def test_bands_hold_what_happened(api: APIClient, trading: Strategy) -> None:
    run_id = start(api, trading)
    work()
    found = robustness(api, run_id, paths=500, points=20, seed=3)
    test = Backtest.objects.get(pk=run_id)
    bootstrap, reshuffle = found["bootstrap"], found["reshuffle"]
    assert bootstrap["levels"] == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert len(bootstrap["bands"]) == 5
    assert len(bootstrap["bands"][0]) == len(bootstrap["places"]) == 20
    assert bootstrap["bands"][0][-1] < (test.end_equity or 0) < bootstrap["bands"][-1][-1]
    assert reshuffle["final"] == pytest.approx([reshuffle["final"][0]] * 5)  # the same trades in whatever order
    trades = api.get(f"/api/v1/backtests/{run_id}/trades/").json()["results"]
    net = sum(each["profit_loss"] - each["total_fees"] for each in trades)
    assert reshuffle["final"][0] == pytest.approx((test.start_equity or 0) + net)
    assert robustness(api, run_id, paths=500, points=20, seed=3) == found
    assert robustness(api, run_id, paths=500, points=20, seed=4)["bootstrap"] != bootstrap


def test_a_run_without_trades_has_no_bands_of_them(api: APIClient, trading: Strategy) -> None:
    run_id = start(api, trading, parameters={"every": 100_000})
    work()
    found = robustness(api, run_id)
    assert found["reshuffle"] is None
    assert found["luck"]["sharpe_ratio"] is None
    assert any("too few closed trades" in each for each in found["notes"])


def test_what_cannot_be_asked(
    api: APIClient, other: User, client_of: Callable[..., APIClient], trading: Strategy
) -> None:
    run_id = start(api, trading)
    assert "queued" in robustness(api, run_id, 409)["detail"]
    work()
    assert robustness(api, run_id, 400, block=9_000)["errors"][0]["field"] == "block"
    assert robustness(api, run_id, 400, paths=10_000_000)["errors"][0]["field"] == "paths"
    robustness(client_of(other), run_id, 404)


def test_overfitting_of_a_search(api: APIClient, trading: Strategy) -> None:
    space = [{"name": "every", "values": ["2", "3", "4", "5", "6", "7"]}]
    search = start(api, trading, "optimizations", space=space)
    work()
    answer = api.get(f"/api/v1/optimizations/{search}/overfitting/")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    tests = Backtest.objects.filter(run__parent=search).order_by("trial__number")
    table = np.column_stack([daily_account(test=each).returns for each in tests])
    assert (found["trials"], found["judged"], found["blocks"], found["days"]) == (6, 6, 16, len(table))
    expected = backtest_overfitting(table, 16)
    assert found["probability"] == pytest.approx(expected.probability)
    assert found["combinations"] == 12_870
    assert 1 <= found["independent_trials"] <= 6
    ratios = table.mean(axis=0) / table.std(axis=0, ddof=1)
    assert found["best"] == str(tests[int(np.argmax(ratios))].pk)
    four = api.get(f"/api/v1/optimizations/{search}/overfitting/?blocks=4").json()
    assert four["probability"] == pytest.approx(backtest_overfitting(table, 4).probability)
    assert api.get(f"/api/v1/optimizations/{search}/overfitting/?blocks=5").status_code == 400


def test_overfitting_takes_two_trials(
    api: APIClient, other: User, client_of: Callable[..., APIClient], owner: User
) -> None:
    shared = strategy_create(owner=owner, name="Shared", files={"main.py": SHARED})
    search = start(api, shared, "optimizations", space=[{"name": "share", "values": ["0.5"]}])
    assert api.get(f"/api/v1/optimizations/{search}/overfitting/").status_code == 409
    work()
    assert api.get(f"/api/v1/optimizations/{search}/overfitting/").status_code == 409
    assert client_of(other).get(f"/api/v1/optimizations/{search}/overfitting/").status_code == 404
