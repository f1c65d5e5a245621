"""Universes in a run: when they choose, what comes and goes, and what the author is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tradinglab.algorithm.framework import (
    CoarseFundamentalUniverseSelectionModel,
    ConstantAlphaModel,
    CustomUniverseSelectionModel,
    EqualWeightingPortfolioConstructionModel,
    FineFundamentalUniverseSelectionModel,
    FundamentalUniverseSelectionModel,
    InceptionDateUniverseSelectionModel,
    ManualUniverseSelectionModel,
    MaximumSectorExposureRiskManagementModel,
    ScheduledUniverseSelectionModel,
    SectorWeightingPortfolioConstructionModel,
    UniverseSelectionModel,
)
from tradinglab.algorithm.names import ArgumentException
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.settings import UniverseSettings
from tradinglab.algorithm.universes import ScheduledUniverse, Universe, UserDefinedUniverse
from tradinglab.core.enums import InsightDirection, InsightType, Resolution, SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.data.memory import MemorySource
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest

#: The week from Monday, 7 October 2013, to Friday.
DAYS = [date(2013, 10, day) for day in range(7, 12)]
TICKERS = ("AAA", "BBB", "CCC")


@pytest.fixture(scope="module")
def source() -> MemorySource:
    """Bars of the hours of five days; the price of each security is that of the day and the hour."""
    made = MemorySource()
    for place, ticker in enumerate(TICKERS):
        times = np.array([f"{day}T{hour}:30" for day in DAYS for hour in range(13, 20)], "datetime64[ns]")
        price = 100.0 * (place + 1) + np.arange(len(times))
        bars = {"time": times, "open": price, "high": price, "low": price, "close": price, "volume": price}
        made.add(ticker, Resolution.HOUR, bars)
    return made


def names(table: Any) -> set[str]:
    """Return the tickers that a table of LEAN's has, whose items are pairs."""
    return {str(each.key) for each in table}


def equity(ticker: str) -> Symbol:
    return Symbol.create(ticker, SecurityType.EQUITY, "usa")


class Week(QCAlgorithm):
    """Writes down what it is told, and of what it gets bars."""

    def initialize(self) -> None:
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_benchmark(lambda time: 0)
        self.universe_settings.resolution = Resolution.HOUR
        self.told: list[tuple[int, str, str]] = []
        self.seen: dict[int, set[str]] = {}
        self.asked: list[datetime] = []
        self.choose()

    def choose(self) -> None:
        raise NotImplementedError

    def on_data(self, data: Any) -> None:
        self.seen.setdefault(self.time.day, set()).update(names(data.bars))

    def on_securities_changed(self, changes: Any) -> None:
        assert (self.time.hour, self.time.minute) == (0, 0)
        self.told += [(self.time.day, "+", str(each.symbol)) for each in changes.added_securities]
        self.told += [(self.time.day, "-", str(each.symbol)) for each in changes.removed_securities]


def run(cls: type[QCAlgorithm], source: MemorySource) -> Any:
    kept: list[Any] = []

    class Kept(cls):  # type: ignore[misc, valid-type]
        def on_end_of_algorithm(self) -> None:
            super().on_end_of_algorithm()
            kept.append(self)

    result = backtest(Kept, data=source)
    assert result.status == "completed"
    return kept[0], result


def days(**by_day: str) -> Callable[[datetime], list[Symbol]]:
    """Return a selector that chooses securities by the first letters of their tickers: ``days(_7="AB")``."""
    return lambda time: [equity(letter * 3) for letter in by_day.get(f"_{time.day}", "")]


def test_a_schedule_brings_securities_and_takes_them_away(source: MemorySource) -> None:
    class Scheduled(Week):
        def choose(self) -> None:
            choice = days(_7="AB", _8="B", _9="B", _10="BC", _11="C")
            self.add_universe_selection(
                ScheduledUniverseSelectionModel(self.date_rules.every_day(), self.time_rules.midnight, choice)
            )

        def on_data(self, data: Any) -> None:
            super().on_data(data)
            assert names(self.securities) >= names(data.bars)
            assert self.universe_manager.count == 1
            assert self.universe_manager.active_securities.count == (2 if self.time.day in (7, 10) else 1)

    algorithm, _ = run(Scheduled, source)
    assert algorithm.told == [
        (7, "+", "AAA"), (7, "+", "BBB"), (8, "-", "AAA"), (10, "+", "CCC"), (11, "-", "BBB"),
    ]  # fmt: skip
    assert algorithm.seen == {7: {"AAA", "BBB"}, 8: {"BBB"}, 9: {"BBB"}, 10: {"BBB", "CCC"}, 11: {"CCC"}}


