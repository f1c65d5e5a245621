"""States of a series in a store: one after the other, several writers, what is kept, what was restated."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tradinglab.core.clock import to_ns
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.errors import MalformedDataError, StoreError, StoreFullError
from tradinglab.data.store import BarStore, Origin, SeriesKey, StoreSource
from tradinglab.data.store.files import write_bar_file
from tradinglab.data.store.local_place import LocalPlace
from tradinglab.data.store.run_slices import run_slices

KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
FOLDER = "equity/usa/minute/trade/abc"
ORIGIN = Origin("abc.csv", "0" * 64)
START = to_ns(datetime(2020, 3, 2, 14, 30)) // 1000
MINUTE = 60_000_000
DAY = 86_400_000_000
NO_GRACE = timedelta(0)


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "bars")


def bars(count: int, price: float = 10.0, start: int = START) -> tuple[Ints, dict[str, Floats]]:
    values = {name: np.full(count, price) for name in ("open", "high", "low", "close")}
    return start + np.arange(count) * MINUTE, {**values, "volume": np.ones(count)}


def closes(store: BarStore, **how: object) -> list[float]:
    found: list[float] = store.read(KEY, **how)[1]["close"].tolist()  # type: ignore[arg-type]
    return found


def names(store: BarStore) -> set[str]:
    return {path.name for path in (store.folder / FOLDER).iterdir()}


class TestFormatOne:
    """A store as it was before there were manifests."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> BarStore:
        folder = tmp_path / "old" / FOLDER
        folder.mkdir(parents=True)
        (tmp_path / "old" / "store.json").write_text('{"format": 1}\n')
        write_bar_file(folder / "2020.parquet", *bars(3), [ORIGIN])
        write_bar_file(folder / "2020-03-02.parquet", *bars(1, 12.0, START + MINUTE), [Origin("correction")])
        write_bar_file(folder / "2020-03-03.parquet", *bars(2, 11.0, START + DAY), [Origin("feed")])
        (tmp_path / "old/equity/usa/factors").mkdir()
        (tmp_path / "old/equity/usa/factors/abc.csv").write_text("20200302,0.99,0.5,10\n20501231,1,1,0\n")
        return BarStore(tmp_path / "old")

    def test_it_is_read(self, store: BarStore) -> None:
        before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
        assert closes(store) == [10, 12, 10, 11, 11]
        assert store.series() == [KEY]
        assert list(store.slices(KEY)) == [f"{FOLDER}/{one}" for one in ("2020", "2020-03-02", "2020-03-03")]
        table = store.factors(SecurityType.EQUITY, "usa", "ABC")
        assert table is not None
        assert str(table.rows[0].split_factor) == "0.5"
        assert store.verify(KEY) == []
        # A reader may have no right to write.
        assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == before

    def test_it_is_written_without_loss(self, store: BarStore) -> None:
        old = {path: path.read_bytes() for path in (store.folder / FOLDER).iterdir()}
        store.append_day(KEY, *bars(1, 13.0, START + 2 * DAY), Origin("feed"))
        assert closes(store) == [10, 12, 10, 11, 11, 13]
        assert json.loads((store.folder / "store.json").read_text()) == {"format": 2}
        assert {path: path.read_bytes() for path in old} == old
        assert closes(BarStore(store.folder)) == [10, 12, 10, 11, 11, 13]
        assert store.compact(KEY) == 3
        assert closes(store) == [10, 12, 10, 11, 11, 13]
        assert {one.name for one in store.files(KEY)[0].origins} == {"abc.csv", "correction", "feed"}
        store.collect(grace=NO_GRACE)
        assert closes(BarStore(store.folder)) == [10, 12, 10, 11, 11, 13]
        assert names(store) == {store.files(KEY)[0].path.name, "manifest.json"}

    def test_writing_elsewhere_leaves_its_series_readable(self, store: BarStore) -> None:
        other = SeriesKey(SecurityType.EQUITY, "usa", "XYZ", Resolution.MINUTE, TickType.TRADE)
        store.write(other, *bars(1), [ORIGIN])
        again = BarStore(store.folder)
        assert set(again.series()) == {KEY, other}
        assert closes(again) == [10, 12, 10, 11, 11]


