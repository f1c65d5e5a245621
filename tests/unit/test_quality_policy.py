"""Policies as they are written, and what they make of bars, with the originals kept."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.quality_kit import codes, good_bars, key_of

from tradinglab.cli.main import main
from tradinglab.core.enums import Resolution
from tradinglab.data.errors import DataImportError, MalformedDataError
from tradinglab.data.quality import Bars, Policy, PolicyError, RejectedBarsError, Repairs, SeriesFacts, clean
from tradinglab.data.quality.importing import import_checked
from tradinglab.data.store import BarStore, StoreSource

FACTS = SeriesFacts.of(key_of(Resolution.DAILY))
DAYS = good_bars(date(2013, 1, 2), date(2013, 3, 28), Resolution.DAILY)


@pytest.mark.parametrize(
    "text",
    [
        "repair,outlier=drop, stale = drop",
        '{"base": "repair", "checks": {"outlier": "drop", "stale": "drop"}}',
        'base = "repair"\n[checks]\noutlier = "drop"\nstale = "drop"\n',
    ],
)
def test_a_policy_is_read_in_three_forms(text: str, tmp_path: Path) -> None:
    policy = Policy.parse(text)
    assert str(policy) == "repair,outlier=drop,stale=drop"
    assert Policy.parse(json.dumps(policy.to_json())) == policy
    actions = {code: policy.action(code) for code in ("outlier", "unsorted", "conflicting_duplicate", "zero_volume")}
    assert actions == {
        "outlier": "drop", "unsorted": "sort", "conflicting_duplicate": "reject", "zero_volume": "keep",
    }  # fmt: skip
    if not text.startswith("repair"):
        path = tmp_path / ("policy.json" if text.startswith("{") else "policy.toml")
        path.write_text(text)
        assert Policy.parse(str(path)) == policy


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("repare", "base", "it was 'repare'; write reject, repair or keep"),
        ("repair,outlyer=drop", "outlyer", "Did you mean"),
        ("repair,xyz=drop", "xyz", "The checks are"),
        ("repair,outlier=clip", "outlier", "it was 'clip'; write reject, keep or drop"),
        ("missing_bars=drop", "missing_bars", "write reject or keep"),
        ("repair,outlier", "", "'outlier' is no CHECK=ACTION"),
        ("", "", "is no CHECK=ACTION"),
        ("outlier=drop,outlier=keep", "outlier", "it is there twice"),
        ('{"base": 3}', "base", "it was 3"),
        ('{"checks": []}', "checks", "a table of checks and actions is expected"),
        ('{"checks": {"outlier": true}}', "outlier", "it was True"),
        ('{"base": "keep", "rules": {}}', "rules", "there is no such entry"),
        ("{", "", "it is no JSON"),
        ("[checks\n", "", "it is no TOML"),
        ("nowhere.toml", "", "nowhere.toml cannot be read"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(text: str, field: str, said: str) -> None:
    with pytest.raises(PolicyError, match="policy") as problem:
        Policy.parse(text)
    assert problem.value.field == field
    assert said in str(problem.value)


def broken() -> Bars:
    """Days with one fault of each kind that `repair` repairs, the third and fourth of them swapped."""
    rows = np.insert(np.arange(len(DAYS)), 31, 30)
    rows[[2, 3]] = rows[[3, 2]]
    taken = DAYS.take(rows)
    values = {name: column.copy() for name, column in taken.values.items()}
    values["close"][5] = np.nan
    values["low"][8] = -1.0
    values["volume"][10] = -5.0
    values["high"][12], values["low"][12] = values["low"][12], values["high"][12]
    values["close"][14] = values["high"][14] + 0.25
    return Bars.of(taken.times_us, values)


def test_repair_keeps_row_rule_and_values() -> None:
    bars = broken()
    done = clean(bars, FACTS, Policy.parse("repair"))
    assert set(codes(done.before)) == {
        "unsorted", "duplicate", "not_finite", "non_positive", "negative_size", "high_below_low", "outside_range",
    }  # fmt: skip
    assert codes(done.after) == {"missing_sessions": 2}
    assert (done.repairs.dropped, done.repairs.moved) == (3, 1)
    assert len(done.bars) == len(bars) - 3
    said = {(each.check, each.rule, each.name): each for each in done.repairs.changes}
    clipped = said["outside_range", "clip", "high"]
    assert (clipped.rows.tolist(), clipped.after.tolist()) == ([14], [bars.values["close"][14]])
    assert clipped.before.tolist() == [bars.values["high"][14]]
    assert said["negative_size", "zero", "volume"].before.tolist() == [-5.0]
    assert said["non_positive", "drop", "low"].before.tolist() == [-1.0]
    assert said["duplicate", "keep_first", "close"].rows.tolist() == [31]
    times, values = done.repairs.restore(done.bars.times_us, done.bars.values)
    assert times.tolist() == bars.times_us.tolist()
    for name, column in bars.values.items():
        np.testing.assert_array_equal(values[name], column)


def test_repairs_are_the_same_from_a_file(tmp_path: Path) -> None:
    done = clean(broken(), FACTS, Policy.parse("repair"))
    done.repairs.write(tmp_path / "repairs.parquet")
    again = Repairs.read(tmp_path / "repairs.parquet")
    assert again.frame().equals(done.repairs.frame(), null_equal=True)
    times, values = again.restore(done.bars.times_us, done.bars.values)
    assert times.tolist() == broken().times_us.tolist()
    np.testing.assert_array_equal(values["close"], broken().values["close"])
    (tmp_path / "none.parquet").write_bytes(b"PAR1")
    with pytest.raises(MalformedDataError, match="truncated or broken"):
        Repairs.read(tmp_path / "none.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(MalformedDataError, match="no table of repairs"):
        Repairs.read(tmp_path / "other.parquet")


def test_what_is_rejected_is_named_with_its_place() -> None:
    with pytest.raises(RejectedBarsError) as problem:
        clean(broken(), FACTS, Policy.parse("reject"))
    assert problem.value.codes == (
        "not_finite", "non_positive", "negative_size", "high_below_low", "outside_range",
    )  # fmt: skip
    assert "1 price is zero or negative. [non_positive]" in str(problem.value)
    assert "row 8, low -1" in str(problem.value)


def test_what_is_kept_is_flagged_and_untouched() -> None:
    bars = broken()
    done = clean(bars, FACTS, Policy.parse("keep"))
    assert done.bars.times_us.tolist() == bars.times_us.tolist()
    assert done.before.findings == done.after.findings
    flags = {each.check: each.rows.tolist() for each in done.repairs.changes if each.rule == "flag"}
    assert flags == {
        "unsorted": [3], "duplicate": [31], "not_finite": [5], "non_positive": [8], "negative_size": [10],
        "high_below_low": [12], "outside_range": [14],
    }  # fmt: skip


@pytest.mark.parametrize(("action", "kept"), [("keep_first", 1.0), ("keep_last", 2.0)])
def test_of_bars_of_one_time_the_one_that_is_asked_for_is_kept(action: str, kept: float) -> None:
    rows = np.insert(np.arange(len(DAYS)), 21, 20)
    taken = DAYS.take(rows)
    values = {name: column.copy() for name, column in taken.values.items()}
    values["volume"][20:22] = [1.0, 2.0]
    done = clean(Bars.of(taken.times_us, values), FACTS, Policy.parse(f"repair,conflicting_duplicate={action}"))
    assert done.bars.values["volume"][20] == kept
    times, restored = done.repairs.restore(done.bars.times_us, done.bars.values)
    assert times.tolist() == taken.times_us.tolist()
    assert restored["volume"].tolist() == values["volume"].tolist()


# Imports.


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(("time,open,high,low,close,volume", *lines)) + "\n")
    return path


def test_an_import_by_policy_keeps_repairs_beside_the_bars(tmp_path: Path) -> None:
    path = write(
        tmp_path, "abc.csv", "2020-01-02,10,10.2,9.9,10.1,5", "2020-01-06,10,10.2,9.9,10.3,6",
        "then,10,10.2,9.9,10.1,5", "2020-01-03,10,10.2,9.9,-1,5",
    )  # fmt: skip
    store = tmp_path / "bars"
    with pytest.raises(RejectedBarsError, match="line 5, close -1"):
        import_checked([path], "abc", Resolution.DAILY, "usa", store, Policy.parse("reject"))
    assert not store.exists()
    done = import_checked([path], "abc", Resolution.DAILY, "usa", store, Policy.parse("repair"))
    assert (done.stored.rows, done.stored.bars, done.stored.dropped) == (4, 2, 2)
    times, values = BarStore(store).read(done.stored.series)
    assert values["high"].tolist() == [10.2, 10.3]
    assert done.repairs_file is not None
    repairs = Repairs.read(done.repairs_file)
    assert [each.texts for each in repairs.changes if each.check == "bad_time"] == [("abc.csv, line 4: then",)]
    back, columns = repairs.restore(times, values)
    days = [str(np.datetime64(each, "us"))[:10] for each in back.tolist()]
    assert days == ["2020-01-02", "2020-01-06", "2020-01-03"]
    assert columns["close"].tolist() == [10.1, 10.3, -1.0]
    assert columns["high"].tolist() == [10.2, 10.2, 10.2]
    said = json.loads(done.repairs_file.with_suffix(".json").read_text())
    assert said["policy"] == {"base": "repair", "checks": {}}
    assert said["origins"][0]["name"] == "abc.csv"
    assert {each["code"] for each in said["before"]["findings"]} >= {"bad_time", "non_positive", "outside_range"}
    # What lies beside the bars is no series of the store.
    assert list(BarStore(store).series()) == [done.stored.series]
    assert [each.ticker for each in StoreSource(store).coverage()] == ["ABC"]


def test_a_store_cannot_hold_what_a_policy_would_keep(tmp_path: Path) -> None:
    path = write(tmp_path, "abc.csv", "2020-01-03,10,10.2,9.9,10.1,5", "2020-01-02,10,10.2,9.9,10.1,5")
    with pytest.raises(DataImportError, match="--policy repair,unsorted=sort"):
        import_checked([path], "abc", Resolution.DAILY, "usa", tmp_path / "bars", Policy.parse("keep"))


def test_splits_of_the_file_are_stored_and_known_to_checks(tmp_path: Path) -> None:
    lines = [f"2020-01-{day:02},{price},{price + 1},{price - 1},{price},5,{split}" for day, price, split in (
        (2, 100, 1), (3, 101, 1), (6, 50.5, 2), (7, 51, 1), (8, 51, 1),
    )]  # fmt: skip
    path = tmp_path / "abc.csv"
    path.write_text("\n".join(("time,open,high,low,close,volume,split ratio", *lines)) + "\n")
    done = import_checked([path], "abc", Resolution.DAILY, "usa", tmp_path / "bars", Policy.parse("repair"))
    assert done.stored.splits == 1
    assert done.after.findings == ()


def test_the_command_imports_by_policy_and_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "abc.csv", "2020-01-02,10,10.2,9.9,10.1,5", "2020-01-03,10,9,9.9,10.1,5")
    arguments = [
        "data",
        "import",
        str(path),
        "--symbol",
        "ABC",
        "--resolution",
        "daily",
        "--store",
        str(tmp_path / "b"),
    ]
    assert main([*arguments, "--policy", "reject"]) == 2
    assert "[high_below_low]" in capsys.readouterr().err
    assert main([*arguments, "--policy", "repair"]) == 0
    out = capsys.readouterr().out
    assert "policy: high_below_low: 1 bar clipped to their own prices" in out
    assert "quality: A (100.00 %)" in out
    assert main([*arguments, "--policy", "repair", "--on-bad", "drop"]) == 2
    good = write(tmp_path, "xyz.csv", "2020-01-02,10,10.2,9.9,10.1,5", "2020-01-06,10,10.2,9.9,10.1,5")
    assert main([*arguments[:2], str(good), "--symbol", "XYZ", *arguments[5:]]) == 0
    assert "warning: 1 session has no bars. [missing_sessions]" in capsys.readouterr().out