def test_a_security_stays_for_the_least_time(source: MemorySource) -> None:
    class Stays(Week):
        def choose(self) -> None:
            self.universe_settings.minimum_time_in_universe = timedelta(days=3)
            self.add_universe(
                ScheduledUniverse(
                    self.date_rules.every_day(),
                    self.time_rules.midnight,
                    days(_7="A", _8="B", _9="A", _10="B", _11="B"),
                )
            )

    # On the 8th AAA has been there for a day; on the 10th for three. What is chosen again is not told of.
    assert run(Stays, source)[0].told == [(7, "+", "AAA"), (8, "+", "BBB"), (10, "-", "AAA")]


def test_what_is_held_stays_until_it_is_sold(source: MemorySource) -> None:
    class Holds(Week):
        def choose(self) -> None:
            self.add_universe(
                ScheduledUniverse(
                    self.date_rules.every_day(),
                    self.time_rules.midnight,
                    days(_7="A", _8="B", _9="C", _10="BC", _11="AC"),
                )
            )

        def on_data(self, data: Any) -> None:
            super().on_data(data)
            if (self.time.day, self.time.hour) == (7, 11):
                self.market_order("AAA", 10)
            if (self.time.day, self.time.hour) == (9, 11):
                self.liquidate("AAA")
            assert ("AAA" in names(self.securities)) == (self.time.day in (7, 8, 9, 11))

    algorithm, _ = run(Holds, source)
    assert algorithm.told == [
        (7, "+", "AAA"), (8, "+", "BBB"), (8, "-", "AAA"), (9, "+", "CCC"), (9, "-", "BBB"),
        (10, "+", "BBB"), (11, "+", "AAA"), (11, "-", "BBB"),
    ]  # fmt: skip
    # Bars go on to come while it is held: it goes at the first choice after the sale.
    assert {day for day, seen in algorithm.seen.items() if "AAA" in seen} == {7, 8, 9, 11}


def test_what_comes_back_has_no_price_at_first(source: MemorySource) -> None:
    class Back(Week):
        def choose(self) -> None:
            self.add_universe(
                ScheduledUniverse(self.date_rules.every_day(), self.time_rules.midnight, days(_7="A", _9="A", _10="A"))
            )

        def on_securities_changed(self, changes: Any) -> None:
            super().on_securities_changed(changes)
            for security in changes.added_securities:
                assert security.price == 0
                assert security.is_tradable
                assert not security.invested

        def on_data(self, data: Any) -> None:
            super().on_data(data)
            assert self.securities["AAA"].price == data["AAA"].close

    assert run(Back, source)[0].told == [(7, "+", "AAA"), (8, "-", "AAA"), (9, "+", "AAA"), (11, "-", "AAA")]


def test_what_goes_and_comes_back_at_once_begins_anew(source: MemorySource) -> None:
    """It is held when it is no longer chosen, and sold and gone by the time at which it is chosen again."""

    class Rotates(Week):
        def choose(self) -> None:
            self.prepared: list[tuple[int, float]] = []
            self.set_security_initializer(self.prepare)
            letters = days(_7="A", _8="B", _9="A", _10="B", _11="A")
            self.add_universe(ScheduledUniverse(self.date_rules.every_day(), self.time_rules.midnight, letters))

        def prepare(self, security: Any) -> None:
            for bar in self.get_last_known_prices(security):
                security.set_market_price(bar)
            self.prepared.append((self.time.day, security.price))

        def on_securities_changed(self, changes: Any) -> None:
            super().on_securities_changed(changes)
            for security in changes.removed_securities:
                self.liquidate(security.symbol)
            for security in changes.added_securities:
                self.market_order(security.symbol, 10)

        def on_data(self, data: Any) -> None:
            super().on_data(data)
            for bar in data.bars.values():
                assert self.securities[bar.symbol].price == bar.close

    algorithm, result = run(Rotates, source)
    assert [day for day, sign, _ in algorithm.told if sign == "+"] == [7, 8, 9, 10, 11]
    # Its initialiser is asked whenever it comes, and gives it the last price of the day before.
    assert algorithm.prepared == [(7, 0.0), (8, 206.0), (9, 113.0), (10, 220.0), (11, 127.0)]
    # On the first day there is no price to buy at.
    assert {day for day, seen in algorithm.seen.items() if "AAA" in seen} == {7, 9, 10, 11}
    filled = [(row.symbol, row.quantity, row.price) for row in result.orders.itertuples() if row.status == "Filled"]
    assert filled == [
        ("BBB", 10, 207.0), ("BBB", -10, 214.0), ("AAA", 10, 114.0), ("AAA", -10, 121.0), ("BBB", 10, 221.0),
        ("BBB", -10, 228.0), ("AAA", 10, 128.0),
    ]  # fmt: skip


