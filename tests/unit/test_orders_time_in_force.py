"""When orders expire; the days are those of LEAN's own unit tests."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest
from tests.order_market import BTCUSD, EURUSD, SPY

from tradinglab.algorithm.orders import LimitOrder, Order, OrderEvent, OrderFee, OrderProperties, TimeInForce
from tradinglab.core.clock import zone
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol

NEW_YORK = zone("America/New_York")


def _expired(symbol: Symbol, time_in_force: TimeInForce, ordered: datetime, now: datetime) -> bool:
    """Ask with both times on New York's wall clock; those of crypto are in UTC."""
    clock = zone("UTC") if symbol == BTCUSD else NEW_YORK
    hours = MarketHoursDatabase.default().get_exchange_hours(symbol.id.market, symbol, symbol.security_type)
    exchange = SimpleNamespace(hours=hours, time_zone=hours.time_zone)
    local = hours.time_zone.datetime(clock.to_utc(now))
    properties = OrderProperties()
    properties.time_in_force = time_in_force
    order: Order = LimitOrder(symbol, 10, 100, clock.to_utc(ordered), properties=properties)
    security = SimpleNamespace(exchange=exchange, local_time=local)
    assert order.time_in_force.is_fill_valid(security, order, OrderEvent(order, ordered, OrderFee.ZERO))
    return order.time_in_force.is_order_expired(security, order)


UNTIL_MAY = TimeInForce.good_til_date(datetime(2018, 5, 1))
FRIDAY_10 = datetime(2018, 4, 27, 10)
WEDNESDAY_10 = datetime(2018, 4, 25, 10)
WEDNESDAY_18 = datetime(2018, 4, 25, 18)


@pytest.mark.parametrize("symbol", [SPY, EURUSD, BTCUSD])
def test_until_cancelled(symbol: Symbol) -> None:
    assert not _expired(symbol, TimeInForce.GOOD_TIL_CANCELED, FRIDAY_10, datetime(2028, 1, 1))


@pytest.mark.parametrize(
    ("symbol", "ordered", "working", "expired"),
    [
        (SPY, FRIDAY_10, datetime(2018, 4, 27, 15, 59, 59), datetime(2018, 4, 27, 16)),
        (EURUSD, WEDNESDAY_10, datetime(2018, 4, 25, 16, 59, 59), datetime(2018, 4, 25, 17)),
        (EURUSD, WEDNESDAY_18, datetime(2018, 4, 26, 16, 59, 59), datetime(2018, 4, 26, 17)),
        (BTCUSD, FRIDAY_10, datetime(2018, 4, 27, 23, 59, 59), datetime(2018, 4, 28)),
    ],
)
def test_for_the_day(symbol: Symbol, ordered: datetime, working: datetime, expired: datetime) -> None:
    assert not _expired(symbol, TimeInForce.DAY, ordered, working)
    assert _expired(symbol, TimeInForce.DAY, ordered, expired)


@pytest.mark.parametrize(
    ("symbol", "working", "expired"),
    [
        (SPY, datetime(2018, 5, 1, 15, 59, 59), datetime(2018, 5, 1, 16)),
        (EURUSD, datetime(2018, 5, 1, 16, 59, 59), datetime(2018, 5, 1, 17)),
        (BTCUSD, datetime(2018, 5, 1, 23, 59, 59), datetime(2018, 5, 2)),
    ],
)
def test_until_a_date(symbol: Symbol, working: datetime, expired: datetime) -> None:
    for now in (FRIDAY_10, datetime(2018, 4, 30, 23), working):
        assert not _expired(symbol, UNTIL_MAY, FRIDAY_10, now)
    assert _expired(symbol, UNTIL_MAY, FRIDAY_10, expired)


def test_constants_in_both_spellings() -> None:
    assert TimeInForce.Day is TimeInForce.DAY
    assert TimeInForce.GoodTilCanceled is TimeInForce.GOOD_TIL_CANCELED
    assert TimeInForce.GoodTilDate(datetime(2018, 5, 1)).Expiry == UNTIL_MAY.expiry
    assert TimeInForce.GOOD_TIL_DATE(datetime(2018, 5, 1)).expiry == UNTIL_MAY.expiry
