"""Subscriptions, the consolidators on them, and when they are looked at."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.consolidator_data import MINUTE, Heard, at, trade_bar
from tests.unit.schedule_markets import BTCUSD, EURUSD, NEW_YORK, SPY, Clock, MarketHours

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators import (
    ConsolidationError,
    IdentityDataConsolidator,
    PythonConsolidator,
    QuoteBarConsolidator,
    RenkoConsolidator,
    TickConsolidator,
    TickQuoteBarConsolidator,
    TradeBarConsolidator,
)
from tradinglab.algorithm.consolidators.base import NEVER
from tradinglab.algorithm.events import Event
from tradinglab.algorithm.subscriptions import SubscriptionDataConfig, SubscriptionManager, tick_type_of
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import MINUTE_NS, from_ns, to_ns
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType

FIVE = timedelta(minutes=5)
START = NEW_YORK.to_utc(at(9, 30))


class Algorithm:
    """What a subscription manager needs of an algorithm."""

    def __init__(self, now_ns: int = START) -> None:
        self.clock: Any = Clock(from_ns(now_ns))
        self.clock.set_utc_ns = self.clock.set
        self.market_hours_database = MarketHours()
        self.universe_settings = SimpleNamespace(resolution=Resolution.MINUTE)
        self.manager = SubscriptionManager(self.clock, self)
        self.service = self.manager.subscription_data_config_service
        self.moved: list[datetime] = []

    def lab_symbol(self, ticker: str) -> Any:
        return {"SPY": SPY, "EURUSD": EURUSD}[ticker]

    def set_time(self, utc_ns: int) -> None:
        self.moved.append(NEW_YORK.datetime(utc_ns))
        self.clock.set(utc_ns)

    def step(self, local: datetime, *bars: Any) -> None:
        """Do with consolidators what the engine does in a time step."""
        utc_ns = NEW_YORK.to_utc(local)
        self.manager.scan_past_consolidators(utc_ns, self.set_time)
        self.clock.set(utc_ns)
        for config in self.manager.subscriptions:
            data = [bar for bar in bars if isinstance(bar, config.type)]
            if data:
                config.consolidators.feed(data, to_ns(local))


@pytest.fixture
def algorithm() -> Algorithm:
    made = Algorithm()
    made.service.add(SPY, Resolution.MINUTE)
    return made


def test_an_equity_has_trades_and_quotes_unless_bars_are_long(algorithm: Algorithm) -> None:
    kinds = [(config.type, config.tick_type) for config in algorithm.service.get_subscription_data_configs(SPY)]
    assert kinds == [(TradeBar, TickType.TRADE), (QuoteBar, TickType.QUOTE)]
    for resolution in (Resolution.HOUR, Resolution.DAILY):
        assert [c.type for c in Algorithm().service.add(SPY, resolution)] == [TradeBar]
    assert [c.type for c in Algorithm().service.add(EURUSD, Resolution.DAILY)] == [QuoteBar]
    ticks = Algorithm().service.add(BTCUSD, Resolution.TICK)
    assert [(c.type, c.tick_type, c.fill_data_forward) for c in ticks] == [
        (Tick, TickType.TRADE, False), (Tick, TickType.QUOTE, False),
    ]  # fmt: skip


def test_a_subscription_is_taken_up_once(algorithm: Algorithm) -> None:
    again = algorithm.service.add(SPY, data_normalization_mode=DataNormalizationMode.RAW)
    assert algorithm.manager.count == 2
    assert again[0] is algorithm.manager.subscriptions[0]
    assert again[0].data_normalization_mode == DataNormalizationMode.ADJUSTED
    other = algorithm.service.add(SPY, extended_market_hours=True)
    assert other[0] != again[0]
    assert len(algorithm.manager.subscriptions) == 4
    algorithm.service.remove_symbol(SPY)
    assert len(algorithm.service) == 0


def test_internal_subscriptions_are_hidden(algorithm: Algorithm) -> None:
    hidden = algorithm.service.add(SPY, Resolution.HOUR, is_internal_feed=True)
    assert hidden[0] not in algorithm.manager.subscriptions
    assert algorithm.service.get_subscription_data_configs(SPY, True)[-1] is hidden[0]
    assert algorithm.service.make_configs(EURUSD)[0] not in algorithm.service.get_subscription_data_configs()


def test_members_of_a_subscription(algorithm: Algorithm) -> None:
    config: Any = algorithm.manager.subscriptions[0]
    assert (config.symbol, config.market, config.security_type) == (SPY, "usa", SecurityType.EQUITY)
    assert (config.Increment, config.resolution) == (MINUTE, Resolution.MINUTE)
    assert config.exchange_time_zone is NEW_YORK
    assert str(config) == "SPY,#0,SPY,Minute,TradeBar,Trade,Adjusted,OpenInterest"
    changed = config.with_changes(tick_type=TickType.QUOTE, resolution=Resolution.SECOND)
    assert (changed.type, changed.increment) == (QuoteBar, timedelta(seconds=1))
    config.mapped_symbol = "OLD"
    assert config.MappedSymbol == "OLD"
    assert config != 3
    assert hash(config) == hash(config.with_changes())
    order = algorithm.service.tick_type_order
    assert [order(SPY, kind) for kind in (TickType.TRADE, TickType.QUOTE, TickType.OPEN_INTEREST)] == [0, 1, -1]


def test_tick_types_of_types() -> None:
    assert tick_type_of(Tick, SecurityType.EQUITY) == TickType.TRADE
    assert tick_type_of(Tick, SecurityType.CRYPTO) == TickType.QUOTE
    assert tick_type_of(BaseData, SecurityType.BASE) == TickType.TRADE


def config_of(algorithm: Algorithm, consolidator: Any) -> SubscriptionDataConfig:
    return next(config for config in algorithm.manager.subscriptions if consolidator in config.consolidators)


def test_a_consolidator_gets_the_data_that_it_takes(algorithm: Algorithm) -> None:
    add = algorithm.manager.add_consolidator
    for consolidator, kind in (
        (TradeBarConsolidator(FIVE), TradeBar),
        (QuoteBarConsolidator(FIVE), QuoteBar),
        (RenkoConsolidator(1), TradeBar),
    ):
        add("SPY", consolidator)
        assert config_of(algorithm, consolidator).type is kind


def test_ticks_go_where_the_output_says(algorithm: Algorithm) -> None:
    algorithm.service.add(BTCUSD, Resolution.TICK)
    wanted: list[tuple[Any, TickType | None, TickType]] = [
        (TickConsolidator(3), None, TickType.TRADE),
        (TickQuoteBarConsolidator(3), None, TickType.QUOTE),
        (IdentityDataConsolidator(Tick), None, TickType.QUOTE),
        (RenkoConsolidator(1), None, TickType.TRADE),
        (RenkoConsolidator(1), TickType.QUOTE, TickType.QUOTE),
    ]
    for consolidator, asked, got in wanted:
        algorithm.manager.add_consolidator(BTCUSD, consolidator, asked)
        assert config_of(algorithm, consolidator).tick_type == got


def test_consolidators_that_do_not_fit(algorithm: Algorithm) -> None:
    add = algorithm.manager.add_consolidator
    with pytest.raises(ConsolidationError, match="Subscribe to EURUSD"):
        add("EURUSD", TradeBarConsolidator(FIVE))
    with pytest.raises(ConsolidationError, match="takes Tick, but the data of SPY are: TradeBar, QuoteBar"):
        add(SPY, TickConsolidator(FIVE))
    algorithm.service.add(EURUSD, Resolution.TICK)
    with pytest.raises(ConsolidationError, match=r"tick type Trade. Its tick types are: Quote"):
        add(EURUSD, RenkoConsolidator(1), TickType.TRADE)
    with pytest.raises(ConsolidationError, match=r"no update, scan.*PythonConsolidator"):
        add(SPY, object())  # type: ignore[arg-type]


def test_bars_are_handed_out_at_their_end(algorithm: Algorithm) -> None:
    consolidator = TradeBarConsolidator(FIVE)
    heard = Heard(consolidator)
    algorithm.manager.add_consolidator(SPY, consolidator)
    for index in range(12):
        algorithm.step(at(9, 31 + index), trade_bar(at(9, 30 + index), index))
    assert heard.times == [(at(9, 30), at(9, 35)), (at(9, 35), at(9, 40))]
    assert algorithm.moved == []


def test_a_bar_is_handed_out_in_time_though_no_data_come(algorithm: Algorithm) -> None:
    consolidator = TradeBarConsolidator(FIVE)
    heard: list[tuple[datetime, datetime]] = []
    consolidator.data_consolidated += lambda sender, bar: heard.append(
        (bar.end_time, NEW_YORK.datetime(algorithm.clock.utc_ns))
    )
    algorithm.manager.add_consolidator(SPY, consolidator)
    for index in range(7):
        algorithm.step(at(9, 31 + index), trade_bar(at(9, 30 + index), index))
    assert heard == [(at(9, 35), at(9, 35))]
    algorithm.step(at(9, 47))
    # The clock stood at the end of the bar when it was handed out, and moved on in steps of a bar.
    assert heard[1:] == [(at(9, 40), at(9, 40))]
    assert algorithm.moved == [at(9, 40), at(9, 45)]


def test_before_the_first_bar_every_step_of_the_data_is_looked_at(algorithm: Algorithm) -> None:
    manager = algorithm.manager
    assert manager.next_scan_ns == NEVER
    manager.add_consolidator(SPY, TradeBarConsolidator(FIVE))
    assert manager.next_scan_ns < 0
    algorithm.step(at(9, 31))
    assert manager.next_scan_ns == START + MINUTE_NS
    algorithm.step(at(9, 31), trade_bar(at(9, 30)))
    algorithm.step(at(9, 32))
    assert manager.next_scan_ns == NEW_YORK.to_utc(at(9, 35))


def test_times_are_those_of_the_first_bars_length(algorithm: Algorithm) -> None:
    algorithm.manager.add_consolidator(SPY, TradeBarConsolidator(FIVE))
    for index in range(5):
        algorithm.step(at(9, 31 + index), trade_bar(at(9, 30 + index), index))
    algorithm.step(at(9, 36))
    assert algorithm.manager.next_scan_ns == NEW_YORK.to_utc(at(9, 40))
    algorithm.step(at(9, 41))
    assert algorithm.manager.next_scan_ns == NEW_YORK.to_utc(at(9, 45))


def test_consolidators_of_price_need_no_scan(algorithm: Algorithm) -> None:
    algorithm.manager.add_consolidator(SPY, RenkoConsolidator(1))
    algorithm.manager.add_consolidator(SPY, IdentityDataConsolidator(TradeBar))
    assert algorithm.manager.next_scan_ns == NEVER


def test_removed_consolidators_hear_nothing(algorithm: Algorithm) -> None:
    changed: list[Any] = []
    manager = algorithm.manager
    manager.consolidators_changed += changed.append
    gone, stays = TradeBarConsolidator(FIVE), TradeBarConsolidator(FIVE)
    heard = Heard(gone), Heard(stays)
    for consolidator in (gone, stays):
        manager.add_consolidator(SPY, consolidator)
    algorithm.step(at(9, 31), trade_bar(at(9, 30)))
    manager.remove_consolidator(None, gone)
    manager.remove_consolidator(SPY, gone)
    algorithm.step(at(10))
    assert [len(item.bars) for item in heard] == [0, 1]
    assert changed == [manager.subscriptions[0]] * 3
    assert len(manager.subscriptions[0].consolidators) == 1


def test_a_handler_may_remove_its_consolidator(algorithm: Algorithm) -> None:
    consolidator = TradeBarConsolidator(2)
    heard = Heard(consolidator)
    consolidator.data_consolidated += lambda sender, bar: algorithm.manager.remove_consolidator(SPY, consolidator)
    algorithm.manager.add_consolidator(SPY, consolidator)
    for index in range(6):
        algorithm.step(at(9, 31 + index), trade_bar(at(9, 30 + index), index))
    assert len(heard.bars) == 1


class EveryOther(PythonConsolidator):
    """Hands out every other bar, and counts how often it is looked at."""

    def __init__(self) -> None:
        self.input_type = TradeBar
        self.output_type = TradeBar
        self.looks: list[datetime] = []

    def update(self, data: Any) -> None:
        if self.working_data is None:
            self.working_data = data
        else:
            self.on_data_consolidated(self, data)
            self.consolidated, self.working_data = data, None

    def scan(self, time: datetime) -> None:
        self.looks.append(time)


def test_a_consolidator_of_the_authors_own(algorithm: Algorithm) -> None:
    consolidator = EveryOther()
    heard = Heard(consolidator)
    algorithm.manager.add_consolidator(SPY, consolidator)
    for index in range(4):
        algorithm.step(at(9, 31 + index), trade_bar(at(9, 30 + index), index))
    assert [bar.close for bar in heard.bars] == [1, 3]
    assert sorted(set(consolidator.looks)) == [at(9, 31 + index) for index in range(4)]
    assert consolidator[0].value == 3
    algorithm.manager.remove_consolidator(SPY, consolidator)
    algorithm.step(at(9, 40), trade_bar(at(9, 39)))
    assert len(heard.bars) == 2


class Stranger:
    """Has the members of a consolidator, in the other spelling, and derives from nothing."""

    def __init__(self) -> None:
        self.DataConsolidated = Event()
        self.InputType = self.OutputType = TradeBar
        self.WorkingData = None
        self.looks = 0

    def Update(self, data: Any) -> None:
        self.DataConsolidated(self, data)

    def Scan(self, time: datetime) -> None:
        self.looks += 1


def test_a_stranger_may_consolidate(algorithm: Algorithm) -> None:
    stranger: Any = Stranger()
    heard: list[Any] = []
    stranger.DataConsolidated += lambda sender, bar: heard.append(bar.close)
    algorithm.manager.add_consolidator(SPY, stranger)
    algorithm.step(at(9, 31), trade_bar(at(9, 30), 7))
    algorithm.manager.remove_consolidator(SPY, stranger)
    algorithm.step(at(9, 32), trade_bar(at(9, 31), 8))
    assert heard == [7]
    assert stranger.looks == 1
    assert not algorithm.manager.subscriptions[0].consolidators


def test_an_authors_scan_is_always_called(algorithm: Algorithm) -> None:
    class Watcher(TradeBarConsolidator):
        looks = 0

        def Scan(self, time: datetime) -> None:
            Watcher.looks += 1

    algorithm.manager.add_consolidator(SPY, Watcher(FIVE))
    algorithm.step(at(9, 31), trade_bar(at(9, 30)))
    assert Watcher.looks == 1
    algorithm.step(at(9, 40))
    assert Watcher.looks > 2
