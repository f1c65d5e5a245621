"""How indicators get their updates: registered on subscriptions, warmed up with history."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from tradinglab.algorithm.api.core import AlgorithmCore, SymbolLike
from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData, IndicatorDataPoint
from tradinglab.algorithm.indicator_history import IndicatorHistory, record_history
from tradinglab.algorithm.indicators.base import IndicatorBase
from tradinglab.algorithm.indicators.field import QUOTE_COLUMNS, Selector
from tradinglab.algorithm.subscriptions import SPANS, is_common_data_type
from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.api.history import HistoryMethods
    from tradinglab.algorithm.consolidators.base import DataConsolidator
    from tradinglab.algorithm.slice import Slice
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig

Select = Callable[[Any], Any] | None
_SHORT = {
    Resolution.TICK: "tick", Resolution.SECOND: "sec", Resolution.MINUTE: "min", Resolution.HOUR: "hr",
    Resolution.DAILY: "day",
}  # fmt: skip


class IndicatorRegistration(AlgorithmCore):
    """What feeds indicators."""

    _python_indicators: dict[int, tuple[Any, IndicatorBase]]

    @property
    def enable_automatic_indicator_warm_up(self) -> bool:
        """Whether indicators are fed history when made: the setting ``automatic_indicator_warm_up``."""
        return bool(self.settings.automatic_indicator_warm_up)

    @enable_automatic_indicator_warm_up.setter
    def enable_automatic_indicator_warm_up(self, value: bool) -> None:
        self.settings.automatic_indicator_warm_up = value

    def create_indicator_name(self, symbol: SymbolLike | None, type: str, resolution: Resolution | None = None) -> str:
        """Return an indicator's name as LEAN makes it: ``SMA(14,SPY_day)``."""
        parts = []
        if symbol is not None and symbol != "":
            found = self.lab_symbol(symbol)
            parts.append(str(found))
            if resolution is None:
                resolution = self.lab_subscription_of(found).resolution
        parts.append("" if resolution is None else _SHORT.get(resolution, str(resolution)))
        return f"{type}({'_'.join(parts)})".replace(")(", ",")

    def lab_subscription_of(self, symbol: Symbol, tick_type: TickType | None = None) -> SubscriptionDataConfig:
        """Return the subscription that an indicator of a symbol reads: of the given tick type, if there is one."""
        service = self.subscription_manager.subscription_data_config_service
        configs: list[SubscriptionDataConfig] = service.get_subscription_data_configs(symbol)
        if not configs:
            raise ValueError(
                f"Please register to receive data for symbol '{symbol}' using the add_security() function."
            )
        configs.sort(key=lambda config: (not is_common_data_type(config.type), config.tick_type))
        return next((config for config in configs if config.tick_type == tick_type), configs[0])

    def lab_initialize_indicator(
        self, indicator: IndicatorBase, symbols: Iterable[SymbolLike], resolution: Any, selector: Select
    ) -> None:
        """Register an indicator for updates, and warm it up if the settings say so."""
        found = [self.lab_symbol(symbol) for symbol in symbols]
        for symbol in found:
            self.register_indicator(symbol, indicator, resolution, selector)
        if self.settings.automatic_indicator_warm_up:
            self.warm_up_indicator(found, indicator, resolution, selector)

    def register_indicator(
        self, symbol: SymbolLike, indicator: Any, resolution: Any = None, selector: Select = None
    ) -> None:
        """Update an indicator with the bars of a security from now on.

        *resolution* is a resolution, a timedelta or a consolidator; by default the subscription's
        own bars are used. *selector* picks the number (or the bar) of each bar: a ``Field`` or any
        function.
        """
        symbol, target = self.lab_symbol(symbol), self.lab_indicator(indicator)
        if resolution is not None and not isinstance(resolution, Resolution | timedelta):
            self.lab_connect(symbol, target, resolution, selector)
            return
        config = self.lab_subscription_of(symbol, _tick_type(target, selector))
        column = "" if selector is None else selector.column if isinstance(selector, Selector) else None
        plain = resolution is None or resolution in (config.resolution, config.increment)
        if plain and column is not None and not config.is_custom_data:
            if self.lab_runtime.attach_indicator(config, target, column):
                self.lab_attached.append(target)
                return
        self.lab_connect(symbol, target, self.lab_consolidator_for(symbol, resolution, config), selector)

    def unregister_indicator(self, indicator: Any) -> None:
        """Stop updating an indicator."""
        target = self.lab_indicator(indicator)
        for consolidator in target.consolidators:
            self.subscription_manager.remove_consolidator(None, consolidator)
        target.consolidators.clear()
        if any(attached is target for attached in self.lab_attached):
            self.lab_attached[:] = [attached for attached in self.lab_attached if attached is not target]
            self.lab_runtime.detach_indicator(target)

    def deregister_indicator(self, indicator: Any) -> None:
        """Stop updating an indicator."""
        self.unregister_indicator(indicator)

    def warm_up_indicator(
        self,
        symbol: SymbolLike | Iterable[SymbolLike],
        indicator: Any,
        resolution: Any = None,
        selector: Select = None,
        *,
        period: timedelta | None = None,
    ) -> None:
        """Feed an indicator as much history as it says that it needs.

        *resolution* is a resolution (by default the subscription's), or a timedelta to consolidate to.
        """
        symbols, target = self.lab_symbols(symbol), self.lab_indicator(indicator)
        count = getattr(target, "warm_up_period", None)
        if count is None:
            self.lab_once(
                "warm_up_indicator",
                "Warning: the 'warm_up_indicator' feature only works with indicators that define a warm up period, "
                f"by a property 'warm_up_period' above 0. The indicator of type '{type(target).__name__}' "
                "will not be warmed up.",
            )
            return
        span = resolution if isinstance(resolution, timedelta) else period
        if span is not None:
            self.lab_warm_up_consolidated(symbols, target, count, span, selector)
        else:
            record_history(target, self.lab_history_by_count(symbols, count, resolution), selector)

    def indicator_history(self, indicator: Any, *args: Any, **kwargs: Any) -> IndicatorHistory:
        """Reset an indicator, feed it history, and return its values.

        ``(indicator, symbol(s), periods | timedelta | start, end, [resolution, selector])`` asks for
        history, of which the beginning warms the indicator up; ``(indicator, slices, [selector])`` uses
        what is given.
        """
        target, call = self.lab_indicator(indicator), list(args)
        symbols = kwargs.pop("symbols", kwargs.pop("symbol", None)) or (call.pop(0) if call else None)
        if symbols is None or "history" in kwargs or _are_slices(symbols):
            slices = kwargs.pop("history", symbols)
            selector = kwargs.pop("selector", call[0] if call else None)
            return record_history(target, slices, selector)
        amount = [kwargs.pop(key) for key in ("period", "span", "start") if key in kwargs] or [call.pop(0)]
        end = kwargs.pop("end", None)
        if isinstance(amount[0], datetime) and end is None:
            end = call.pop(0)
        resolution = kwargs.pop("resolution", call.pop(0) if call else None)
        selector = kwargs.pop("selector", call.pop(0) if call else None)
        found, count = self.lab_symbols(symbols), int(getattr(target, "warm_up_period", 0) or 0)
        if isinstance(amount[0], int | float):
            periods = int(amount[0]) + max(0, count - 1 if amount[0] > 0 else count)
            return record_history(target, self.lab_history_by_count(found, periods, resolution), selector)
        start = self.time - amount[0] if isinstance(amount[0], timedelta) else amount[0]
        end = self.time if isinstance(amount[0], timedelta) else end
        return record_history(target, self.lab_history_between(found, start, end, count - 1, resolution), selector)

    # What is behind

    @property
    def lab_attached(self) -> list[IndicatorBase]:
        """The indicators that the engine updates."""
        return cast("list[IndicatorBase]", self.__dict__.setdefault("lab_attached_indicators", []))

    def lab_symbols(self, symbols: Any) -> list[Symbol]:
        """Return the symbols that an author means by one or several."""
        if isinstance(symbols, list | tuple | set | frozenset):
            return [self.lab_symbol(symbol) for symbol in symbols]
        return [self.lab_symbol(symbols)]

    def lab_indicator(self, indicator: Any) -> IndicatorBase:
        """Return an indicator; of an author's own object, always the same wrapper."""
        if isinstance(indicator, IndicatorBase):
            return indicator
        from tradinglab.algorithm.indicators.composites import as_indicator

        known: dict[int, tuple[Any, IndicatorBase]] = self.__dict__.setdefault("lab_wrapped_indicators", {})
        if id(indicator) not in known:
            known[id(indicator)] = (indicator, as_indicator(indicator))
        return known[id(indicator)][1]

    def lab_consolidator_for(self, symbol: Symbol, resolution: Any, config: SubscriptionDataConfig) -> DataConsolidator:
        """Return a consolidator that makes bars of a span of a subscription's."""
        maker = cast("Any", self)
        return cast("DataConsolidator", maker.resolve_consolidator(symbol, resolution, config.type))

    def lab_connect(
        self, symbol: Symbol, target: IndicatorBase, consolidator: DataConsolidator, selector: Select
    ) -> None:
        """Update an indicator with what a consolidator puts out."""
        _check_types(symbol, target, consolidator, selector)
        target.consolidators.append(consolidator)
        self.subscription_manager.add_consolidator(symbol, consolidator)

        consolidator.data_consolidated += updater(target, selector)

    def lab_warm_up_consolidated(
        self, symbols: list[Symbol], target: IndicatorBase, count: int, span: timedelta, selector: Select
    ) -> None:
        """Feed an indicator history that is consolidated to bars of a span."""
        resolution = max((r for r, length in SPANS.items() if length <= span), key=lambda r: SPANS[r])
        length = SPANS[resolution]
        periods = count * (span // length) if length else count
        if not periods:
            return
        consolidators = {}
        for symbol in symbols:
            config = self.lab_subscription_of(symbol, _tick_type(target, selector))
            consolidator = self.lab_consolidator_for(symbol, span, config)
            consolidator.data_consolidated += updater(target, selector)
            consolidators[symbol] = consolidator
        for piece in self.lab_history_by_count(symbols, periods, resolution):
            for symbol, consolidator in consolidators.items():
                data = piece.get(consolidator.input_type, symbol)
                if data is not None:
                    consolidator.update(data)
        for symbol, consolidator in consolidators.items():
            if consolidator.working_data is not None:
                consolidator.scan(self.lab_security(symbol).local_time)

    def lab_history_by_count(self, symbols: list[Symbol], count: int, resolution: Any) -> list[Slice]:
        """Return slices of the last *count* bars."""
        from tradinglab.algorithm.history_requests import HistoryOptions

        if count <= 0:
            return []
        past, options = cast("HistoryMethods", self), HistoryOptions(resolution=resolution)
        return past.lab_history_slices(past.lab_history_requests.by_count(symbols, None, count, options))

    def lab_history_between(
        self, symbols: list[Symbol], start: datetime, end: datetime, extra: int, resolution: Any
    ) -> list[Slice]:
        """Return slices between two times, and *extra* bars before them."""
        from tradinglab.algorithm.history_requests import HistoryOptions

        past, options = cast("HistoryMethods", self), HistoryOptions(resolution=resolution)
        requests = past.lab_history_requests.by_dates(symbols, None, start, end, options)
        if extra > 0:
            earliest = min((bars_before(self, request, extra) for request in requests), default=None)
            start = start if earliest is None else min(start, self.lab_zone.datetime(earliest))
            requests = past.lab_history_requests.by_dates(symbols, None, start, end, options)
        return past.lab_history_slices(requests)


def bars_before(algorithm: AlgorithmCore, request: Any, count: int) -> int:
    """Return the instant from which *count* bars precede the start of a history request."""
    from tradinglab.algorithm.history_requests import SPAN_NS, has_session_ends, start_of_bars

    hours, zone = request.hours, request.hours.time_zone
    local = start_of_bars(
        hours, zone.local_ns(request.start_ns), SPAN_NS[request.resolution], count, request.extended_market_hours,
        request.config.data_time_zone, has_session_ends(algorithm, request.symbol, request.resolution, hours),
    )  # fmt: skip
    return int(zone.utc_ns(local))


def updater(target: IndicatorBase, selector: Select) -> Callable[[object, BaseData], None]:
    """Return a handler that updates an indicator with each bar, or with what a selector picks of it."""

    def update(_: object, bar: BaseData) -> None:
        target.consume(chosen(target, bar, selector))

    return update


def chosen(target: IndicatorBase, bar: BaseData, selector: Select) -> BaseData:
    """Return what an indicator is updated with: the bar, or what a selector picks of it."""
    if selector is None:
        return bar
    picked = selector(bar)
    if isinstance(picked, BaseData) and target.input_kind != "point":
        return picked
    return IndicatorDataPoint(bar.symbol, bar.end_time, float(picked))


def _tick_type(target: IndicatorBase, selector: Select) -> TickType | None:
    """Return the kind of data that an indicator asks for, ``None`` if any will do."""
    if isinstance(selector, Selector):
        if selector.column in QUOTE_COLUMNS:
            return TickType.QUOTE
        return TickType.TRADE if selector.column == "volume" else None
    return TickType.TRADE if target.input_kind in ("bar", "trade_bar") else None


def _check_types(symbol: Symbol, target: IndicatorBase, consolidator: DataConsolidator, selector: Select) -> None:
    wanted: tuple[type, ...] = {"bar": (TradeBar, QuoteBar), "trade_bar": (TradeBar,)}.get(target.input_kind, ())
    given = consolidator.output_type
    if wanted and selector is None and not issubclass(given, wanted):
        raise TypeError(
            f"Type mismatch found between consolidator and indicator for symbol: {symbol}. "
            f"Consolidator outputs type {given.__name__} but indicator expects input type {wanted[0].__name__}"
        )


def _are_slices(value: Any) -> bool:
    from tradinglab.algorithm.slice import Slice

    if isinstance(value, list | tuple):
        return bool(value) and isinstance(value[0], Slice)
    return hasattr(value, "__next__")