class TestAppending:
    def test_a_day_may_come_in_pieces(self, store: BarStore) -> None:
        store.append_day(KEY, *bars(2, 10.0), Origin("morning"))
        store.append_day(KEY, *bars(2, 11.0, START + 2 * MINUTE), Origin("noon"))
        assert closes(store) == [10, 10, 11, 11]
        assert [file.rows for file in store.files(KEY)] == [4]
        assert [one.name for one in store.files(KEY)[0].origins] == ["morning", "noon"]
        assert store.restatements(KEY) == []

    def test_the_same_again_changes_nothing(self, store: BarStore) -> None:
        store.write(KEY, *bars(4), [ORIGIN])
        generation = store.manifest(KEY).generation
        assert store.append_day(KEY, *bars(2), Origin("again")) == store.files(KEY)[0]
        assert store.manifest(KEY).generation == generation

    def test_writing_sees_the_days(self, store: BarStore) -> None:
        store.append_day(KEY, *bars(2, 10.0), ORIGIN)
        with pytest.raises(StoreError, match="2 of the bars of ABC"):
            store.write(KEY, *bars(3, 11.0), [ORIGIN])
        stored = store.write(KEY, *bars(3, 11.0), [ORIGIN], on_conflict="replace")
        assert (stored.added, stored.known) == (1, 2)
        assert closes(store) == [11, 11, 11]

    def test_many_series_at_once(self, store: BarStore) -> None:
        keys = [SeriesKey(KEY.security_type, "usa", f"S{at}", KEY.resolution, KEY.tick_type) for at in range(20)]
        written = store.append_days({key: bars(2, 1.0 + at) for at, key in enumerate(keys)}, ORIGIN)
        assert {key: file.rows for key, file in written.items()} == dict.fromkeys(keys, 2)
        found = store.read_many(keys)
        assert [values["close"].tolist() for _, values in found.values()] == [[1.0 + at] * 2 for at in range(20)]

    def test_one_that_fails_does_not_keep_the_others(self, store: BarStore) -> None:
        good, wrong = KEY, SeriesKey(KEY.security_type, "usa", "XYZ", KEY.resolution, KEY.tick_type)
        with pytest.raises(StoreError, match=r"XYZ .* must be positive"):
            store.append_days({wrong: bars(1, -1.0), good: bars(1)}, ORIGIN)
        assert store.series() == [good]

    def test_ticks_that_meet_others_are_not_doubled(self, store: BarStore) -> None:
        key = SeriesKey(SecurityType.CRYPTO, "coinbase", "BTCUSD", Resolution.TICK, TickType.TRADE)
        times = np.array([START, START, START + 1, START + 5])
        values = {"close": np.array([1.0, 2.0, 3.0, 4.0]), "volume": np.ones(4)}
        store.write(key, times, values, [ORIGIN])
        store.write(key, times, values, [ORIGIN])
        store.append_day(key, times[:3], {name: column[:3] for name, column in values.items()}, ORIGIN)
        store.append_day(key, times[2:3], {"close": np.array([9.0]), "volume": np.ones(1)}, ORIGIN)
        store.append_day(key, times[3:] + 1, {"close": np.array([7.0]), "volume": np.ones(1)}, ORIGIN)
        assert store.read(key)[1]["close"].tolist() == [1, 2, 9, 4, 7]


