"""What an algorithm subscribed to, and the consolidators that it added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bar_spans import SPANS
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import DataConsolidator
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.algorithm.consolidators.foreign import ForeignConsolidator, as_consolidator
from tradinglab.algorithm.consolidators.pump import ScanQueue
from tradinglab.algorithm.events import EventMember
from tradinglab.algorithm.subscription_config import (
    AVAILABLE_DATA_TYPES,
    SubscriptionDataConfig,
    data_type_of,
    is_common_data_type,
    tick_type_of,
)
from tradinglab.algorithm.subscription_service import SubscriptionDataConfigService
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.dual import Dual
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tradinglab.algorithm.securities import TimeKeeper
    from tradinglab.core.enums import Resolution, SecurityType, TickType

__all__ = [
    "AVAILABLE_DATA_TYPES",
    "SPANS",
    "SubscriptionDataConfig",
    "SubscriptionDataConfigService",
    "SubscriptionManager",
    "data_type_of",
    "is_common_data_type",
    "is_subscription_valid_for_consolidator",
    "tick_type_of",
]


class SubscriptionManager(Dual):
    """The subscriptions of an algorithm, and the consolidators on them.

    For the engine: ``next_scan_ns`` is the instant before which ``scan_past_consolidators`` has
    nothing to do, and ``consolidators_changed`` is raised when one was added or removed.
    """

    consolidators_changed = EventMember("Raised with the subscription when a consolidator was added or removed.")

    def __init__(self, time_keeper: TimeKeeper, algorithm: Any) -> None:
        self._algorithm = algorithm
        self._time_keeper = time_keeper
        self._service = SubscriptionDataConfigService(algorithm)
        self._scans = ScanQueue(time_keeper)
        self._foreign: dict[int, ForeignConsolidator] = {}

    @property
    def subscription_data_config_service(self) -> SubscriptionDataConfigService:
        """Knows all subscriptions and makes new ones."""
        return self._service

    @property
    def subscriptions(self) -> list[SubscriptionDataConfig]:
        """The subscriptions but for the engine's own."""
        return self._service.get_subscription_data_configs()

    @property
    def count(self) -> int:
        """How many subscriptions there are, the engine's own included."""
        return len(self._service)

    @property
    def available_data_types(self) -> dict[SecurityType, tuple[TickType, ...]]:
        """The tick types that a security of each type is subscribed to."""
        return AVAILABLE_DATA_TYPES

    def get_data_types_for_security(self, security_type: SecurityType) -> tuple[TickType, ...]:
        """Return the tick types that a security of a type is subscribed to."""
        return AVAILABLE_DATA_TYPES[security_type]

    def lookup_subscription_config_data_types(
        self, symbol_security_type: SecurityType, resolution: Resolution, is_canonical: bool = False
    ) -> list[tuple[type[BaseData], TickType]]:
        """Return the types of data of a security at a resolution."""
        return self._service.lookup_subscription_config_data_types(symbol_security_type, resolution, is_canonical)

    def add_consolidator(
        self, symbol: Symbol | str, consolidator: DataConsolidator, tick_type: TickType | None = None
    ) -> None:
        """Let a consolidator take the data of the first subscription of a symbol that suits it.

        Raises
        ------
        ConsolidationError
            If the symbol has no subscription, or none of a type that the consolidator takes.
        """
        target = self._symbol(symbol)
        subscriptions = self._service.get_subscription_data_configs(target)
        if not subscriptions:
            raise ConsolidationError(f"Subscribe to {target.value} before adding a consolidator for it.")
        member = self._adopt(consolidator)
        if member.input_type is BaseData and tick_type is None:
            tick_type = AVAILABLE_DATA_TYPES[target.security_type][0]
        for config in subscriptions:
            if is_subscription_valid_for_consolidator(config, member, tick_type):
                config.consolidators.add(member)
                self._scans.add(member, config.increment, config.exchange_time_zone)
                self.consolidators_changed(config)
                return
        if tick_type is not None and all(config.tick_type != tick_type for config in subscriptions):
            available = ", ".join(str(config.tick_type) for config in subscriptions)
            raise ConsolidationError(
                f"{target.value} has no subscription of the tick type {tick_type}. Its tick types are: {available}."
            )
        supported = ", ".join(config.type.__name__ for config in subscriptions)
        raise ConsolidationError(
            f"{type(consolidator).__name__} takes {member.input_type.__name__}, "
            f"but the data of {target.value} are: {supported}."
        )

    def remove_consolidator(self, symbol: Symbol | str | None, consolidator: DataConsolidator) -> None:
        """Let a consolidator take no more data; without a symbol, of any subscription."""
        member = self._foreign.pop(id(consolidator), None) or as_consolidator(consolidator)
        target = None if symbol is None else self._symbol(symbol)
        for config in self._service.get_subscription_data_configs(target):
            if member in config.consolidators:
                config.consolidators.remove(member)
                self.consolidators_changed(config)
        self._scans.remove(member)
        dispose = getattr(member, "dispose", None)
        if dispose is not None:
            dispose()

    @property
    def next_scan_ns(self) -> int:
        """The instant up to which no consolidator needs to be looked at."""
        return self._scans.next_ns

    def scan_past_consolidators(self, new_utc_ns: int, set_time: Callable[[int], object] | None = None) -> None:
        """Let consolidators hand out the bars that should have been finished before an instant.

        *set_time* moves the algorithm's clock to each time; by default the time keeper's.
        """
        self._scans.scan_past(new_utc_ns, self._time_keeper.set_utc_ns if set_time is None else set_time)

    def _adopt(self, consolidator: DataConsolidator) -> DataConsolidator:
        known = self._foreign.get(id(consolidator))
        if known is not None:
            return known
        member = as_consolidator(consolidator)
        if isinstance(member, ForeignConsolidator) and member is not consolidator:
            self._foreign[id(consolidator)] = member
        return member

    def _symbol(self, symbol: Symbol | str) -> Symbol:
        if isinstance(symbol, Symbol):
            return symbol
        found: Symbol = self._algorithm.lab_symbol(symbol)
        return found


def is_subscription_valid_for_consolidator(
    subscription: SubscriptionDataConfig, consolidator: DataConsolidator, desired_tick_type: TickType | None = None
) -> bool:
    """Return whether a consolidator can take the data of a subscription."""
    if not issubclass(subscription.type, consolidator.input_type):
        return False
    if subscription.type is not Tick:
        return True
    if desired_tick_type is not None:
        return subscription.tick_type == desired_tick_type
    made = consolidator.output_type
    return not is_common_data_type(made) or subscription.tick_type == tick_type_of(made, subscription.security_type)
