"""The models of the algorithm framework in a run: what they are asked, in which order, and what follows from it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tradinglab.algorithm.framework import (
    AlphaModel,
    CompositeAlphaModel,
    CompositeRiskManagementModel,
    ConstantAlphaModel,
    EmaCrossAlphaModel,
    EqualWeightingPortfolioConstructionModel,
    HistoricalReturnsAlphaModel,
    ImmediateExecutionModel,
    InsightWeightingPortfolioConstructionModel,
    MacdAlphaModel,
    ManualUniverseSelectionModel,
    MaximumDrawdownPercentPortfolio,
    NullRiskManagementModel,
    RiskManagementModel,
    RsiAlphaModel,
    TrailingStopRiskManagementModel,
)
from tradinglab.algorithm.indicators import RateOfChange
from tradinglab.algorithm.insights import Insight
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.settings import UniverseSettings
from tradinglab.core.enums import InsightDirection, InsightType, PortfolioBias, Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.data.store import store_synthetic_bars
from tradinglab.data.store.source import StoreSource
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest

UP, DOWN, FLAT = InsightDirection.UP, InsightDirection.DOWN, InsightDirection.FLAT


class Models(QCAlgorithm):
    """Has IBM by the day; a test chooses the models."""

    def initialize(self) -> None:
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 3, 28)
        self.add_equity("IBM", Resolution.DAILY)
        self.choose()

    def choose(self) -> None:
        raise NotImplementedError


def constant(direction: InsightDirection = UP, **named: Any) -> ConstantAlphaModel:
    return ConstantAlphaModel(InsightType.PRICE, direction, timedelta(days=30), **named)


def run(cls: type[QCAlgorithm]) -> BacktestResult:
    return backtest(cls, data="sample")


def test_a_constant_model_says_the_same_again_when_its_period_is_over() -> None:
    class Constant(Models):
        def choose(self) -> None:
            self.add_alpha(ConstantAlphaModel(InsightType.PRICE, UP, timedelta(30), 0.1, 0.2, 0.3))
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())

    insights = run(Constant).record.insights
    assert [each.source_model for each in insights] == ["ConstantAlphaModel(Price,Up,30.00:00:00,0.1,0.2)"] * 3
    assert {(each.magnitude, each.confidence, each.weight, each.period_s) for each in insights} == {
        (0.1, 0.2, 0.3, 30 * 86400.0)
    }


def test_targets_become_orders_without_a_model_of_execution() -> None:
    class Weighted(Models):
        def choose(self) -> None:
            self.set_alpha(constant(DOWN, weight=0.25))
            self.set_portfolio_construction(InsightWeightingPortfolioConstructionModel())

        def on_end_of_algorithm(self) -> None:
            share = self.portfolio["IBM"].holdings_value / self.portfolio.total_portfolio_value
            assert share == pytest.approx(-0.25, abs=0.02)
            assert self.portfolio["IBM"].target.quantity == pytest.approx(self.portfolio["IBM"].quantity, abs=5)

    assert run(Weighted).record.orders[0].quantity < 0


def test_a_bias_leaves_out_what_goes_the_other_way() -> None:
    class Long(Models):
        def choose(self) -> None:
            self.set_alpha(constant(DOWN))
            self.set_portfolio_construction(
                EqualWeightingPortfolioConstructionModel(Resolution.DAILY, PortfolioBias.LONG)
            )

    assert not run(Long).record.orders


def test_what_an_author_emits_goes_to_the_portfolio_too() -> None:
    class Emits(Models):
        def choose(self) -> None:
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
            self.emitted = False

        def on_data(self, data: Any) -> None:
            if not self.emitted:
                self.emitted = True
                self.emit_insights(Insight.price("IBM", timedelta(days=5), UP))
                assert self.transactions.get_open_orders()

    result = run(Emits)
    assert [order.quantity > 0 for order in result.record.orders] == [True, False]
    assert [each.source_model for each in result.record.insights] == ["NullAlphaModel"]


class Written:
    """An alpha model that derives from nothing of ours."""

    def __init__(self) -> None:
        self.changes: list[Any] = []

    def update(self, algorithm: QCAlgorithm, data: Any) -> Any:
        if not algorithm.portfolio.invested:
            yield Insight.price("IBM", timedelta(days=3), UP)

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: Any) -> None:
        self.changes.append(changes)


def test_models_need_not_derive_from_ours_and_are_told_of_securities() -> None:
    class Free(Models):
        def choose(self) -> None:
            self.written = Written()
            self.set_alpha(self.written)
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())

        def on_end_of_algorithm(self) -> None:
            assert [[each.symbol.value for each in told.added_securities] for told in self.written.changes] == [["IBM"]]

    result = run(Free)
    assert {each.source_model for each in result.record.insights} == {"Written"}
    assert len(result.record.orders) > 2


def test_the_other_spelling_of_a_method_counts() -> None:
    class Old(AlphaModel):
        def Update(self, algorithm: QCAlgorithm, data: Any) -> list[Insight]:
            return [] if algorithm.insights.total_count else [Insight.price("IBM", timedelta(days=3), UP)]

    class Spelled(Models):
        def choose(self) -> None:
            self.SetAlpha(Old())

    assert len(run(Spelled).record.insights) == 1


def test_the_models_of_a_composite_are_named_as_sources() -> None:
    class Two(Models):
        def choose(self) -> None:
            self.add_alpha(constant(UP))
            self.add_alpha(constant(DOWN, magnitude=0.5))
            assert isinstance(self.alpha, CompositeAlphaModel)
            self.alpha.add_alpha(constant(FLAT))

    assert {each.source_model for each in run(Two).record.insights} == {
        "ConstantAlphaModel(Price,Up,30.00:00:00)",
        "ConstantAlphaModel(Price,Down,30.00:00:00,0.5)",
        "ConstantAlphaModel(Price,Flat,30.00:00:00)",
    }


class Closes(RiskManagementModel):
    """Lets no target be."""

    def __init__(self, seen: list[Any]) -> None:
        self.seen = seen

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Any:
        self.seen.append(list(targets))
        return [PortfolioTarget(each.symbol, 0, "risk") for each in targets]


def test_risk_has_the_last_word() -> None:
    seen: list[Any] = []

    class Risky(Models):
        def choose(self) -> None:
            self.set_alpha(constant())
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
            self.add_risk_management(Closes(seen))
            self.add_risk_management(NullRiskManagementModel())
            assert isinstance(self.risk_management, CompositeRiskManagementModel)

    assert not run(Risky).record.orders
    assert any(seen)


def test_execution_hears_of_orders_before_the_author() -> None:
    heard: list[Any] = []

    class Hears(ImmediateExecutionModel):
        def on_order_event(self, algorithm: QCAlgorithm, order_event: Any) -> None:
            heard.append(("model", order_event.id, order_event.order_id))

    class Told(Models):
        def choose(self) -> None:
            self.set_alpha(constant())
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
            self.set_execution(Hears())

        def on_order_event(self, order_event: Any) -> None:
            heard.append(("author", order_event.id, order_event.order_id))

    run(Told)
    assert [who for who, *_ in heard] == ["model", "author"] * (len(heard) // 2)
    assert heard


def test_listed_securities_are_added_as_the_settings_say() -> None:
    class Listed(QCAlgorithm):
        def initialize(self) -> None:
            self.set_start_date(2013, 1, 2)
            self.set_end_date(2013, 1, 10)
            symbols = [Symbol.create(ticker, SecurityType.EQUITY, Market.USA) for ticker in ("IBM", "AAPL")]
            self.universe_settings.resolution = Resolution.DAILY
            self.set_universe_selection(ManualUniverseSelectionModel(symbols[:1]))
            self.add_universe_selection(
                ManualUniverseSelectionModel(symbols[1], universe_settings=UniverseSettings(Resolution.DAILY, 3))
            )
            self.set_alpha(constant())
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())

        def on_end_of_algorithm(self) -> None:
            assert self.securities["AAPL"].leverage == 3
            assert len([each for each in self.portfolio.values() if each.invested]) == 2

    run(Listed)


@pytest.mark.parametrize(
    ("name", "model", "text"),
    [
        ("set_alpha", object(), "no method update"),
        ("set_alpha", ConstantAlphaModel, "not the class; write ConstantAlphaModel()"),
        ("set_portfolio_construction", constant(), "no method create_targets"),
        ("set_execution", constant(), "no method execute"),
        ("add_risk_management", constant(), "no method manage_risk"),
        ("set_universe_selection", object(), "no method create_universes"),
    ],
)
def test_what_is_no_such_model_is_refused(name: str, model: object, text: str) -> None:
    class Wrong(Models):
        def choose(self) -> None:
            getattr(self, name)(model)

    with pytest.raises(StrategyError, match=text):
        run(Wrong)


def test_an_error_in_a_model_says_where_it_was() -> None:
    class Breaks(Models):
        def choose(self) -> None:
            self.set_alpha(AlphaModel())

    with pytest.raises(StrategyError, match="write update") as raised:
        run(Breaks)
    assert raised.value.phase == "a framework model"


def test_settings_of_rebalancing_reach_the_model() -> None:
    class Set(Models):
        def choose(self) -> None:
            self.settings.rebalance_portfolio_on_insight_changes = False
            self.settings.rebalance_portfolio_on_security_changes = False
            self.set_alpha(constant())
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel(timedelta(days=40)))

        def on_end_of_algorithm(self) -> None:
            assert not self.portfolio_construction.RebalanceOnInsightChanges

    result = run(Set)
    first = result.record.orders[0]
    assert (first.time.month, first.time.day) == (2, 11)  # forty days after the first step, and the next bar


_BY_FOLDER = """
from AlgorithmImports import *
from Alphas.ConstantAlphaModel import ConstantAlphaModel
from Portfolio.EqualWeightingPortfolioConstructionModel import *
from NullRiskManagementModel import NullRiskManagementModel
from Execution.Mine import Mine

