"""Laws of repairs: what was repaired is not found again, and the originals can be had back, whatever was wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.quality_kit import codes, good_bars, key_of

from tradinglab.core.enums import Resolution
from tradinglab.data.quality import CHECKS, Bars, Policy, SeriesFacts, clean, inspect, inspect_bars, piles
from tradinglab.data.quality.cleaning import clean_pile
from tradinglab.data.quality.piles import Pile

FACTS = {
    resolution: SeriesFacts.of(key_of(resolution), listed=date(2013, 11, 26)) for resolution in Resolution if resolution
}
GOOD = {
    Resolution.MINUTE: good_bars(date(2013, 11, 26), date(2013, 11, 29)),
    Resolution.DAILY: good_bars(date(2013, 10, 1), date(2014, 3, 28), Resolution.DAILY),
}
#: Every repair that there is.
EVERY_RULE = Policy.of("keep", {code: str(check.rules[-1]) for code, check in CHECKS.items() if check.rules})
FIRST_RULES = Policy.of("keep", {code: str(check.rules[0]) for code, check in CHECKS.items() if check.rules})

FIELDS = ("open", "high", "low", "close", "volume")
BAD = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-9, 1e12])
SCALE = st.sampled_from([0.1, 0.5, 1.4, 10.0])
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("value"), st.integers(0, 10_000), st.sampled_from(FIELDS), BAD),
        st.tuples(st.just("scale"), st.integers(0, 10_000), st.sampled_from(FIELDS), SCALE),
        st.tuples(st.just("bar"), st.integers(0, 10_000), st.integers(1, 7), SCALE),
        st.tuples(st.just("twice"), st.integers(0, 10_000), st.booleans(), st.integers(1, 3)),
        st.tuples(st.just("gone"), st.integers(0, 10_000), st.integers(1, 30), st.none()),
        st.tuples(st.just("swap"), st.integers(0, 10_000), st.integers(0, 10_000), st.none()),
        st.tuples(st.just("same"), st.integers(0, 10_000), st.integers(2, 150), st.booleans()),
        st.tuples(st.just("moved"), st.integers(0, 10_000), st.integers(-10**11, 10**11), st.none()),
    ),
    max_size=8,
)  # fmt: skip


def broken(resolution: Resolution, edits: list[tuple[str, int, Any, Any]]) -> Bars:
    good = GOOD[resolution]
    table = np.stack([good.times_us.astype(np.float64), *(good.values[name] for name in FIELDS)], axis=1)
    for kind, place, what, how in edits:
        row = place % len(table)
        if kind in ("value", "scale"):
            column = 1 + FIELDS.index(what)
            table[row, column] = how if kind == "value" else table[row, column] * how
        elif kind == "bar":
            table[row : row + what, 1:5] *= how
        elif kind == "twice":
            table = np.insert(table, [row + 1] * how, table[row], axis=0)
            table[row + 1, 5] += what
        elif kind == "gone" and len(table) > 50:
            table = np.delete(table, np.s_[row : row + what], axis=0)
        elif kind == "swap":
            table[[row, what % len(table)]] = table[[what % len(table), row]]
        elif kind == "same":
            table[row : row + what, 1:5] = table[row, 1:5]
            if not how:
                table[row : row + what, 5] = 0
        elif kind == "moved":
            table[row, 0] += what
    values = {name: table[:, 1 + at].copy() for at, name in enumerate(FIELDS)}
    return Bars.of(table[:, 0].astype(np.int64), values)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(list(GOOD)), EDITS, st.sampled_from([EVERY_RULE, FIRST_RULES]))
def test_what_is_repaired_is_not_found_again_and_can_be_undone(
    resolution: Resolution, edits: list[tuple[str, int, Any, Any]], policy: Policy
) -> None:
    bars = broken(resolution, edits)
    done = clean(bars, FACTS[resolution], policy)
    left = [code for code in codes(done.after) if policy.action(code) != "keep"]
    assert left == []
    # Prices are never made up: what is there was there, but for highs and lows that hold their own bar.
    times, values = done.repairs.restore(done.bars.times_us, done.bars.values)
    np.testing.assert_array_equal(times, bars.times_us)
    for name, column in bars.values.items():
        np.testing.assert_array_equal(values[name], column)
    assert len(done.bars) + done.repairs.dropped == len(bars)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(list(GOOD)), EDITS, st.sampled_from([EVERY_RULE, FIRST_RULES]), st.integers(3, 700), st.booleans()
)  # fmt: skip
def test_repairs_on_the_disk_are_those_in_memory(
    resolution: Resolution, edits: list[tuple[str, int, Any, Any]], policy: Policy, size: int, is_backwards: bool
) -> None:
    """However small the blocks are in which bars lie on the disk, and in whatever order."""
    bars = broken(resolution, edits)
    if is_backwards:
        bars = Bars.of(bars.times_us[::-1].copy(), {name: column[::-1].copy() for name, column in bars.values.items()})
    whole = clean(bars, FACTS[resolution], policy)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(piles, "BLOCK", size)
        pile = Pile(resolution, Path(folder))
        for part in bars.blocks(size // 2 + 1):
            pile.add(part)
        parts = clean_pile(pile, FACTS[resolution], policy)
        left = parts.pile.whole()
    np.testing.assert_array_equal(left.times_us, whole.bars.times_us)
    np.testing.assert_array_equal(left.rows, whole.bars.rows)
    for name, column in whole.bars.values.items():
        np.testing.assert_array_equal(left.values[name], column)
    order = ["check", "rule", "field", "row", "before", "after"]
    assert parts.repairs.frame().sort(order).equals(whole.repairs.frame().sort(order))
    for one, other in ((parts.before, whole.before), (parts.after, whole.after)):
        assert codes(one) == codes(other)
        assert (one.grade, one.bars, one.missing) == (other.grade, other.bars, other.missing)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(list(GOOD)), EDITS, st.integers(1, 700))
def test_blocks_find_what_the_whole_finds(
    resolution: Resolution, edits: list[tuple[str, int, Any, Any]], size: int
) -> None:
    bars = broken(resolution, edits)
    whole = inspect_bars(bars, FACTS[resolution]).report
    with TemporaryDirectory() as room:
        parts = inspect(lambda: bars.blocks(size), FACTS[resolution], room=Path(room)).report
    assert codes(parts) == codes(whole)
    assert (parts.expected, parts.missing, parts.months) == (whole.expected, whole.missing, whole.months)
    assert parts.grade == whole.grade
