"""What was traded after many fills, worked out together and fill after fill."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS
from tradinglab.core.decimals import ONE, ZERO
from tradinglab.core.enums import SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.engine import capacity
from tradinglab.engine.capacity_window import CapacityBar

SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")
COUNT = 400
START = 18_262 * DAY_NS


class Stream:
    """Bars that can be read later, some of which may be missing."""

    has_short_volumes = True

    def __init__(self, seed: int, period_ns: int, has_gaps: bool, kind: str) -> None:
        rng = np.random.default_rng(seed)
        slots = np.sort(rng.choice(COUNT * 10 // 9, COUNT, replace=False)) if has_gaps else np.arange(COUNT)
        self.starts_ns = (START + slots * period_ns).tolist()
        self.ends_ns = [start + period_ns for start in self.starts_ns]
        size = 10 ** int(rng.integers(2, 6))
        places, parts = {"ticks": (4, 1), "fractions": (6, 8), "rare zeros": (2, 1)}[kind]
        volumes = rng.integers(1, size, COUNT)
        if kind == "rare zeros":
            volumes[rng.integers(0, COUNT, 2)] = 0
        self.bars = [
            CapacityBar(Decimal(int(price)).scaleb(-places), Decimal(int(volume)) / parts, period_ns)
            for price, volume in zip(rng.integers(1, 2_000_000, COUNT), volumes, strict=True)
        ]
        self.closes = [float(bar.close) for bar in self.bars]
        self.volumes = [float(bar.volume) for bar in self.bars]
        self.has_short_closes = seed % 5 > 0
        self.now = -1

    def last_row(self) -> int:
        return self.now

    def bar(self, row: int) -> CapacityBar:
        return self.bars[row]


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    period_ns=st.sampled_from([SECOND_NS, MINUTE_NS, MINUTE_NS, MINUTE_NS, 5 * MINUTE_NS, HOUR_NS, DAY_NS]),
    has_gaps=st.booleans(),
    kind=st.sampled_from(["ticks", "ticks", "fractions", "rare zeros"]),
    fills=st.lists(
        st.tuples(st.integers(0, COUNT - 1), st.sampled_from([0, 0, 0, 30 * SECOND_NS])), min_size=25, max_size=90
    ),
    rate=st.sampled_from([ONE, Decimal("1.0"), Decimal("0.87")]),
)
def test_fills_counted_together_come_to_the_same(
    seed: int, period_ns: int, has_gaps: bool, kind: str, fills: list[tuple[int, int]], rate: Decimal
) -> None:
    stream = Stream(seed, period_ns, has_gaps, kind)
    looks = sorted({COUNT // 3, seed % COUNT, COUNT - 1})
    together, one_by_one = (capacity._SymbolCapacity(SPY, rate=rate, stream=stream) for _ in range(2))
    times = sorted(stream.ends_ns[row] + delay for row, delay in fills)
    for stream.now in looks:
        ready = times[: bisect_left(times, stream.ends_ns[stream.now] + 1)]
        del times[: len(ready)]
        for each in (together, one_by_one):
            each.waiting += [(utc_ns, Decimal(100 + index % 7), Decimal(5)) for index, utc_ns in enumerate(ready)]
        together.catch_up()
        with patch.object(capacity, "traded_after", lambda *_: None):
            one_by_one.catch_up()
        assert state_of(together) == state_of(one_by_one)
        for each in (together, one_by_one):
            each.starts_over = True


def state_of(each: capacity._SymbolCapacity) -> tuple[object, ...]:
    window = each.window
    state = {name: getattr(window, name) for name in window.__slots__}
    sums = each.captured, each.market_volume, each.sale_volume, each.discount
    return state, each.trades, each.waiting, each.starts_over, [str(number) for number in sums]


def test_most_fills_are_counted_together() -> None:
    """Otherwise the test above compares the same way with itself."""
    stream = Stream(1, MINUTE_NS, False, "ticks")
    stream.volumes = [50_000.0] * COUNT
    stream.closes = [100.0] * COUNT
    each = capacity._SymbolCapacity(SPY, stream=stream)
    each.waiting = [(stream.ends_ns[row], Decimal(100), Decimal(5)) for row in range(0, COUNT, 20)]
    stream.now = COUNT - 1
    with patch.object(type(each.window), "traded_until", lambda *_: ZERO):
        each.catch_up()
    assert each.captured > 0
