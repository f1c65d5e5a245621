"""Downloads into a store: what is missing, who gave what, what a source changed, and events into factors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quantconnect.clock import VirtualClock
from tests.sources.figures import LISTED, NOW, TODAY, midnight, share_days
from tests.sources.kit import day_us, world_of
from tests.sources.speakers import Yahoo

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.data.derivation import Action
from tradinglab.data.download_notes import StoreLedger
from tradinglab.data.downloading import DownloadReport, download, range_of_days
from tradinglab.data.sources.errors import (
    CredentialError,
    QuotaUsedUpError,
    SourceError,
    SourceSettingError,
    UnavailableError,
)
from tradinglab.data.sources.policy import Passed, Policy, Rule, fetch_by_order
from tradinglab.data.sources.protocol import Downloader, Fetched, Origin, SeriesKey, SeriesMeta
from tradinglab.data.sources.resume import Answered, MemoryLedger, merged, missing
from tradinglab.data.sources.yahoo import YahooFinance
from tradinglab.data.store import BarStore, StoreSource

_KEY = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.DAILY, TickType.TRADE)
_DAY_US = 86_400_000_000


class Scripted:
    """A source that has the share's days from *first* to *last*, in parts of some days, and then fails."""

    def __init__(
        self,
        name: str,
        first: date = LISTED,
        last: date = TODAY,
        *,
        fails: SourceError | None = None,
        after: int = 0,
        scale: float = 1.0,
        actions: Sequence[Action] = (),
        days: int = 30,
    ) -> None:
        self.name, self.first, self.last, self.fails, self.after = name, first, last, fails, after
        self.scale, self.actions, self.days = scale, actions, days
        self.asked: list[tuple[int, int]] = []

    def close(self) -> None:
        raise AssertionError("who has opened it closes it")

    def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        self.asked.append((start_us, end_us))
        at, count = start_us, 0
        while at < end_us:
            if self.fails is not None and count >= self.after:
                raise self.fails
            until = min(end_us, at + self.days * _DAY_US)
            bars = [bar for bar in share_days(self.first, self.last) if at <= bar.us < until]
            columns = {
                name: np.array([getattr(bar, name) for bar in bars]) * (1 if name == "volume" else self.scale)
                for name in key.fields
            }
            yield Fetched(
                key=key,
                start_us=at,
                end_us=until,
                times_us=np.array([bar.us for bar in bars], np.int64),
                values=columns,
                actions=tuple(one for one in self.actions if at <= one.day * _DAY_US < until),
                meta=SeriesMeta(symbol="AAA"),
                origin=Origin(f"{self.name}: AAA", f"{at:064d}"),
                notes=() if bars else (f"{self.name} has nothing here",),
            )
            at, count = until, count + 1


def opener(*sources: Scripted) -> Callable[[str], Downloader]:
    by_name = {source.name: source for source in sources}
    return lambda name: by_name[name]  # type: ignore[return-value]