def test_tickers_are_chosen_before_each_day_of_trading(source: MemorySource) -> None:
    class Custom(Week):
        def choose(self) -> None:
            self.set_start_date(2013, 10, 5)  # a Saturday
            self.set_universe_selection(CustomUniverseSelectionModel("mine", self.select))

        def select(self, time: datetime) -> Any:
            self.asked.append(time)
            assert self.time == time
            return Universe.UNCHANGED if time.day == 10 else ["AAA"] if time.day < 9 else ["bbb"]

    algorithm, _ = run(Custom, source)
    assert algorithm.asked == [datetime(2013, 10, day) for day in (5, 7, 8, 9, 10, 11)]
    assert algorithm.told == [(5, "+", "AAA"), (9, "+", "BBB"), (9, "-", "AAA")]


def test_a_model_may_choose_by_a_method(source: MemorySource) -> None:
    class Mine(CustomUniverseSelectionModel):
        def __init__(self) -> None:
            super().__init__("mine")

        def Select(self, algorithm: QCAlgorithm, date: datetime) -> list[str]:
            return ["AAA"] if date.day == 7 else ["CCC"]

    class Method(Week):
        def choose(self) -> None:
            self.set_universe_selection(Mine())

    assert run(Method, source)[0].told == [(7, "+", "AAA"), (8, "+", "CCC"), (8, "-", "AAA")]


def test_tickers_come_on_their_day(source: MemorySource) -> None:
    class Inception(Week):
        def choose(self) -> None:
            begins = {"BBB": self.start_date, "AAA": self.start_date + timedelta(2)}
            self.add_universe_selection(InceptionDateUniverseSelectionModel("inception", begins))

    assert run(Inception, source)[0].told == [(7, "+", "BBB"), (9, "+", "AAA")]


def test_a_security_of_two_universes_goes_with_the_last(source: MemorySource) -> None:
    class Two(Week):
        def choose(self) -> None:
            self.set_universe_selection(ManualUniverseSelectionModel(equity("AAA")))
            self.add_universe_selection(
                ScheduledUniverseSelectionModel(
                    self.date_rules.every_day(), self.time_rules.midnight, days(_7="AB", _8="AB")
                )
            )

    algorithm, _ = run(Two, source)
    # As in LEAN the author is told that it is gone though it stays.
    assert algorithm.told == [(7, "+", "AAA"), (7, "+", "BBB"), (9, "-", "AAA"), (9, "-", "BBB")]
    assert algorithm.seen[11] == {"AAA"}


def test_what_the_author_added_stays(source: MemorySource) -> None:
    class Added(Week):
        def choose(self) -> None:
            self.add_equity("AAA", Resolution.HOUR)
            self.add_universe("mine", lambda time: ["AAA", "BBB"] if time.day < 9 else [])

        def on_end_of_algorithm(self) -> None:
            assert self.securities["AAA"].is_tradable

    algorithm, _ = run(Added, source)
    assert algorithm.told[:2] == [(7, "+", "AAA"), (7, "+", "BBB")]
    assert algorithm.seen[11] == {"AAA"}


def test_a_universe_may_be_added_later(source: MemorySource) -> None:
    class Later(Week):
        def choose(self) -> None:
            self.add_equity("AAA", Resolution.HOUR)

        def on_data(self, data: Any) -> None:
            super().on_data(data)
            if (self.time.day, self.time.hour) == (8, 11):
                universe = self.add_universe("mine", Resolution.DAILY, self.select)
                assert isinstance(universe, UserDefinedUniverse)
                assert self.add_universe(universe) is universe

        def select(self, time: datetime) -> list[str]:
            self.asked.append(time)
            return ["BBB"] if time.day < 10 else ["CCC"]

        def on_securities_changed(self, changes: Any) -> None:
            self.told += [(self.time.day, "+", str(each.symbol)) for each in changes.added_securities]

    algorithm, _ = run(Later, source)
    # It chooses at once, and then after each day.
    assert algorithm.asked == [datetime(2013, 10, day, 11) for day in (8, 9, 10, 11)]
    assert algorithm.told == [(7, "+", "AAA"), (8, "+", "BBB"), (10, "+", "CCC")]
    assert "BBB" in algorithm.seen[8]


