"""Rolling windows: order, growth, and what an empty place holds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradinglab.algorithm.rolling_window import RollingWindow, WindowBase


def filled(size: int, *items: int) -> RollingWindow[int]:
    window = RollingWindow[int](size)
    for item in items:
        window.add(item)
    return window


def test_newest_item_comes_first() -> None:
    window = filled(3, 1, 2, 3, 4)
    assert list(window) == [4, 3, 2]
    assert (window[0], window[1], window[2]) == (4, 3, 2)
    assert (window[-1], window[-3]) == (2, 4)
    assert window.most_recently_removed == 1
    assert (window.count, window.size, window.samples, window.is_ready) == (3, 3, 4, True)


def test_negative_index_counts_from_the_items_present() -> None:
    window = filled(5, 1, 2)
    assert window[-1] == 1
    assert window[-2] == 2
    assert window[-3] == 0
    with pytest.raises(IndexError, match="-6"):
        window[-6]


@pytest.mark.parametrize(
    ("kind", "empty"), [(float, 0.0), (int, 0), (Decimal, Decimal(0)), (bool, False), (str, None), (object, None)]
)
def test_reading_beyond_the_size_grows_the_window(kind: type, empty: object) -> None:
    window = RollingWindow[kind](2)  # type: ignore[valid-type]
    assert window[6] == empty
    assert window.size == 7
    assert not window.is_ready


def test_untyped_window_is_empty_of_none() -> None:
    assert RollingWindow(2)[0] is None


def test_writing_beyond_the_items_fills_with_empty_items() -> None:
    window = filled(2, 7)
    window[3] = 5
    assert list(window) == [0, 0, 0, 5]
    assert window.size == 4
    window[-1] = 9
    assert window[3] == 9


def test_shrinking_keeps_the_newest() -> None:
    window = filled(4, 1, 2, 3, 4, 5, 6)
    window.size = 2
    assert list(window) == [6, 5]
    window.add(7)
    assert list(window) == [7, 6]


def test_growing_keeps_all() -> None:
    window = filled(2, 1, 2, 3)
    window.size = 3
    window.add(4)
    assert list(window) == [4, 3, 2]


def test_nothing_removed_yet() -> None:
    with pytest.raises(ValueError, match="removed"):
        _ = filled(3, 1, 2, 3).most_recently_removed


def test_reset_forgets() -> None:
    window = filled(2, 1, 2, 3)
    window.reset()
    assert (window.count, window.samples, window.is_ready) == (0, 0, False)


def test_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        RollingWindow(-1)


def test_window_is_always_true_and_has_pascal_names() -> None:
    window = RollingWindow[float](1)
    assert window
    window.Add(3.5)
    assert window.IsReady
    assert window.MostRecentlyRemoved if window.Samples > 1 else True


def test_iteration_is_a_snapshot() -> None:
    window = filled(2, 1, 2)
    for item in window:
        window.add(item * 10)
    assert list(window) == [10, 20]


class Counter(WindowBase[int]):
    def count_to(self, last: int) -> None:
        for value in range(1, last + 1):
            self._remember(value)


def test_window_base_knows_current_and_previous() -> None:
    counter = Counter()
    assert counter.previous is None
    counter.count_to(3)
    assert (counter.current, counter.previous, counter[1]) == (3, 2, 2)
    assert list(counter) == [3, 2]
    counter.window.size = 3
    counter.count_to(1)
    assert list(counter) == [1, 3, 2]