class TestPointInTime:
    def test_earlier_states_can_be_read(self, store: BarStore) -> None:
        store.write(KEY, *bars(2, 10.0), [ORIGIN])
        first = store.slices(KEY)
        store.append_day(KEY, *bars(1, 11.0, START + DAY), ORIGIN)
        second = store.manifest(KEY).generation
        store.write(KEY, *bars(2, 12.0), [ORIGIN], on_conflict="replace")
        assert closes(store) == [12, 12, 11]
        assert closes(store, at=second) == [10, 10, 11]
        assert closes(store, at=first) == [10, 10]
        assert closes(store, at=list(first.values())) == [10, 10]
        assert closes(BarStore(store.folder), at=1) == [10, 10]
        assert closes(store, at=0) == []
        with pytest.raises(StoreError, match="from generation 0 to 3; asked for was 4"):
            store.read(KEY, at=4)

    def test_what_is_not_pinned_goes(self, store: BarStore) -> None:
        store.write(KEY, *bars(2, 10.0), [ORIGIN])
        first = store.slices(KEY)
        store.write(KEY, *bars(2, 11.0), [ORIGIN], on_conflict="replace")
        second = store.slices(KEY)
        store.write(KEY, *bars(2, 12.0), [ORIGIN], on_conflict="replace")
        store.pin("run-1", first)
        assert store.pins() == {"run-1": list(first.values())}
        assert store.collect(grace=timedelta(hours=1)) == []
        assert store.collect(grace=NO_GRACE, keep=second.values()) == []
        assert [one.sha256 for one in store.collect(grace=NO_GRACE)] == list(second.values())
        assert closes(store, at=first) == [10, 10]
        assert closes(store) == [12, 12]
        for at in (second, 2):
            with pytest.raises(StoreError, match=r"not kept|is kept from generation 3"):
                store.read(KEY, at=at)
        with pytest.raises(StoreError, match=r"is not in .* any more"):
            store.pin("run-2", second)
        assert list(store.pins()) == ["run-1"]
        store.unpin("run-1")
        assert [one.sha256 for one in store.collect(grace=NO_GRACE)] == list(first.values())
        assert store.verify(KEY) == []

    def test_bars_that_become_again_what_they_were_are_not_removed(self, store: BarStore) -> None:
        for price in (10.0, 11.0, 10.0):
            store.write(KEY, *bars(2, price), [ORIGIN], on_conflict="replace")
        assert len(store.collect(grace=NO_GRACE)) == 2
        assert closes(BarStore(store.folder)) == [10, 10]

    def test_a_reader_goes_on_while_slices_are_compacted_and_collected(self, store: BarStore) -> None:
        writer = BarStore(store.folder)
        writer.write(KEY, *bars(2), [ORIGIN])
        stop, seen = threading.Event(), []

        def read() -> None:
            while not stop.is_set():
                seen.append(len(store.read(KEY)[0]))

        thread = threading.Thread(target=read)
        thread.start()
        for day in range(1, 16):
            writer.append_day(KEY, *bars(1, start=START + day * DAY), ORIGIN)
            if day % 5 == 0:
                writer.maintain(most_days=0, grace=NO_GRACE)
        stop.set()
        thread.join()
        assert seen == sorted(seen)
        assert set(seen) <= set(range(2, 18))
        assert len(names(writer)) == 2

    def test_a_file_that_is_gone_is_named(self, store: BarStore) -> None:
        store.write(KEY, *bars(2), [ORIGIN])
        path = store.files(KEY)[0].path
        path.unlink()
        with pytest.raises(MalformedDataError, match=f"{path.name}.*it is not there"):
            store.read(KEY)
        assert [file.path for file in store.verify(KEY)] == [path]

    def test_a_broken_manifest_is_named(self, store: BarStore) -> None:
        store.write(KEY, *bars(2), [ORIGIN])
        (store.folder / FOLDER / "manifest.json").write_text('{"format": 1, "generation": 1}')
        for use in (store.read, store.files, lambda key: store.append_day(key, *bars(1), ORIGIN)):
            with pytest.raises(MalformedDataError, match="manifest is broken"):
                use(KEY)

    @pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden"])
    def test_pins_cannot_leave_their_folder(self, store: BarStore, name: str) -> None:
        with pytest.raises(StoreError, match="name of a pin"):
            store.pin(name, {})


class TestRestatements:
    def test_they_say_what_was_and_what_is(self, store: BarStore) -> None:
        store.write(KEY, *bars(3, 10.0), [ORIGIN])
        times, values = bars(3, 10.0)
        values["close"] = np.array([10.0, 9.5, 10.0])
        values["low"] = np.array([10.0, 9.5, 10.0])
        other = Origin("vendor, asked again")
        store.write(KEY, times, values, [other], on_conflict="replace")
        store.append_day(KEY, *bars(1, 8.0, START + 2 * MINUTE), Origin("correction"))
        store.append_day(KEY, *bars(1, 7.0, START + 2 * MINUTE), Origin("correction of the correction"))
        first, second, third = store.restatements(KEY)
        assert first.times_us.tolist() == [START + MINUTE]
        assert (first.old["close"].tolist(), first.new["close"].tolist()) == ([10], [9.5])
        assert (first.old["high"].tolist(), first.new["high"].tolist()) == ([10], [10])
        assert (first.origins, first.generation) == ((other,), 2)
        assert (second.old["close"].tolist(), second.new["close"].tolist()) == ([10], [8])
        assert (third.old["close"].tolist(), third.new["close"].tolist()) == ([8], [7])
        store.compact(KEY)
        store.collect(grace=NO_GRACE)
        assert [one.generation for one in BarStore(store.folder).restatements(KEY)] == [2, 3, 4]

    def test_bars_that_are_kept_or_new_are_none(self, store: BarStore) -> None:
        store.write(KEY, *bars(3, 10.0), [ORIGIN])
        store.write(KEY, *bars(4, 11.0), [ORIGIN], on_conflict="keep")
        store.append_day(KEY, *bars(1, 11.0, START + DAY), ORIGIN)
        store.compact(KEY)
        assert store.restatements(KEY) == []

    def test_sources_are_known_of_ranges(self, store: BarStore) -> None:
        store.append_day(KEY, *bars(2), ORIGIN, source="yahoo")
        store.append_day(KEY, *bars(2, start=START + DAY), ORIGIN, source="yahoo")
        store.append_day(KEY, *bars(2, start=START + 2 * DAY), ORIGIN, source="stooq")
        store.compact(KEY)
        found = [(one.source, one.first_us, one.last_us) for one in store.manifest(KEY).slices[0].sources]
        assert found == [
            ("yahoo", START, START + DAY + MINUTE),
            ("stooq", START + 2 * DAY, START + 2 * DAY + MINUTE),
        ]


