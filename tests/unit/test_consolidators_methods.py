"""``consolidate``: which consolidator it makes, and what it refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.consolidator_data import at, quote_bar, trade_bar
from tests.unit.schedule_markets import BTCUSD, EURUSD, SPY, Clock, MarketHours

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidate_methods import ConsolidateMethods
from tradinglab.algorithm.consolidators import (
    BaseDataConsolidator,
    Calendar,
    ConsolidationError,
    DynamicDataConsolidator,
    IdentityDataConsolidator,
    MarketHourAwareConsolidator,
    OpenInterestConsolidator,
    QuoteBarConsolidator,
    RangeBar,
    RangeConsolidator,
    RenkoBar,
    RenkoConsolidator,
    TickConsolidator,
    TickQuoteBarConsolidator,
    TradeBarConsolidator,
    VolumeRenkoBar,
    VolumeRenkoConsolidator,
)
from tradinglab.algorithm.subscriptions import SubscriptionDataConfig, SubscriptionManager
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import to_ns
from tradinglab.core.enums import Resolution, TickType


class Algorithm(ConsolidateMethods):
    """As much of an algorithm as ``consolidate`` needs."""

    def __new__(cls, *arguments: Any) -> Any:
        return object.__new__(cls)

    def __init__(self) -> None:
        self.market_hours_database: Any = MarketHours()
        self.settings: Any = SimpleNamespace(
            daily_precise_end_time=True, daily_consolidation_use_extended_market_hours=False
        )
        self.universe_settings: Any = SimpleNamespace(resolution=Resolution.MINUTE)
        self.subscription_manager = SubscriptionManager(Clock(datetime(2024, 3, 4, 14, 30)), self)  # type: ignore[arg-type]
        self.said: dict[str, str] = {}
        self.service = self.subscription_manager.subscription_data_config_service

    def lab_symbol(self, value: Any) -> Any:
        return {"SPY": SPY, "EURUSD": EURUSD, "BTCUSD": BTCUSD}.get(value, value)

    def lab_add_security_by_symbol(self, symbol: Any) -> Any:
        return self.service.add(symbol)

    def lab_once(self, key: str, message: str) -> None:
        self.said[key] = message


@pytest.fixture
def algorithm() -> Algorithm:
    made = Algorithm()
    made.service.add(SPY, Resolution.MINUTE)
    made.service.add(EURUSD, Resolution.HOUR)
    made.service.add(BTCUSD, Resolution.TICK)
    return made


def ignore(bar: Any) -> None:
    """Listen to nothing."""


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("SPY", HOUR), TradeBarConsolidator),
        (("SPY", Resolution.HOUR), TradeBarConsolidator),
        (("SPY", Resolution.HOUR, TickType.QUOTE), QuoteBarConsolidator),
        (("SPY", HOUR, None), TradeBarConsolidator),
        (("SPY", Resolution.MINUTE), IdentityDataConsolidator),
        (("SPY", timedelta(minutes=1), TickType.QUOTE), IdentityDataConsolidator),
        (("SPY", Resolution.DAILY), MarketHourAwareConsolidator),
        (("SPY", timedelta(days=1)), TradeBarConsolidator),
        (("SPY", Calendar.WEEKLY), TradeBarConsolidator),
        (("SPY", Calendar.MONTHLY, TickType.QUOTE), QuoteBarConsolidator),
        (("EURUSD", Resolution.HOUR), IdentityDataConsolidator),
        (("EURUSD", Calendar.YEARLY), QuoteBarConsolidator),
        (("BTCUSD", HOUR), TickConsolidator),
        (("BTCUSD", HOUR, TickType.QUOTE), TickQuoteBarConsolidator),
        (("BTCUSD", Resolution.TICK), IdentityDataConsolidator),
        ((RenkoBar, "SPY", 0.1, None), RenkoConsolidator),
        ((VolumeRenkoBar, "SPY", 10000, None), VolumeRenkoConsolidator),
        ((RangeBar, "SPY", 12, None), RangeConsolidator),
        ((TradeBar, "SPY", 10, None), TradeBarConsolidator),
        ((QuoteBar, "SPY", 10, None), QuoteBarConsolidator),
        ((BaseData, "SPY", 10, None), BaseDataConsolidator),
        ((TradeBar, "BTCUSD", 10, None), TickConsolidator),
        ((QuoteBar, "BTCUSD", 10, TickType.QUOTE), TickQuoteBarConsolidator),
    ],
)
def test_what_is_made(algorithm: Algorithm, arguments: tuple[Any, ...], kind: type) -> None:
    made = algorithm.consolidate(*arguments, ignore)
    assert type(made) is kind
    holders = [c for c in algorithm.subscription_manager.subscriptions if made in c.consolidators]
    assert len(holders) == 1
    assert issubclass(holders[0].type, made.input_type)


def feed(algorithm: Algorithm, config: SubscriptionDataConfig, *bars: Any) -> None:
    for bar in bars:
        config.consolidators.feed([bar], to_ns(bar.end_time))


def test_the_handler_gets_the_bars(algorithm: Algorithm) -> None:
    trades, quotes = algorithm.service.get_subscription_data_configs(SPY)
    heard: list[Any] = []
    algorithm.consolidate("SPY", timedelta(minutes=2), heard.append)
    algorithm.consolidate(symbol="SPY", period=timedelta(minutes=2), tick_type=TickType.QUOTE, handler=heard.append)
    algorithm.Consolidate(RangeBar, "SPY", 12, None, heard.append)  # type: ignore[attr-defined]
    feed(algorithm, trades, *[trade_bar(at(9, 30 + index), 100.0) for index in range(2)])
    feed(algorithm, quotes, *[quote_bar(at(9, 30 + index), 1, 2) for index in range(2)])
    assert [(type(bar), bar.end_time) for bar in heard] == [(TradeBar, at(9, 32)), (QuoteBar, at(9, 32))]


def test_an_unknown_symbol_is_subscribed_to() -> None:
    algorithm = Algorithm()
    algorithm.consolidate("SPY", HOUR, ignore)
    assert len(algorithm.subscription_manager.subscriptions) == 2


def test_bars_cannot_be_made_finer(algorithm: Algorithm) -> None:
    for period in (Resolution.MINUTE, timedelta(minutes=30)):
        with pytest.raises(ConsolidationError, match="resolution Hour"):
            algorithm.consolidate("EURUSD", period, ignore)


def test_days_without_extended_hours_are_warned_of() -> None:
    algorithm = Algorithm()
    algorithm.service.add(SPY, Resolution.MINUTE, extended_market_hours=True)
    algorithm.consolidate("SPY", Resolution.DAILY, ignore)
    assert "daily_consolidation_use_extended_market_hours" in algorithm.said["daily consolidation"]
    silent = Algorithm()
    silent.settings.daily_consolidation_use_extended_market_hours = True
    silent.service.add(SPY, Resolution.MINUTE, extended_market_hours=True)
    silent.consolidate("SPY", Resolution.DAILY, ignore)
    assert silent.said == {}


def test_resolving(algorithm: Algorithm) -> None:
    resolve = algorithm.resolve_consolidator
    assert type(resolve("SPY", None)) is IdentityDataConsolidator
    assert type(resolve("SPY", HOUR, QuoteBar)) is QuoteBarConsolidator
    assert type(resolve(SPY, Resolution.DAILY)) is MarketHourAwareConsolidator
    assert not any(config.consolidators for config in algorithm.subscription_manager.subscriptions)


def test_creating_by_type() -> None:
    class PythonData(BaseData):
        """Stands for an author's data."""

    class Weather(PythonData):
        pass

    create = ConsolidateMethods.create_consolidator
    made = [
        create(HOUR, TradeBar), create(HOUR, QuoteBar), create(HOUR, Tick), create(HOUR, Tick, TickType.QUOTE),
        create(HOUR, Tick, TickType.OPEN_INTEREST), create(HOUR, BaseData), create(HOUR, Weather),
        create(timedelta(0), TradeBar), create(timedelta(0), Weather),
    ]  # fmt: skip
    assert [type(each) for each in made] == [
        TradeBarConsolidator, QuoteBarConsolidator, TickConsolidator, TickQuoteBarConsolidator,
        OpenInterestConsolidator, BaseDataConsolidator, DynamicDataConsolidator,
        IdentityDataConsolidator, DynamicDataConsolidator,
    ]  # fmt: skip
