"""What a strategy asked for, as it declared it: each kind of request can be made again of a replay's algorithm."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tradinglab.algorithm import orders
from tradinglab.algorithm.orders import (
    CancelOrderRequest,
    GroupOrderManager,
    OrderProperties,
    SubmitOrderRequest,
    UpdateOrderFields,
    UpdateOrderRequest,
)
from tradinglab.core.enums import DataNormalizationMode, OrderType, Resolution, TickType
from tradinglab.core.values import dataclass
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.replay.declaring import MODELS
from tradinglab.sandbox.replay.told import NotPossibleError, Told, security_of
from tradinglab.sandbox.replay.values import read_plain, read_symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.core.symbol import Symbol

_MOST_LEGS = 64


class Asked(Protocol):
    """A request that can be made again."""

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Make the request of an algorithm."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A request, and when it was made: at an instant, in a phase, after a number of events of orders."""

    utc_ns: int
    phase: str
    events: int
    asked: Asked


def _use_number(algorithm: QCAlgorithm, number: int) -> None:
    """Let the next order have a number; those that are passed over belonged to requests that were refused."""
    transactions = algorithm.transactions
    if not transactions.last_order_id < number <= transactions.last_order_id + _MOST_SKIPPED:
        raise NotPossibleError(f"order {number} comes after order {transactions.last_order_id}")
    while transactions.last_order_id < number - 1:
        transactions.get_increment_order_id()


