"""Reading on: a live run has no end, and reads its bars some way ahead of its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import TickType

if TYPE_CHECKING:
    from tradinglab.engine.feed import DataFeed

#: What lies so long before is read for the gaps that are filled from it.
_BEFORE_NS = 5 * DAY_NS


def extend_feed(feed: DataFeed, utc_ns: int, end_ns: int) -> None:
    """Let a run end later: from an instant on, all streams and events are read up to another end."""
    feed.end_ns = end_ns
    for subscription in feed.subscriptions:
        if subscription.removed_ns is not None:
            continue
        config, security = subscription.config, feed.securities_of[subscription.config]
        feed.read_again(subscription, security, max(feed.start_ns, utc_ns - _BEFORE_NS), utc_ns)
        if not subscription.is_internal and subscription.tick_type == TickType.TRADE:
            feed.events.forget(subscription.symbol)
        feed.events.add(config, security.exchange.hours, utc_ns, end_ns)
