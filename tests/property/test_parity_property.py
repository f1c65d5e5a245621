"""Orders of two engines are paired by looking at few of the pairs as if all of them had been looked at."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tradinglab.report.parity import ParityOrder, ParitySide, parity

_S = 1_000_000
_FOUR_DAYS = 4 * 86_400 * _S
_MOST = 25

#: Many of the same instant or as far apart, some a little late, and some further apart than one decision is.
TIMES = st.one_of(
    st.integers(0, 6).map(lambda n: n * _S), st.integers(0, 40), st.integers(0, 12).map(lambda n: n * _FOUR_DAYS // 4)
)
ORDERS = st.lists(st.tuples(TIMES, st.integers(1, 3), st.sampled_from(["A", "B"])), max_size=_MOST)


def side(name: str, wanted: Sequence[tuple[int, int, str]]) -> ParitySide:
    orders = [
        ParityOrder(id=number, symbol=symbol, side="buy", time_us=at, quantity=float(quantity), price=10.0, fee=1.0)
        for number, (at, quantity, symbol) in enumerate(wanted)
    ]
    return ParitySide(name=name, orders=orders)


def plain(left: ParitySide, right: ParitySide) -> set[tuple[int, int]]:
    """Look at all pairs, and take the nearest first."""
    theirs = sorted(right.orders, key=lambda each: each.time_us)
    near = sorted(
        (abs(b.time_us - a.time_us), abs(b.quantity - a.quantity), place, other)
        for place, a in enumerate(left.orders)
        for other, b in enumerate(theirs)
        if a.symbol == b.symbol and abs(b.time_us - a.time_us) <= _FOUR_DAYS
    )
    found: dict[int, int] = {}
    for _, _, place, other in near:
        if place not in found and other not in found.values():
            found[place] = other
    return {(left.orders[place].id, theirs[other].id) for place, other in found.items()}


@settings(max_examples=300)
@given(ours=ORDERS, theirs=ORDERS)
def test_few_looks_find_what_all_looks_find(
    ours: list[tuple[int, int, str]], theirs: list[tuple[int, int, str]]
) -> None:
    left, right = side("left", ours), side("right", theirs)
    found = parity(left, right)
    pairs = {(each.left.id, each.right.id) for each in found.pairs if each.left and each.right}
    assert pairs == plain(left, right)
    alone = [each for each in found.pairs if each.left is None or each.right is None]
    assert len(alone) == len(ours) + len(theirs) - 2 * len(pairs)
