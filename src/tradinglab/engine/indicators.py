"""Indicators that read whole columns instead of listening to bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicator_registration import updater
from tradinglab.algorithm.indicators.field import selector_of
from tradinglab.algorithm.indicators.following import follow_anew
from tradinglab.core.enums import Resolution
from tradinglab.engine.subscription import IndicatorSource

if TYPE_CHECKING:
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.feed import DataFeed
    from tradinglab.engine.phases import Attention
    from tradinglab.engine.subscription import Subscription

_Waiting = tuple[Any, str]


class IndicatorDesk:
    """Attaches indicators to subscriptions.

    An indicator that is registered before its subscription's columns are there waits for them. As
    soon as anything listens to the bars of a subscription one by one, its attached indicators do so
    too: who sees a bar first is then decided by who was registered first, as in LEAN.
    """

    def __init__(self, feed: DataFeed, attention: Attention) -> None:
        self._feed = feed
        self._attention = attention
        self._known: list[tuple[Symbol, Any]] = []
        self._waiting: dict[SubscriptionDataConfig, list[_Waiting]] = {}
        self._attached: dict[SubscriptionDataConfig, list[_Waiting]] = {}
        feed.on_opened = self.open
        feed.on_replaced = self.follow_anew

    def attach(self, config: SubscriptionDataConfig, indicator: Any, selector: str) -> bool:
        """Let an indicator read a subscription's columns; return whether it could."""
        self._known.append((config.symbol, indicator))
        if config.resolution == Resolution.TICK or len(config.consolidators):
            return False
        subscription = self._feed.of_config(config)
        if subscription is None:
            self._waiting.setdefault(config, []).append((indicator, selector))
            return True
        return self._connect(subscription, indicator, selector)

    def open(self, subscription: Subscription) -> None:
        """Attach what waited for a subscription's columns; what has no array form streams."""
        for indicator, selector in self._waiting.pop(subscription.config, []):
            if len(subscription.config.consolidators) or not self._connect(subscription, indicator, selector):
                self._stream(subscription.config, indicator, selector)

    def follow_anew(self, subscription: Subscription) -> None:
        """Let the indicators of a subscription read its new columns: those ahead are others."""
        for indicator, _ in list(self._attached.get(subscription.config, [])):
            follow_anew(indicator)

    def on_consolidators_changed(self, config: SubscriptionDataConfig) -> None:
        """Something listens to a subscription's bars: let its indicators stream from now on, ahead of it."""
        released = [*self._waiting.pop(config, []), *self._attached.pop(config, [])]
        if released:
            later = list(config.consolidators)
            for consolidator in later:
                config.consolidators.remove(consolidator)
            for indicator, selector in released:
                indicator.detach()
                self._stream(config, indicator, selector)
            for consolidator in later:
                config.consolidators.add(consolidator)
        self._feed.refresh_streaming()
        self._attention.raised = True

    def detach(self, indicator: Any) -> None:
        """Forget an indicator: it gets no more bars."""
        for table in (self._waiting, self._attached):
            for config, entries in table.items():
                table[config] = [entry for entry in entries if entry[0] is not indicator]
        indicator.detach()

    @property
    def never_ready(self) -> tuple[str, ...]:
        """The names of indicators that have not had enough bars."""
        return tuple(indicator.name for _, indicator in self._known if not indicator.is_ready)

    def not_ready(self, symbol: Symbol) -> tuple[str, ...]:
        """Return the names of a security's indicators that have not had enough bars by now."""
        return tuple(indicator.name for of, indicator in self._known if of == symbol and not indicator.is_ready)

    def _connect(self, subscription: Subscription, indicator: Any, selector: str) -> bool:
        config = subscription.config

        def stream() -> None:
            entries = self._attached.get(config, [])
            if any(one is indicator for one, _ in entries):
                self._attached[config] = [entry for entry in entries if entry[0] is not indicator]
                self._stream(config, indicator, selector)

        if not indicator.attach(IndicatorSource(subscription, selector, stream)):
            return False
        self._attached.setdefault(config, []).append((indicator, selector))
        return True

    def _stream(self, config: SubscriptionDataConfig, indicator: Any, selector: str) -> None:
        from tradinglab.algorithm.consolidators import IdentityDataConsolidator

        consolidator = IdentityDataConsolidator()
        consolidator.data_consolidated += updater(indicator, selector_of(selector))
        indicator.consolidators.append(consolidator)
        config.consolidators.add(consolidator)
        self._feed.refresh_streaming()
        self._attention.raised = True
