"""Arguments by LEAN's names of C#, in camel case, mean what ours do; nothing else is changed, and nothing stays so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradinglab import backtest
from tradinglab.algorithm.framework.weightings import InsightWeightingPortfolioConstructionModel
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.trial import try_out

_CAMEL = """
from AlgorithmImports import *
from limits_of_mine import drawdown

class Often(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2012, 1, 3)
        self.set_end_date(2012, 6, 1)
        self.UniverseSettings.Resolution = Resolution.Daily
        self.AddEquity("IBM", Resolution.Daily, fillForward=False)
        self.add_equity("AAPL", Resolution.DAILY, extendedMarketHours=False)
        self.AddAlpha(EmaCrossAlphaModel(fastPeriod=3, slowPeriod=8, resolution=Resolution.Daily))
        self.SetPortfolioConstruction(EqualWeightingPortfolioConstructionModel(
            rebalancingParam=timedelta(5), portfolioBias=PortfolioBias.Long))
        self.SetRiskManagement(drawdown())

    def on_data(self, data):
        if self.time.day == 9:
            insight = Insight.Price("IBM", timedelta(2), InsightDirection.Up, sourceModel="mine")
            assert insight.source_model == "mine"
            self.market_order("AAPL", 1, orderProperties=OrderProperties())
"""
_TOOLS = """
from AlgorithmImports import *

def drawdown():
    return MaximumDrawdownPercentPerSecurity(maximumDrawdownPercent=0.02)
"""
#: What is written there in camel case, as ours are.
_NAMES = {
    "fillForward": "fill_forward", "extendedMarketHours": "extended_market_hours", "fastPeriod": "fast_period",
    "slowPeriod": "slow_period", "rebalancingParam": "rebalance", "portfolioBias": "portfolio_bias",
    "sourceModel": "source_model", "orderProperties": "order_properties",
    "maximumDrawdownPercent": "maximum_drawdown_percent",
}  # fmt: skip


def write(folder: Path, main: str, tools: str = _TOOLS) -> Path:
    folder.mkdir()
    (folder / "limits_of_mine.py").write_text(tools)
    path = folder / "main.py"
    path.write_text(main)
    return path


def test_both_spellings_come_to_the_same(tmp_path: Path) -> None:
    main, tools = _CAMEL, _TOOLS
    for camel, snake in _NAMES.items():
        main, tools = main.replace(f"{camel}=", f"{snake}="), tools.replace(f"{camel}=", f"{snake}=")
    before = dict(vars(QCAlgorithm)), InsightWeightingPortfolioConstructionModel.__init__
    camel_run = backtest(write(tmp_path / "camel", _CAMEL))
    assert (dict(vars(QCAlgorithm)), InsightWeightingPortfolioConstructionModel.__init__) == before
    snake_run = backtest(write(tmp_path / "snake", main, tools))
    assert camel_run.total_orders > 3
    assert camel_run.statistics["OrderListHash"] == snake_run.statistics["OrderListHash"]
    assert camel_run.statistics == snake_run.statistics


def test_a_trial_takes_both_too(tmp_path: Path) -> None:
    try_out(write(tmp_path / "camel", _CAMEL), initializes=True)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("self.add_equity('IBM', fillForward=True, fill_forward=True)", "'fill_forward' twice"),
        ("self.add_equity('IBM', noSuchThing=True)", "noSuchThing"),
        ("EmaCrossAlphaModel(noSuchThing=True)", "noSuchThing"),
    ],
)
def test_what_is_no_argument_is_refused_as_ever(tmp_path: Path, call: str, said: str) -> None:
    lines = [
        "from AlgorithmImports import *",
        "class One(QCAlgorithm):",
        "    def initialize(self):",
        f"        {call}",
    ]
    with pytest.raises(StrategyError, match=said):
        backtest(write(tmp_path / "one", "\n".join(lines)))


def test_an_authors_own_functions_keep_their_names(tmp_path: Path) -> None:
    main = """
from AlgorithmImports import *

class One(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2012, 1, 3)
        self.set_end_date(2012, 1, 9)
        self.add_equity("IBM", fillForward=True)
        self.mine(fillForward=1)

    def add_equity(self, ticker, fillForward=False):
        assert fillForward is True
        return super().add_equity(ticker, Resolution.DAILY, fillForward=fillForward)

    def mine(self, fillForward, **others):
        assert (fillForward, others) == (1, {})
"""
    assert backtest(write(tmp_path / "one", main)).total_orders == 0


def test_a_class_s_libraries_are_not_searched() -> None:
    from tradinglab.engine.keyword_spellings import _modules

    assert [module.__name__.rpartition(".")[2] for module in _modules(Untold, [])] == ["test_keyword_spellings"]


class Untold(QCAlgorithm):
    """Derives from nothing but ours; this module has names from pytest."""