def test_a_universe_that_is_let_go_takes_its_securities_along(source: MemorySource) -> None:
    class LetGo(Week):
        def choose(self) -> None:
            self.universe = self.add_universe("mine", lambda time: ["AAA"])

        def on_data(self, data: Any) -> None:
            super().on_data(data)
            assert [str(each) for each in self.universe.members] == ["AAA"]
            if self.time.day == 8:
                self.universe_manager.remove(self.universe.symbol)

    assert run(LetGo, source)[0].told == [(7, "+", "AAA"), (9, "-", "AAA")]


def test_securities_get_what_the_settings_say(source: MemorySource) -> None:
    class Settings(Week):
        def choose(self) -> None:
            settings = UniverseSettings(Resolution.HOUR, 3, minimum_time_in_universe=timedelta(0))
            model = ScheduledUniverseSelectionModel(
                self.date_rules.every_day(), self.time_rules.every(timedelta(hours=12)), self.select, settings
            )
            self.set_universe_selection(model)

        def select(self, time: datetime) -> list[str]:
            self.asked.append(time)
            return ["AAA"] if time.hour < 12 else ["BBB"]

        def on_securities_changed(self, changes: Any) -> None:
            for security in changes.added_securities:
                leverages.setdefault(str(security.symbol), []).append(security.leverage)

    leverages: dict[str, list[float]] = {}
    algorithm, _ = run(Settings, source)
    # As in LEAN, what comes back is initialised anew, after which nobody asks the settings.
    assert [each[:2] for each in leverages.values()] == [[3, 2], [3, 2]]
    # Dates are counted in UTC, times are those of New York: midnight and noon.
    assert [(each.day, each.hour) for each in algorithm.asked[:4]] == [(7, 4), (7, 16), (8, 4), (8, 16)]


def test_models_take_up_what_universes_choose(source: MemorySource) -> None:
    class Models(Week):
        def choose(self) -> None:
            self.settings.minimum_order_margin_portfolio_percentage = 0
            self.add_universe_selection(
                ScheduledUniverseSelectionModel(
                    self.date_rules.every_day(), self.time_rules.midnight, days(_7="A", _8="AB", _9="AB", _10="B")
                )
            )
            self.set_alpha(ConstantAlphaModel(InsightType.PRICE, InsightDirection.UP, timedelta(days=30)))
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())

        def on_end_of_day(self, symbol: Any) -> None:
            held = {str(each.symbol) for each in self.portfolio.values() if each.invested}
            self.asked.append((self.time.day, held))  # type: ignore[arg-type]

    algorithm, _ = run(Models, source)
    by_day: dict[int, set[str]] = dict(algorithm.asked)
    # On the 11th nothing is chosen: insights close, positions are sold, and then the securities go.
    assert by_day[7] == {"AAA"}
    assert by_day[9] == {"AAA", "BBB"}
    assert by_day[10] == {"BBB"}
    assert not any(each.invested for each in algorithm.portfolio.values())


def _wrong(choose: Callable[[Any], Any], source: MemorySource) -> BacktestResult:
    class Wrong(Week):
        def choose(self) -> None:
            choose(self)

    return backtest(Wrong, data=source)


def _scheduled(selector: Any) -> Callable[[Any], Any]:
    return lambda algorithm: algorithm.add_universe(
        ScheduledUniverse(algorithm.date_rules.every_day(), algorithm.time_rules.midnight, selector)
    )


@pytest.mark.parametrize(
    ("choose", "text"),
    [
        (_scheduled(lambda time: None), "returned None; it returns a list of symbols"),
        (_scheduled(lambda time: "AAA"), "returned 'AAA'; it returns a list of symbols"),
        (_scheduled(lambda time: [1]), "returned 1 among the symbols"),
        (_scheduled("AAA"), "the selector is a function"),
        (lambda algorithm: algorithm.add_universe(lambda fundamental: []), "companies' figures"),
        (lambda algorithm: algorithm.add_universe(int, "mine", lambda data: []), "Universes of other data"),
        (lambda algorithm: algorithm.add_universe("mine"), "add_universe takes a universe"),
        (lambda algorithm: algorithm.set_universe_selection(object()), "no method create_universes"),
        (lambda algorithm: algorithm.set_universe_selection(UniverseSelectionModel()), "write create_universes"),
        (lambda algorithm: algorithm.set_universe_selection(CustomUniverseSelectionModel("mine")), "or write select"),
        (lambda algorithm: CustomUniverseSelectionModel(), "takes .name, selector."),
        (lambda algorithm: ScheduledUniverseSelectionModel(algorithm.date_rules.every_day()), "date_rule, time_rule"),
    ],
)
def test_what_cannot_choose_is_refused(choose: Callable[[Any], Any], text: str, source: MemorySource) -> None:
    with pytest.raises(StrategyError, match=text):
        _wrong(choose, source)


