"""How long bars are."""

from __future__ import annotations

from datetime import timedelta

from tradinglab.core.enums import Resolution

ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
NO_TIME = timedelta(0)

SPANS = {
    Resolution.TICK: NO_TIME,
    Resolution.SECOND: timedelta(seconds=1),
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAILY: ONE_DAY,
}
"""How long a bar of each resolution is."""
