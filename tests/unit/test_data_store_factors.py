"""Splits and dividends of a store: entries, the factors made of them, and bars in their views."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tradinglab.core.clock import DAY_NS, day_of_date, zone
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.derivation import Action
from tradinglab.data.errors import MalformedDataError, StoreError
from tradinglab.data.factors import FactorRow, FactorTable
from tradinglab.data.sample import SampleSource
from tradinglab.data.store import BarStore, Origin, SeriesKey

STOCK = (SecurityType.EQUITY, "usa", "ABC")
KEY = SeriesKey(*STOCK, Resolution.DAILY, TickType.TRADE)
NEW_YORK = zone("America/New_York")
ORIGIN = Origin("abc.csv")
# A week with a dividend of 1.00 on Wednesday and two shares for one on Friday.
WEEK = [day_of_date(date(2024, 3, 4)) + at for at in range(5)]
CLOSES = [100.0, 102.0, 101.0, 104.0, 53.0]
DIVIDEND = Action(WEEK[2], dividend=Decimal(1))
SPLIT = Action(WEEK[4], split_factor=Decimal("0.5"))


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    found = BarStore(tmp_path / "bars")
    found.write(KEY, *days(WEEK, CLOSES), [ORIGIN])
    return found


def days(numbers: list[int], closes: list[float]) -> tuple[Ints, dict[str, Floats]]:
    prices = np.array(closes)
    times = NEW_YORK.utc_ns_array(np.array(numbers) * DAY_NS) // 1000
    return times, {
        "open": prices - 0.5, "high": prices + 1, "low": prices - 1, "close": prices,
        "volume": np.full(len(prices), 1000.0),
    }  # fmt: skip


def seen(store: BarStore, view: DataNormalizationMode, field: str = "close", **how: str) -> list[float]:
    found: list[float] = store.read(KEY, view=view, **how)[1][field].tolist()  # type: ignore[arg-type]
    return found


class TestViews:
    """Worked by hand: before the dividend prices count (102 - 1) / 102, before the split a half."""

    def test_a_split_and_a_dividend(self, store: BarStore) -> None:
        assert store.add_actions(*STOCK, [DIVIDEND, SPLIT], source="vendor") == 2
        assert seen(store, DataNormalizationMode.RAW) == CLOSES
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED) == [50, 51, 50.5, 52, 53]
        ratio = 101 / 102
        adjusted = [50 * ratio, 51 * ratio, 50.5, 52, 53]
        assert seen(store, DataNormalizationMode.ADJUSTED) == pytest.approx(adjusted, rel=1e-7)  # of 7 digits
        assert seen(store, DataNormalizationMode.TOTAL_RETURN) == [50, 51, 51.5, 53, 54]
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED, "volume") == [2000] * 4 + [1000]
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED, "high") == [50.5, 51.5, 51, 52.5, 54]

    def test_the_return_over_the_dividend_is_what_a_holder_had(self, store: BarStore) -> None:
        store.add_actions(*STOCK, [DIVIDEND, SPLIT], source="vendor")
        _, before, after, *_ = seen(store, DataNormalizationMode.ADJUSTED)
        assert after / before == pytest.approx(101 / (102 - 1), rel=1e-6)

    def test_a_part_has_the_same_prices_as_the_whole(self, store: BarStore) -> None:
        store.add_actions(*STOCK, [DIVIDEND, SPLIT], source="vendor")
        from_us = int(store.read(KEY)[0][3])
        for view in (DataNormalizationMode.ADJUSTED, DataNormalizationMode.TOTAL_RETURN):
            part = store.read(KEY, from_us, view=view)[1]["close"].tolist()
            assert part == seen(store, view)[3:]

    def test_minutes_of_a_day_have_its_factors(self, store: BarStore) -> None:
        store.add_actions(*STOCK, [SPLIT], source="vendor")
        minutes = SeriesKey(*STOCK, Resolution.MINUTE, TickType.TRADE)
        times = NEW_YORK.utc_ns_array(np.array([day * DAY_NS + 15 * DAY_NS // 24 for day in WEEK[3:]])) // 1000
        store.write(minutes, times, days(WEEK[3:], CLOSES[3:])[1], [ORIGIN])
        found = store.read(minutes, view=DataNormalizationMode.SPLIT_ADJUSTED)[1]["close"]
        assert found.tolist() == [52, 53]

    def test_without_factors_prices_are_raw(self, store: BarStore) -> None:
        for view in (DataNormalizationMode.ADJUSTED, DataNormalizationMode.TOTAL_RETURN):
            assert seen(store, view) == CLOSES

    def test_what_is_no_view(self, store: BarStore) -> None:
        with pytest.raises(StoreError, match="RAW, SPLIT_ADJUSTED, ADJUSTED, TOTAL_RETURN"):
            store.read(KEY, view=DataNormalizationMode.SCALED_RAW)


def test_prices_of_the_sample_come_to_those_of_its_factor_file(tmp_path: Path) -> None:
    """Of real splits and dividends: the store derives from them what the sample's own factors say."""
    source = SampleSource()
    symbol = source.resolve_symbol("AAPL", SecurityType.EQUITY, "usa")
    table = source.factors(symbol)
    assert table is not None
    bars = source.bars(symbol, Resolution.DAILY, TickType.TRADE, 0, 4 * 10**18)
    key = SeriesKey.of(symbol, Resolution.DAILY, TickType.TRADE)
    store = BarStore(tmp_path / "bars")
    store.write(key, bars.time_ns // 1000, bars.values, [ORIGIN])
    numbers = (NEW_YORK.local_ns_array(bars.time_ns) // DAY_NS).tolist()
    known = [Action(event.day, dividend=event.distribution) for event in table.dividends(numbers)] + [
        Action(event.day, split_factor=event.split_factor) for event in table.splits(numbers) if event.day is not None
    ]
    assert len(known) == 5
    store.add_actions(SecurityType.EQUITY, "usa", "AAPL", known, source="sample")
    found = store.read(key, view=DataNormalizationMode.ADJUSTED)[1]["close"]
    factors = [float(table.price_factor_on(day, DataNormalizationMode.ADJUSTED)) for day in numbers]
    # The file's dividends are rounded to cents.
    np.testing.assert_allclose(found, bars.values["close"] * factors, rtol=1e-3)
    assert found[0] < 0.25 * bars.values["close"][0]


class TestVersions:
    def test_a_new_action_makes_new_factors_and_the_old_stay(self, store: BarStore) -> None:
        store.add_actions(*STOCK, [SPLIT], source="vendor")
        first = store.factor_versions(*STOCK)[-1]
        store.add_actions(*STOCK, [DIVIDEND], source="vendor")
        second = store.factor_versions(*STOCK)[-1]
        assert first.sha256 != second.sha256
        content = (store.folder / "equity/usa/factors" / second.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == second.sha256
        adjusted = DataNormalizationMode.ADJUSTED
        assert seen(store, adjusted, factors_at=first.sha256) == [50, 51, 50.5, 52, 53]
        assert seen(store, adjusted)[0] < 50
        assert store.factors(*STOCK, at=first.sha256) != store.factors(*STOCK)
        with pytest.raises(StoreError, match="no table of factors 0000"):
            store.factors(*STOCK, at="0" * 64)
        store.pin("run", {"equity/usa/factors/abc": first.sha256})
        with pytest.raises(StoreError, match="not in"):
            store.pin("run", {"equity/usa/factors/abc": "0" * 64})

    def test_the_same_again_is_no_entry(self, store: BarStore) -> None:
        store.add_actions(*STOCK, [SPLIT, DIVIDEND], source="vendor")
        versions = store.factor_versions(*STOCK)
        assert store.add_actions(*STOCK, [SPLIT], source="another") == 0
        assert store.factor_versions(*STOCK) == versions

    def test_entries_say_who_said_what(self, store: BarStore) -> None:
        store.add_actions(*STOCK, [DIVIDEND], source="first")
        store.add_actions(*STOCK, [Action(WEEK[2], dividend=Decimal("1.5"))], source="second")
        store.add_actions(*STOCK, [], source="third", span=(WEEK[0], WEEK[4]))
        told = [(one.value, one.source, one.is_retracted) for one in store.actions(*STOCK)]
        assert told == [
            (Decimal(1), "first", False),
            (Decimal("1.5"), "second", False),
            (Decimal("1.5"), "third", True),
        ]
        assert seen(store, DataNormalizationMode.ADJUSTED) == CLOSES

    def test_an_action_of_tomorrow_counts_when_its_bars_come(self, store: BarStore) -> None:
        tomorrow = WEEK[4] + 3
        store.add_actions(*STOCK, [Action(tomorrow, split_factor=Decimal("0.1"))], source="vendor")
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED) == CLOSES
        store.append_day(KEY, *days([tomorrow], [5.4]), ORIGIN)
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED) == pytest.approx([10, 10.2, 10.1, 10.4, 5.3, 5.4])

    def test_actions_may_come_before_any_bars(self, tmp_path: Path) -> None:
        store = BarStore(tmp_path / "new")
        assert store.add_actions(*STOCK, [SPLIT], source="vendor") == 1
        assert store.factors(*STOCK) is None
        store.write(KEY, *days(WEEK, CLOSES), [ORIGIN])
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED) == [50, 51, 50.5, 52, 53]

    def test_a_restated_close_moves_the_dividends_factor(self, store: BarStore) -> None:
        store.add_actions(*STOCK, [DIVIDEND], source="vendor")
        store.write(KEY, *days([WEEK[1]], [50.0]), [ORIGIN], on_conflict="replace")
        assert seen(store, DataNormalizationMode.ADJUSTED)[:2] == pytest.approx([98, 49])

    def test_an_action_of_a_day_without_bars_counts_on_the_next(self, tmp_path: Path) -> None:
        store = BarStore(tmp_path / "gap")
        gap = [WEEK[0], WEEK[1], WEEK[3], WEEK[4]]
        store.write(KEY, *days(gap, [100.0, 100.0, 50.0, 50.0]), [ORIGIN])
        store.add_actions(*STOCK, [Action(WEEK[2], split_factor=Decimal("0.5"))], source="vendor")
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED) == [50, 50, 50, 50]

    def test_given_factors_count_and_are_taken_over(self, store: BarStore) -> None:
        rows = [FactorRow(WEEK[3], Decimal(1), Decimal("0.5"), Decimal(104)), FactorRow(29_584, Decimal(1), Decimal(1))]
        path = store.write_factors(*STOCK, FactorTable(rows))
        assert path.is_file()
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED) == [50, 51, 50.5, 52, 53]
        store.add_actions(*STOCK, [DIVIDEND], source="vendor")
        assert seen(store, DataNormalizationMode.TOTAL_RETURN) == [50, 51, 51.5, 53, 54]

    def test_factors_of_format_one_are_taken_over(self, store: BarStore) -> None:
        folder = store.folder / "equity/usa/factors"
        folder.mkdir()
        (folder / "abc.csv").write_text(f"{date(2024, 3, 7):%Y%m%d},1,0.5,104\n20501231,1,1,0\n")
        assert seen(store, DataNormalizationMode.SPLIT_ADJUSTED) == [50, 51, 50.5, 52, 53]
        store.add_actions(*STOCK, [DIVIDEND], source="vendor")
        assert seen(store, DataNormalizationMode.TOTAL_RETURN) == [50, 51, 51.5, 53, 54]
        assert [one.source for one in store.actions(*STOCK)] == ["factors", "vendor"]


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Action(WEEK[1], dividend=Decimal(-1)), "dividend of ABC on 2024-03-05 cannot be -1"),
        (Action(WEEK[1], split_factor=Decimal(0)), "split of ABC on 2024-03-05 cannot be 0"),
        (Action(WEEK[1], split_factor=Decimal("NaN")), "cannot be NaN"),
    ],
)
def test_what_cannot_be(store: BarStore, action: Action, text: str) -> None:
    with pytest.raises(StoreError, match=text):
        store.add_actions(*STOCK, [action], source="vendor")
    with pytest.raises(StoreError, match="two entries of"):
        store.add_actions(*STOCK, [SPLIT, SPLIT], source="vendor")
    assert store.actions(*STOCK) == ()


def test_a_broken_table_is_named(store: BarStore) -> None:
    store.add_actions(*STOCK, [SPLIT], source="vendor")
    (store.folder / "equity/usa/factors/abc.json").write_text('{"format": 1}')
    with pytest.raises(MalformedDataError, match=r"abc\.json.*splits and dividends is broken"):
        store.factors(*STOCK)