def test_an_error_of_a_selector_says_where_it_was(source: MemorySource) -> None:
    with pytest.raises(StrategyError, match="ZeroDivisionError") as raised:
        _wrong(_scheduled(lambda time: 1 / 0), source)
    assert (raised.value.phase, raised.value.time) == ("a universe", "2013-10-07 00:00:00")


# Companies' figures and sectors, of which there are no data.


def test_a_selection_that_does_not_look_at_figures_may_choose(source: MemorySource) -> None:
    class Blind(Week):
        def choose(self) -> None:
            self.set_universe_selection(CoarseFundamentalUniverseSelectionModel(self.coarse))

        def coarse(self, coarse: Any) -> list[Symbol]:
            self.asked.append(self.time)
            return [equity("AAA"), equity("BBB")][: 2 if self.time.day < 9 else 1]

    algorithm, _ = run(Blind, source)
    assert algorithm.asked == [datetime(2013, 10, day) for day in range(7, 12)]
    assert algorithm.told == [(7, "+", "AAA"), (7, "+", "BBB"), (9, "-", "BBB")]


@pytest.mark.parametrize(
    "model",
    [
        FundamentalUniverseSelectionModel(lambda fundamental: [each.symbol for each in fundamental]),
        CoarseFundamentalUniverseSelectionModel(lambda coarse: sorted(coarse, key=lambda each: each.dollar_volume)[:2]),
        FineFundamentalUniverseSelectionModel(lambda coarse: [], lambda fine: [each.symbol for each in fine]),
    ],
)
def test_a_selection_that_looks_at_figures_is_told_that_there_are_none(model: Any, source: MemorySource) -> None:
    with pytest.raises(StrategyError, match="which no data here have"):
        _wrong(lambda algorithm: algorithm.set_universe_selection(model), source)


class Sectors(Week):
    """Has three securities, AAA and BBB of one sector, all expected to rise."""

    def choose(self) -> None:
        for ticker in TICKERS:
            self.add_equity(ticker, Resolution.HOUR)
        self.set_alpha(ConstantAlphaModel(InsightType.PRICE, InsightDirection.UP, timedelta(days=30)))
        self.set_models()

    def set_models(self) -> None:
        raise NotImplementedError

    def shares(self) -> list[float]:
        total = self.portfolio.total_portfolio_value
        return [self.portfolio[ticker].holdings_value / total for ticker in TICKERS]


def _sector(self: object, security: Any) -> str:
    return "N" if security.symbol.value in ("AAA", "BBB") else "B"


def test_every_sector_gets_the_same(source: MemorySource) -> None:
    class Known(SectorWeightingPortfolioConstructionModel):
        get_sector_code = _sector

    class Alike(Sectors):
        def set_models(self) -> None:
            self.set_portfolio_construction(Known(timedelta(days=30)))

        def on_end_of_algorithm(self) -> None:
            assert self.shares() == pytest.approx([0.25, 0.25, 0.5], abs=0.1)

    assert len(run(Alike, source)[1].record.orders) == 3


def test_a_sector_is_brought_down_to_its_most(source: MemorySource) -> None:
    class Known(MaximumSectorExposureRiskManagementModel):
        get_sector_code = _sector

    seen: list[list[float]] = []

    class Bounded(Sectors):
        def set_models(self) -> None:
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel(timedelta(days=30)))
            self.set_risk_management(Known(0.2))

        def on_data(self, data: Any) -> None:
            super().on_data(data)
            if self.portfolio.invested and not seen:
                seen.append(self.shares())

    run(Bounded, source)
    # A third each is two thirds in the one sector and one in the other; both are brought to a fifth.
    assert seen[0] == pytest.approx([0.1, 0.1, 0.2], abs=0.01)


@pytest.mark.parametrize("name", ["set_portfolio_construction", "set_risk_management"])
def test_without_sectors_a_model_says_what_to_write(name: str, source: MemorySource) -> None:
    class Unknown(Sectors):
        def set_models(self) -> None:
            self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())
            self.set_risk_management(MaximumSectorExposureRiskManagementModel())
            if name == "set_portfolio_construction":
                self.set_portfolio_construction(SectorWeightingPortfolioConstructionModel())

    with pytest.raises(StrategyError, match="write get_sector_code"):
        backtest(Unknown, data=source)
    with pytest.raises(ArgumentException, match="more than nothing"):
        MaximumSectorExposureRiskManagementModel(0)