_MOST_SKIPPED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A new order."""

    order_id: int
    symbol: Symbol
    order_type: OrderType
    quantity: Decimal
    stop_price: Decimal = Decimal(0)
    limit_price: Decimal = Decimal(0)
    trigger_price: Decimal = Decimal(0)
    trailing_amount: Decimal = Decimal(0)
    trailing_as_percentage: bool = False
    tag: str | None
    properties: OrderProperties | None
    asynchronous: bool = False
    group: tuple[int, int, Decimal, Decimal] | None = None
    is_plain: bool = False

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Send the order again."""
        _use_number(algorithm, self.order_id)
        security = security_of(algorithm, self.symbol)
        if self.is_plain:
            transactions, properties = algorithm.transactions, self._properties()
            at_open = self.order_type == OrderType.MARKET_ON_OPEN
            take = transactions.take_at_open if at_open else transactions.take_at_market
            if take(security, self.quantity, self.tag or "", properties) is not None:
                return
        request = self.request(algorithm, groups)
        response = algorithm.lab_checked(request)
        if response.is_error:
            raise NotPossibleError(f"order {self.order_id} would have been refused: {response.error_message}")
        algorithm.transactions.add_order(request)

    def _properties(self) -> OrderProperties | None:
        return None if self.properties is None else self.properties.clone()

    def request(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> SubmitOrderRequest:
        """Return the order's request, as of now."""
        request = SubmitOrderRequest.of(
            self.order_type,
            security_of(algorithm, self.symbol).symbol,
            self.quantity,
            algorithm.lab_utc_ns,
            self.tag,
            self._properties() or algorithm.default_order_properties.clone(),
            asynchronous=self.asynchronous,
            group_order_manager=self._group(groups),
            trailing_as_percentage=self.trailing_as_percentage,
        )
        request.exact_stop_price, request.exact_limit_price = self.stop_price, self.limit_price
        request.exact_trigger_price, request.exact_trailing_amount = self.trigger_price, self.trailing_amount
        return request

    def _group(self, groups: dict[int, GroupOrderManager]) -> GroupOrderManager | None:
        if self.group is None:
            return None
        number, count, quantity, limit_price = self.group
        if number not in groups:
            groups[number] = GroupOrderManager(number, count, quantity, limit_price)
        return groups[number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """A change of an order."""

    order_id: int
    quantity: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    trigger_price: Decimal | None
    trailing_amount: Decimal | None
    tag: str | None

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Change the order again."""
        fields = UpdateOrderFields(
            quantity=self.quantity, limit_price=self.limit_price, stop_price=self.stop_price,
            trigger_price=self.trigger_price, trailing_amount=self.trailing_amount, tag=self.tag,
        )  # fmt: skip
        algorithm.transactions.update_order(UpdateOrderRequest(algorithm.utc_time, self.order_id, fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The end of an order."""

    order_id: int
    tag: str | None

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Cancel the order again."""
        algorithm.transactions.process_request(CancelOrderRequest(algorithm.utc_time, self.order_id, self.tag))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of a security that was added."""

    resolution: Resolution
    tick_type: TickType
    fill_forward: bool
    extended_market_hours: bool
    normalization: DataNormalizationMode
    is_internal: bool
    is_custom: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A security that was added, with its streams."""

    symbol: Symbol
    streams: tuple[Stream, ...]

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Add the security again."""
        for stream in dict.fromkeys((s.resolution, s.fill_forward, s.extended_market_hours, s.normalization)
                                    for s in self.streams):  # fmt: skip
            resolution, fill_forward, extended_market_hours, normalization = stream
            algorithm.lab_add_symbol(
                self.symbol,
                resolution,
                fill_forward,
                extended_market_hours=extended_market_hours,
                data_normalization_mode=normalization,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A security whose streams end."""

    symbol: Symbol

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Take the security away again; its orders and its position were requests of their own."""
        security = security_of(algorithm, self.symbol)
        security.reset()
        algorithm.lab_runtime.remove_security(security)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """A security that was given a price before it had one: the last known."""

    symbol: Symbol

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Give the security its last known price, whatever it was given."""
        algorithm.lab_seed([security_of(algorithm, self.symbol)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The end of the run, by the strategy's ``quit`` or at once."""

    at_once: bool

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """End the run again."""
        if self.at_once:
            raise KeyboardInterrupt
        algorithm.quit()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsChanged:
    """Models that securities have from here on, as places in the table of models."""

    found: tuple[tuple[Symbol, tuple[int, ...]], ...]

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Nothing by itself: the script knows the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something that cannot be asked for again."""

    name: str

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Refuse."""
        raise NotPossibleError(f"a request of the kind {self.name}")


# Reading.


def read_action(value: Reader, phases: list[str], models: int) -> Action:
    """Return an entry of the journal that an answer declares."""
    utc_ns, phase, events, letter, *rest = value.items()
    kind = letter.raw_text()
    if kind not in _READ:
        raise BadAnswerError("the answer declares a request of no known kind")
    count, read = _READ[kind]
    if len(rest) != count:
        raise BadAnswerError("the answer declares a request that is incomplete")
    asked = read(*rest)
    if isinstance(asked, ModelsChanged) and any(place >= models for _, places in asked.found for place in places):
        raise BadAnswerError("the answer declares a model that is not in its table")
    return Action(
        utc_ns=utc_ns.whole(),
        phase=phases[phase.whole(0, len(phases) - 1)],
        events=events.whole(low=0),
        asked=asked,
    )


def _plain_order(order_type: OrderType) -> Callable[..., Submitted]:
    def read(number: Reader, symbol: Reader, quantity: Reader, tag: Reader, properties: Reader) -> Submitted:
        return Submitted(
            order_id=number.whole(low=1),
            symbol=read_symbol(symbol),
            order_type=order_type,
            quantity=quantity.decimal(),
            tag=tag.text(),
            properties=_properties(properties),
            is_plain=True,
        )

    return read


def _submitted(number: Reader, symbol: Reader, order_type: Reader, amounts: Reader, as_percentage: Reader, tag: Reader,
               properties: Reader, asynchronous: Reader, group: Reader) -> Submitted:  # fmt: skip
    quantity, stop_price, limit_price, trigger_price, trailing_amount = (each.decimal() for each in amounts.items(5))
    return Submitted(
        order_id=number.whole(low=1),
        symbol=read_symbol(symbol),
        order_type=OrderType(order_type.whole()),
        quantity=quantity,
        stop_price=stop_price,
        limit_price=limit_price,
        trigger_price=trigger_price,
        trailing_amount=trailing_amount,
        trailing_as_percentage=as_percentage.flag(),
        tag=_text(tag),
        properties=_properties(properties),
        asynchronous=asynchronous.flag(),
        group=None if group.is_null else _group(group),
    )


def _group(value: Reader) -> tuple[int, int, Decimal, Decimal]:
    number, count, quantity, limit_price = value.items(4)
    return number.whole(), count.whole(1, _MOST_LEGS), quantity.decimal(), limit_price.decimal()


def _text(value: Reader) -> str | None:
    return None if value.is_null else value.text()


def _properties(value: Reader) -> OrderProperties | None:
    if value.is_null:
        return None
    name, pairs = value.items(2)
    kind = getattr(orders, name.text(), None)
    if not (isinstance(kind, type) and issubclass(kind, OrderProperties)):
        raise BadAnswerError("the answer declares properties of an order that are of no known kind")
    properties: OrderProperties = kind.__new__(kind)  # some constructors want an exchange
    for pair in pairs.items():
        setting, held = pair.items(2)
        properties.settings[setting.text()] = read_plain(held)
    return properties


def _updated(number: Reader, amounts: Reader, tag: Reader) -> Updated:
    read = [None if each.is_null else each.decimal() for each in amounts.items(5)]
    quantity, limit_price, stop_price, trigger_price, trailing_amount = read
    return Updated(
        order_id=number.whole(), quantity=quantity, limit_price=limit_price, stop_price=stop_price,
        trigger_price=trigger_price, trailing_amount=trailing_amount, tag=_text(tag),
    )  # fmt: skip


def _stream(value: Reader) -> Stream:
    resolution, tick_type, fill_forward, extended, normalization, is_internal, is_custom = value.items(7)
    return Stream(
        resolution=Resolution(resolution.whole()),
        tick_type=TickType(tick_type.whole()),
        fill_forward=fill_forward.flag(),
        extended_market_hours=extended.flag(),
        normalization=DataNormalizationMode(normalization.whole()),
        is_internal=is_internal.flag(),
        is_custom=is_custom.flag(),
    )


def _models(found: Reader) -> ModelsChanged:
    pairs = (each.items(2) for each in found.items())
    return ModelsChanged(
        found=tuple(
            (read_symbol(symbol), tuple(place.whole(low=0) for place in places.items(len(MODELS))))
            for symbol, places in pairs
        )
    )


_READ: dict[str, tuple[int, Callable[..., Asked]]] = {
    "market": (5, _plain_order(OrderType.MARKET)),
    "open": (5, _plain_order(OrderType.MARKET_ON_OPEN)),
    "submit": (9, _submitted),
    "update": (3, _updated),
    "cancel": (2, lambda number, tag: Cancelled(order_id=number.whole(), tag=_text(tag))),
    "add": (2, lambda symbol, streams: Added(symbol=read_symbol(symbol),
                                            streams=tuple(_stream(each) for each in streams.items()))),
    "remove": (1, lambda symbol: Removed(symbol=read_symbol(symbol))),
    "told": (2, lambda added, removed: Told(added=tuple(map(read_symbol, added.items())),
                                            removed=tuple(map(read_symbol, removed.items())))),
    "seed": (1, lambda symbol: Seeded(symbol=read_symbol(symbol))),
    "models": (1, _models),
    "stop": (1, lambda at_once: Stopped(at_once=at_once.flag())),
    "other": (1, lambda name: Unknown(name=name.text())),
}  # fmt: skip
