"""Optimizations through QuantConnect's API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.qcapi.client import Signed
from tests.server.qcapi.test_backtests import Project, work
from tests.server.test_optimizations import SHARED

from tradinglab.optimize import Axis, Direction, Objective, Space
from tradinglab.server.optimizations.requests import OptimizationRequest
from tradinglab.server.optimizations.services import optimization_submit
from tradinglab.server.runs.coordination import runs_coordinate
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
GRID = "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy"
SHARPE = "TotalPerformance.PortfolioStatistics.SharpeRatio"
SEARCH: dict[str, Any] = {
    "name": "Search", "target": SHARPE, "targetTo": "max", "strategy": GRID, "estimatedCost": 1, "nodeType": "O2-8",
    "parallelNodes": 2, "parameters": [{"name": "share", "min": 0.25, "max": 0.8, "step": 0.25}],
}  # fmt: skip


@pytest.fixture
def shared(qc: Signed) -> Project:
    return Project(qc, SHARED)


def started(shared: Project, **changes: object) -> dict[str, Any]:
    asked = {"projectId": shared.number, "compileId": shared.compile_id, **SEARCH, **changes}
    (made,) = shared.qc.done("optimizations/create", **asked)["optimizations"]
    return dict(made)


def finish() -> None:
    runs_coordinate()
    work()
    runs_coordinate()


def read(shared: Project, made: dict[str, Any]) -> dict[str, Any]:
    return dict(shared.qc.done("optimizations/read", optimizationId=made["optimizationId"])["optimization"])


def test_a_search_says_what_was_asked_for(shared: Project) -> None:
    made = started(shared)
    assert made["optimizationId"].startswith("O-")
    assert (made["status"], made["name"], made["nodeType"]) == ("new", "Search", "O2-8")
    assert made["criterion"] == {"target": SHARPE, "extremum": "max", "targetValue": None}
    (axis,) = made["parameters"]
    assert {name: axis[name] for name in ("name", "key", "min", "max", "step")} == {
        "name": "share", "key": "share", "min": 0.25, "max": 0.8, "step": 0.25,
    }  # fmt: skip


def test_trials_come_with_figures_and_can_be_read_as_backtests(shared: Project) -> None:
    made = started(shared)
    finish()
    over = read(shared, made)
    assert (over["status"], len(over["backtests"])) == ("completed", 3)
    counted = over["runtimeStatistics"]
    assert (counted["Completed"], counted["Failed"], counted["Total"], counted["In Queue"]) == ("3", "0", "3", "0")
    sharpes = []
    for backtest_id, trial in over["backtests"].items():
        assert (trial["id"], trial["exitCode"], trial["progress"]) == (backtest_id, 0, 1.0)
        test = shared.read(backtest_id)
        assert (test["optimizationId"], test["parameterSet"]) == (made["optimizationId"], trial["parameterSet"])
        assert len(trial["statistics"]) == 21
        assert f"{trial['statistics'][6]}%" == test["statistics"]["Compounding Annual Return"]
        assert trial["statistics"][15] == float(test["statistics"]["Sharpe Ratio"])
        assert trial["equity"][0][1] == 100_000
        sharpes.append(trial["statistics"][15])
    assert [trial["parameterSet"]["share"] for trial in over["backtests"].values()] == ["0.25", "0.5", "0.75"]
    assert over["sharpeRatio"] == pytest.approx(max(sharpes), abs=1e-3)
    assert shared.qc.done("backtests/list", projectId=shared.number)["backtests"] == []


def test_the_command_lines_form_is_understood(shared: Project) -> None:
    body = (
        f"projectId={shared.number}&compileId={shared.compile_id}&name=Form&target={SHARPE}&targetTo=max&targetValue="
        f"&strategy={GRID}&parameters[0][key]=share&parameters[0][min]=0.5&parameters[0][max]=0.5"
        "&parameters[0][step]=0.1&constraints[0][target]=TotalPerformance.PortfolioStatistics.Drawdown"
        "&constraints[0][operator]=lessOrEqual&constraints[0][target-value]=0.25&estimatedCost=0.01"
        "&nodeType=O4-12&parallelNodes=1"
    )
    answer = shared.qc.form("optimizations/create", body)
    assert answer["success"], answer
    made = answer["optimizations"][0]
    assert read(shared, made)["constraints"] == [
        {
            "target": "TotalPerformance.PortfolioStatistics.Drawdown",
            "operator": "LessOrEqual",
            "targetValue": 0.25,
        }
    ]
    estimated = shared.qc.form("optimizations/estimate", body)["estimate"]
    assert isinstance(estimated["time"], int)
    assert estimated["balance"] == 0


def test_a_parameter_with_one_value_stays_the_same(shared: Project) -> None:
    made = started(shared, parameters=[*SEARCH["parameters"], {"name": "flavour", "value": "sweet"}])
    finish()
    assert {each["parameterSet"]["flavour"] for each in read(shared, made)["backtests"].values()} == {"sweet"}
    assert [each["name"] for each in made["parameters"]] == ["share"]


def test_one_that_is_aborted_keeps_what_is_done(shared: Project) -> None:
    made = started(shared)
    asked = {"optimizationId": made["optimizationId"]}
    shared.qc.done("optimizations/abort", **asked)
    finish()
    assert read(shared, made)["status"] == "aborted"
    assert "over" in shared.qc.refused("optimizations/abort", **asked)


def test_it_is_renamed_listed_and_deleted(shared: Project) -> None:
    assert shared.qc.done("optimizations/list", projectId=shared.number)["optimizations"] == []
    made = started(shared)
    asked = {"optimizationId": made["optimizationId"]}
    shared.qc.done("optimizations/update", **asked, name="Other")
    (listed,) = shared.qc.done("optimizations/list", projectId=shared.number)["optimizations"]
    assert (listed["name"], listed["optimizationId"]) == ("Other", made["optimizationId"])
    shared.qc.done("optimizations/delete", **asked)
    assert "no optimization" in shared.qc.refused("optimizations/read", **asked)
    assert shared.qc.done("optimizations/list", projectId=shared.number)["optimizations"] == []


def test_values_that_are_no_numbers_are_told_as_a_range_of_numbers(shared: Project) -> None:
    """One that was started elsewhere, with what JSON has no word for."""
    strategy = Strategy.objects.get(quantconnect_project=shared.number)
    assert strategy.head is not None
    optimization_submit(
        owner=strategy.owner,
        request=OptimizationRequest(
            version=strategy.head,
            space=Space.of([Axis(name="flavour", values=("nan", "inf", "plain"))]),
            objective=Objective(figure="alpha", direction=Direction.MAX),
        ),
    )
    (listed,) = shared.qc.done("optimizations/list", projectId=shared.number)["optimizations"]
    (axis,) = listed["parameters"]
    assert (axis["min"], axis["max"], axis["step"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"projectId": -1}, "no project"),
        ({"parameters": []}, "at least one parameter"),
        ({"parameters": [{"name": "share", "min": 1, "max": 0, "step": 1}]}, "max"),
        ({"parameters": [{"name": "share", "min": 1, "max": 2}]}, "step"),
        ({"strategy": "QuantConnect.Optimizer.Strategies.EulerSearchOptimizationStrategy"}, "Euler"),
        ({"target": " "}, "target"),
        ({"target": "TotalPerformance.TradeStatistics.WinRate"}, "target"),
        ({"targetTo": " "}, "targetTo"),
        ({"nodeType": "B2-8"}, "B2-8"),
        ({"parallelNodes": 25}, "parallelNodes"),
        ({"compileId": " "}, "no compile"),
        ({"constraints": [{"target": SHARPE, "operator": "about", "targetValue": 1}]}, "about"),
    ],
)
def test_what_cannot_be_searched_is_refused(changes: dict[str, Any], part: str, shared: Project) -> None:
    asked = {"projectId": shared.number, "compileId": shared.compile_id, **SEARCH, **changes}
    assert part in shared.qc.refused("optimizations/create", **asked)


def test_another_users_are_not_there(shared: Project, stranger: Signed) -> None:
    made = started(shared)
    for path in ("read", "abort", "delete", "update"):
        refused = stranger.refused(f"optimizations/{path}", optimizationId=made["optimizationId"], name="x")
        assert "no optimization" in refused
    for odd in (" ", "O-", "O-x", "x" * 200):
        assert "no optimization" in shared.qc.refused("optimizations/read", optimizationId=odd)


def test_no_more_is_estimated_or_searched_than_is_tried(shared: Project) -> None:
    def wide(number: int, most: float) -> list[dict[str, object]]:
        return [{"name": f"p{each}", "min": 0, "max": most, "step": 1} for each in range(number)]

    for parameters, why in (
        (wide(2, 9_999), "10,000 combinations"),
        (wide(1, 10_000), "10,001 values; 10,000 may be tried"),
        (wide(21, 9_999), "20 parameters"),
        (wide(201, 1), "200 items"),
    ):
        asked = {"projectId": shared.number, "compileId": shared.compile_id, **SEARCH, "parameters": parameters}
        assert why in shared.qc.refused("optimizations/estimate", **asked)
        shared.qc.refused("optimizations/create", **asked)
