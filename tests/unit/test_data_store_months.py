"""Files of seconds hold a month each: who writes, appends or merges has one month in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.store import BarStore, ImportOptions, Origin, SeriesKey, import_files
from tradinglab.data.store import plans as store_plans
from tradinglab.data.store.merging import period_name, periods_of

KEY = SeriesKey(SecurityType.CRYPTO, "coinbase", "BTCUSD", Resolution.SECOND, TickType.TRADE)
ORIGIN = Origin("x")
HOUR_US = 3_600_000_000


def at(*words: int) -> int:
    return int(datetime(*words, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc, arg-type]


def bars(times: list[int], price: float = 10.0) -> tuple[Ints, dict[str, Floats]]:
    return np.array(times), {name: np.full(len(times), price) for name in KEY.fields}


def periods(store: BarStore) -> list[str]:
    return [each.period for each in store.manifest(KEY).slices]


def test_a_time_belongs_to_a_month_or_a_year() -> None:
    """The first and the last second of months, before 1970 too."""
    times = np.array([at(1969, 12, 31, 23), at(1970, 1, 1), at(2023, 12, 31), at(2024, 2, 29), at(2024, 3, 1)])
    assert periods_of(Resolution.TICK, times).tolist() == [196912, 197001, 202312, 202402, 202403]
    assert periods_of(Resolution.MINUTE, times).tolist() == [1969, 1970, 2023, 2024, 2024]
    assert [period_name(one) for one in (1970, 197001, 202312)] == ["1970", "1970-01", "2023-12"]


def test_seconds_are_written_appended_merged_and_restated_by_the_month(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "bars")
    first = [at(2023, 12, 31, 23, 59, 59), at(2024, 1, 1), at(2024, 1, 15), at(2024, 2, 1)]
    store.write(KEY, *bars(first), [ORIGIN])
    assert periods(store) == ["2023-12", "2024-01", "2024-02"]
    store.append_day(KEY, *bars([at(2024, 1, 15), at(2024, 1, 15, 0, 0, 1)], 11.0), ORIGIN)
    assert periods(store) == ["2023-12", "2024-01", "2024-02", "2024-01-15"], "days after months: they count"
    expected = [10, 10, 11, 11, 10]
    assert store.read(KEY)[1]["close"].tolist() == expected
    before = store.slices(KEY)
    assert store.compact(KEY) == 1
    assert periods(store) == ["2023-12", "2024-01", "2024-02"]
    assert store.read(KEY)[1]["close"].tolist() == expected
    assert {what for what, sha256 in store.slices(KEY).items() if before.get(what) != sha256} == {
        "crypto/coinbase/second/trade/btcusd/2024-01"
    }, "the other months are not written again"
    store.write(KEY, *bars([at(2024, 2, 1)], 12.0), [ORIGIN], on_conflict="replace")
    assert store.read(KEY)[1]["close"].tolist() == [10, 10, 11, 11, 12]
    assert store.read(KEY, at=before)[1]["close"].tolist() == expected
    assert store.verify(KEY) == []


def test_a_year_that_has_a_file_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As stores of before have them."""
    store = BarStore(tmp_path / "bars")
    with monkeypatch.context() as patch:
        patch.setattr(store_plans, "BY_MONTH", ())
        patch.setattr(store_plans, "periods_of", lambda _, times: periods_of(Resolution.MINUTE, times))
        store.write(KEY, *bars([at(2023, 5, 1), at(2024, 5, 1)]), [ORIGIN])
    assert periods(store) == ["2023", "2024"]
    store.write(KEY, *bars([at(2024, 6, 1), at(2025, 6, 1)], 11.0), [ORIGIN])
    store.append_day(KEY, *bars([at(2024, 7, 1)], 12.0), ORIGIN)
    assert periods(store) == ["2023", "2024", "2024-07-01", "2025-06"]
    store.compact(KEY)
    assert periods(store) == ["2023", "2024", "2025-06"]
    assert store.read(KEY)[1]["close"].tolist() == [10, 10, 11, 12, 11]


def test_an_import_of_seconds_goes_month_by_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the file is, no more than a month of rows is written at once."""
    path = tmp_path / "btc.csv"
    times = [at(2024, month, day, hour) for month in range(1, 7) for day in range(1, 29) for hour in range(0, 24, 6)]
    # A second after each, so that bars are known to be of seconds.
    rows = [f"{one // 1_000_000 + more},1,1,1,1,1" for one in times for more in (0, 1)]
    path.write_text("time,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    largest = []
    write = BarStore.write

    def noted(store: BarStore, key: SeriesKey, times_us: Ints, *rest: object, **more: object) -> object:
        largest.append(len(times_us))
        return write(store, key, times_us, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(BarStore, "write", noted)
    monkeypatch.setattr("tradinglab.data.ingest.settling._TOGETHER", 1)
    store = tmp_path / "bars"
    report = import_files([path], "BTCUSD", Resolution.SECOND, "coinbase", store, ImportOptions())
    assert (report.added, largest) == (len(rows), [28 * 4 * 2] * 6)
    assert periods(BarStore(store)) == [f"2024-{month:02}" for month in range(1, 7)]
