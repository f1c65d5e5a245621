"""The commands: download over two sources, go on, search, preview, and a folder of LEAN's."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.server.s3 import KEYS, BucketServer
from tests.sources.figures import NOW, SPLIT_DAY, share_days
from tests.sources.speakers import AlphaVantage, Binance, Yahoo
from tests.sources.wire import answer

from tradinglab.cli.main import main
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.source import open_source
from tradinglab.data.store import BarStore, Origin, SeriesKey

_KEY = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.DAILY, TickType.TRADE)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", NOW.timestamp)
    for name in ("ALPHA_VANTAGE_API_KEY", "ALPHA_VANTAGE_REQUESTS_PER_MINUTE", "APCA_API_KEY_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def yahoo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Yahoo]:
    monkeypatch.setenv("TRADINGLAB_HOME", str(tmp_path / "home"))
    with Yahoo() as server:
        monkeypatch.setenv("YAHOO_FINANCE_BASE_URL", server.url)
        yield server


@pytest.fixture
def alpha(monkeypatch: pytest.MonkeyPatch) -> Iterator[AlphaVantage]:
    with AlphaVantage() as server:
        monkeypatch.setenv("ALPHA_VANTAGE_BASE_URL", server.url)
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "very-secret")
        yield server


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_days_are_downloaded_with_their_splits(
    yahoo: Yahoo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "bars"
    wanted = ("data", "download", "aaa", "--start", "2021-03-01", "--end", "2021-08-31", "--store", store)
    assert run(*wanted) == 0
    expected = share_days(date(2021, 3, 1), date(2021, 8, 31))
    output = capsys.readouterr().out
    assert f"AAA (equity, usa, daily, trade): {len(expected)} bars are new, 0 were stored before" in output
    assert "2021-03-01  2021-08-31  yahoo" in output
    assert "2 splits and dividends" in output
    times, values = BarStore(store).read(_KEY)
    assert times.tolist() == [bar.us for bar in expected]
    assert values["close"].tolist() == [bar.close for bar in expected]
    table = BarStore(store).factors(SecurityType.EQUITY, "usa", "AAA")
    assert table is not None
    assert float(table.rows[0].split_factor) == 0.5
    sent = len(yahoo.asked)
    assert run(*wanted) == 0
    assert len(yahoo.asked) == sent, "what was answered is not asked for again"
    capsys.readouterr()
    assert run("data", "download", "AAA", "--start", "2021-05-03", "--end", "2021-05-07", "--store", store) == 0
    (row,) = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("20")]
    assert row == ["2021-05-03", "2021-05-07", "yahoo", "5"]
    assert run("data", "download", "AAA", "--start", "2021-03-01", "--store", store, "--end", "2021-09-30") == 0
    assert BarStore(store).read(_KEY)[0][-1] == share_days(date(2021, 9, 30), date(2021, 9, 30))[0].us
    # What was downloaded can be backtested on.
    (coverage,) = open_source(f"store:{store}").coverage()
    assert (coverage.ticker, coverage.is_synthetic) == ("AAA", False)


def test_without_a_start_it_begins_with_the_listing(yahoo: Yahoo, tmp_path: Path) -> None:
    assert run("data", "download", "AAA", "--store", tmp_path / "bars", "--end", "2020-02-01") == 0
    assert BarStore(tmp_path / "bars").read(_KEY)[0][0] == share_days()[0].us


def test_the_second_source_steps_in_and_is_named(
    yahoo: Yahoo, alpha: AlphaVantage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    yahoo.always = answer(
        {"chart": {"result": None, "error": {"code": "Forbidden", "description": "Not for you"}}}, 400
    )
    wanted = ("data", "download", "AAA", "--source", "yahoo,alpha_vantage", "--store", tmp_path / "bars")
    assert run(*wanted, "--start", "2022-01-03", "--end", "2022-01-07") == 0
    output = capsys.readouterr().out
    assert "2022-01-03  2022-01-07  alpha_vantage  5     not yahoo: Forbidden: Not for you" in output


def test_what_nobody_gives_is_told_and_the_status_says_it(
    yahoo: Yahoo, alpha: AlphaVantage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alpha.always = answer({"Information": "We have detected your API key as very-secret; premium endpoint"})
    wanted = ("data", "download", "NOPE", "AAA", "--source", "yahoo,alpha_vantage", "--store", tmp_path / "bars")
    assert run(*wanted, "--start", "2022-01-03", "--end", "2022-01-07") == 1
    output = capsys.readouterr()
    assert "NOPE, 2022-01-03 to 2022-01-07: nobody gave bars." in output.err
    assert "  yahoo: The symbol is not known" in output.err
    assert "  alpha_vantage: These bars come with a paid plan only" in output.err
    assert "very-secret" not in output.err + output.out
    assert "AAA (equity, usa, daily, trade): 5 bars are new" in output.out, "one symbol does not keep another back"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("AAA", "--source", "yaho"), "Did you mean: 'yahoo'?"),
        (("A/A",), "'A/A' is no ticker"),
        (("AAA", "--start", "2022-01-07", "--end", "2022-01-03"), "swap them"),
        (("AAA", "--source", ","), "names no source"),
        (("AAA", "--source", "alpha_vantage", "--start", "2022-01-03"), "set ALPHA_VANTAGE_API_KEY"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("data", "download", *words, "--store", tmp_path / "bars") in (1, 2)
    assert said in capsys.readouterr().err


def test_coins_of_an_exchange(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ccxt", reason="the extra 'exchanges' is not installed")
    with Binance() as server:
        monkeypatch.setenv("BINANCE_BASE_URL", server.url)
        wanted = ("data", "download", "BTCUSDT", "--source", "binance", "--resolution", "hour", "--store", tmp_path)
        assert run(*wanted, "--start", "2022-01-03", "--end", "2022-01-04") == 0
        assert "BTCUSDT (crypto, binance, hour, trade): 48 bars are new" in capsys.readouterr().out


def test_sources_and_search(yahoo: Yahoo, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "sources") == 0
    output = capsys.readouterr().out
    assert "ALPHA_VANTAGE_API_KEY: not set" in output
    assert "kraken: Kraken" in output
    assert run("data", "search", "triple") == 0
    assert "AAA     equity  usa     NASDAQ              Triple A Inc." in capsys.readouterr().out


def test_a_preview_shows_what_an_import_would_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spy_us_d.csv"
    rows = [f"2024-01-{day:02d},100,102,99,101,{day}000" for day in range(2, 13)]
    file.write_text("\n".join(["Date,Open,High,Low,Close,Volume", *rows]))
    assert run("data", "preview", file) == 0
    output = capsys.readouterr().out
    assert "11 rows" in output
    assert "close = 'Close'" in output
    assert "bars: daily, 2024-01-02T05:00:00 to 2024-01-12T05:00:00 UTC" in output
    assert f"tradinglab data import {file} --symbol TICKER --resolution daily" in output
    (command,) = [line for line in output.splitlines() if line.startswith("tradinglab data import")]
    words = command.split()[1:]
    words[words.index("TICKER")] = "SPY"
    words[words.index("DIR")] = str(tmp_path / "bars")
    assert run(*words) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["AAA", "--start", "2099-01-01"], "--start: 2099-01-01 is after"),
        (["^GSPC"], "'^GSPC' is no ticker"),
        (["ÄÖ"], "'ÄÖ' is no ticker"),
        (["../x"], "'../x' is no ticker"),
        ([".A"], "'.A' is no ticker"),
    ],
)
def test_what_cannot_be_downloaded_is_said_before_anything_is_asked(
    yahoo: Yahoo, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run("data", "download", *words, "--store", tmp_path / "bars") == 2
    assert said in capsys.readouterr().err
    assert not yahoo.asked


def test_all_days_there_are_may_be_asked_for(yahoo: Yahoo, tmp_path: Path) -> None:
    every = ("--start", "0001-01-01", "--end", "9999-12-31")
    assert run("data", "download", "AAA", *every, "--store", tmp_path / "bars") == 0
    times, _ = BarStore(tmp_path / "bars").read(_KEY)
    assert len(times) > 500
    told = [int(each.params["period1"]) for each in yahoo.asked if "period1" in each.params]
    assert told
    # From 1800 on; int64 nanoseconds of the year 1 are some in 1754.
    assert min(told) >= -5_400_000_000


def printed_command(capsys: pytest.CaptureFixture[str]) -> list[str]:
    (command,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("tradinglab data import")]
    return shlex.split(command)[1:]


def test_the_command_that_a_preview_prints_has_what_the_preview_was_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my bars.csv"
    file.write_text("When;open;high;low;close\n07/10/2013 15:31;1,5;1,5;1,5;1,5\n07/10/2013 15:32;1,5;1,5;1,5;1,5\n")
    told = (
        "--time-zone",
        "Europe/Berlin",
        "--stamp",
        "end",
        "--time-format",
        "%d/%m/%Y %H:%M",
        "--columns",
        "time=When",
    )
    assert run("data", "preview", file, *told, "--market", "oanda", "--security-type", "cfd") == 0
    words = printed_command(capsys)
    words[words.index("TICKER")] = "XAUUSD"
    words[words.index("DIR")] = str(tmp_path / "bars")
    assert run(*words) == 0
    key = SeriesKey(SecurityType.CFD, "oanda", "XAUUSD", Resolution.MINUTE, TickType.TRADE)
    times, values = BarStore(tmp_path / "bars").read(key)
    # 15:31 in Berlin's summer is 13:31 UTC, the end of the minute that begins at 13:30.
    assert times.astype("datetime64[us]").astype(str).tolist() == [
        "2013-10-07T13:30:00.000000",
        "2013-10-07T13:31:00.000000",
    ]
    assert values["close"].tolist() == [1.5, 1.5]


def test_a_preview_of_many_symbols_imports_them_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "many.csv"
    rows = [
        f"{name},2024-01-0{day},{price},{price},{price},{price}"
        for name, price in (("AB", 5), ("CD", 7))
        for day in (2, 3)
    ]
    file.write_text("\n".join(["symbol,date,open,high,low,close", *rows]))
    assert run("data", "preview", file) == 0
    words = printed_command(capsys)
    assert "--symbol" not in words
    words[words.index("DIR")] = str(tmp_path / "bars")
    assert run(*words) == 0
    for name, price in (("AB", 5), ("CD", 7)):
        key = SeriesKey(SecurityType.EQUITY, "usa", name, Resolution.DAILY, TickType.TRADE)
        assert BarStore(tmp_path / "bars").read(key)[1]["close"].tolist() == [price, price]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html><title>Proof of work</title></html>", "is a web page, not a table"),
        (
            b'{"Information": "our rate limit is 25 requests per day, key apikey=abc123 "}',
            "a message in place of a table",
        ),
        (b"Exceeded the daily hits limit", "requests of the day were used up"),
        (b"No data", "had no bars"),
        (b"", "is empty"),
        (b"Date,Open,High,Low,Close\n2024-01-02,1,2,0.5,1\n2024-01-03,1,0.2,0.5,1\n", "line 3, field 'High'"),
        (b"Date,Open,High,Low,Close\n2024-01-02,1,2,0.5,1\n2024-01-02,1,3,0.5,1\n", "say different things"),
        (b"a,b,c\n1,2,3\n", "no column for open"),
        (b"Time,Open,High,Low,Close\n2024-01-02 10:00,1,2,0.5,1\n2024-01-02 10:07,1,2,0.5,1\n", "420 s apart"),
    ],
)
def test_a_preview_says_what_is_wrong(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "download.csv"
    file.write_bytes(content)
    assert run("data", "preview", file) == 1
    output = capsys.readouterr()
    assert said in output.err
    assert "abc123" not in output.err


def test_parquet_is_previewed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import polars as pl

    stamps = np.arange("2024-01-02T14:30", "2024-01-02T14:40", dtype="datetime64[m]").astype("datetime64[us]")
    prices = {name: np.full(10, 5.0) for name in ("o", "h", "l", "c")}
    pl.DataFrame({"ts": stamps, **prices, "colour": ["red"] * 10}).with_columns(
        pl.col("ts").dt.replace_time_zone("UTC")
    ).write_parquet(tmp_path / "bars.parquet")
    assert run("data", "preview", tmp_path / "bars.parquet") == 0
    output = capsys.readouterr().out
    assert "bars: minute, 2024-01-02T14:30:00 to 2024-01-02T14:39:00 UTC" in output
    assert "not used: colour" in output


def test_a_lean_folder_is_imported(lean_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "bars"
    words = ("data", "import-lean", lean_data, "--store", store, "--symbols", "SPY", "--resolution", "daily")
    assert run(*words) == 0
    assert "with factors" in capsys.readouterr().out
    spy = SeriesKey(SecurityType.EQUITY, "usa", "SPY", Resolution.DAILY, TickType.TRADE)
    folder, bars = open_source(f"lean:{lean_data}"), open_source(f"store:{store}")
    symbol = folder.resolve_symbol("SPY", SecurityType.EQUITY, "usa")
    span = (0, 4 * 10**18)
    theirs = folder.bars(symbol, Resolution.DAILY, TickType.TRADE, *span)
    ours = bars.bars(symbol, Resolution.DAILY, TickType.TRADE, *span)
    assert ours.time_ns.tolist() == theirs.time_ns.tolist()
    assert (ours.values["close"] == theirs.values["close"]).all()
    assert bars.factors(symbol) == folder.factors(symbol)
    assert BarStore(store).files(spy)
    assert run(*words, "--on-conflict", "keep") == 0
    assert "0 bars are new" in capsys.readouterr().out


def test_a_folder_without_bars_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run("data", "import-lean", tmp_path / "empty", "--store", tmp_path / "bars") == 2
    assert "has no bars in the layout of a LEAN data folder" in capsys.readouterr().err


def test_answers_are_kept_beside_the_bars(yahoo: Yahoo, tmp_path: Path) -> None:
    store = tmp_path / "bars"
    assert run("data", "download", "AAA", "--start", "2021-05-24", "--end", "2021-06-04", "--store", store) == 0
    (path,) = (store / "downloads").rglob("*.jsonl")
    (row,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert (row["source"], row["bars"]) == ("yahoo", 10)
    assert date(2021, 6, 1) == SPLIT_DAY


def test_bars_are_downloaded_into_a_bucket_and_gone_on_with(
    yahoo: Yahoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was answered is noted in the bucket: another machine, with copies of its own, asks for nothing twice."""
    with BucketServer() as server:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL_S3": server.url}.items():
            monkeypatch.setenv(name, value)
        store = f"s3://{server.bucket()}/bars"
        wanted = ("data", "download", "AAA", "--start", "2021-05-24", "--end", "2021-06-04", "--store", store)
        for machine, new in (("one", 10), ("two", 0)):
            monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / machine))
            asked = len(yahoo.asked)
            assert run(*wanted) == 0
            assert f"{new} bars are new" in capsys.readouterr().out
            assert (len(yahoo.asked) > asked) is bool(new)
        assert run("data", "list", "--data", f"store:{store}") == 0
        assert capsys.readouterr().out.splitlines()[1].split()[-1] == "yahoo"
        run("data", "check", f"store:{store}", "--symbol", "AAA")
        assert "AAA" in capsys.readouterr().out


