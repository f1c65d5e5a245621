"""Which bars of the past an author means: from counts, spans or dates to requests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.names import InvalidOperationException
from tradinglab.algorithm.runtime import HistoryRequest
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.clock import DAY_NS, SECOND_NS, Zone
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.api.core import AlgorithmCore
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol

SPAN_NS = {
    Resolution.TICK: SECOND_NS,
    Resolution.SECOND: SECOND_NS,
    Resolution.MINUTE: 60 * SECOND_NS,
    Resolution.HOUR: 3600 * SECOND_NS,
    Resolution.DAILY: DAY_NS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions:
    """How history is read; ``None`` leaves a choice to the subscription."""

    resolution: Resolution | None = None
    fill_forward: bool | None = None
    extended_market_hours: bool | None = None
    data_normalization_mode: DataNormalizationMode | None = None


def has_session_ends(algorithm: AlgorithmCore, symbol: Symbol, resolution: Resolution,
                     hours: SecurityExchangeHours) -> bool:  # fmt: skip
    """Return whether daily bars of a symbol end with the session."""
    kind = symbol.security_type
    return (
        bool(algorithm.settings.daily_precise_end_time)
        and resolution == Resolution.DAILY
        and not hours.is_market_always_open
        and kind not in (SecurityType.FOREX, SecurityType.BASE)
        and not (kind == SecurityType.CFD and symbol.id.market == "oanda")
    )


def round_down_in_zone(local_ns: int, span_ns: int, exchange_zone: Zone, data_zone: Zone) -> int:
    """Round a wall-clock time of the exchange down to a span, aligned in the data's time zone."""
    utc = exchange_zone.utc_ns(local_ns)
    in_data = data_zone.local_ns(utc)
    return exchange_zone.local_ns(data_zone.utc_ns(in_data - in_data % span_ns))


def start_of_bars(hours: SecurityExchangeHours, end_local_ns: int, span_ns: int, count: int, extended: bool,
                  data_zone: Zone, session_ends: bool) -> int:  # fmt: skip
    """Return the wall-clock time from which the last *count* bars before a time begin."""
    zone = hours.time_zone
    current = end_local_ns
    if session_ends and span_ns == DAY_NS:
        midnight = current // DAY_NS * DAY_NS
        if not hours.is_open_during_ns(midnight, midnight + DAY_NS, False) or (
            hours.next_close_ns(midnight, extended) > current
        ):
            current = round_down_in_zone(current, span_ns, zone, data_zone)
    else:
        current = round_down_in_zone(current, span_ns, zone, data_zone)
    remaining = count
    while remaining > 0:
        previous, current = current, current - span_ns
        if hours.is_open_during_ns(current, previous, extended):
            remaining -= 1
    return current