class TestWriters:
    def test_none_loses_the_bars_of_another(self, store: BarStore) -> None:
        def write(number: int) -> None:
            one = BarStore(store.folder)
            for at in range(5):
                one.append_day(KEY, *bars(1, start=START + (5 * number + at) * DAY), Origin(str(number)))
                if at == 2:
                    one.compact(KEY)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        assert store.read(KEY)[0].tolist() == [START + at * DAY for at in range(20)]
        assert store.verify(KEY) == []

    def test_one_who_does_not_finish_is_told_of(self, tmp_path: Path) -> None:
        first, second = LocalPlace(tmp_path), LocalPlace(tmp_path, patience_s=0.05)
        with first.lock(FOLDER):
            with pytest.raises(StoreError, match=f"writing to {FOLDER} .* for 0.05 s"), second.lock(FOLDER):
                pass
            with second.lock("another"):
                pass

    def test_leftovers_are_cleared(self, store: BarStore) -> None:
        store.write(KEY, *bars(2), [ORIGIN])
        folder = store.folder / FOLDER
        kept = names(store)
        (folder / "2020.0123456789ab.parquet").write_bytes(b"never named by a manifest")
        (folder / ".abcdef.tmp").write_bytes(b"half")
        (folder / "notes.txt").write_text("of the user")
        store.append_day(KEY, *bars(1, start=START + DAY), ORIGIN)
        assert names(store) == {*kept, store.files(KEY)[1].path.name, "notes.txt"}

    def test_a_full_disk_leaves_the_old_state(self, store: BarStore, monkeypatch: pytest.MonkeyPatch) -> None:
        store.write(KEY, *bars(2), [ORIGIN])
        before = names(store)

        def fail(self: Path, content: bytes) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "write_bytes", fail)
            with pytest.raises(StoreFullError, match=r"is full .No space left"):
                store.append_day(KEY, *bars(1, start=START + DAY), ORIGIN)
        assert closes(store) == [10, 10]
        store.append_day(KEY, *bars(1, start=START + DAY), ORIGIN)
        assert closes(store) == [10, 10, 10]
        assert len(names(store)) == len(before) + 1


def test_slices_of_a_run_do_not_depend_on_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = BarStore(tmp_path / "here"), BarStore(tmp_path / "there")
    here.write(KEY, *bars(300), [ORIGIN])
    monkeypatch.setattr("tradinglab.data.store.files.find_spec", lambda name: None)
    there.write(KEY, *bars(300), [Origin("copied")])
    files = [[file.path for file in one.files(KEY)] for one in (here, there)]
    assert files[0][0].read_bytes() != files[1][0].read_bytes()
    found = run_slices(here.folder, [*files[0], *files[1], tmp_path / "gone"])
    assert found == here.slices(KEY) == run_slices(there.folder, files[1]) == there.slices(KEY)


def test_a_run_that_saw_two_states_names_both(store: BarStore) -> None:
    store.write(KEY, *bars(2), [ORIGIN])
    first = store.files(KEY)[0]
    store.write(KEY, *bars(2, 11.0), [ORIGIN], on_conflict="replace")
    second = store.files(KEY)[0]
    found = run_slices(store.folder, [first.path, second.path])
    assert found == {f"{FOLDER}/2020": first.sha256, f"{FOLDER}/2020#2": second.sha256}


def test_coverage_does_not_read_what_the_manifest_knows(store: BarStore) -> None:
    store.write(KEY, *bars(2), [ORIGIN])
    store.append_day(KEY, *bars(1, start=START + DAY), ORIGIN)
    for file in store.files(KEY):
        file.path.write_bytes(b"")
    assert next(iter(StoreSource(store.folder).coverage())).bars == 3
