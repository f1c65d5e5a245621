"""How long an order works before it is cancelled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from tradinglab.core.clock import DAY_NS, HOUR_NS, NEW_YORK_ZONE, from_ns, to_ns, zone
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders.order import Order
    from tradinglab.algorithm.orders.order_event import OrderEvent
    from tradinglab.algorithm.orders.protocols import TradedSecurity

_CURRENCIES = frozenset({SecurityType.FOREX, SecurityType.CFD})
_CRYPTO = frozenset({SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE})
# Currency brokers close the day at 5 PM in New York.
_CUT_OFF_NS = 17 * HOUR_NS


class TimeInForce(Dual):
    """Base of the times in force; its constants are the ones there are."""

    GOOD_TIL_CANCELED: ClassVar[GoodTilCanceledTimeInForce]
    GoodTilCanceled: ClassVar[GoodTilCanceledTimeInForce]
    DAY: ClassVar[DayTimeInForce]
    Day: ClassVar[DayTimeInForce]

    type_name: ClassVar[str] = "TimeInForce"
    """Name of the class in a serialised order."""

    @staticmethod
    def good_til_date(expiry: datetime) -> GoodTilDateTimeInForce:
        """Return a time in force that ends with the session of the date *expiry*."""
        return GoodTilDateTimeInForce(expiry)

    GOOD_TIL_DATE = good_til_date

    def is_order_expired(self, security: TradedSecurity, order: Order) -> bool:
        """Return whether *order* has worked long enough."""
        raise NotImplementedError

    def is_fill_valid(self, security: TradedSecurity, order: Order, fill: OrderEvent) -> bool:
        """Return whether *fill* may still happen."""
        return True


class GoodTilCanceledTimeInForce(TimeInForce):
    """The order works until it is filled or cancelled."""

    type_name = "GoodTilCanceledTimeInForce"

    def is_order_expired(self, security: TradedSecurity, order: Order) -> bool:
        """Return ``False``."""
        return False


class DayTimeInForce(TimeInForce):
    """The order works until the day's trading ends."""

    type_name = "DayTimeInForce"

    def is_order_expired(self, security: TradedSecurity, order: Order) -> bool:
        """Return whether the session in which *order* was made is over.

        For currencies and CFDs a day ends at 17:00 in New York, for crypto at midnight of the exchange's
        time zone, otherwise at the market's close.
        """
        home = security.exchange.time_zone
        local_ns = to_ns(security.local_time)
        if order.security_type in _CURRENCIES:
            new_york = zone(NEW_YORK_ZONE)
            order_ns = new_york.local_ns(order.time_ns)
            expiry_ns = order_ns // DAY_NS * DAY_NS + _CUT_OFF_NS
            if order_ns > expiry_ns:
                expiry_ns += DAY_NS
            return new_york.local_ns(home.utc_ns(local_ns)) >= expiry_ns
        order_ns = home.local_ns(order.time_ns)
        if order.security_type in _CRYPTO:
            return local_ns // DAY_NS > order_ns // DAY_NS
        return local_ns >= to_ns(security.exchange.hours.get_last_daily_market_close(from_ns(order_ns), False))


class GoodTilDateTimeInForce(TimeInForce):
    """The order works until the session of a date is over."""

    type_name = "GoodTilDateTimeInForce"

    def __init__(self, expiry: datetime) -> None:
        self._expiry = expiry

    @property
    def expiry(self) -> datetime:
        """The date after whose session the order is cancelled."""
        return self._expiry

    def is_order_expired(self, security: TradedSecurity, order: Order) -> bool:
        """Return whether trading on the date of expiry is over."""
        local = security.local_time
        if order.security_type in _CURRENCIES:
            utc_ns = security.exchange.time_zone.utc_ns(to_ns(local))
            return utc_ns >= to_ns(self.get_forex_order_expiry_date_time(order))
        if order.security_type in _CRYPTO:
            return local.date() > self._expiry.date()
        return local >= security.exchange.hours.get_last_daily_market_close(_midnight(self._expiry), False)

    def get_forex_order_expiry_date_time(self, order: Order) -> datetime:
        """Return when a currency order expires, in UTC: at 17:00 in New York."""
        new_york = zone(NEW_YORK_ZONE)
        expiry = _midnight(self._expiry) + timedelta(hours=17)
        if order.time.date() == self._expiry.date() and new_york.local_ns(order.time_ns) % DAY_NS > _CUT_OFF_NS:
            expiry += timedelta(days=1)
        return from_ns(new_york.to_utc(expiry))


def _midnight(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day)


TimeInForce.GOOD_TIL_CANCELED = TimeInForce.GoodTilCanceled = GoodTilCanceledTimeInForce()
TimeInForce.DAY = TimeInForce.Day = DayTimeInForce()
