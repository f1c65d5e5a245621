"""How long an insight is to live, as its author has said it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from tradinglab.algorithm.insights.close_times import close_after_bars_ns, close_after_period_ns
from tradinglab.algorithm.names import ArgumentException, Time
from tradinglab.core.clock import from_ns, span_ns, to_ns
from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours

#: Period and close, UTC.
Life = tuple[timedelta, datetime]


class Lifetime(Protocol):
    """Says when an insight closes."""

    def life(self, generated: datetime, hours: SecurityExchangeHours) -> Life:
        """Return the period and the close, UTC, of an insight that was generated then (UTC)."""
        ...


@dataclass(frozen=True, slots=True)
class PeriodLifetime:
    """A length of time over which the market is open; none at all is a second."""

    period: timedelta

    def life(self, generated: datetime, hours: SecurityExchangeHours) -> Life:
        """Return the period as it was given, and the close."""
        period = self.period or Time.ONE_SECOND
        return period, from_ns(close_after_period_ns(hours, to_ns(generated), span_ns(period)))


@dataclass(frozen=True, slots=True)
class BarsLifetime:
    """A number of bars that the market is open in."""

    resolution: Resolution
    count: int

    def life(self, generated: datetime, hours: SecurityExchangeHours) -> Life:
        """Return the period, which follows from the close."""
        closes = from_ns(close_after_bars_ns(hours, to_ns(generated), self.resolution, self.count))
        return closes - generated, closes


@dataclass(frozen=True, slots=True)
class CloseLifetime:
    """Until a moment of the exchange's time zone, or the market's next open if it is closed then."""

    closes: datetime

    def life(self, generated: datetime, hours: SecurityExchangeHours) -> Life:
        """Return the period, which follows from the close."""
        closes = _close_in_market(self.closes, hours)
        if closes < generated:
            raise ArgumentException(
                f"An insight closes after it was generated; close_time_local was {self.closes}, and now it is "
                f"{hours.time_zone.datetime(to_ns(generated))} at the exchange."
            )
        return closes - generated, closes


@dataclass(frozen=True, slots=True)
class ExpiryLifetime:
    """Until the moment that a function (``Expiry.END_OF_WEEK``) makes of the present one, both of the exchange."""

    expiry: Callable[[datetime], datetime]

    def life(self, generated: datetime, hours: SecurityExchangeHours) -> Life:
        """Return the period, which follows from the close."""
        closes = _close_in_market(self.expiry(hours.time_zone.datetime(to_ns(generated))), hours)
        return closes - generated, closes


class EndlessLifetime:
    """Until the end of time, as LEAN knows it."""

    def life(self, generated: datetime, hours: SecurityExchangeHours) -> Life:
        """Return what stands for no end."""
        return Time.END_OF_TIME_TIME_SPAN, Time.END_OF_TIME


def _close_in_market(local: datetime, hours: SecurityExchangeHours) -> datetime:
    if not hours.is_open(local, False):
        local = hours.get_next_market_open(local, False)
    return from_ns(hours.time_zone.to_utc(local))


def lifetime_of(end: object) -> Lifetime:
    """Return the lifetime that a length of time, a moment or a function means."""
    if isinstance(end, timedelta):
        return EndlessLifetime() if end == Time.END_OF_TIME_TIME_SPAN else PeriodLifetime(end)
    if isinstance(end, datetime):
        return EndlessLifetime() if end == Time.END_OF_TIME else CloseLifetime(end)
    if callable(end):
        return ExpiryLifetime(end)
    raise TypeError(
        "An insight lasts a timedelta, until a datetime, or until what a function such as Expiry.END_OF_DAY makes of "
        f"the present; it was {end!r}."
    )
