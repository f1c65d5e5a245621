"""``consolidate`` and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.bar_spans import SPANS
from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators import ConsolidationError, listen
from tradinglab.algorithm.subscription_config import is_common_data_type, tick_type_of
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.decimals import Number
from tradinglab.core.enums import Resolution, TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.api.core import SymbolLike
    from tradinglab.algorithm.consolidators import DataConsolidator
    from tradinglab.algorithm.consolidators.calendar import CalendarFunction
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.symbol import Symbol

Handler = Callable[[Any], object]
Period = Resolution | timedelta

_DYNAMIC = ("PythonData", "DynamicData")


class ConsolidateMethods(AlgorithmCore):
    """Makes consolidators and feeds them."""

    def consolidate(self, *arguments: Any, **named: Any) -> DataConsolidator:
        """Call back with bars made of a symbol's data; return the consolidator that makes them.

        ``consolidate(symbol, period, [tick_type,] handler)`` makes bars of a resolution, a
        timedelta, or a calendar (``Calendar.WEEKLY``, or a function of a time);
        ``consolidate(bar_type, symbol, size, tick_type, handler)`` makes Renko bars of a size,
        volume or range bars, or bars of so many data points.

        Raises
        ------
        ConsolidationError
            If the symbol has no data, or none fine enough.
        """
        values = list(arguments)
        if values and isinstance(values[0], type):
            names = ["type", "symbol", "size", "tick_type", "handler"]
        elif len(values) + len(named) < 4:
            names = ["symbol", "period", "handler"]
        else:
            names = ["symbol", "period", "tick_type", "handler"]
        given = {**dict(zip(names, values, strict=False)), **named}
        tick_type, handler = given.get("tick_type"), given["handler"]
        symbol = self.lab_symbol(given["symbol"])
        if "type" in given:
            made = self.lab_make_by_size(symbol, given["type"], given["size"], tick_type)
        else:
            made = self.lab_make_by_period(symbol, given.get("calendar", given.get("period")), tick_type)
        if handler is not None:
            listen(made, lambda sender, bar: handler(bar))
            self.subscription_manager.add_consolidator(symbol, made, tick_type)
        return made

    def resolve_consolidator(
        self, symbol: SymbolLike, resolution: Period | None, data_type: type | None = None
    ) -> DataConsolidator:
        """Return a consolidator from a symbol's data to a resolution or period.

        Of the data's own resolution (or of ``None``) it is one that passes the data on.
        *data_type* chooses between trades and quotes.
        """
        target = self.lab_symbol(symbol)
        tick_type = None if data_type is None else tick_type_of(data_type, target.security_type)
        return self.lab_make_by_period(target, resolution, tick_type)

    @staticmethod
    def create_consolidator(
        period: timedelta, consolidator_input_type: type[BaseData], tick_type: TickType | None = None
    ) -> DataConsolidator:
        """Return the consolidator that makes bars of a period of data of a type."""
        if not period:
            return identity_consolidator(consolidator_input_type)
        return consolidator_of(consolidator_input_type, tick_type)(period)

    def lab_data_config(self, symbol: Symbol, tick_type: TickType | None = None) -> SubscriptionDataConfig:
        """Return the subscription that a symbol is consolidated from: of a tick type, if there is one such.

        A symbol that was not subscribed to is.
        """
        service = self.subscription_manager.subscription_data_config_service
        configs = service.get_subscription_data_configs(symbol)
        if not configs:
            self.lab_add_security_by_symbol(symbol)
            configs = service.get_subscription_data_configs(symbol)
        if not configs:
            raise ConsolidationError(f"Subscribe to {symbol.value} before consolidating its data.")
        configs.sort(key=lambda config: (not is_common_data_type(config.type), config.tick_type))
        return next((config for config in configs if tick_type in (None, config.tick_type)), configs[0])

    def lab_make_by_period(
        self, symbol: Symbol, period: Period | CalendarFunction | None, tick_type: TickType | None
    ) -> DataConsolidator:
        """Return a consolidator from a symbol's data to a resolution, a period or a calendar."""
        config = self.lab_data_config(symbol, tick_type)
        if period is None:
            period = config.increment
        if not isinstance(period, (Resolution, timedelta)):
            return consolidator_of(config.type, config.tick_type)(period)
        span = SPANS[period] if isinstance(period, Resolution) else period
        if span < config.increment:
            raise ConsolidationError(
                f"Bars of {symbol.value} are of resolution {config.resolution}: "
                f"shorter ones, of {period}, cannot be made of them."
            )
        if span == config.increment:
            return identity_consolidator(config.type)
        if period == Resolution.DAILY and isinstance(period, Resolution):
            return self.lab_daily_consolidator(config)
        return self.create_consolidator(span, config.type, config.tick_type)

    def lab_daily_consolidator(self, config: SubscriptionDataConfig) -> DataConsolidator:
        """Return a consolidator to days, as the settings want them."""
        from tradinglab.algorithm.consolidators import MarketHourAwareConsolidator

        settings: Any = self.settings
        extended = bool(settings.daily_consolidation_use_extended_market_hours)
        if config.extended_market_hours and not extended:
            self.lab_once(
                "daily consolidation",
                f"Warning: {config.symbol.value} is subscribed to with extended market hours, but days are "
                "consolidated without them. settings.daily_consolidation_use_extended_market_hours takes them in.",
            )
        if config.type not in (TradeBar, QuoteBar, Tick):
            return self.create_consolidator(SPANS[Resolution.DAILY], config.type, config.tick_type)
        return MarketHourAwareConsolidator(
            bool(settings.daily_precise_end_time), Resolution.DAILY, config.type, config.tick_type,
            extended and config.extended_market_hours,
        )  # fmt: skip

    def lab_make_by_size(
        self, symbol: Symbol, bar_type: type, size: Number, tick_type: TickType | None
    ) -> DataConsolidator:
        """Return a consolidator to bars of a type whose size is not a time."""
        from tradinglab.algorithm.consolidators import (
            BaseDataConsolidator,
            QuoteBarConsolidator,
            RangeBar,
            RangeConsolidator,
            RenkoBar,
            RenkoConsolidator,
            TradeBarConsolidator,
            VolumeRenkoBar,
            VolumeRenkoConsolidator,
        )

        config = self.lab_data_config(symbol)
        if bar_type is VolumeRenkoBar:
            return VolumeRenkoConsolidator(size)
        if bar_type is RenkoBar:
            return RenkoConsolidator(size)
        count = int(size)
        if bar_type is RangeBar:
            return RangeConsolidator(count)
        if config.resolution == Resolution.TICK:
            return consolidator_of(Tick, tick_type)(count)
        if bar_type is TradeBar:
            return TradeBarConsolidator(count)
        return QuoteBarConsolidator(count) if bar_type is QuoteBar else BaseDataConsolidator(count)


