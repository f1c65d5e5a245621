"""Figures of series that are uploaded, or of runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import empyrical
import numpy as np
import pytest
from rest_framework.test import APIClient

from tradinglab import analytics
from tradinglab.analytics.cross_validation import backtest_overfitting
from tradinglab.analytics.overfitting import SharpeEstimate, expected_maximum_sharpe_ratio
from tradinglab.analytics.portfolio import combine
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
HOME = "/api/v1/analytics/"


def noise(seed: int, count: int) -> list[float]:
    found: list[float] = (np.random.default_rng(seed).normal(0.0005, 0.01, count)).tolist()
    return found


def days(count: int, first: date = date(2020, 1, 1)) -> list[str]:
    return [(first + timedelta(days=each)).isoformat() for each in range(count)]


def ask(api: APIClient, status: int = 200, **body: object) -> Any:
    answer = api.post(HOME, body, format="json")
    assert answer.status_code == status, answer.content[:2000]
    return json.loads(answer.content, parse_constant=pytest.fail)  # NaN is not JSON


def refused(api: APIClient, status: int = 400, **body: object) -> tuple[str, str]:
    problem = ask(api, status, **body)
    return problem["errors"][0]["field"], problem["errors"][0]["message"]


def test_figures_are_those_of_empyrical(api: APIClient) -> None:
    returns, benchmark = noise(1, 400), noise(2, 400)
    body = ask(api, series=[{"returns": returns}], benchmark={"returns": benchmark})
    found = body["series"][0]["metrics"]
    own, other = np.array(returns), np.array(benchmark)
    assert body["periods_per_year"] == 252
    assert found["sharpe_ratio"] == pytest.approx(empyrical.sharpe_ratio(own))
    assert found["sortino_ratio"] == pytest.approx(empyrical.sortino_ratio(own))
    assert found["max_drawdown"] == pytest.approx(empyrical.max_drawdown(own))
    assert found["annual_return"] == pytest.approx(empyrical.annual_return(own))
    assert found["beta"] == pytest.approx(empyrical.beta(own, other))
    assert found["alpha"] == pytest.approx(empyrical.alpha(own, other))
    assert set(found) == {name for name in analytics.summary(own, other) if not name.endswith("value_at_risk")}
    tail = body["series"][0]["tails"][0]
    assert tail["historical"]["value_at_risk"] == pytest.approx(empyrical.value_at_risk(own))
    assert body["combination"] is None
    assert body["overfitting"] is None
    assert body["notes"] == []


def test_rates_are_a_year(api: APIClient) -> None:
    returns = noise(3, 300)
    body = ask(api, series=[{"returns": returns}], risk_free=0.024, periods_per_year=12)
    assert body["series"][0]["metrics"]["sharpe_ratio"] == pytest.approx(
        empyrical.sharpe_ratio(np.array(returns), risk_free=0.002, annualization=12)
    )


def test_values_become_returns_and_say_when(api: APIClient) -> None:
    values = [100.0, 110.0, 99.0, None, 110.0, 121.0]
    found = ask(api, series=[{"name": "mine", "values": values, "times": days(6, date(2020, 1, 29))}])["series"][0]
    assert (found["name"], found["periods"], found["first"], found["last"]) == (
        "mine",
        4,
        "2020-01-30T00:00:00Z",
        "2020-02-03T00:00:00Z",
    )
    assert found["metrics"]["cumulative_return"] == pytest.approx(0.21)
    worst = found["drawdowns"][0]
    assert (worst["peak"], worst["trough"], worst["recovery"], worst["periods_down"]) == (1, 2, 3, 1)
    assert (worst["peak_time"], worst["trough_time"]) == ("2020-01-30T00:00:00Z", "2020-01-31T00:00:00Z")
    assert [(each["month"], round(each["return"], 6)) for each in found["monthly"]] == [(1, -0.01), (2, 0.222222)]
    assert [(each["year"], round(each["return"], 6)) for each in found["yearly"]] == [(2020, 0.21)]
    assert found["underwater"]["drawdown"][1] == pytest.approx(-0.1)


def test_rolling_figures_are_those_of_each_window(api: APIClient) -> None:
    returns = noise(4, 200)
    found = ask(api, series=[{"returns": returns}], window=50, points=20)["series"][0]["rolling"]
    assert (found["period"][0], found["period"][-1], len(found["period"]), found["time"]) == (50, 200, 20, None)
    for period, ratio in zip(found["period"], found["sharpe_ratio"], strict=True):
        assert ratio == pytest.approx(empyrical.sharpe_ratio(np.array(returns[period - 50 : period])))
    assert "beta" not in found
    assert ask(api, series=[{"returns": returns[:49]}], window=50)["series"][0]["rolling"] is None


def test_luck_by_how_many_were_tried(api: APIClient) -> None:
    returns = np.array(noise(5, 500)) + 0.0005
    found = ask(api, series=[{"returns": returns.tolist()}], trials=40, trials_variance=0.3)["series"][0]["luck"]
    moments = [float(np.mean((returns - returns.mean()) ** power)) for power in (2, 3, 4)]
    ratio = float(returns.mean() / returns.std(ddof=1))
    own = SharpeEstimate(ratio, 500, moments[1] / moments[0] ** 1.5, moments[2] / moments[0] ** 2)
    best = expected_maximum_sharpe_ratio(40, 0.3)
    assert found["expected_maximum_sharpe_ratio"] == pytest.approx(best)
    assert found["deflated_sharpe_ratio"] == pytest.approx(own.probability_above(best / math.sqrt(252)))
    assert found["probabilistic_sharpe_ratio"] == pytest.approx(own.probability_above(0))
    assert found["minimum_track_record_length"] == pytest.approx(own.least_periods())


def test_trades_are_told_apart(api: APIClient) -> None:
    trades = {
        "profit_loss": [10, -5, 20],
        "total_fees": [1, 1, 1],
        "direction": ["long", "short", "long"],
        "symbol": ["A", "B", "A"],
        "entry_time": ["2020-01-06T10:00:00Z", "2020-01-07T11:00:00Z", "2020-01-08T10:30:00Z"],
        "exit_time": ["2020-01-06T11:00:00Z", "2020-01-07T12:00:00Z", None],
    }
    found = ask(api, series=[{"returns": [0.1], "trades": trades}])["series"][0]["trades"]
    assert (found["all"]["trades"], found["all"]["net_profit"]) == (3, 22)
    assert found["all"]["profit_factor"] == pytest.approx(28 / 6)
    assert {name: each["net_profit"] for name, each in found["by_side"].items()} == {"long": 28, "short": -6}
    assert {name: each["trades"] for name, each in found["by_symbol"].items()} == {"A": 2, "B": 1}
    assert list(found["by_weekday"]) == ["Monday", "Tuesday", "Wednesday"]
    assert list(found["by_hour"]) == ["10", "11"]


def test_several_series_are_combined_over_the_days_that_they_share(api: APIClient) -> None:
    one, other = noise(6, 120), noise(7, 100)
    body = ask(
        api,
        series=[
            {"name": "one", "returns": one, "times": days(120)},
            {"name": "other", "returns": other, "times": days(100, date(2020, 1, 11))},
        ],
        weights=[0.25, 0.75],
    )
    table = np.column_stack([one[10:110], other])
    expected = combine(table, [0.25, 0.75])
    found = body["combination"]
    assert found["periods"] == 100
    assert found["sharpe_ratio"] == pytest.approx(expected.sharpe_ratio)
    assert found["correlation"][0][1] == pytest.approx(np.corrcoef(table.T)[0, 1])
    assert found["risk_share"] == pytest.approx(expected.risk_share.tolist())
    luck = body["overfitting"]
    assert (luck["trials"], luck["blocks"]) == (2, 16)
    assert luck["probability"] == pytest.approx(backtest_overfitting(table, 16).probability)
    assert luck["best"] == "one" if expected.sharpe_ratios[0] > expected.sharpe_ratios[1] else "other"


def test_series_without_a_day_in_common_are_measured_alone(api: APIClient) -> None:
    series = [
        {"returns": noise(8, 30), "times": days(30)},
        {"returns": noise(9, 30), "times": days(30, date(2021, 1, 1))},
    ]
    body = ask(api, series=series)
    assert body["combination"] is None
    assert len(body["notes"]) == 1
    assert body["series"][1]["metrics"]["sharpe_ratio"] == pytest.approx(empyrical.sharpe_ratio(np.array(noise(9, 30))))


def test_factors_explain_returns(api: APIClient) -> None:
    market, size = np.array(noise(10, 200)), np.array(noise(11, 200))
    returns = (0.0001 + 0.8 * market - 0.3 * size).tolist()
    factors = [{"name": "market", "returns": market.tolist()}, {"name": "size", "returns": size.tolist()}]
    found = ask(api, series=[{"returns": returns}], factors=factors)["series"][0]["factors"]
    assert found["betas"] == pytest.approx({"market": 0.8, "size": -0.3})
    assert found["alpha"] == pytest.approx(0.0252)
    wrong = refused(api, series=[{"returns": returns}], factors=[factors[0], {**factors[0], "name": "again"}])
    assert wrong[0] == "factors"
    assert "depend on each other" in wrong[1]


@pytest.fixture
def completed(owner: User, strategy: Strategy) -> Backtest:
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    run_carry_out(run_id=run.pk, worker="a")
    return Backtest.objects.get(pk=run.pk)


def test_a_run_is_measured_as_its_statistics_are(api: APIClient, completed: Backtest) -> None:
    found = ask(api, run=str(completed.pk))["series"][0]
    statistics = api.get(f"/api/v1/backtests/{completed.pk}/statistics/").json()
    assert found["monthly"] == statistics["monthly"]
    assert [round(each["depth"], 12) for each in found["drawdowns"]] == [
        round(each["depth"], 12) for each in statistics["drawdowns"]
    ]
    assert [each["peak_time"][:10] for each in found["drawdowns"]] == [each["peak"] for each in statistics["drawdowns"]]
    assert found["metrics"]["ulcer_index"] == pytest.approx(completed.ulcer_index)
    assert found["metrics"]["cumulative_return"] == pytest.approx(completed.net_profit, abs=1e-6)
    assert found["metrics"]["beta"] is not None  # the run's own benchmark
    assert found["trades"]["all"]["trades"] == 0
    beside = ask(
        api, series=[{"run": str(completed.pk)}, {"returns": [0.01, 0.02], "times": ["2010-01-11", "2010-01-12"]}]
    )
    assert beside["combination"] is None
    assert "alpha" not in beside["series"][1]["metrics"]


def test_a_run_of_anothers_is_none(
    api: APIClient,
    other: User,
    client_of: Callable[..., APIClient],
    completed: Backtest,
    strategy: Strategy,
    owner: User,
) -> None:
    assert client_of(other).post(HOME, {"run": str(completed.pk)}, format="json").status_code == 404
    ask(api, 404, run=str(uuid4()))
    waiting = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    assert "queued" in ask(api, 409, run=str(waiting.pk))["detail"]


@pytest.mark.parametrize(
    "returns",
    [
        [0.01], [None], [None, None, 0.01], [0.0] * 50, [0.01] * 50, [-1.0, 0.5, 0.5], [1e308, 1e308, 1e308] * 10,
        [-3.0, 0.1, 0.2], [1e-320, 0.0, -1e-320], [10**30, 0.1], [-1e308, 1e308, 1.0] * 10,
    ],
)  # fmt: skip
def test_extremes_have_defined_answers(api: APIClient, returns: list[float | None]) -> None:
    times = days(len(returns))
    series = {"returns": returns, "times": times}
    trades = {"profit_loss": [each or 0 for each in returns]}
    body = ask(
        api,
        series=[{**series, "trades": trades}, series],
        benchmark=series,
        window=2,
        trials=10,
        trials_variance=1,
    )
    assert len(body["series"]) == 2
    assert body["series"][0]["periods"] == sum(each is not None for each in returns)


def test_what_is_undefined_is_null(api: APIClient) -> None:
    found = ask(api, series=[{"returns": [0.01, 0.01, 0.01]}])["series"][0]
    assert found["metrics"]["sharpe_ratio"] is None
    assert found["luck"]["probabilistic_sharpe_ratio"] is None
    assert (found["drawdowns"], found["monthly"]) == ([], None)


R = [0.01, 0.02, -0.01]
D = ["2020-01-01", "2020-01-02", "2020-01-03"]
L = ["2030-01-01", "2030-01-02", "2030-01-03"]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "series", "either"),
        ({"series": []}, "series", ""),
        ({"series": [{}]}, "series.0", "one of"),
        ({"series": [{"returns": R, "values": R}]}, "series.0", "one of"),
        ({"series": [{"returns": []}]}, "series.0.returns", "1 to"),
        ({"series": [{"returns": [0.1, "x"]}]}, "series.0.returns.1", "numbers"),
        ({"series": [{"returns": [0.1, True]}]}, "series.0.returns.1", "numbers"),
        ({"series": [{"returns": [[0.1]]}]}, "series.0.returns.0", "numbers"),
        ({"series": [{"returns": "0.1"}]}, "series.0.returns", "list"),
        ({"series": [{"returns": R, "times": D[:2]}]}, "series.0.returns", "one time for each"),
        ({"series": [{"returns": R, "times": [D[0], D[2], D[1]]}]}, "series.0.times.2", "rise"),
        ({"series": [{"returns": R, "times": [D[0], D[1], D[1]]}]}, "series.0.times.2", "twice"),
        ({"series": [{"returns": R, "times": [D[0], "2020-02-31", D[1]]}]}, "series.0.times.1", "2010-01-31"),
        ({"series": [{"returns": R, "times": [D[0], None, D[1]]}]}, "series.0.times.1", "texts"),
        ({"series": [{"values": [1, 0, 2]}]}, "series.0.values", "zero"),
        ({"series": [{"values": [1, None, 2]}]}, "series.0.values", "missing"),
        ({"series": [{"returns": R}, {"returns": R, "times": D}]}, "series.1.times", "all of them"),
        ({"series": [{"returns": R}, {"returns": R[:2]}]}, "series.1", "as many"),
        ({"series": [{"returns": R}], "window": 1}, "window", ""),
        ({"series": [{"returns": R, "times": D}], "benchmark": {"returns": R, "times": L}}, "benchmark.times", "time"),
        ({"series": [{"returns": R}], "weights": [1, 2]}, "weights", "each"),
        ({"series": [{"returns": R}, {"returns": R}], "weights": [0, 0]}, "weights", "0"),
        ({"series": [{"returns": R}], "tails": [0]}, "tails.0", ""),
        ({"series": [{"returns": R}], "trials": 5}, "trials", "neither"),
        ({"series": [{"returns": R}], "volatility": 5}, "volatility", "no such field"),
        ({"series": [{"returns": R, "trades": {"mae": [1]}}]}, "series.0.trades.profit_loss", "profits"),
        ({"series": [{"returns": R, "trades": {"profit_loss": [1], "mae": [1, 2]}}]}, "series.0.trades", "as many"),
        ({"series": [{"returns": R, "trades": {"profit_loss": [None]}}]}, "series.0.trades", "missing"),
        ({"series": [{"returns": R, "trades": {"profit_loss": [1], "direction": ["up"]}}]}, "series.0.trades", "side"),
        ({"series": [{"run": str(uuid4()), "times": D}]}, "series.0.times", "its own"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused(api: APIClient, body: dict[str, Any], field: str, words: str) -> None:
    found = refused(api, **body)
    assert found[0] == field
    assert words in found[1]


def test_too_much_is_refused(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(api, series=[{"returns": [0] * 100_001}]) == (
        "series.0.returns",
        "Give 1 to 100,000 of them; there are 100,001.",
    )
    field, message = refused(api, series=[{"returns": [0] * 30_000}], window=10_000)
    assert field == "window"
    assert "shorter window" in message
    field, message = refused(api, series=[{"returns": [0] * 90_000}] * 6)
    assert field == "series"
    assert "540,000" in message
    ask(api, 413, series=[{"returns": [0.12345678901234567] * 95_000}, {"returns": [0.12345678901234567] * 95_000}])


def test_nobody_is_measured_without_a_key(api: APIClient, client_of: Callable[..., APIClient], owner: User) -> None:
    assert APIClient().post(HOME, {}, format="json").status_code == 401
    assert client_of(owner, scopes=("read",)).post(HOME, {"series": [{"returns": R}]}, format="json").status_code == 200
