"""One time step with all its phases, in LEAN's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.models.margin_interest import MarginInterestRateParameters
from tradinglab.algorithm.models.settlement import ScanSettlementModelParameters
from tradinglab.algorithm.models.volatility import VolatilityModel
from tradinglab.algorithm.securities.security_models import SecurityModels
from tradinglab.algorithm.security_changes import SecurityChanges
from tradinglab.core.clock import HOUR_NS, MINUTE_NS, from_ns
from tradinglab.core.enums import AlgorithmStatus
from tradinglab.engine.benchmark import start_benchmark
from tradinglab.engine.models_step import ask_models
from tradinglab.engine.plain_models import charges_interest, settles
from tradinglab.engine.risk import RuinWatch, can_be_ruined, needs_margin_checks
from tradinglab.engine.step_slice import StepSlice
from tradinglab.engine.universe_step import choose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.slice import Slice
    from tradinglab.engine.parts import RunParts

_MARGIN_CALL_NS = 5 * MINUTE_NS
_NEVER = 1 << 62
_NO_CHANGES = SecurityChanges()


class FullStep:
    """Takes steps at which something may be due beside ``on_data``."""

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts
        self._algorithm = parts.algorithm
        self._next_model_scan_ns = 0
        self._next_margin_call_ns = 0
        self._changes = _NO_CHANGES
        self._can_be_ruined = False
        self._ruin_watch = RuinWatch(parts.algorithm, parts.feed)
        self._margin_checks = False
        self._models_scanned = self._any_acts = False
        self._models_seen = -1
        self._fills_seen = -1
        self._has_benchmark = False
        self._sessions: list[Security] = []
        self._with_volatility: list[Security] = []
        self.was_ruined = False

    def begin(self, start_ns: int) -> None:
        """Get ready for the first step."""
        self._next_model_scan_ns = start_ns // HOUR_NS * HOUR_NS + HOUR_NS

    # What may be due.

    def busy_ns(self) -> int:
        """Return the next instant at which a step must be a full one, but for events that only look."""
        algorithm = self._algorithm
        self._look_at_positions()
        wake: int = min(algorithm.schedule.next_act_ns, algorithm.subscription_manager.next_scan_ns)
        if algorithm.is_warming_up:
            wake = min(wake, algorithm.lab_start_ns)
        if self._margin_checks:
            wake = min(wake, self._next_margin_call_ns)
        if self._models_scanned:
            wake = min(wake, self._next_model_scan_ns)
        if self._can_be_ruined:
            wake = min(wake, self._ruin_watch.next_ns())
        if self._parts.brokerage.pending:
            wake = min(wake, self._parts.brokerage.sleep() or 0)
        return min(wake, self._parts.feed.next_event_ns, self._parts.universes.next_ns)

    def select(self, utc_ns: int) -> bool:
        """Let universes choose whose time has come; return whether securities are to be added or removed for it."""
        return choose(self._parts, utc_ns, self._set_time) and self._parts.feed.has_changes

    def look(self, utc_ns: int, busy_ns: int) -> int:
        """Let the events before a step happen that only look; return when to do so again, 0 for a full step now."""
        if utc_ns >= busy_ns:
            return 0
        parts, schedule = self._parts, self._algorithm.schedule
        parts.phase.name = "a scheduled event"
        schedule.scan_past(utc_ns, self._set_time)
        parts.phase.name = "on_data"
        # One that is due at the step itself happens at its prices.
        is_busy = parts.attention.raised or schedule.next_ns <= utc_ns
        return 0 if is_busy else min(busy_ns, schedule.next_ns)

    @property
    def ruin_watch(self) -> RuinWatch | None:
        """What has to look at each quiet step for changes that could ruin the portfolio, if any can."""
        return self._ruin_watch if self._can_be_ruined else None

    def must_repeat(self) -> bool:
        """Return whether the next step must be a full one whatever its time."""
        algorithm, parts = self._algorithm, self._parts
        return bool(
            parts.feed.streaming
            or self._sessions
            or self._with_volatility
            or algorithm.status != AlgorithmStatus.RUNNING
        )

    def _look_at_positions(self) -> None:
        """After fills, see anew what the positions can lead to."""
        fills = len(self._parts.transactions.events)
        if fills == self._fills_seen:
            return
        self._fills_seen = fills
        algorithm = self._algorithm
        self._sessions = [s for s in algorithm.securities.values() if s.cache.active_session is not None]
        self._with_volatility = [
            s for s in algorithm.securities.values() if s.volatility_model is not VolatilityModel.NULL
        ]
        self._can_be_ruined = can_be_ruined(algorithm.portfolio)
        self._margin_checks = needs_margin_checks(algorithm, self._can_be_ruined)
        self._models_scanned = self._look_at_models()

    def _look_at_models(self) -> bool:
        """Return whether a model of any security does something as time goes by; seen anew after changes of models."""
        if self._models_seen != SecurityModels.changes:
            self._models_seen = SecurityModels.changes
            self._any_acts = _any_acts(self._algorithm.securities.values())
        return self._any_acts

    # The step.

    def change_securities(self, utc_ns: int, *, include_now: bool) -> SecurityChanges:
        """Start and end the streams of securities that the author added and removed."""
        feed = self._parts.feed
        self._parts.sampler.on_streams_changing()
        feed.start_changes(utc_ns)
        if not self._has_benchmark:
            self._has_benchmark = True
            start_benchmark(self._algorithm, feed.source, feed, utc_ns)
        self._parts.currencies.start(utc_ns)
        added, removed = feed.finish_changes(utc_ns, include_now=include_now)
        self._changes = SecurityChanges(added, removed)
        self._fills_seen = self._models_seen = -1
        self._look_at_positions()
        return self._changes

    def take(self, utc_ns: int, step: int) -> bool:
        """Take a step; return whether the run goes on."""
        algorithm, parts = self._algorithm, self._parts
        if algorithm.status != AlgorithmStatus.RUNNING:
            return False
        if self._can_be_ruined and algorithm.portfolio.exact_total_portfolio_value <= 0:
            algorithm.debug("The portfolio is worth nothing: the run ends here.")
            self.was_ruined = True
            return False
        parts.phase.name = "a scheduled event"
        algorithm.schedule.scan_past(utc_ns, self._set_time)
        parts.phase.name = "a consolidator"
        if algorithm.subscription_manager.next_scan_ns < utc_ns:
            algorithm.subscription_manager.scan_past_consolidators(utc_ns)
        current = self._update(utc_ns, step)
        has_events = step in parts.feed.timeline.events
        if has_events:
            parts.corporate.remember(utc_ns)
            parts.corporate.cancel_for_changed_symbols(current)
        parts.phase.name = "on_order_event"
        parts.transactions.process_synchronous_events()
        if has_events and current.delistings:
            parts.corporate.delist(current)
        parts.phase.name = "a scheduled event"
        algorithm.schedule.fire_due(utc_ns)
        if algorithm.status != AlgorithmStatus.RUNNING:
            return False  # type: ignore[unreachable]  # a scheduled event or an order may have ended the run
        self._check_margin(utc_ns)
        self._tell_changes()
        if has_events:
            parts.corporate.pay_dividends(current)
            parts.corporate.apply_splits(current)
        parts.phase.name = "a consolidator"
        parts.feed.stream(step)
        if has_events:
            parts.phase.name = "a corporate event"
            parts.corporate.tell_author(current)
        if parts.feed.timeline.has_data[step]:
            parts.phase.name = "on_data"
            algorithm.on_data(current)
            ask_models(parts, current)
        self.close(utc_ns)
        return True

    def close(self, utc_ns: int) -> None:
        """End a step: fill what was ordered in it, and sample."""
        parts = self._parts
        parts.phase.name = "on_order_event"
        parts.transactions.process_synchronous_events()
        parts.sampler.process_synchronous_events(utc_ns)

    def _update(self, utc_ns: int, step: int) -> Slice:
        """Move clock and prices to the step."""
        algorithm, parts = self._algorithm, self._parts
        self._set_time(utc_ns)
        parts.feed.cursor.step = step
        algorithm.portfolio.prices_moved()
        if self._sessions:
            parts.feed.update_sessions(step)
        for security in self._with_volatility:
            parts.feed.update_volatility(security, step)
        current = StepSlice.of(parts.feed.steps, step)
        algorithm.lab_current_slice = current
        if utc_ns >= self._next_model_scan_ns:
            self._scan_models(utc_ns)
        parts.feed.cursor.rated_ns = utc_ns
        book = algorithm.portfolio.cash_book
        if book.has_moving_rates:  # the instant may be that of the step before, after which streams have changed
            book.update_rates()
        algorithm.portfolio.invalidate_total_portfolio_value()
        if algorithm.is_warming_up and utc_ns >= algorithm.lab_start_ns:
            algorithm.set_finished_warming_up()
            parts.sampler.on_warmup_finished()
            parts.phase.name = "on_warmup_finished"
            algorithm.on_warmup_finished()
            algorithm.debug("Algorithm finished warming up.")
        return current

    def _set_time(self, utc_ns: int) -> None:
        """Move the clock; a session that is over by then is closed."""
        self._algorithm.time_keeper.set_utc_ns(utc_ns)
        for security in self._sessions:
            session = security.cache.active_session
            if session is not None:
                session.scan(security.local_time)

    def _scan_models(self, utc_ns: int) -> None:
        """Once an hour: charge margin interest and settle what is due."""
        algorithm = self._algorithm
        self._next_model_scan_ns = utc_ns // HOUR_NS * HOUR_NS + HOUR_NS
        if not self._look_at_models():
            return
        now = from_ns(utc_ns)
        for security in algorithm.securities.values():
            if charges_interest(security):
                security.margin_interest_rate_model.apply_margin_interest_rate(
                    MarginInterestRateParameters(security, now)
                )
            if settles(security):
                security.settlement_model.scan(ScanSettlementModelParameters(algorithm.portfolio, security, now))

    def _check_margin(self, utc_ns: int) -> None:
        """Every five minutes: call margin if more is used than there is, or warn."""
        if not self._margin_checks or utc_ns < self._next_margin_call_ns:
            return
        algorithm = self._algorithm
        self._next_margin_call_ns = utc_ns + _MARGIN_CALL_NS
        model = algorithm.portfolio.margin_call_model
        requests, warn = algorithm.portfolio.margin_call_orders()
        tickets = []
        if requests and all(algorithm.securities[request.symbol].exchange.exchange_open for request in requests):
            self._parts.phase.name = "on_margin_call"
            chosen = algorithm.on_margin_call(requests)
            tickets = model.execute_margin_call(requests if chosen is None else chosen)
            for ticket in tickets:
                algorithm.error(
                    f"Executed MarginCallOrder: {ticket.symbol} - Quantity: {ticket.quantity} @ "
                    f"{ticket.average_fill_price}"
                )
        if not tickets and warn:
            self._parts.phase.name = "on_margin_call_warning"
            algorithm.on_margin_call_warning()

    def _tell_changes(self) -> None:
        changes, self._changes = self._parts.universes.changes(self._changes), _NO_CHANGES
        if not changes:
            return
        parts = self._parts
        parts.phase.name = "on_securities_changed"
        algorithm = self._algorithm
        parts.end_of_day.on_securities_changed(
            changes.added_securities, changes.removed_securities, algorithm.end_date, algorithm.time_zone
        )
        algorithm.on_securities_changed(changes)
        if algorithm.lab_framework is not None:
            algorithm.lab_framework.on_securities_changed(changes)


def _any_acts(securities: Iterable[Security]) -> bool:
    """Return whether a model of any security does something as time goes by; most have models of the same kinds."""
    one_of_each = {(type(s.settlement_model), type(s.margin_interest_rate_model)): s for s in securities}
    return any(settles(security) or charges_interest(security) for security in one_of_each.values())
