"""What a strategy asked for in a run, in a form in which two runs can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import CancelOrderRequest, SubmitOrderRequest, UpdateOrderRequest
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import OrderType, Resolution, TickType
from tradinglab.core.values import dataclass
from tradinglab.doctor.outside import OutsideRead
from tradinglab.engine.journal import Journal, PlainOrder, Stopped, Subscribed
from tradinglab.engine.phases import END_PHASE

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.symbol import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One order, change or cancellation that was asked for.

    Attributes
    ----------
    what
        The type of an order, ``update``, ``cancel``, or ``stop`` if the strategy ended the run or failed.
    of
        The ticker of an order; of a change, the number of the order; empty otherwise.
    amounts
        Quantity and prices as they were given.
    unready
        Names of the symbol's indicators that had not enough bars at that moment; not compared.
    """

    utc_ns: int
    what: str
    of: str
    amounts: tuple[Decimal | None, ...] = ()
    unready: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal if two runs asked for the same."""
        return (self.utc_ns, self.what, self.of, self.amounts)

    @property
    def quantity(self) -> Decimal:
        """How much is bought (above zero) or sold; 0 of a cancellation."""
        return (self.amounts[0] or ZERO) if self.amounts else ZERO

    def __str__(self) -> str:
        if self.what == "cancel":
            return f"the cancellation of order {self.of}"
        if self.what == "update":
            return f"the change of order {self.of}"
        if self.what == "stop":
            return "the end of the run"
        side = "buy" if self.quantity > 0 else "sell"
        return f"the {self.what} order to {side} {abs(self.quantity).normalize():f} {self.of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The bars of a symbol that a strategy subscribed to."""

    resolution: Resolution
    tick_type: TickType


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was taken down of a run: what it asked for, the bars of each symbol, and the files that it read itself."""

    asked: Sequence[Asked]
    streams: Mapping[Symbol, Stream]
    outside: tuple[OutsideRead, ...] = ()


def _nothing(algorithm: QCAlgorithm) -> object | None:
    return None


def _something(algorithm: QCAlgorithm) -> object:
    return True


class Watch(Journal):
    """Takes down what a strategy asks for, which bars it subscribed to, and which indicators were not ready then."""

    def __init__(
        self,
        describe_setup: Callable[[QCAlgorithm], object] = _something,
        describe_models: Callable[[QCAlgorithm], object | None] = _nothing,
    ) -> None:
        super().__init__(describe_setup, describe_models)
        self.asked: list[Asked] = []
        self.streams: dict[Symbol, Stream] = {}

    def watched(self, outside: tuple[OutsideRead, ...]) -> Watched:
        """Return what was taken down, with the files that were read meanwhile."""
        return Watched(asked=self.asked, streams=self.streams, outside=outside)

    @property
    def reached_ns(self) -> int:
        """The last instant that the run came to."""
        return self._algorithm.lab_utc_ns

    def note(self, asked: object, security: Security | None = None) -> None:
        """Take down what is asked for now."""
        super().note(asked, security)
        if isinstance(asked, Subscribed):
            self._note_streams(asked.configs)
            return
        # What is asked for when all is over depends on when that is.
        row = None if self._phase.name == END_PHASE else self._row(asked)
        if row is not None:
            self.asked.append(row)

    def take_back(self) -> None:
        """Forget the last entry, an order: nothing came of it."""
        super().take_back()
        if self._phase.name != END_PHASE:
            self.asked.pop()

    def _note_streams(self, configs: tuple[SubscriptionDataConfig, ...]) -> None:
        for config in configs:
            known = self.streams.get(config.symbol)
            if config.is_internal_feed or (known is not None and known.tick_type == TickType.TRADE):
                continue
            self.streams[config.symbol] = Stream(resolution=config.resolution, tick_type=config.tick_type)

    def _row(self, asked: object) -> Asked | None:
        utc_ns = self._algorithm.lab_utc_ns
        if isinstance(asked, PlainOrder):
            kind = OrderType.MARKET_ON_OPEN if asked.at_open else OrderType.MARKET
            return self._order(utc_ns, kind, asked.security.symbol, (asked.quantity, ZERO, ZERO, ZERO, ZERO))
        if isinstance(asked, SubmitOrderRequest):
            prices = (
                asked.exact_limit_price, asked.exact_stop_price, asked.exact_trigger_price, asked.exact_trailing_amount,
            )  # fmt: skip
            return self._order(utc_ns, asked.order_type, asked.symbol, (asked.exact_quantity, *prices))
        if isinstance(asked, UpdateOrderRequest):
            amounts = (
                asked.exact_quantity, asked.exact_limit_price, asked.exact_stop_price, asked.exact_trigger_price,
                asked.exact_trailing_amount,
            )  # fmt: skip
            return Asked(utc_ns=utc_ns, what="update", of=str(asked.order_id), amounts=amounts)
        if isinstance(asked, CancelOrderRequest):
            return Asked(utc_ns=utc_ns, what="cancel", of=str(asked.order_id))
        if isinstance(asked, Stopped):
            return Asked(utc_ns=utc_ns, what="stop", of="")
        return None

    def _order(self, utc_ns: int, kind: OrderType, symbol: Symbol, amounts: tuple[Decimal, ...]) -> Asked:
        unready = self._unready(symbol)
        return Asked(utc_ns=utc_ns, what=str(kind), of=symbol.value, amounts=amounts, unready=unready)