def test_a_preflight_fetches_what_is_missing(yahoo: Yahoo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strategy, store = tmp_path / "hold.py", tmp_path / "bars"
    strategy.write_text(
        "from AlgorithmImports import *\n\nclass Hold(QCAlgorithm):\n    def initialize(self):\n"
        "        self.set_start_date(2021, 3, 1)\n        self.set_end_date(2021, 8, 31)\n"
        "        self.set_benchmark(self.add_equity('AAA', Resolution.DAILY).symbol)\n"
    )
    assert run("data", "preflight", strategy, "--store", store, "--fetch", "--source", "yahoo") == 0
    output = capsys.readouterr().out
    assert "bars are new, 0 were stored before" in output
    asked = [bar.us for bar in share_days(date(2021, 2, 26), date(2021, 8, 31))]
    assert BarStore(store).read(_KEY)[0].tolist() == asked  # the benchmark begins a trading day early
    sent = len(yahoo.asked)
    assert run("data", "preflight", strategy, "--store", store, "--fetch", "--source", "yahoo") == 0
    assert len(yahoo.asked) == sent, "nothing is missing any more"
    assert run("data", "preflight", strategy, "--store", store, "--end", "2021-09-30") == 1
    assert "21 trading days are missing: 2021-09-01 to 2021-09-30" in capsys.readouterr().out


def test_what_a_source_says_of_a_share_is_kept(yahoo: Yahoo, tmp_path: Path) -> None:
    store = tmp_path / "bars"
    assert run("data", "download", "AAA", "--start", "2021-05-24", "--end", "2021-06-04", "--store", store) == 0
    found = BarStore(store).described(SecurityType.EQUITY, "usa", "AAA")
    assert found is not None
    assert (found.kind, found.name, found.source) == ("equity", "Triple A Inc.", "yahoo")


def test_a_store_is_maintained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "bars"
    store = BarStore(folder)
    for day in range(3):
        at = np.array([1_704_690_000_000_000 + day * 86_400_000_000])
        store.append_day(_KEY, at, {name: np.ones(1) for name in _KEY.fields}, Origin("x"))
    assert run("data", "maintain", "--store", folder) == 0
    assert "0 files of days were merged into years, 0 past files were removed." in capsys.readouterr().out
    store.pin("mine", store.slices(_KEY))
    assert run("data", "maintain", "--store", folder, "--most-days", 0, "--keep-days", 0) == 0
    assert "3 files of days were merged into years, 0 past files" in capsys.readouterr().out
    store.unpin("mine")
    assert run("data", "maintain", "--store", folder, "--keep-days", 0) == 0
    assert "3 past files were removed" in capsys.readouterr().out
    assert run("data", "maintain", "--store", tmp_path / "none") == 2
    assert run("data", "maintain", "--store", folder, "--keep-days", "nan") == 2


def test_an_update_goes_on_from_the_last_bar_and_tells_what_was_corrected(
    yahoo: Yahoo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "bars"
    assert run("data", "update", "--store", store) == 2
    assert run("data", "download", "AAA", "--start", "2021-11-01", "--end", "2021-12-30", "--store", store) == 0
    bars, key = BarStore(store), _KEY
    times, values = bars.read(key)
    wrong = {name: column[-1:] + (0.25 if name == "close" else 0.0) for name, column in values.items()}
    bars.write(key, times[-1:], wrong, [Origin("yahoo: AAA", "00" * 32)], on_conflict="replace", source="yahoo")
    capsys.readouterr()
    assert run("data", "update", "--store", store) == 0
    told = capsys.readouterr()
    assert "yahoo now gives 1 bars otherwise" in told.out + told.err
    assert BarStore(store).read(key)[0].tolist() == [bar.us for bar in share_days(date(2021, 11, 1))[:-1]]
    assert run("data", "update", "BBB", "--store", store) == 2
    assert run("data", "update", "--store", store, "--overlap-days", "-1") == 2
