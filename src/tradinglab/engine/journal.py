"""What a strategy asked of the engine, in its order: enough to ask it again.

A journal is kept for runs whose results are checked elsewhere. Each entry has the instant and the phase of the step
in which something was asked for, and how many events of orders there had been by then.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.margin_terms import MarginTerms
from tradinglab.algorithm.securities.security_models import SecurityModels
from tradinglab.core.values import dataclass
from tradinglab.engine.transactions import TransactionHandler

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.algorithm.orders import OrderEvent, OrderProperties, OrderRequest, OrderTicket
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.phases import Attention, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainOrder:
    """An order that came without a request of its own: at the market, or for the open."""

    order_id: int
    at_open: bool
    security: Security
    quantity: Decimal
    tag: str
    properties: OrderProperties | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A security that was added, with the streams that it got."""

    security: Security
    configs: tuple[SubscriptionDataConfig, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """A security was given a price that no stream brought."""

    security: Security


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A security whose streams end."""

    security: Security


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChanges:
    """Universes have chosen, and let the author be told that securities came or went; it may be that none did."""

    added: tuple[Security, ...]
    removed: tuple[Security, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The run was ended: by the strategy's ``quit``, or at once, by an error or because its time was up."""

    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was asked for, and when: at an instant, in a phase, after a number of events of orders."""

    utc_ns: int
    phase: str
    events: int
    asked: object


class Journal:
    """Takes down what a strategy asks for.

    Parameters
    ----------
    describe_setup : callable
        Called with the algorithm when it is set up; what it returns is kept as ``setup``.
    describe_models : callable
        Called with the algorithm then, and before each later entry if a model of a security has been changed; what it
        returns becomes an entry of its own, unless it is ``None``.
    """

    def __init__(
        self, describe_setup: Callable[[QCAlgorithm], object], describe_models: Callable[[QCAlgorithm], object | None]
    ) -> None:
        self.entries: list[Entry] = []
        self.setup: object | None = None
        self.transactions: TransactionHandler | None = None
        self._describe_setup = describe_setup
        self._describe_models = describe_models
        self._models_seen: tuple[int, int] | None = None
        self._seeded: set[Security] = set()
        self._is_stopped = False

    def open(self, algorithm: QCAlgorithm, phase: Phase, unready: Callable[[Symbol], tuple[str, ...]]) -> None:
        """Begin with an algorithm, before its ``initialize``.

        ``unready`` returns the names of a security's indicators that have not had enough bars by now.
        """
        self._algorithm = algorithm
        self._unready = unready
        self._phase = phase

    def prepared(self) -> None:
        """Take down how the algorithm is set up, after its ``initialize``."""
        self.setup = self._describe_setup(self._algorithm)
        self._look_at_models()

    def note(self, asked: object, security: Security | None = None) -> None:
        """Take down what is asked for now, perhaps of a security."""
        if security is not None and security.cache.has_pushed and security not in self._seeded:
            self._seeded.add(security)
            self._append(Seeded(security=security))
        if self.setup is not None:
            self._look_at_models()
        self._append(asked)

    def note_end(self, *, at_once: bool) -> None:
        """Take down that the run ends, once."""
        if not self._is_stopped:
            self._is_stopped = True
            self.note(Stopped(at_once=at_once))

    def take_back(self) -> None:
        """Forget the last entry: nothing came of it."""
        self.entries.pop()

    def _look_at_models(self) -> None:
        now = (SecurityModels.changes, MarginTerms.changes)
        if now == self._models_seen:
            return
        self._models_seen = now
        described = self._describe_models(self._algorithm)
        if described is not None:
            self._append(described)

    def _append(self, asked: object) -> None:
        count = 0 if self.transactions is None else len(self.transactions.events)
        entry = Entry(utc_ns=self._algorithm.lab_utc_ns, phase=self._phase.name, events=count, asked=asked)
        self.entries.append(entry)


class JournaledTransactions(TransactionHandler):
    """Carries orders out as its base does, and takes each request down before."""

    def __init__(self, algorithm: QCAlgorithm, brokerage: BacktestingBrokerage, attention: Attention,
                 on_event: Callable[[OrderEvent], None], journal: Journal) -> None:  # fmt: skip
        super().__init__(algorithm, brokerage, attention, on_event)
        self._journal = journal
        journal.transactions = self

    def process(self, request: OrderRequest) -> OrderTicket:
        """Carry out a request and return the order's ticket."""
        symbol = getattr(request, "symbol", None)
        self._journal.note(request, None if symbol is None else self._algorithm.securities.get(symbol))
        return super().process(request)

    def take_at_market(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Carry out a market order in few steps; ``None``, and nothing done, if it needs more."""
        self._note_plain(security, quantity, tag, properties, at_open=False)
        ticket = super().take_at_market(security, quantity, tag, properties)
        if ticket is None:
            self._journal.take_back()
        return ticket

    def take_at_open(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None
    ) -> OrderTicket | None:
        """Place an order for the next open in few steps; ``None``, and nothing done, if it needs more."""
        self._note_plain(security, quantity, tag, properties, at_open=True)
        ticket = super().take_at_open(security, quantity, tag, properties)
        if ticket is None:
            self._journal.take_back()
        return ticket

    def _note_plain(
        self, security: Security, quantity: Decimal, tag: str, properties: OrderProperties | None, *, at_open: bool
    ) -> None:
        number = self._algorithm.transactions.last_order_id + 1
        if properties is None:
            properties = self._algorithm.default_order_properties.clone()
        self._journal.note(
            PlainOrder(
                order_id=number, at_open=at_open, security=security, quantity=quantity, tag=tag, properties=properties
            ),
            security,
        )
