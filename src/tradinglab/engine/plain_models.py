"""Which models are ours and change nothing when they are asked, so that their answers are known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power import BuyingPowerModel, NullBuyingPowerModel
from tradinglab.algorithm.models.margin_interest import MarginInterestRateModel
from tradinglab.algorithm.models.settlement import SettlementModel
from tradinglab.core.enums import TickType
from tradinglab.engine.subscription import Subscription

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security

_MARGIN_METHODS = (
    "has_sufficient_buying_power_for_order",
    "get_margin_remaining",
    "get_initial_margin_requirement",
    "get_initial_margin_required_for_order",
    "get_maintenance_margin",
)
_plain_margins: dict[type, bool] = {}


def is_ours(model: object) -> bool:
    """Return whether a model is the engine's, and not an author's."""
    return type(model).__module__.startswith("tradinglab.")


def has_plain_margin(security: Security) -> bool:
    """Return whether margin is the ordinary fraction of a position's value, or nothing at all."""
    kind = type(security.buying_power_model)
    found = _plain_margins.get(kind)
    if found is None:
        found = _plain_margins[kind] = kind.__module__.startswith("tradinglab.") and (
            kind is NullBuyingPowerModel
            or all(getattr(kind, name) is getattr(BuyingPowerModel, name) for name in _MARGIN_METHODS)
        )
    return found


def settles(security: Security) -> bool:
    """Return whether a settlement model does anything as time goes by."""
    return getattr(type(security.settlement_model), "scan", None) is not SettlementModel.scan


def charges_interest(security: Security) -> bool:
    """Return whether a margin interest model charges anything."""
    model = security.margin_interest_rate_model
    ours = MarginInterestRateModel.apply_margin_interest_rate
    return getattr(type(model), "apply_margin_interest_rate", None) is not ours


def only_feed(security: Security) -> Subscription | None:
    """Return the one stream of trade bars that a security's prices come from; ``None`` if there are others too."""
    feeds = [feed for feed in security.cache.feeds if isinstance(feed, Subscription) and len(feed)]
    if len(feeds) != len([feed for feed in security.cache.feeds if len(feed.columns)]) or len(feeds) != 1:
        return None
    feed = feeds[0]
    is_plain = feed.tick_type == TickType.TRADE and not feed.is_tick and feed.removed_ns is None
    return feed if is_plain and not security.cache.has_pushed else None