class HistoryRequests:
    """Makes history requests for an algorithm, at its present time."""

    def __init__(self, algorithm: AlgorithmCore) -> None:
        self._algorithm = algorithm

    def by_count(self, symbols: Iterable[Symbol], kind: type | None, count: int,
                 options: HistoryOptions) -> list[HistoryRequest]:  # fmt: skip
        """Return requests for the last *count* bars of each subscription."""
        requests = []
        for symbol in symbols:
            for config in self.matching(symbol, kind, options.resolution):
                if (options.resolution or config.resolution) == Resolution.TICK:
                    raise InvalidOperationException(
                        "history: a number of bars cannot be asked for at Resolution.TICK; give a timedelta, "
                        "or a start and an end."
                    )
                start = self.start_ns(config, count, options.resolution or config.resolution, options)
                requests.append(self._request(config, start, self._algorithm.lab_utc_ns, options))
        return requests

    def by_dates(self, symbols: Iterable[Symbol], kind: type | None, start: datetime, end: datetime,
                 options: HistoryOptions) -> list[HistoryRequest]:  # fmt: skip
        """Return requests for the bars between two times of the algorithm's clock."""
        zone = self._algorithm.time_zone
        return [
            self._request(config, zone.to_utc(start), zone.to_utc(end), options)
            for symbol in symbols
            for config in self.matching(symbol, kind, options.resolution)
        ]

    def start_ns(self, config: SubscriptionDataConfig, count: int, resolution: Resolution,
                 options: HistoryOptions) -> int:  # fmt: skip
        """Return the instant from which the last *count* bars begin."""
        algorithm = self._algorithm
        hours = self._hours(config.symbol)
        extended = False
        if resolution < Resolution.HOUR:
            chosen = options.extended_market_hours
            extended = config.extended_market_hours if chosen is None else chosen
        local = start_of_bars(
            hours, hours.time_zone.local_ns(algorithm.lab_utc_ns), SPAN_NS[resolution], count, extended,
            config.data_time_zone, has_session_ends(algorithm, config.symbol, resolution, hours),
        )  # fmt: skip
        return hours.time_zone.utc_ns(local)

    def matching(
        self, symbol: Symbol, kind: type | None, resolution: Resolution | None
    ) -> list[SubscriptionDataConfig]:
        """Return the subscriptions of a symbol that history of a type is read from, made up if there are none."""
        service = self._algorithm.subscription_manager.subscription_data_config_service
        configs = [
            c
            for c in service.get_subscription_data_configs(symbol, include_internal_configs=True)
            if _gives(c.tick_type, c.resolution, kind)
        ]
        chosen = [c for c in configs if not c.is_internal_feed] or configs
        equity = symbol.security_type == SecurityType.EQUITY
        if chosen and resolution is not None and equity:
            if resolution >= Resolution.HOUR:
                chosen = [c for c in chosen if c.tick_type != TickType.QUOTE]
            elif kind in (None, Tick) and all(c.tick_type != TickType.QUOTE for c in chosen):
                chosen = [*chosen, chosen[0].with_changes(tick_type=TickType.QUOTE, resolution=resolution)]
        if chosen:
            return sorted(chosen, key=lambda c: (-c.resolution, -service.tick_type_order(symbol, c.tick_type)))
        return self._made_up(symbol, kind, resolution)

    def _made_up(
        self, symbol: Symbol, kind: type | None, resolution: Resolution | None
    ) -> list[SubscriptionDataConfig]:
        algorithm = self._algorithm
        service = algorithm.subscription_manager.subscription_data_config_service
        known = service.get_subscription_data_configs(symbol)
        chosen = resolution
        if chosen is None:
            chosen = min((c.resolution for c in known), default=algorithm.universe_settings.resolution)
            if chosen == Resolution.TICK and kind is not Tick:
                chosen = algorithm.universe_settings.resolution
        template = next(iter(known), None)
        settings = algorithm.universe_settings
        made = service.make_configs(
            symbol,
            chosen,
            settings.fill_forward,
            template.extended_market_hours if template else settings.extended_market_hours,
            data_normalization_mode=template.data_normalization_mode if template else settings.data_normalization_mode,
        )
        made = [c for c in made if _gives(c.tick_type, c.resolution, kind)]
        return sorted(made, key=lambda c: -service.tick_type_order(symbol, c.tick_type))

    def _request(self, config: SubscriptionDataConfig, start_ns: int, end_ns: int,
                 options: HistoryOptions) -> HistoryRequest:  # fmt: skip
        fill = options.fill_forward
        extended = options.extended_market_hours
        mode = options.data_normalization_mode
        return HistoryRequest(
            symbol=config.symbol,
            config=config,
            hours=self._hours(config.symbol),
            start_ns=start_ns,
            end_ns=min(end_ns, self._algorithm.lab_utc_ns),
            resolution=config.resolution if options.resolution is None else options.resolution,
            fill_forward=config.fill_data_forward if fill is None else fill,
            extended_market_hours=config.extended_market_hours if extended is None else extended,
            data_normalization_mode=config.data_normalization_mode if mode is None else mode,
        )

    def _hours(self, symbol: Symbol) -> SecurityExchangeHours:
        return self._algorithm.market_hours_database.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)


def _gives(tick_type: TickType, resolution: Resolution, kind: type | None) -> bool:
    """Return whether a subscription gives data of a type."""
    if kind is None or kind is BaseData:
        return tick_type != TickType.OPEN_INTEREST
    if kind is TradeBar:
        return tick_type == TickType.TRADE and resolution != Resolution.TICK
    if kind is QuoteBar:
        return tick_type == TickType.QUOTE and resolution != Resolution.TICK
    return True
