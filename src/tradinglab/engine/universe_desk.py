"""The universes of a run: when each chooses, and what comes of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tradinglab.algorithm.names import Time
from tradinglab.algorithm.security_changes import SecurityChanges
from tradinglab.algorithm.universes.universe import Member
from tradinglab.core.clock import from_ns, to_ns
from tradinglab.engine.journal import ToldChanges
from tradinglab.engine.timeline import NEVER_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.algorithm.universes.universe import Universe
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.feed import DataFeed
    from tradinglab.engine.journal import Journal


class _Triggers:
    """The instants at which a universe chooses, as far as they have been looked at."""

    def __init__(self, times: Iterator[int]) -> None:
        self._times = times
        self._ahead: deque[int] = deque()

    def next_ns(self) -> int:
        if not self._ahead:
            self._ahead.append(next(self._times, NEVER_NS))
        return self._ahead[0]

    def until(self, end_ns: int) -> list[int]:
        self.next_ns()
        while self._ahead[-1] <= end_ns:
            self._ahead.append(next(self._times, NEVER_NS))
        return [utc_ns for utc_ns in self._ahead if utc_ns <= end_ns]

    def pass_by(self, utc_ns: int) -> None:
        while self.next_ns() <= utc_ns:
            self._ahead.popleft()


class UniverseDesk:
    """Lets universes choose when their time has come, and subscribes to what they choose.

    A security that is chosen no more is told of as removed at once. It goes when nothing of it is held, ordered or
    wanted, and no other universe has it.
    """

    def __init__(self, algorithm: QCAlgorithm, feed: DataFeed, journal: Journal | None) -> None:
        self._algorithm = algorithm
        self._feed = feed
        self._journal = journal
        self._universes: dict[Universe, _Triggers] = {}
        self._leaving: dict[Universe, list[Member]] = {}
        self._by_hand: set[Security] = set()
        self._moved: set[Security] = set()
        self._configs: dict[Symbol, set[SubscriptionDataConfig]] = {}
        self._is_choosing = False
        self._manager = algorithm.universe_manager
        self.next_ns = self._end_ns = NEVER_NS
        #: Other instants at which the clock must stop.
        self.pulses: list[int] = []
        feed.pulses = self.times_until

    # Securities that come and go.

    def add(self, security: Security, configs: tuple[SubscriptionDataConfig, ...]) -> None:
        """Let streams of a security begin after this step."""
        known = self._configs.setdefault(security.symbol, set())
        # One that has just left a universe, and was forgotten, is chosen again.
        is_anew = self._is_choosing and not known and security in self._moved
        if not self._is_choosing:
            self._by_hand.add(security)
        elif not known.issuperset(configs):
            self._moved.add(security)
        known.update(configs)
        self._feed.add(security, configs, is_anew=is_anew)

    def remove(self, security: Security) -> None:
        """Let the streams of a security end after this step; one that the author removes is in no universe any more."""
        self._configs.pop(security.symbol, None)
        self._feed.remove(security)
        if self._is_choosing:
            self._moved.add(security)
            self._forget(security)
            return
        self._by_hand.discard(security)
        for universe in self._universes:
            universe.lab_members.pop(security.symbol, None)

    def _forget(self, security: Security) -> None:
        """Leave nothing of a security but its position; if it comes back, it has no price at first."""
        for subscription in self._feed.subscriptions:
            if subscription.symbol == security.symbol and not subscription.is_internal:
                security.cache.detach(subscription)
        self._algorithm.subscription_manager.subscription_data_config_service.remove_symbol(security.symbol)
        self._algorithm.securities.remove(security.symbol)

    # Universes.

    def set_up(self) -> None:
        """After ``initialize``: add the securities that are listed."""
        self._is_choosing = True
        for universe in self._manager.lab_pending:
            for symbol in universe.lab_listed:
                self._subscribe(universe, symbol)
        self._is_choosing = False
        self._moved.clear()

    @property
    def has_changes(self) -> bool:
        """Whether securities wait to be added or removed, or universes to choose for the first time."""
        return self._feed.has_changes or bool(self._manager.lab_pending)

    def is_due(self, utc_ns: int) -> bool:
        """Return whether a universe is to choose."""
        return utc_ns >= self.next_ns or bool(self._manager.lab_pending)

    def times_until(self, end_ns: int) -> list[int]:
        """Return the instants at which universes choose, and the others at which the clock must stop.

        A live run goes on after an end; in a backtest universes know their last instant, which may come after the end.
        """
        end_ns = end_ns if self._algorithm.lab_is_live else NEVER_NS - 1
        return [*self.pulses] + [utc_ns for triggers in self._universes.values() for utc_ns in triggers.until(end_ns)]

    def select(self, utc_ns: int) -> None:
        """Let the universes choose whose time has come."""
        self._take_new(utc_ns)
        due = [universe for universe, triggers in self._universes.items() if triggers.next_ns() <= utc_ns]
        self._is_choosing = True
        for universe in sorted(due, key=lambda each: (each.lab_resolution, str(each.symbol.id))):
            self._universes[universe].pass_by(utc_ns)
            if utc_ns <= self._end_ns:
                self._apply(universe, utc_ns)
        self._is_choosing = False
        if self._journal is not None and due:
            manager = self._manager
            self._journal.note(ToldChanges(added=tuple(manager.lab_added), removed=tuple(manager.lab_removed)))
        for universe in [each for each in due if each.dispose_requested and not each.lab_members]:
            del self._universes[universe]
        self.next_ns = min((triggers.next_ns() for triggers in self._universes.values()), default=NEVER_NS)

    def changes(self, others: SecurityChanges) -> SecurityChanges:
        """Return what the author is to be told: streams that began and ended, and what universes came to."""
        if not (self._moved or self._manager.lab_added or self._manager.lab_removed):
            return others
        moved, self._moved = self._moved, set()
        came, self._manager.lab_added = self._manager.lab_added, {}
        gone, self._manager.lab_removed = self._manager.lab_removed, {}
        came |= dict.fromkeys(each for each in others.added_securities if each not in moved)
        gone |= dict.fromkeys(each for each in others.removed_securities if each not in moved)
        return SecurityChanges(list(came), list(gone))

    def _take_new(self, utc_ns: int) -> None:
        algorithm = self._algorithm
        pending, self._manager.lab_pending = self._manager.lab_pending, []
        end = Time.END_OF_TIME if algorithm.lab_is_live else from_ns(algorithm.time_zone.to_utc(algorithm.end_date))
        self._end_ns = to_ns(end)
        for universe in pending:
            if universe.universe_settings is None:
                universe.universe_settings = algorithm.universe_settings
            self._universes[universe] = _Triggers(universe.lab_triggers(utc_ns, end))

    def _apply(self, universe: Universe, utc_ns: int) -> None:
        is_changed = universe.lab_select(utc_ns)
        self._look_at_leaving(universe)
        if not is_changed:
            return
        selected = universe.selected
        order = sorted(universe.lab_members.values(), key=lambda each: _place(each.security.symbol))
        for member in order:
            if member.security.symbol not in selected and universe.lab_can_remove(member, utc_ns):
                self._deselect(universe, member)
        for symbol in selected:
            if symbol not in universe.lab_members:
                security, is_new = self._subscribe(universe, symbol)
                universe.lab_members[symbol] = Member(security=security, added_ns=utc_ns)
                if is_new:
                    self._manager.lab_added[security] = None

    def _deselect(self, universe: Universe, member: Member) -> None:
        security = member.security
        is_told = any(each.security is security for members in self._leaving.values() for each in members)
        if not security.is_delisted and not is_told:
            self._manager.lab_removed[security] = None
        if self._is_free(security):
            self._remove(universe, member)
        elif member not in (leaving := self._leaving.setdefault(universe, [])):
            leaving.append(member)

    def _look_at_leaving(self, universe: Universe) -> None:
        """Remove those that nothing holds any more; one that its universe has chosen again stays."""
        for home, members in list(self._leaving.items()):
            for member in list(members):
                is_free = self._is_free(member.security)
                if is_free or (home is universe and member.security.symbol in universe.selected):
                    members.remove(member)
                if is_free:
                    self._remove(home, member)
            if not members:
                del self._leaving[home]

    def _is_free(self, security: Security) -> bool:
        """Return whether nothing of a security is held, ordered or wanted."""
        holdings = security.holdings
        if security.hold_stock or (holdings.target is not None and holdings.target.quantity):
            return False
        if self._algorithm.transactions.get_open_orders(security.symbol):
            return False
        unsettled = security.settlement_model.get_unsettled_cash()
        return unsettled.amount <= 0

    def _subscribe(self, universe: Universe, symbol: Symbol) -> tuple[Security, bool]:
        """Return the security of a symbol, and whether it has a stream that it had not."""
        algorithm = self._algorithm
        service = algorithm.subscription_manager.subscription_data_config_service
        known = algorithm.securities.get(symbol)
        if universe.lab_keeps_subscriptions and known is not None and service.get_subscription_data_configs(symbol):
            return known, False
        settings = universe.universe_settings or algorithm.universe_settings
        before = len(self._configs.get(symbol, ()))
        security = algorithm.lab_add_symbol(
            symbol,
            settings.resolution,
            settings.fill_forward,
            settings.leverage,
            settings.extended_market_hours,
            settings.data_normalization_mode,
        )
        return security, len(self._configs[symbol]) > before

    def _remove(self, universe: Universe, member: Member) -> None:
        """Take a member out of a universe; end its streams if nobody else has it."""
        security = member.security
        universe.lab_members.pop(security.symbol, None)
        if security in self._by_hand or any(security.symbol in each.lab_members for each in self._universes):
            return
        security.reset()
        self._algorithm.lab_runtime.remove_security(security)


def _place(symbol: Symbol) -> tuple[int, str]:
    return int(symbol.security_type), str(symbol.id)