class ByFolder(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 10)
        self.add_equity("IBM", Resolution.DAILY)
        self.set_alpha(ConstantAlphaModel(InsightType.PRICE, InsightDirection.UP, timedelta(30)))
        self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
        self.set_risk_management(NullRiskManagementModel())
        self.set_execution(Mine())
"""
_MINE = """
from AlgorithmImports import *

class Mine(ImmediateExecutionModel):
    def execute(self, algorithm, targets):
        algorithm.log(f"{len(targets)} targets")
        super().execute(algorithm, targets)
"""


def test_models_are_imported_from_leans_folders_beside_an_authors_own(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(_BY_FOLDER)
    (tmp_path / "Execution").mkdir()
    (tmp_path / "Execution" / "Mine.py").write_text(_MINE)
    result = backtest(tmp_path / "main.py", data="sample")
    assert len(result.record.orders) == 1
    assert any(line.endswith(" 1 targets") for line in result.logs)


_PLAIN = """
import sys
from pathlib import Path
from tradinglab import backtest
from tradinglab.templates import all_templates

backtest(next(each.path for each in all_templates() if each.name == "buy-and-hold"))
print([name for name in sys.modules if name.startswith("tradinglab.algorithm.framework")])
"""


def test_a_strategy_without_models_does_not_load_them() -> None:
    done = subprocess.run([sys.executable, "-c", _PLAIN], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_securities_that_are_known_to_all_have_leans_identifiers(tmp_path: Path) -> None:
    store_synthetic_bars(tmp_path, "SPY", Resolution.DAILY, date(2024, 1, 2), date(2024, 1, 5), seed=1)
    store = StoreSource(tmp_path)
    found = [store.resolve_symbol(each, SecurityType.EQUITY, Market.USA) for each in ("SPY", "BAC", "NEW")]
    assert [(str(each.id), each.value) for each in found] == [
        ("SPY R735QTJ8XC9X", "SPY"),
        ("NB R735QTJ8XC9X", "BAC"),
        ("NEW 2T", "NEW"),
    ]


def test_an_indicator_may_be_named_by_a_symbol() -> None:
    spy = Symbol.create("SPY", SecurityType.EQUITY, Market.USA)
    assert RateOfChange(spy, 3).name == str(spy)


def test_drawdown_of_the_portfolio_turns_new_targets_to_zero() -> None:
    class Falls(Models):
        def choose(self) -> None:
            self.set_alpha(ConstantAlphaModel(InsightType.PRICE, DOWN, timedelta(days=5)))
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
            self.set_risk_management(MaximumDrawdownPercentPortfolio(0.005))

    short, *others = run(Falls).record.orders
    assert short.quantity < -100
    assert any(order.quantity > 100 for order in others)


def test_a_trailing_stop_closes_what_has_fallen_from_its_best() -> None:
    class Trails(Models):
        def choose(self) -> None:
            self.set_alpha(constant(UP))
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
            self.set_risk_management(TrailingStopRiskManagementModel(0.01))

    orders = run(Trails).record.orders
    assert [order.quantity > 0 for order in orders[:2]] == [True, False]
    assert orders[1].quantity == -orders[0].quantity


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (MacdAlphaModel(5, 12, 4), "MacdAlphaModel(5,12,4,Exponential,Daily)"),
        (HistoricalReturnsAlphaModel(3), "HistoricalReturnsAlphaModel(3,Daily)"),
        (RsiAlphaModel(3), "RsiAlphaModel(3,Daily)"),
        (EmaCrossAlphaModel(3, 8), "EmaCrossAlphaModel(3,8,Daily)"),
    ],
)
def test_a_model_that_follows_an_indicator_says_which(model: AlphaModel, name: str) -> None:
    class Follows(Models):
        def choose(self) -> None:
            self.set_alpha(model)

    insights = run(Follows).record.insights
    assert {each.source_model for each in insights} == {name}
