"""What has become of slices that were read: nothing, restated bars, other splits; and reading them again by a pin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.lean_folder import EVER

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.derivation import Action
from tradinglab.data.errors import DataSourceError
from tradinglab.data.source import open_source
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.data.store.changes import changes_since, state_mark

KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.DAILY, TickType.TRADE)
STOCK = SecurityType.EQUITY, "usa", "ABC"
FIRST = date(2024, 1, 8)
ORIGIN = Origin("abc.csv")


def write(store: BarStore, first: int, closes: list[float]) -> None:
    """Bars of days, that many after the first."""
    begins = datetime(FIRST.year, FIRST.month, FIRST.day, 5, tzinfo=UTC) + timedelta(days=first)
    times = (int(begins.timestamp()) + np.arange(len(closes)) * 86_400) * 1_000_000
    values = {name: np.array(closes) for name in ("open", "high", "low", "close")}
    store.write(KEY, times, {**values, "volume": np.ones(len(closes))}, [ORIGIN], on_conflict="replace")


def split(day: int, factor: str = "0.5") -> Action:
    return Action(day_of_date(FIRST + timedelta(days=day)), Decimal(0), Decimal(factor))


def dividend(day: int) -> Action:
    return Action(day_of_date(FIRST + timedelta(days=day)), Decimal(1))


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    found = BarStore(tmp_path / "bars")
    write(found, 0, [10, 11, 12, 13])
    found.add_actions(*STOCK, [split(2)], source="one")
    return found


def read(store: BarStore) -> dict[str, str]:
    return store.slices(KEY) | {"equity/usa/factors/abc": store.factor_versions(*STOCK)[-1].sha256}


def test_what_is_added_and_merged_is_no_change(store: BarStore) -> None:
    then = read(store)
    mark = state_mark(store, then)
    assert changes_since(store, then) == []
    assert state_mark(store, then) == mark
    write(store, 4, [14, 15])
    store.compact(KEY)
    assert store.slices(KEY) != then
    assert state_mark(store, then) != mark
    assert changes_since(store, then) == []


@pytest.mark.parametrize(
    ("change", "kind", "count", "text"),
    [
        (lambda store: write(store, 1, [99.0, 99.0]), "bars", 2,
         "2 bars are not what they were, the first of 2024-01-09."),
        (lambda store: write(store, -1, [9.0]), "bars", 1, "1 bar is not what they were, the first of 2024-01-07"),
        (lambda store: store.add_actions(*STOCK, [split(2, "0.25")], source="two"), "factors", 1,
         "ABC: other splits and dividends: changed split after 2024-01-09."),
        (lambda store: store.add_actions(*STOCK, [dividend(3)], source="two"), "factors", 1,
         "ABC: other splits and dividends: new dividend after 2024-01-10."),
        (lambda store: store.add_actions(*STOCK, [], source="two", span=(0, 1 << 20)), "factors", 1,
         "ABC: other splits and dividends: taken back split after 2024-01-09."),
    ],
)  # fmt: skip
def test_what_is_another_is_told(
    store: BarStore, change: Callable[[BarStore], object], kind: str, count: int, text: str
) -> None:
    then = read(store)
    change(store)
    (found,) = changes_since(store, then)
    assert (found.kind, found.count) == (kind, count)
    assert text in found.text


def test_bars_that_are_gone_are_told(store: BarStore) -> None:
    then = store.slices(KEY)
    write(store, 1, [99.0])
    store.collect(grace=timedelta(0))
    (found,) = changes_since(store, then)
    assert (found.kind, "not kept" in found.text) == ("gone", True)


def test_a_source_reads_what_a_pin_keeps(store: BarStore) -> None:
    """Bars were restated, a split taken back, files collected: the pin's bars and factors are as they were."""
    then = read(store)
    store.pin("run-1", then)
    now = open_source(f"store:{store.folder}")
    before = now.factors(now.resolve_symbol("ABC", SecurityType.EQUITY, "usa"))
    write(store, 1, [99.0])
    store.add_actions(*STOCK, [], source="two", span=(0, 1 << 20))
    store.maintain(most_days=0, grace=timedelta(0))
    source = open_source(f"store:{store.folder}@run-1")
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    found = source.bars(symbol, Resolution.DAILY, TickType.TRADE, *EVER)
    assert found.values["close"].tolist() == [10, 11, 12, 13]
    assert source.factors(symbol) == before
    latest = open_source(f"store:{store.folder}")
    assert latest.bars(symbol, Resolution.DAILY, TickType.TRADE, *EVER).values["close"].tolist() == [10, 99, 12, 13]
    assert latest.factors(symbol) != before


def test_factors_that_came_later_are_not_of_a_pin(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "bars")
    write(store, 0, [10, 11, 12])
    store.pin("run-1", store.slices(KEY))
    store.add_actions(*STOCK, [split(2)], source="one")
    source = open_source(f"store:{store.folder}@run-1")
    assert source.factors(source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")) is None


def test_a_pin_that_is_not_there_is_refused(store: BarStore) -> None:
    with pytest.raises(DataSourceError, match="no pin 'run-9'"):
        open_source(f"store:{store.folder}@run-9")


def test_a_folder_may_have_the_sign_in_its_name(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "me@home")
    write(store, 0, [10.0])
    assert [each.bars for each in open_source(f"store:{store.folder}").coverage()] == [1]
