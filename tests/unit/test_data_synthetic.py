"""Made-up bars."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from tradinglab.core.clock import MINUTE_NS, day_of_date, zone
from tradinglab.core.enums import SecurityType, TickType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.columns import BarColumns
from tradinglab.data.synthetic import SyntheticModel, minutes_of_days, seed_of, synthetic_days

NEW_YORK = zone("America/New_York")


@pytest.fixture(scope="module")
def hours() -> SecurityExchangeHours:
    return MarketHoursDatabase.default().get_exchange_hours("usa", "SPY", SecurityType.EQUITY)


def trading_days(hours: SecurityExchangeHours, first: date, last: date) -> np.ndarray:
    span = range(day_of_date(first), day_of_date(last) + 1)
    return np.array([day for day in span if hours.is_day_open(day)], np.int64)


@pytest.fixture(scope="module")
def year(hours: SecurityExchangeHours) -> BarColumns:
    return synthetic_days(trading_days(hours, date(2000, 1, 3), date(2019, 12, 31)), NEW_YORK, 5)


def test_days_are_bars(year: BarColumns) -> None:
    values = year.values
    assert (values["high"] >= np.maximum(values["open"], values["close"])).all()
    assert (values["low"] <= np.minimum(values["open"], values["close"])).all()
    assert (values["low"] > 0).all()
    assert (values["volume"] == np.rint(values["volume"])).all()
    assert str(year.exact("close", 9)).endswith("00")
    assert NEW_YORK.datetime(int(year.time_ns[0])) == datetime(2000, 1, 3)


def test_days_move_as_the_model_says(hours: SecurityExchangeHours) -> None:
    days = trading_days(hours, date(1990, 1, 2), date(2019, 12, 31))
    model = SyntheticModel(drift=0.1, volatility=0.3, volume=1_000, first_price=20)
    bars = synthetic_days(days, NEW_YORK, 3, model)
    moves = np.diff(np.log(bars.values["close"]))
    assert bars.values["open"][0] == 20
    assert np.std(moves) * np.sqrt(252) == pytest.approx(0.3, rel=0.05)
    assert np.mean(moves) * 252 == pytest.approx(0.1 - 0.3**2 / 2, abs=0.11)  # two standard errors of 30 years
    assert np.mean(bars.values["volume"]) == pytest.approx(1_000, rel=0.05)


def test_another_seed_is_another_history(year: BarColumns, hours: SecurityExchangeHours) -> None:
    days = trading_days(hours, date(2000, 1, 3), date(2019, 12, 31))
    assert (synthetic_days(days, NEW_YORK, 5).values["close"] == year.values["close"]).all()
    assert (synthetic_days(days, NEW_YORK, 6).values["close"] != year.values["close"]).any()
    assert seed_of("ABC", 1) == 606_732_627  # the same in every process


def test_minutes_add_up_to_their_days(year: BarColumns, hours: SecurityExchangeHours) -> None:
    part = year.take(slice(0, 300))
    bars = minutes_of_days(part, hours, 11)
    day = NEW_YORK.local_ns_array(bars.time_ns) // (24 * 60 * MINUTE_NS)
    first = np.flatnonzero(np.diff(day, prepend=-1))
    values = bars.values
    assert (values["open"][first] == part.values["open"]).all()
    assert (np.append(values["close"][first[1:] - 1], values["close"][-1]) == part.values["close"]).all()
    assert (np.maximum.reduceat(values["high"], first) == part.values["high"]).all()
    assert (np.minimum.reduceat(values["low"], first) == part.values["low"]).all()
    assert (np.add.reduceat(values["volume"], first) == part.values["volume"]).all()
    assert (values["high"] >= np.maximum(values["open"], values["close"])).all()
    assert (values["low"] <= np.minimum(values["open"], values["close"])).all()
    assert set(np.diff(np.append(first, len(day)))) == {390, 210}
    inside = np.diff(day) == 0
    assert (values["open"][1:] == values["close"][:-1])[inside].all()
    assert bars.exact("close", 5) == bars.exact("open", 6)


def test_a_day_without_movement_has_flat_minutes(hours: SecurityExchangeHours) -> None:
    days = trading_days(hours, date(2020, 1, 2), date(2020, 1, 2))
    start = NEW_YORK.utc_ns_array(days * 24 * 60 * MINUTE_NS)
    values = {**dict.fromkeys(("open", "high", "low", "close"), np.array([7.01])), "volume": np.array([3.0])}
    bars = minutes_of_days(BarColumns(TickType.TRADE, start, start, values), hours, 1)
    assert set(bars.values["high"]) == set(bars.values["low"]) == {7.01}
    assert bars.values["volume"].sum() == 3


def test_days_without_a_session_have_no_minutes(hours: SecurityExchangeHours) -> None:
    saturday = np.array([day_of_date(date(2020, 1, 4))])
    assert len(minutes_of_days(synthetic_days(saturday, NEW_YORK, 1), hours, 1)) == 0
    assert len(minutes_of_days(BarColumns.empty(TickType.TRADE), hours, 1)) == 0
