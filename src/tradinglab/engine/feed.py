"""The data feed of a run: which streams there are, and what arrives at each step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.enums import Resolution, TickType
from tradinglab.data.columns import BarColumns, join_columns
from tradinglab.engine.bar_stream import SPAN_NS, StreamRequest, read_stream
from tradinglab.engine.data_filter import filtered
from tradinglab.engine.events import EventSchedule
from tradinglab.engine.step_slice import Steps
from tradinglab.engine.subscription import Subscription
from tradinglab.engine.timeline import Timeline

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.source import DataSource

_DEFAULT_FILL = Resolution.MINUTE


class DataFeed:
    """The subscriptions of a run on one timeline.

    Securities that an algorithm adds or removes take effect at the end of the time step; then the
    rest of the timeline is laid out anew.
    """

    def __init__(self, algorithm: QCAlgorithm, source: DataSource) -> None:
        self._algorithm = algorithm
        self.source = source
        self.cursor = algorithm.time_keeper.cursor
        self.start_ns = self.end_ns = 0
        self.pulses: Callable[[int], list[int]] = lambda end_ns: []
        self.timeline = Timeline.empty()
        self.steps = Steps(algorithm.time_zone, self.timeline, self.data_at)
        self.subscriptions: list[Subscription] = []
        self.streaming: list[Subscription] = []
        self.events = EventSchedule(source)
        self._by_config: dict[SubscriptionDataConfig, Subscription] = {}
        self.securities_of: dict[SubscriptionDataConfig, Security] = {}
        self._additions: list[tuple[Security, list[SubscriptionDataConfig]]] = []
        self._removals: list[Security] = []
        self._fill_resolution: Resolution | None = None
        self._added: list[Security] = []
        self._removed: list[Security] = []
        self.on_opened: Callable[[Subscription], None] = lambda subscription: None
        self.on_replaced: Callable[[Subscription], None] = lambda subscription: None

    # What an algorithm asks for.

    def add(self, security: Security, configs: Iterable[SubscriptionDataConfig], *, is_anew: bool = False) -> None:
        """Note a security to be subscribed to; one that is to be removed stays, unless it is to begin anew."""
        self._removals = [s for s in self._removals if is_anew or s is not security]
        self._additions.append((security, list(configs)))

    def remove(self, security: Security) -> None:
        """Note a security whose streams end."""
        self._additions = [(s, c) for s, c in self._additions if s is not security]
        self._removals.append(security)

    @property
    def has_changes(self) -> bool:
        """Whether securities wait to be added or removed."""
        return bool(self._additions or self._removals)

    # Laying out.

    def open(self, start_ns: int, end_ns: int) -> None:
        """Set the span of the run."""
        self.start_ns, self.end_ns = start_ns, end_ns

    def start_changes(self, utc_ns: int) -> None:
        """End the streams of removed securities and start those of added ones."""
        removals, self._removals = self._removals, []
        self._removed = [security for security in removals if self._end_streams(security, utc_ns)]
        additions, self._additions = self._additions, []
        fill_before = self._fill_resolution
        self._fill_resolution = _fill_resolution(self.subscriptions, additions)
        if fill_before is not None and self._fill_resolution != fill_before:
            self._refill(utc_ns)
        self._added = []
        for security, configs in additions:
            fresh = [config for config in configs if config not in self._by_config]
            if fresh and security not in self._added and not self._is_subscribed(security.symbol):
                self._added.append(security)
            for config in fresh:
                self._start_stream(security, config, utc_ns)

    def finish_changes(self, utc_ns: int, *, include_now: bool) -> tuple[list[Security], list[Security]]:
        """Lay out the steps from an instant on; return the securities that were added and removed."""
        self.lay_out(utc_ns, include_now=include_now or bool(self._added or self._removed))
        return self._added, self._removed

    def _is_subscribed(self, symbol: Symbol) -> bool:
        return any(s.symbol == symbol and s.removed_ns is None and not s.is_internal for s in self.subscriptions)

    def lay_out(self, utc_ns: int, *, include_now: bool) -> None:
        """Lay out the steps from an instant on."""
        self.subscriptions.sort(key=_emission_order)
        # A corporate event that the last step has taken is not taken again.
        taken_ns = int(self.timeline.times[self.cursor.step]) if self.cursor.step >= 0 else None
        events = [event_ns for event_ns in self.events.times() if event_ns != taken_ns]
        pulses = self.pulses(self.end_ns)
        self.timeline = Timeline.lay_out(self.subscriptions, utc_ns, events, pulses, include_start=include_now)
        self.steps = Steps(self._algorithm.time_zone, self.timeline, self.data_at)
        for subscription, rows in self.timeline.rows.items():
            subscription.place(rows, self.timeline.before[subscription])
        self.cursor.rewind()
        self.refresh_streaming()

    def subscribe(self, security: Security, config: SubscriptionDataConfig, start_ns: int) -> Subscription:
        """Start a stream that the author does not see, such as the benchmark's."""
        return self._start_stream(security, config, start_ns)

    def find(self, symbol: Symbol, resolution: Resolution, tick_type: TickType) -> Subscription | None:
        """Return the author's subscription of a symbol at a resolution."""
        return next(
            (
                s
                for s in self.subscriptions
                if s.symbol == symbol and s.resolution == resolution and s.tick_type == tick_type
                and not s.is_internal and s.removed_ns is None
            ),
            None,
        )  # fmt: skip

    def of_config(self, config: SubscriptionDataConfig) -> Subscription | None:
        """Return the stream of a configuration, if it was started."""
        return self._by_config.get(config)

    def refresh_streaming(self) -> None:
        """Note which streams have consolidators or indicators that want their bars one by one."""
        self.streaming = [s for s in self.subscriptions if s.removed_ns is None and s.config.consolidators]

    def _start_stream(self, security: Security, config: SubscriptionDataConfig, start_ns: int) -> Subscription:
        columns = self._read(security, config, start_ns)
        zone = security.exchange.hours.time_zone
        subscription = Subscription(config, columns, zone, self.cursor)
        self.subscriptions.append(subscription)
        self._by_config[config] = subscription
        self.securities_of[config] = security
        security.cache.attach(subscription)
        self.on_opened(subscription)
        self.events.add(config, security.exchange.hours, start_ns, self.end_ns)
        if not len(columns) and not config.is_internal_feed:
            self._algorithm.lab_no_data.append((security.symbol, config.resolution, config.tick_type))
        return subscription

    def _read(self, security: Security, config: SubscriptionDataConfig, start_ns: int) -> BarColumns:
        request = self._request(security, config, start_ns, self.end_ns)
        warm_up = self._algorithm.settings.warm_up_resolution
        pivot_ns = self._algorithm.lab_start_ns
        if not self._algorithm.is_warming_up or warm_up is None or start_ns >= pivot_ns or warm_up == config.resolution:
            return filtered(read_stream(self.source, request), security, config)
        past = self._request(security, config, start_ns, pivot_ns, Resolution(warm_up))
        before = read_stream(self.source, past)
        before = before.take(np.flatnonzero(before.end_ns <= pivot_ns))
        after = read_stream(self.source, self._request(security, config, pivot_ns, self.end_ns))
        return filtered(_joined(before, after), security, config)

    def _request(self, security: Security, config: SubscriptionDataConfig, start_ns: int, end_ns: int,
                 resolution: Resolution | None = None) -> StreamRequest:  # fmt: skip
        chosen = config.resolution if resolution is None else resolution
        fill = self._fill_resolution if self._fill_resolution is not None else _DEFAULT_FILL
        return StreamRequest(
            symbol=config.symbol,
            resolution=chosen,
            tick_type=config.tick_type,
            start_ns=start_ns,
            end_ns=end_ns,
            hours=security.exchange.hours,
            data_zone=config.data_time_zone,
            extended=config.extended_market_hours,
            fill_ns=SPAN_NS[chosen if resolution is not None else fill] if config.fill_data_forward else 0,
            mode=config.data_normalization_mode,
            precise_daily_end=bool(self._algorithm.settings.daily_precise_end_time),
            delisting_ns=self.events.delisting_ns(config.symbol, security.exchange.hours),
        )

    def _refill(self, utc_ns: int) -> None:
        """Read the streams again whose gaps are now filled at finer steps, from an instant on."""
        for subscription in self.subscriptions:
            config = subscription.config
            if subscription.removed_ns is not None or subscription.is_internal or not config.fill_data_forward:
                continue
            self.read_again(subscription, self._algorithm.securities[subscription.symbol], self.start_ns, utc_ns)

    def read_again(self, subscription: Subscription, security: Security, start_ns: int, utc_ns: int) -> None:
        """Read what a stream brings after an instant; what it has brought stays."""
        config = subscription.config
        past = subscription.columns.take(np.arange(subscription.row_at(self.cursor.step) + 1))
        ahead = read_stream(self.source, self._request(security, config, start_ns, self.end_ns))
        ahead = filtered(ahead.take(np.flatnonzero(ahead.end_ns > utc_ns)), security, config)
        subscription.replace_columns(_joined(past, ahead))
        security.cache.refresh(subscription)
        self.on_replaced(subscription)

    def _end_streams(self, security: Security, utc_ns: int) -> bool:
        found = False
        for subscription in self.subscriptions:
            if subscription.symbol == security.symbol and subscription.removed_ns is None:
                if subscription.is_internal:
                    continue
                subscription.freeze()
                subscription.removed_ns = utc_ns
                self._by_config.pop(subscription.config, None)
                found = True
        return found

    # What arrives.

    def data_at(self, timeline: Timeline, step: int) -> list[BaseData]:
        """Return what the author sees at a step of a timeline: bars, ticks and corporate events."""
        found: list[BaseData] = []
        for subscription, rows in timeline.rows.items():
            if subscription.is_internal:
                continue
            last = rows[step]
            first = (rows[step - 1] if step > 0 else timeline.before[subscription]) + 1
            found.extend(subscription.bar(row) for row in range(first, last + 1))
        if step in timeline.events:
            found.extend(self.events.at(int(timeline.times[step])))
        return found

    @property
    def data_points(self) -> int:
        """How many data points have arrived, the engine's own included."""
        return sum(s.row_at(self.cursor.step) + 1 for s in self.subscriptions)

    def update_volatility(self, security: Security, step: int) -> None:
        """Hand the last bar that each stream of a security emits at a step to its volatility model."""
        for subscription in self.subscriptions:
            if subscription.symbol != security.symbol or subscription.removed_ns is not None:
                continue
            row = subscription.row_at(step)
            if row > subscription.row_at(step - 1) and (bar := subscription.bar(row)).price != 0:
                security.volatility_model.update(security, bar)

    def tracked(self) -> list[Subscription]:
        """Return the author's streams of securities whose sessions are gathered."""
        return [
            s for s in self.subscriptions
            if not s.is_internal and s.removed_ns is None
            and self._algorithm.securities[s.symbol].cache.active_session is not None
        ]  # fmt: skip

    def update_sessions(self, step: int) -> None:
        """Take the bars of a step into the sessions of their securities."""
        for subscription in self.tracked():
            session = self._algorithm.securities[subscription.symbol].cache.active_session
            assert session is not None
            for row in range(subscription.row_at(step - 1) + 1, subscription.row_at(step) + 1):
                session.update(subscription.bar(row))

    @property
    def next_event_ns(self) -> int:
        """The instant of the first corporate event after the present step."""
        return self.timeline.next_event_ns(self.cursor.step)

    def stream(self, step: int) -> None:
        """Hand the bars of a step, one by one, to the consolidators that want them."""
        for subscription in self.streaming:
            last = subscription.row_at(step)
            first = subscription.row_at(step - 1) + 1
            consolidators = subscription.config.consolidators
            if first > last or not consolidators:
                continue
            now_ns = subscription.zone.local_ns(int(self.timeline.times[step]))
            consolidators.feed([subscription.bar(row) for row in range(first, last + 1)], now_ns)
        self.cursor.consumed = step


def _emission_order(subscription: Subscription) -> tuple[int, int, str]:
    symbol = subscription.symbol
    return (int(symbol.security_type), int(subscription.tick_type), str(symbol.id))


def _joined(first: BarColumns, second: BarColumns) -> BarColumns:
    """Return two sets of bars as one; of the second only what comes after the first."""
    return join_columns(first, second)


def _fill_resolution(
    subscriptions: list[Subscription], additions: list[tuple[Security, list[SubscriptionDataConfig]]]
) -> Resolution | None:
    """Return the finest resolution among the author's streams, those to be added included; gaps are filled at it."""
    found = [
        s.resolution for s in subscriptions
        if s.removed_ns is None and not s.is_internal and s.config.fill_data_forward and not s.is_tick
    ]  # fmt: skip
    found += [
        c.resolution for _, configs in additions for c in configs
        if c.fill_data_forward and not c.is_internal_feed and c.resolution != Resolution.TICK
    ]  # fmt: skip
    return min(found, default=None)
