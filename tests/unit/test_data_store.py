"""The bar store."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.lean_folder import EVER

from tradinglab.core.clock import day_of_date, to_ns, zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.errors import DataSourceError, MalformedDataError, StoreError
from tradinglab.data.factors import FactorRow, FactorTable
from tradinglab.data.store import BarStore, Origin, SeriesKey, Stored, StoreSource, store_synthetic_bars
from tradinglab.data.store.files import describe_bar_file
from tradinglab.data.store.layout import what_of
from tradinglab.data.synthetic import SyntheticModel

KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
ORIGIN = Origin("abc.csv", "0" * 64)
START = to_ns(datetime(2019, 12, 31, 23, 58)) // 1000
MINUTE = 60_000_000
NEW_YORK = zone("America/New_York")


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "bars")


def bars(count: int, price: float = 10.0, start: int = START) -> tuple[Ints, dict[str, Floats]]:
    values = {name: np.full(count, price) for name in ("open", "high", "low", "close")}
    return start + np.arange(count) * MINUTE, {**values, "volume": np.arange(float(count))}


def test_bars_lie_in_files_of_their_years(store: BarStore) -> None:
    stored = store.write(KEY, *bars(5), [ORIGIN])
    assert (stored.added, stored.known) == (5, 0)
    folder = store.folder / "equity" / "usa" / "minute" / "trade" / "abc"
    names = sorted(path.name for path in folder.iterdir())
    assert names == [*(file.path.name for file in store.files(KEY)), "manifest.json"]
    assert [name.split(".")[0] for name in names] == ["2019", "2020", "manifest"]
    assert [file.sha256[:12] for file in store.files(KEY)] == [name.split(".")[1] for name in names[:2]]
    assert [file.rows for file in store.files(KEY)] == [2, 3]
    assert store.files(KEY)[0].origins == (ORIGIN,)
    times, values = store.read(KEY)
    assert times.tolist() == bars(5)[0].tolist()
    assert values["volume"].tolist() == [0, 1, 2, 3, 4]
    assert store.series() == [KEY]


def test_a_range_is_read_without_the_other_files(store: BarStore) -> None:
    store.write(KEY, *bars(5), [ORIGIN])
    store.files(KEY)[0].path.write_bytes(b"broken")
    assert store.read(KEY, START + 3 * MINUTE, START + 4 * MINUTE)[1]["volume"].tolist() == [3]
    with pytest.raises(MalformedDataError, match="truncated or broken"):
        store.read(KEY)


def test_times_are_delta_coded_and_prices_by_dictionary(store: BarStore) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    store.write(KEY, *bars(40_000, start=START + MINUTE * 10), [ORIGIN])
    about = pq.read_metadata(store.files(KEY)[0].path)
    columns = {about.row_group(0).column(at).path_in_schema: about.row_group(0).column(at) for at in range(6)}
    assert about.num_row_groups == 2
    assert "DELTA_BINARY_PACKED" in columns["ts"].encodings
    assert "RLE_DICTIONARY" in columns["close"].encodings
    assert columns["close"].compression == "ZSTD"
    assert str(pl.read_parquet_schema(store.files(KEY)[0].path)["ts"]) == "Int64"


def test_without_pyarrow_the_same_bars_are_stored(store: BarStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradinglab.data.store.files.find_spec", lambda name: None)
    store.write(KEY, *bars(5), [ORIGIN])
    assert store.read(KEY)[1]["volume"].tolist() == [0, 1, 2, 3, 4]
    assert store.files(KEY)[1].origins == (ORIGIN,)
    assert store.verify(KEY) == []


def test_writing_again_changes_nothing(store: BarStore) -> None:
    store.write(KEY, *bars(5), [ORIGIN])
    stored = store.write(KEY, *bars(5), [Origin("other.csv")])
    assert (stored.files, stored.added, stored.known) == ((), 0, 5)
    assert store.files(KEY)[0].origins == (ORIGIN,)


def test_new_bars_are_merged_and_origins_kept(store: BarStore) -> None:
    times, values = bars(6, start=START + 10 * MINUTE)
    even, odd = slice(0, None, 2), slice(1, None, 2)
    other = Origin("other.csv", "1" * 64)
    store.write(KEY, times[odd], {name: column[odd] for name, column in values.items()}, [ORIGIN])
    stored = store.write(KEY, times[even], {name: column[even] for name, column in values.items()}, [other])
    assert (stored.added, stored.known) == (3, 0)
    assert store.read(KEY)[1]["volume"].tolist() == [0, 1, 2, 3, 4, 5]
    assert store.files(KEY)[0].origins == (ORIGIN, other)


def test_other_bars_of_the_same_time_are_refused_unless_one_says(store: BarStore) -> None:
    store.write(KEY, *bars(5), [ORIGIN])
    with pytest.raises(StoreError, match=r"2 of the bars of ABC .* 2019-12-31T23:58:00"):
        store.write(KEY, *bars(5, price=11), [ORIGIN])
    stored = store.write(KEY, *bars(7, price=11), [ORIGIN], on_conflict="keep")
    assert (stored.added, stored.known) == (2, 5)
    assert store.read(KEY)[1]["close"].tolist() == [10] * 5 + [11] * 2
    store.write(KEY, *bars(5, price=12), [ORIGIN], on_conflict="replace")
    assert store.read(KEY)[1]["close"].tolist() == [12] * 5 + [11] * 2


def test_days_are_appended_and_compacted(store: BarStore) -> None:
    start = to_ns(datetime(2020, 3, 2, 14, 30)) // 1000
    day = 86_400_000_000
    store.write(KEY, *bars(3, start=start), [ORIGIN])
    store.append_day(KEY, *bars(2, price=11, start=start + day), Origin("feed of Tuesday"))
    store.append_day(KEY, *bars(1, price=12, start=start + MINUTE), Origin("correction"))
    before = store.read(KEY)
    assert before[1]["close"].tolist() == [10, 12, 10, 11, 11]
    assert (np.diff(before[0]) > 0).all()
    assert store.compact(KEY) == 2
    after = store.read(KEY)
    assert [what_of(file.path.name) for file in store.files(KEY)] == ["2020"]
    assert after[0].tolist() == before[0].tolist()
    assert after[1]["close"].tolist() == before[1]["close"].tolist()
    assert {one.name for one in store.files(KEY)[0].origins} == {"abc.csv", "feed of Tuesday", "correction"}
    assert store.compact(KEY) == 0


def test_a_day_is_one_day(store: BarStore) -> None:
    with pytest.raises(StoreError, match="of one day"):
        store.append_day(KEY, *bars(5), ORIGIN)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("close", np.nan, "missing or not a number"),
        ("open", -1.0, "must be positive"),
        ("low", 11.0, "low is above"),
        ("high", 9.0, "high is below"),
        ("volume", -1.0, "cannot be negative"),
    ],
)
def test_wrong_bars_are_not_stored(store: BarStore, field: str, value: float, text: str) -> None:
    times, values = bars(5)
    values[field][3] = value
    with pytest.raises(StoreError, match=rf"2020-01-01T00:01.*'{field}'.*{text}"):
        store.write(KEY, times, values, [ORIGIN])
    assert store.series() == []


def test_bars_out_of_order_are_not_stored(store: BarStore) -> None:
    times, values = bars(5)
    with pytest.raises(StoreError, match="order of time"):
        store.write(KEY, times[::-1].copy(), values, [ORIGIN])
    with pytest.raises(StoreError, match="lack volume"):
        store.write(KEY, times, {name: column for name, column in values.items() if name != "volume"}, [ORIGIN])


def test_a_failed_write_leaves_the_old_file(store: BarStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(KEY, *bars(2), [ORIGIN])

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("tradinglab.data.store.files._write", fail)
    with pytest.raises(OSError, match="disk full"):
        store.write(KEY, *bars(2, price=11), [ORIGIN], on_conflict="replace")
    monkeypatch.undo()
    assert store.read(KEY)[1]["close"].tolist() == [10, 10]
    folder = store.folder / "equity/usa/minute/trade/abc"
    assert sorted(path.name for path in folder.iterdir()) == [store.files(KEY)[0].path.name, "manifest.json"]


def test_damage_is_found(store: BarStore) -> None:
    store.write(KEY, *bars(2), [ORIGIN])
    file = store.files(KEY)[0]
    assert store.verify(KEY) == []
    metadata = {"tradinglab": pl.read_parquet_metadata(file.path)["tradinglab"]}
    pl.read_parquet(file.path).with_columns(close=pl.col("close") + 1).write_parquet(file.path, metadata=metadata)
    assert [one.path for one in store.verify(KEY)] == [file.path]


def test_a_foreign_parquet_file_is_named(store: BarStore) -> None:
    store.write(KEY, *bars(2), [ORIGIN])
    file = store.files(KEY)[0]
    pl.DataFrame({"a": [1]}).write_parquet(file.path)
    with pytest.raises(MalformedDataError, match="no bar store wrote it"):
        describe_bar_file(file.path)
    with pytest.raises(MalformedDataError, match="truncated or broken"):
        store.read(KEY)
    assert store.verify(KEY) == [file]


@pytest.mark.parametrize("name", ["../abc", "a/b", "", " "])
def test_names_cannot_leave_the_store(store: BarStore, name: str) -> None:
    with pytest.raises(StoreError, match="ticker"):
        store.read(SeriesKey(SecurityType.EQUITY, "usa", name, Resolution.DAILY, TickType.TRADE))


def test_a_folder_of_something_else_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    with pytest.raises(StoreError, match="not a bar store"):
        BarStore(tmp_path)


@pytest.mark.parametrize("text", ['{"format": 99}', "{", "[]"])
def test_another_format_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "store.json").write_text(text)
    with pytest.raises(StoreError, match="format"):
        BarStore(tmp_path)
    with pytest.raises(DataSourceError, match="format"):
        StoreSource(tmp_path)


def test_quotes_with_an_absent_side(store: BarStore) -> None:
    key = SeriesKey(SecurityType.FOREX, "oanda", "EURUSD", Resolution.MINUTE, TickType.QUOTE)
    values = {name: np.array([1.0, np.nan]) if name.startswith("bid") else np.array([2.0, 2.0]) for name in key.fields}
    values["bid_size"] = np.zeros(2)
    store.write(key, START + np.arange(2) * MINUTE, values, [ORIGIN])
    source = StoreSource(store.folder)
    symbol = source.resolve_symbol("EURUSD", SecurityType.FOREX, "oanda")
    found = source.bars(symbol, Resolution.MINUTE, TickType.QUOTE, *EVER)
    assert np.isnan(found.values["bid_close"]).tolist() == [False, True]
    values["ask_close"] = values["ask_open"] = values["ask_high"] = values["ask_low"] = np.array([2.0, np.nan])
    with pytest.raises(StoreError, match="needs a bid or an ask"):
        store.write(key, START + np.arange(2) * MINUTE, values, [ORIGIN], on_conflict="replace")


@pytest.mark.parametrize("kind", ["forex", "cfd"])
def test_prices_of_currencies_do_for_quotes_that_are_not_there(store: BarStore, kind: str) -> None:
    what = SecurityType[kind.upper()]
    prices = SeriesKey(what, "oanda", "EURUSD", Resolution.MINUTE, TickType.TRADE)
    times = START + np.arange(2) * MINUTE
    columns = {"open": [1.1, 1.2], "high": [1.3, 1.4], "low": [1.0, 1.1], "close": [1.2, 1.3], "volume": [0, 0]}
    store.write(prices, times, {name: np.array(column, float) for name, column in columns.items()}, [ORIGIN])
    source = StoreSource(store.folder)
    symbol = source.resolve_symbol("EURUSD", what, "oanda")
    assert source.has(symbol, Resolution.MINUTE, TickType.QUOTE)
    found = source.bars(symbol, Resolution.MINUTE, TickType.QUOTE, *EVER)
    for name in ("open", "high", "low", "close"):
        assert found.values[f"bid_{name}"].tolist() == found.values[f"ask_{name}"].tolist() == columns[name]
    assert source.bars(symbol, Resolution.MINUTE, TickType.TRADE, *EVER).values["close"].tolist() == [1.2, 1.3]
    assert [each for each in source.warnings if "without a spread" in each]

    quotes = SeriesKey(what, "oanda", "EURUSD", Resolution.MINUTE, TickType.QUOTE)
    values = {name: np.full(1, 2.5 if name.startswith("ask") else 2.0) for name in quotes.fields}
    store.write(quotes, times[:1], values, [ORIGIN])
    found = StoreSource(store.folder).bars(symbol, Resolution.MINUTE, TickType.QUOTE, *EVER)
    assert (found.values["bid_close"].tolist(), found.values["ask_close"].tolist()) == ([2.0], [2.5])


def test_prices_of_shares_are_no_quotes(store: BarStore) -> None:
    key = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
    store.write(key, np.array([START]), {name: np.ones(1) for name in key.fields}, [ORIGIN])
    source = StoreSource(store.folder)
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    assert not source.has(symbol, Resolution.MINUTE, TickType.QUOTE)


def test_ticks_may_share_a_time(store: BarStore) -> None:
    key = SeriesKey(SecurityType.CRYPTO, "coinbase", "BTCUSD", Resolution.TICK, TickType.TRADE)
    times = np.array([START, START, START + 1])
    store.write(key, times, {"close": np.array([1.0, 2.0, 3.0]), "volume": np.ones(3)}, [ORIGIN])
    source = StoreSource(store.folder)
    symbol = source.resolve_symbol("BTCUSD", SecurityType.CRYPTO, "coinbase")
    ticks = source.bars(symbol, Resolution.TICK, TickType.TRADE, *EVER)
    assert ticks.values["close"].tolist() == [1, 2, 3]
    assert (ticks.time_ns == ticks.end_ns).all()


def test_factors_are_kept_as_decimals(store: BarStore) -> None:
    table = FactorTable(
        [FactorRow(10, Decimal("0.9774637"), Decimal("0.50"), Decimal("12.3")), FactorRow(99, Decimal(1), Decimal(1))]
    )
    store.write_factors(SecurityType.EQUITY, "usa", "ABC", table)
    found = store.factors(SecurityType.EQUITY, "usa", "abc")
    assert found == table
    assert str(found.rows[0].split_factor) == "0.50"
    assert store.factors(SecurityType.EQUITY, "usa", "XYZ") is None


def test_synthetic_bars_are_labelled(tmp_path: Path) -> None:
    def make(folder: str, seed: int) -> Stored:
        return store_synthetic_bars(
            tmp_path / folder,
            "abc",
            Resolution.MINUTE,
            date(2020, 1, 2),
            date(2020, 1, 6),
            seed=seed,
            model=SyntheticModel(first_price=50),
        )

    made = make("bars", 7)
    assert made.added == 3 * 390
    source = StoreSource(tmp_path / "bars")
    symbol = source.resolve_symbol("ABC", SecurityType.EQUITY, "usa")
    assert source.is_synthetic(symbol, Resolution.MINUTE, TickType.TRADE)
    assert [one.is_synthetic for one in source.coverage()] == [True]
    found = source.bars(symbol, Resolution.MINUTE, TickType.TRADE, *EVER)
    assert NEW_YORK.datetime(int(found.time_ns[0])) == datetime(2020, 1, 2, 9, 30)
    assert found.values["open"][0] == 50
    assert "synthetic" in source.warnings[0]
    assert make("again", 7).files[0].sha256 == made.files[0].sha256
    assert make("other", 8).files[0].sha256 != made.files[0].sha256


def test_synthetic_bars_need_a_trading_day(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no trading day"):
        store_synthetic_bars(tmp_path / "bars", "ABC", Resolution.DAILY, date(2020, 1, 4), date(2020, 1, 5))
    with pytest.raises(StoreError, match="tick"):
        store_synthetic_bars(tmp_path / "bars", "ABC", Resolution.TICK, date(2020, 1, 2), date(2020, 1, 3))


def test_seconds_of_a_coin_add_up_to_its_day(tmp_path: Path) -> None:
    for resolution in (Resolution.SECOND, Resolution.DAILY):
        store_synthetic_bars(
            tmp_path / "bars", "BTCUSD", resolution, date(2020, 1, 4), date(2020, 1, 5),
            market="coinbase", security_type=SecurityType.CRYPTO, model=SyntheticModel(first_price=60_000),
        )  # fmt: skip
    source = StoreSource(tmp_path / "bars")
    symbol = source.resolve_symbol("BTCUSD", SecurityType.CRYPTO, "coinbase")
    seconds = source.bars(symbol, Resolution.SECOND, TickType.TRADE, *EVER).values
    days = source.bars(symbol, Resolution.DAILY, TickType.TRADE, *EVER).values
    assert len(seconds["close"]) == 2 * 86_400
    assert seconds["high"][:86_400].max() == days["high"][0]
    assert seconds["volume"][:86_400].sum() == days["volume"][0]
    assert seconds["close"][-1] == days["close"][-1]


def test_coverage_counts_days_of_the_exchange(tmp_path: Path) -> None:
    store_synthetic_bars(tmp_path / "bars", "ABC", Resolution.DAILY, date(2019, 12, 30), date(2020, 1, 3))
    found = next(iter(StoreSource(tmp_path / "bars").coverage()))
    assert (found.first_day, found.last_day) == (day_of_date(date(2019, 12, 30)), day_of_date(date(2020, 1, 3)))
    assert found.bars == 4