def consolidator_of(data_type: type, tick_type: TickType | None) -> Callable[[Any], DataConsolidator]:
    """Return the class of consolidators that take data of a type."""
    from tradinglab.algorithm.consolidators import (
        BaseDataConsolidator,
        DynamicDataConsolidator,
        OpenInterestConsolidator,
        QuoteBarConsolidator,
        TickConsolidator,
        TickQuoteBarConsolidator,
        TradeBarConsolidator,
    )

    if issubclass(data_type, TradeBar):
        return TradeBarConsolidator
    if issubclass(data_type, QuoteBar):
        return QuoteBarConsolidator
    if issubclass(data_type, Tick):
        if tick_type == TickType.OPEN_INTEREST:
            return OpenInterestConsolidator
        return TickQuoteBarConsolidator if tick_type == TickType.QUOTE else TickConsolidator
    return DynamicDataConsolidator if is_dynamic(data_type) else BaseDataConsolidator


def identity_consolidator(data_type: type) -> DataConsolidator:
    """Return the consolidator that passes data of a type on."""
    from tradinglab.algorithm.consolidators import DynamicDataConsolidator, IdentityDataConsolidator

    for kind in (TradeBar, QuoteBar, Tick):
        if issubclass(data_type, kind):
            return IdentityDataConsolidator(kind)
    return DynamicDataConsolidator(1) if is_dynamic(data_type) else IdentityDataConsolidator(BaseData)


def is_dynamic(data_type: type) -> bool:
    """Return whether a type is custom data that an author wrote in Python."""
    return any(base.__name__ in _DYNAMIC for base in data_type.__mro__)
