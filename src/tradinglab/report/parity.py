"""One version, run by two engines: where their orders agree, where they part first, and what the cause may be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from heapq import heapify, heappop, heapreplace
from typing import Final

from tradinglab.core.values import dataclass, field

_US: Final = 1_000_000
#: Orders of the same kind may be so far apart and still be the same decision: a weekend, and a holiday.
_APART_US: Final = 4 * 86_400 * _US
_SAME_TIME_US: Final = _US
#: What prices may differ by, as a fraction, for want of digits; and from where on the bars themselves must differ.
_SAME_PRICE, _OTHER_BARS = 1e-5, 0.005
_SAME_QUANTITY: Final = 1e-6
_SAME_FEE: Final = 0.005
#: How many before and after an order are looked at, of few orders and of many; and how many in all, about.
_NEAREST: Final = 50
_LEAST: Final = 3
_MOST_LOOKS: Final = 500_000


class Cause(StrEnum):
    """Why two runs may part."""

    NONE = "none"
    DATA = "data"
    FILL_PRICE = "fill_price"
    FEE = "fee"
    TIMING = "timing"
    MISSING_ORDER = "missing_order"


#: What each means, for people.
EXPLANATIONS: Final[Mapping[Cause, str]] = {
    Cause.NONE: "The orders agree.",
    Cause.DATA: "The bars differ: prices are further apart than fills of one bar are, or sizes follow from others.",
    Cause.FILL_PRICE: "The same order at the same time was filled at another price: slippage, spread, or which price "
    "of a bar is taken.",
    Cause.FEE: "The same fill cost another fee: the fee models differ.",
    Cause.TIMING: "The same order was filled at another time: bars arrive, or orders are filled, later.",
    Cause.MISSING_ORDER: "One engine placed an order that the other did not.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityOrder:
    """An order as it was filled; the quantity is negative for a sale, the fee is the sum of its fills'."""

    id: int
    symbol: str
    side: str
    time_us: int
    quantity: float
    price: float
    #: Unknown, if an engine does not tell what became of its orders.
    fee: float | None
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParitySide:
    """What one engine made of the version."""

    name: str
    orders: Sequence[ParityOrder] = ()
    statistics: Mapping[str, str] = field(default_factory=dict)
    #: Instants in microseconds, and the account's value.
    equity: Sequence[tuple[int, float]] = ()
    #: What the engine had no bars of, and the sentence that says so.
    without_bars: Mapping[str, str] = field(default_factory=dict)

    def lack(self, symbol: str) -> str:
        """Return why the engine cannot have placed an order: it had no bars to decide by; empty if it had."""
        if symbol in self.without_bars:
            return self.without_bars[symbol]
        return next(iter(self.without_bars.values()), "") if not self.orders else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two orders that are one decision, or one that the other engine did not place; deltas are right less left."""

    left: ParityOrder | None
    right: ParityOrder | None
    causes: tuple[Cause, ...]
    time_s: float | None = None
    price: float | None = None
    quantity: float | None = None
    fee: float | None = None

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.causes

    @property
    def time_us(self) -> int:
        """When the first of the two was."""
        return min(each.time_us for each in (self.left, self.right) if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An account just before an instant: its value, if it is known, and what it holds."""

    equity: float | None
    holdings: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """Where two runs part first."""

    pair: Pair
    left: State
    right: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How two runs of a version compare.

    Attributes
    ----------
    percent
        The share of orders, of the side that has more, in which nothing differs.
    cause, explanation
        The probable one of the first divergence, and what it means.
    statistics
        Name, left, right.
    equity
        Instant, left, right; where one side has no value yet, it is empty.
    """

    left: str
    right: str
    percent: float
    cause: Cause
    explanation: str
    pairs: Sequence[Pair]
    first: Divergence | None
    statistics: Sequence[tuple[str, str | None, str | None]]
    equity: Sequence[tuple[int, float | None, float | None]]


def parity(left: ParitySide, right: ParitySide) -> Parity:
    """Compare what two engines made of one version."""
    pairs = sorted(_pairs(left, right), key=lambda each: each.time_us)
    apart = next((each for each in pairs if not each.is_same), None)
    first = None
    if apart is not None:
        states = [_state(side, apart.time_us) for side in (left, right)]
        first = Divergence(pair=apart, left=states[0], right=states[1])
    most = max(len(left.orders), len(right.orders))
    same = sum(each.is_same for each in pairs)
    cause = _cause(first, left, right)
    return Parity(
        left=left.name,
        right=right.name,
        percent=100.0 if not most else 100.0 * same / most,
        cause=cause,
        explanation=_lacking(apart, left, right) or EXPLANATIONS[cause],
        pairs=pairs,
        first=first,
        statistics=[
            (name, left.statistics.get(name), right.statistics.get(name))
            for name in dict.fromkeys((*left.statistics, *right.statistics))
        ],
        equity=_overlay(left.equity, right.equity),
    )


def _cause(first: Divergence | None, left: ParitySide, right: ParitySide) -> Cause:
    if first is not None:
        return first.pair.causes[0]
    ours, theirs = dict(left.equity), dict(right.equity)
    # The same orders, and another value at the same instant: what is held is priced otherwise.
    is_apart = any(abs(theirs[at] - ours[at]) > _OTHER_BARS * abs(ours[at]) for at in ours.keys() & theirs.keys())
    return Cause.DATA if is_apart else Cause.NONE


def _lacking(apart: Pair | None, left: ParitySide, right: ParitySide) -> str:
    """Say which engine had no bars to place an order by that only the other has placed; else nothing."""
    if apart is None or (apart.left is None) == (apart.right is None):
        return ""
    side, order = (left, apart.right) if apart.left is None else (right, apart.left)
    assert order is not None
    lack = side.lack(order.symbol)
    return f"The bars differ: {side.name} had none to decide by. {lack}" if lack else ""


def _pairs(left: ParitySide, right: ParitySide) -> Iterable[Pair]:
    groups: dict[tuple[str, str], tuple[list[ParityOrder], list[ParityOrder]]] = {}
    for place, side in enumerate((left, right)):
        for each in side.orders:
            groups.setdefault((each.symbol, each.side.lower()), ([], []))[place].append(each)
    for (symbol, _), (ours, theirs) in groups.items():
        # Who has no bars of it can place no order.
        causes = [Cause.DATA if side.lack(symbol) else Cause.MISSING_ORDER for side in (right, left)]
        yield from _matched(ours, theirs, causes)


def _matched(left: list[ParityOrder], right: list[ParityOrder], alone: Sequence[Cause]) -> Iterable[Pair]:
    """Pair orders of one symbol and side: those nearest in time first, the more alike in quantity before others.

    *alone* is why an order has no partner, one of the left, and one of the right.
    """
    right = sorted(right, key=lambda each: each.time_us)
    # Most have a partner of their very instant: only the few that are left are looked for far and wide.
    for apart_us in (0, _APART_US):
        chosen = _chosen(left, right, apart_us)
        yield from (_compared(left[place], right[other]) for place, other in chosen.items())
        theirs = set(chosen.values())
        left = [each for place, each in enumerate(left) if place not in chosen]
        right = [each for place, each in enumerate(right) if place not in theirs]
    yield from (Pair(left=each, right=None, causes=(alone[0],)) for each in left)
    yield from (Pair(left=None, right=each, causes=(alone[1],)) for each in right)


def _chosen(left: Sequence[ParityOrder], right: Sequence[ParityOrder], apart_us: int) -> dict[int, int]:
    """Return which of the right, sorted by their times, belongs to which of the left; not further apart than so.

    Of all pairs the nearest comes first. Each order has but its nearest in the heap, and looks for the next one when
    that was taken by another: what is far is seldom looked at.
    """
    search = _Search(left, right, apart_us)
    heap = [first for place in range(len(left)) if (first := search.nearest(place)) is not None]
    heapify(heap)
    chosen: dict[int, int] = {}
    while heap:
        _, _, place, other = heap[0]
        if search.is_free(other):
            chosen[place] = other
            search.take(other)
            heappop(heap)
        elif (following := search.nearest(place)) is not None:
            heapreplace(heap, following)
        else:
            heappop(heap)
    return chosen


class _Search:
    """Looks for the nearest orders of the right that nobody has taken, from each of the left outwards."""

    def __init__(self, left: Sequence[ParityOrder], right: Sequence[ParityOrder], apart_us: int) -> None:
        self._wanted = [(each.time_us, abs(each.quantity)) for each in left]
        self._times = [each.time_us for each in right]
        self._quantities = [abs(each.quantity) for each in right]
        self._taken = bytearray(len(right))
        self._apart_us = apart_us
        # The nearest are enough: of a thousand orders in a day, the far ones are others.
        most = max(_LEAST, min(_NEAREST, _MOST_LOOKS // max(1, len(left))))
        middles = [bisect_left(self._times, at) for at, _ in self._wanted]
        self._bounds = [(max(0, each - most), min(len(right), each + most)) for each in middles]
        #: How far was looked in both directions.
        self._before = [each - 1 for each in middles]
        self._after = middles

    def is_free(self, other: int) -> bool:
        """Say whether nobody has it."""
        return not self._taken[other]

    def take(self, other: int) -> None:
        """Give it away."""
        self._taken[other] = 1

    def nearest(self, place: int) -> tuple[int, float, int, int] | None:
        """Return how far the nearest is in time and in quantity, and both places; ``None`` if there is none."""
        times, taken, (at, quantity) = self._times, self._taken, self._wanted[place]
        (least, most), before, after = self._bounds[place], self._before[place], self._after[place]
        while before >= least and taken[before]:
            before -= 1
        while after < most and taken[after]:
            after += 1
        self._before[place], self._after[place] = before, after
        none = self._apart_us + 1
        apart = min(at - times[before] if before >= least else none, times[after] - at if after < most else none)
        if apart > self._apart_us:
            return None
        alike: list[tuple[float, int]] = []
        while before >= least and at - times[before] == apart:
            if not taken[before]:
                alike.append((abs(self._quantities[before] - quantity), before))
            before -= 1
        while after < most and times[after] - at == apart:
            if not taken[after]:
                alike.append((abs(self._quantities[after] - quantity), after))
            after += 1
        unlike, other = min(alike)
        return apart, unlike, place, other


def _compared(left: ParityOrder, right: ParityOrder) -> Pair:
    causes: list[Cause] = []
    if abs(right.time_us - left.time_us) > _SAME_TIME_US:
        causes.append(Cause.TIMING)
    apart = abs(right.price - left.price) / abs(left.price) if left.price else float(right.price != 0)
    if apart > _OTHER_BARS:
        causes.append(Cause.DATA)
    elif apart > _SAME_PRICE:
        causes.append(Cause.FILL_PRICE)
    fee = None if left.fee is None or right.fee is None else right.fee - left.fee
    if fee is not None and abs(fee) > _SAME_FEE:
        causes.append(Cause.FEE)
    if abs(right.quantity - left.quantity) > _SAME_QUANTITY * max(1.0, abs(left.quantity)) and not causes:
        # Sizes follow from prices.
        causes.append(Cause.DATA)
    return Pair(
        left=left,
        right=right,
        causes=tuple(causes),
        time_s=(right.time_us - left.time_us) / _US,
        price=right.price - left.price,
        quantity=right.quantity - left.quantity,
        fee=fee,
    )


def _state(side: ParitySide, time_us: int) -> State:
    """Return an account as it was before an instant."""
    holdings: dict[str, float] = {}
    for each in side.orders:
        if each.time_us < time_us:
            holdings[each.symbol] = holdings.get(each.symbol, 0.0) + each.quantity
    before = [value for at, value in side.equity if at < time_us]
    held = {symbol: amount for symbol, amount in holdings.items() if abs(amount) > _SAME_QUANTITY}
    return State(equity=before[-1] if before else None, holdings=held)


def _overlay(
    left: Sequence[tuple[int, float]], right: Sequence[tuple[int, float]]
) -> list[tuple[int, float | None, float | None]]:
    times = sorted({at for at, _ in (*left, *right)})
    known = dict(left), dict(right)
    last: list[float | None] = [None, None]
    found: list[tuple[int, float | None, float | None]] = []
    for at in times:
        for place in (0, 1):
            last[place] = known[place].get(at, last[place])
        found.append((at, last[0], last[1]))
    return found
