"""All subscriptions of an algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.subscription_config import AVAILABLE_DATA_TYPES, SubscriptionDataConfig, data_type_of
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.core.symbol import Symbol


class SubscriptionDataConfigService(Dual):
    """Knows all subscriptions and makes new ones.

    *algorithm* is asked for its market hours and for the resolution that it subscribes with when
    none is given.
    """

    def __init__(self, algorithm: Any) -> None:
        self._algorithm = algorithm
        self._configs: dict[SubscriptionDataConfig, SubscriptionDataConfig] = {}
        #: What was found for a symbol, with the engine's own or without.
        self._found: dict[tuple[Symbol | None, bool], list[SubscriptionDataConfig]] = {}

    @property
    def available_data_types(self) -> dict[SecurityType, tuple[TickType, ...]]:
        """The tick types that a security of each type is subscribed to."""
        return AVAILABLE_DATA_TYPES

    def tick_type_order(self, symbol: Symbol, tick_type: TickType) -> int:
        """Return the place of a tick type among those of a security; -1 if it has none such."""
        available = AVAILABLE_DATA_TYPES[symbol.security_type]
        return available.index(tick_type) if tick_type in available else -1

    def lookup_subscription_config_data_types(
        self, symbol_security_type: SecurityType, resolution: Resolution, is_canonical: bool = False
    ) -> list[tuple[type[BaseData], TickType]]:
        """Return the types of data of a security at a resolution.

        An equity has no quotes at hourly and daily resolution.
        """
        low = symbol_security_type == SecurityType.EQUITY and resolution >= Resolution.HOUR
        return [
            (data_type_of(resolution, tick_type), tick_type)
            for tick_type in AVAILABLE_DATA_TYPES[symbol_security_type]
            if not (low and tick_type == TickType.QUOTE)
        ]

    def add(
        self,
        symbol: Symbol,
        resolution: Resolution | None = None,
        fill_forward: bool = True,
        extended_market_hours: bool = False,
        is_filtered_subscription: bool = True,
        is_internal_feed: bool = False,
        is_custom_data: bool = False,
        subscription_data_types: Sequence[tuple[type[BaseData], TickType]] | None = None,
        data_normalization_mode: DataNormalizationMode = DataNormalizationMode.ADJUSTED,
    ) -> list[SubscriptionDataConfig]:
        """Subscribe to a security; of a subscription that there is already, that one is returned."""
        configs = self.make_configs(
            symbol, resolution, fill_forward, extended_market_hours, is_filtered_subscription, is_internal_feed,
            is_custom_data, subscription_data_types, data_normalization_mode,
        )  # fmt: skip
        return [self.add_config(config) for config in configs]

    def add_config(self, config: SubscriptionDataConfig) -> SubscriptionDataConfig:
        """Take up a subscription, or return the equal one that there is."""
        self._found.clear()
        return self._configs.setdefault(config, config)

    def make_configs(
        self,
        symbol: Symbol,
        resolution: Resolution | None = None,
        fill_forward: bool = True,
        extended_market_hours: bool = False,
        is_filtered_subscription: bool = True,
        is_internal_feed: bool = False,
        is_custom_data: bool = False,
        subscription_data_types: Sequence[tuple[type[BaseData], TickType]] | None = None,
        data_normalization_mode: DataNormalizationMode = DataNormalizationMode.ADJUSTED,
    ) -> list[SubscriptionDataConfig]:
        """Return the subscriptions that a security would get, without taking them up."""
        chosen = self._algorithm.universe_settings.resolution if resolution is None else Resolution(resolution)
        types = subscription_data_types
        if types is None:
            types = self.lookup_subscription_config_data_types(symbol.security_type, chosen)
        hours = self._algorithm.market_hours_database
        place = (symbol.id.market, symbol, symbol.security_type)
        data_zone, exchange_zone = hours.get_data_time_zone(*place), hours.get_exchange_hours(*place).time_zone
        raw = symbol.security_type in (SecurityType.OPTION, SecurityType.INDEX_OPTION, SecurityType.FUTURE_OPTION,
                                       SecurityType.INDEX)  # fmt: skip
        return [
            SubscriptionDataConfig(
                data_type, symbol, chosen, data_zone, exchange_zone, fill_forward, extended_market_hours,
                is_internal_feed or (subscription_data_types is None and tick_type == TickType.OPEN_INTEREST),
                is_custom_data, tick_type, is_filtered_subscription,
                DataNormalizationMode.RAW if raw else data_normalization_mode,
            )
            for data_type, tick_type in types
        ]  # fmt: skip

    def remove(self, config: SubscriptionDataConfig) -> None:
        """Forget a subscription; one that is not there is not missed."""
        self._found.clear()
        self._configs.pop(config, None)

    def remove_symbol(self, symbol: Symbol) -> None:
        """Forget all subscriptions of a security but the engine's own."""
        for config in self.get_subscription_data_configs(symbol):
            self.remove(config)

    def get_subscription_data_configs(
        self, symbol: Symbol | None = None, include_internal_configs: bool = False
    ) -> list[SubscriptionDataConfig]:
        """Return the subscriptions of a security, or all; the engine's own last, and only if asked for."""
        found = self._found.get((symbol, include_internal_configs))
        if found is None:
            found = [
                config
                for config in self._configs
                if (include_internal_configs or not config.is_internal_feed)
                and (symbol is None or config.symbol.id == symbol.id)
            ]
            found.sort(key=lambda config: config.is_internal_feed)
            self._found[symbol, include_internal_configs] = found
        return list(found)

    def __len__(self) -> int:
        return len(self._configs)

    def __bool__(self) -> bool:
        return True