def run(
    store: BarStore, ledger: StoreLedger | MemoryLedger, *sources: Scripted, first: date = date(2021, 2, 1),
    last: date = date(2021, 7, 30), **more: object,
) -> DownloadReport:  # fmt: skip
    start, end = range_of_days(_KEY, first, last)
    names = [source.name for source in sources]
    return download(
        _KEY,
        start,
        end,
        store=store,
        ledger=ledger,
        sources=names,
        open_source=opener(*sources),
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    return BarStore(tmp_path / "bars")


@pytest.fixture
def ledger(tmp_path: Path) -> StoreLedger:
    return StoreLedger(BarStore(tmp_path / "bars"))


def test_a_download_is_stored_with_its_origin_and_asked_for_once(store: BarStore, ledger: StoreLedger) -> None:
    source = Scripted("one")
    report = run(store, ledger, source)
    expected = share_days(date(2021, 2, 1), date(2021, 7, 30))
    times, values = store.read(_KEY)
    assert times.tolist() == [bar.us for bar in expected]
    assert values["close"].tolist() == [bar.close for bar in expected]
    assert report.added == len(expected)
    assert [(one.source, one.bars) for one in report.answered] == [("one", len(expected))]
    assert {origin.name for file in store.files(_KEY) for origin in file.origins} == {"one: AAA"}
    again = run(BarStore(store.folder), ledger, source)
    assert (again.added, again.known, len(source.asked)) == (0, 0, 1)


def test_an_update_asks_for_the_days_since(store: BarStore, ledger: StoreLedger) -> None:
    run(store, ledger, Scripted("one"), last=date(2021, 6, 30))
    source = Scripted("one")
    run(store, ledger, source, last=date(2021, 7, 30))
    assert source.asked == [(day_us(date(2021, 7, 1)), day_us(date(2021, 7, 31)))]
    earlier = Scripted("one")
    run(store, ledger, earlier, first=date(2021, 1, 4))
    assert earlier.asked == [(day_us(date(2021, 1, 4)), day_us(date(2021, 2, 1)))]


def test_a_download_that_breaks_off_goes_on_where_it_was(store: BarStore, ledger: StoreLedger) -> None:
    report = run(store, ledger, Scripted("one", fails=UnavailableError("one", "It is down."), after=2))
    assert report.added
    (failed,) = report.failed
    assert failed.passed == (Passed(source="one", code="source_unavailable", reason="It is down."),)
    source = Scripted("one")
    report = run(store, ledger, source)
    assert source.asked == [(failed.start_us, failed.end_us)]
    assert not report.failed
    assert len(store.read(_KEY)[0]) == len(share_days(date(2021, 2, 1), date(2021, 7, 30)))


def test_the_next_source_gives_what_the_first_does_not(store: BarStore, ledger: StoreLedger) -> None:
    report = run(
        store, ledger, Scripted("first", last=date(2021, 3, 31)),
        Scripted("second", fails=QuotaUsedUpError("second", "No more today.", wait_s=60), after=2), Scripted("third"),
    )  # fmt: skip
    assert not report.failed
    assert len(store.read(_KEY)[0]) == len(share_days(date(2021, 2, 1), date(2021, 7, 30)))
    assert [one.source for one in report.answered] == ["first", "second", "third"]
    third = report.answered[-1]
    assert [(one.source, one.code) for one in third.passed] == [("first", "empty"), ("second", "source_quota_used_up")]
    assert "first has nothing here" in third.passed[0].reason
    assert StoreLedger(BarStore(store.folder)).read(_KEY)[-1].passed == third.passed, "kept with the store"


def test_what_nobody_has_is_an_answer_and_what_nobody_gave_is_none(store: BarStore, ledger: StoreLedger) -> None:
    ends = date(2021, 3, 31)
    report = run(store, ledger, Scripted("first", last=ends), Scripted("second", last=ends))
    assert not report.failed
    assert report.answered[-1].bars == 0
    source = Scripted("first")
    run(store, ledger, source)
    assert not source.asked
    down = UnavailableError("second", "It is down.")
    report = run(store, ledger, Scripted("first", last=ends), Scripted("second", fails=down), refresh=True)
    assert [one.passed[-1].reason for one in report.failed[:1]] == ["It is down."]


def test_what_is_not_published_yet_is_asked_for_again(
    store: BarStore, ledger: StoreLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", NOW.timestamp)
    report = run(store, ledger, Scripted("one", last=date(2022, 1, 6)), first=date(2022, 1, 3), last=date(2022, 1, 7))
    assert not report.failed
    source = Scripted("one")
    report = run(store, ledger, source, first=date(2022, 1, 3), last=date(2022, 1, 7))
    assert source.asked == [(day_us(date(2022, 1, 7)), day_us(date(2022, 1, 8)))]
    assert report.added == 1


def test_minutes_that_come_late_are_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The market opened at 9:30; at noon the source has told of it until 9:59 (the last bar that the share has)."""
    monkeypatch.setattr("time.time", NOW.timestamp)
    key = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.MINUTE, TickType.TRADE)
    with Yahoo() as server:
        source = YahooFinance(world_of(VirtualClock(NOW.timestamp())), base_url=server.url)
        ledger = MemoryLedger()
        start, end = range_of_days(key, date(2022, 1, 7), TODAY)
        how = {"store": BarStore(tmp_path), "ledger": ledger, "sources": ["yahoo"], "open_source": lambda _: source}
        download(key, start, end, **how)  # type: ignore[arg-type]
        (gap,) = missing(ledger.read(key), start, end)
        assert gap[0] == (midnight(TODAY) + 10 * 3600) * 1_000_000
        source.close()


def test_a_weekend_is_not_asked_of_others() -> None:
    first, second = Scripted("first"), Scripted("second")
    start, end = range_of_days(_KEY, date(2021, 7, 3), date(2021, 7, 5))  # Independence Day was observed on the 5th
    answers = list(fetch_by_order(_KEY, start, end, ["first", "second"], opener(first, second)))
    assert [(one.source, one.fetched is not None and one.fetched.is_empty) for one in answers] in (
        [("first", True)], [("first", False)]
    )  # fmt: skip
    assert not second.asked


def test_a_source_without_its_key_is_passed_over() -> None:
    def open_source(name: str) -> Downloader:
        if name == "first":
            raise CredentialError("first", "It needs a key.")
        return Scripted("second")  # type: ignore[return-value]

    start, end = range_of_days(_KEY, date(2021, 7, 6), date(2021, 7, 7))
    (answer,) = fetch_by_order(_KEY, start, end, ["first", "second"], open_source)
    assert answer.source == "second"
    assert [one.code for one in answer.passed] == ["source_credential"]


def test_a_policy_says_who_is_asked() -> None:
    policy = Policy((
        Rule(sources=("binance",), security_type=SecurityType.CRYPTO),
        Rule(sources=("alpaca", "yahoo"), security_type=SecurityType.EQUITY, resolution=Resolution.MINUTE),
        Rule(sources=("yahoo", "alpha_vantage"), security_type=SecurityType.EQUITY),
    ))  # fmt: skip
    assert policy.sources_for(_KEY) == ("yahoo", "alpha_vantage")
    minutes = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.MINUTE, TickType.TRADE)
    assert policy.sources_for(minutes) == ("alpaca", "yahoo")
    with pytest.raises(SourceSettingError, match="No rule"):
        policy.sources_for(SeriesKey(SecurityType.FOREX, "oanda", "EURUSD", Resolution.DAILY, TickType.TRADE))


def test_a_policy_is_written_in_words() -> None:
    policy = Policy.parse("equity minute: alpaca, yahoo; crypto: binance; yahoo,Alpha-Vantage")
    minutes = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.MINUTE, TickType.TRADE)
    coins = SeriesKey(SecurityType.CRYPTO, "binance", "BTCUSDT", Resolution.MINUTE, TickType.TRADE)
    assert [policy.sources_for(key) for key in (minutes, coins, _KEY)] == [
        ("alpaca", "yahoo"),
        ("binance",),
        ("yahoo", "alpha_vantage"),
    ]
    assert policy.sources == ("alpaca", "yahoo", "binance", "alpha_vantage")
    assert Policy.parse("yahoo").sources_for(coins) == ("yahoo",)


@pytest.mark.parametrize("text", ["", ";", "minute:", "weekly: yahoo", ": yahoo", "minute hour: yahoo"])
def test_a_policy_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(SourceSettingError, match=r"names no source|Before the colon"):
        Policy.parse(text)


def test_a_source_that_changes_its_past_is_found_out(store: BarStore, ledger: StoreLedger) -> None:
    run(store, ledger, Scripted("one"))
    before = store.read(_KEY)[1]["close"].copy()
    report = run(store, ledger, Scripted("one", scale=1.01), refresh=True)
    assert sum(one.count for one in report.restated) == len(before)
    assert report.restated[0].new_close == pytest.approx(report.restated[0].stored_close * 1.01)
    assert (store.read(_KEY)[1]["close"] == before).all(), "kept, as nothing else was said"
    run(store, ledger, Scripted("one", scale=1.01), refresh=True, on_restated="replace")
    assert store.read(_KEY)[1]["close"] == pytest.approx(before * 1.01)


def test_bars_that_cannot_be_are_left_out_and_told(store: BarStore, ledger: StoreLedger) -> None:
    report = run(store, ledger, Scripted("one", scale=-1.0))
    assert report.left_out == len(share_days(date(2021, 2, 1), date(2021, 7, 30)))
    assert "field 'open'" in report.notes[0]
    assert not store.has(_KEY)


def test_events_become_factors_and_stay_with_later_parts(store: BarStore, ledger: StoreLedger) -> None:
    """A dividend of 0.50 on 2021-03-01 and a split 2:1 on 2021-06-01: the factors are worked out by hand.

    Before the dividend a price counts (P - 0.5) / P of itself, with P the close of Friday, 2021-02-26, and before the
    split half of that.
    """
    actions = [
        Action(day_of_date(date(2021, 3, 1)), Decimal("0.5")),
        Action(day_of_date(date(2021, 6, 1)), Decimal(0), Decimal("0.5")),
    ]
    run(store, ledger, Scripted("one", actions=actions, days=45))
    run(store, ledger, Scripted("one"), last=date(2021, 12, 30))
    table = store.factors(SecurityType.EQUITY, "usa", "AAA")
    assert table is not None
    (friday,) = share_days(date(2021, 2, 26), date(2021, 2, 26))
    expected = (friday.close - 0.5) / friday.close / 2
    for day, factor in ((date(2021, 2, 10), expected), (date(2021, 4, 1), 0.5), (date(2021, 6, 1), 1.0)):
        found = table.price_factor_on(day_of_date(day), DataNormalizationMode.ADJUSTED)
        assert float(found) == pytest.approx(factor, abs=1e-6), day


def test_events_come_with_hours_too(tmp_path: Path) -> None:
    key = SeriesKey(SecurityType.EQUITY, "usa", "AAA", Resolution.HOUR, TickType.TRADE)
    store = BarStore(tmp_path / "bars")
    source = Scripted("one", actions=[Action(day_of_date(date(2021, 3, 1)), Decimal("0.5"))])
    start, end = range_of_days(key, date(2021, 2, 1), date(2021, 3, 30))
    report = download(key, start, end, store=store, ledger=MemoryLedger(), sources=["one"], open_source=opener(source))
    assert (report.actions, report.notes) == (1, [])
    (noted,) = store.actions(SecurityType.EQUITY, "usa", "AAA")
    assert (noted.source, noted.day, noted.value) == ("one", day_of_date(date(2021, 3, 1)), Decimal("0.5"))


def test_the_store_knows_who_gave_which_bars(store: BarStore) -> None:
    """The first source ends in April; what is stored of it stays its own when another is asked for all again."""
    run(store, StoreLedger(store), Scripted("one", last=date(2021, 4, 30)), Scripted("two", scale=1.5))
    run(store, StoreLedger(store), Scripted("three", scale=2.0), refresh=True, last=date(2021, 8, 31))
    told = [(each.source, each.first_us, each.last_us) for one in store.manifest(_KEY).slices for each in one.sources]
    assert [each for each in told if each[0] == "one"] == [("one", day_us(date(2021, 2, 1)), day_us(date(2021, 4, 30)))]
    assert ("two", day_us(date(2021, 5, 3)), day_us(date(2021, 7, 30))) in told
    assert ("three", day_us(date(2021, 8, 2)), day_us(date(2021, 8, 31))) in told
    (listed,) = StoreSource(store.folder).coverage()
    assert listed.sources == ("one", "two", "three")


def test_a_fund_is_noted_as_one(store: BarStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fund(Scripted):
        def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
            for each in super().fetch(key, start_us, end_us):
                yield replace(each, meta=SeriesMeta(symbol="AAA", name="A Fund", instrument="ETF", currency="USD"))

    run(store, StoreLedger(store), Fund("one"))
    found = store.described(SecurityType.EQUITY, "usa", "AAA")
    assert found is not None
    assert (found.kind, found.name, found.currency, found.source) == ("etf", "A Fund", "USD", "one")
    assert BarStore(store.folder).series() == [_KEY], "what is known of it is no series"


def test_what_nobody_has_can_be_noted_before_there_are_bars(tmp_path: Path) -> None:
    store = BarStore(tmp_path / "bars")
    run(store, StoreLedger(store), Scripted("one"), first=LISTED - timedelta(days=60), last=LISTED - timedelta(days=30))
    assert StoreLedger(store).read(_KEY)
    assert not BarStore(tmp_path / "bars").has(_KEY), "and it is a store"


def test_bars_that_were_deleted_are_asked_for_again(store: BarStore, ledger: StoreLedger) -> None:
    run(store, ledger, Scripted("one"))
    empty = BarStore(store.folder.parent / "other")
    source = Scripted("one")
    run(empty, ledger, source)
    assert source.asked


def test_a_line_that_a_crash_cut_off_costs_that_line_alone(tmp_path: Path) -> None:
    ledger = StoreLedger(BarStore(tmp_path))
    one = Answered(start_us=0, end_us=10, source="a", bars=1)
    ledger.add(_KEY, one)
    (path,) = tmp_path.rglob("*.jsonl")
    path.write_bytes(path.read_bytes() + path.read_bytes()[:20])
    other = Answered(start_us=20, end_us=30, source="b", bars=2, passed=(Passed(source="a", code="empty", reason="x"),))
    ledger.add(_KEY, other)
    assert StoreLedger(BarStore(tmp_path)).read(_KEY) == [one, other]


_spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 15), st.sampled_from("ab"), st.integers(0, 9)), max_size=8
)


@given(spans=_spans, start=st.integers(0, 30), length=st.integers(1, 30))
def test_every_instant_is_answered_or_missing(spans: list[tuple[int, int, str, int]], start: int, length: int) -> None:
    answered = [
        Answered(start_us=first, end_us=first + span, source=source, bars=bars) for first, span, source, bars in spans
    ]
    end = start + length
    gaps = missing(answered, start, end)
    lacking = {at for first, last in gaps for at in range(first, last)}
    known = {at for one in answered for at in range(one.start_us, one.end_us)}
    assert lacking == set(range(start, end)) - known
    by_instant = {}
    for one in answered:
        by_instant |= dict.fromkeys(range(one.start_us, one.end_us), one.source)
    told = merged(answered)
    assert {at: one.source for one in told for at in range(one.start_us, one.end_us)} == by_instant
    assert all(one.end_us <= other.start_us for one, other in pairwise(told))
