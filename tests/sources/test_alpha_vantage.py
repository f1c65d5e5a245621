"""What is peculiar to Alpha Vantage: plans, quotas, months, currencies and coins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.quantconnect.clock import VirtualClock
from tests.sources.figures import DIVIDEND_DAY, NOW, SPLIT_DAY, TODAY, coin_bars, midnight, share_days
from tests.sources.kit import day_us, world_of
from tests.sources.speakers import AlphaVantage as Server
from tests.sources.wire import answer

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.pacing.notes import FileNotes, MemoryNotes
from tradinglab.data.derivation import Action
from tradinglab.data.sources.alpha_vantage import AlphaVantage
from tradinglab.data.sources.errors import CredentialError, QuotaUsedUpError, SourceSettingError
from tradinglab.data.sources.opening import open_downloader
from tradinglab.data.sources.protocol import SeriesKey


def key(ticker: str = "AAA", resolution: Resolution = Resolution.DAILY, kind: SecurityType = SecurityType.EQUITY,
        market: str = "usa") -> SeriesKey:  # fmt: skip
    return SeriesKey(kind, market, ticker, resolution, TickType.TRADE)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW.timestamp())


def test_a_paid_plan_brings_dividends_and_splits(server: Server, clock: VirtualClock) -> None:
    source = AlphaVantage(world_of(clock), key="k", per_minute=75, base_url=server.url)
    (part,) = source.fetch(key(), day_us(date(2021, 2, 1)), day_us(date(2021, 7, 1)))
    assert part.actions == (
        Action(day_of_date(DIVIDEND_DAY), Decimal("0.5"), Decimal(1)),
        Action(day_of_date(SPLIT_DAY), Decimal(0), Decimal("0.5")),
    )
    assert server.asked[0].params["outputsize"] == "full"


def test_a_free_key_gets_the_last_hundred_days_and_is_told_so(server: Server, clock: VirtualClock) -> None:
    source = AlphaVantage(world_of(clock), key="k", base_url=server.url)
    missing, part = source.fetch(key(), day_us(date(2021, 2, 1)), day_us(TODAY))
    assert missing.is_empty
    assert "last 100 bars only" in missing.notes[0]
    assert len(part.times_us) == 99  # the hundredth is today's
    assert "without dividends and splits" in part.notes[0]
    assert part.values["close"][-1] == share_days()[-2].close


def test_the_25_requests_of_a_day_are_counted_by_all_processes(
    server: Server, clock: VirtualClock, tmp_path: Path
) -> None:
    def source() -> AlphaVantage:
        # Each has notes of its own over the same folder, as processes have.
        return AlphaVantage(world_of(clock, FileNotes(tmp_path)), key="k", base_url=server.url)

    start, end = day_us(date(2022, 1, 6)), day_us(date(2022, 1, 8))
    for _ in range(25):
        list(source().fetch(key(), start, end))
    with pytest.raises(QuotaUsedUpError, match="used up") as caught:
        list(source().fetch(key(), start, end))
    assert len(server.asked) == 25
    assert 0 < (caught.value.wait_s or 0) <= 86_400
    # Another key has requests of its own.
    list(AlphaVantage(world_of(clock, FileNotes(tmp_path)), key="other", base_url=server.url).fetch(key(), start, end))
    clock.at += 86_401
    list(source().fetch(key(), start, end))


def test_a_quota_that_the_source_tells_of_stops_all(server: Server, clock: VirtualClock) -> None:
    notes = MemoryNotes()
    server.always = answer({"Information": "our standard API rate limit is 25 requests per day. premium"})
    for _ in range(3):
        source = AlphaVantage(world_of(clock, notes), key="k", base_url=server.url)
        with pytest.raises(QuotaUsedUpError):
            list(source.fetch(key(), day_us(date(2022, 1, 6)), day_us(date(2022, 1, 8))))
    assert len(server.asked) == 1


def test_the_old_words_for_too_many_a_minute_are_waited_for(server: Server, clock: VirtualClock) -> None:
    server.faults.append(
        answer({"Note": "Our standard API call frequency is 5 calls per minute and 500 calls per day."})
    )
    source = AlphaVantage(world_of(clock), key="k", base_url=server.url)
    began = clock.at
    assert list(source.fetch(key(), day_us(date(2022, 1, 6)), day_us(date(2022, 1, 8))))
    assert clock.at - began >= 60


def test_currencies_and_coins_count_their_days_from_their_markets_midnight(server: Server, clock: VirtualClock) -> None:
    source = AlphaVantage(world_of(clock), key="k", per_minute=75, base_url=server.url)
    expected = coin_bars(midnight(date(2022, 1, 5), UTC), midnight(date(2022, 1, 7), UTC), 86_400)
    coins = key("BTCUSD", kind=SecurityType.CRYPTO, market="coinbase")
    (part,) = source.fetch(coins, expected[0].us, expected[-1].us + 86_400_000_000)
    assert part.times_us.tolist() == [bar.us for bar in expected]
    assert part.values["volume"].tolist() == [bar.volume for bar in expected]
    pair = key("EURUSD", kind=SecurityType.FOREX, market="oanda")
    (part,) = source.fetch(pair, expected[0].us, expected[-1].us + 86_400_000_000)
    assert part.values["close"].tolist() == [bar.close for bar in expected]
    assert "no volume" in part.notes[0]


def test_months_before_the_listing_are_empty(server: Server, clock: VirtualClock) -> None:
    source = AlphaVantage(world_of(clock), key="k", per_minute=75, base_url=server.url)
    minutes = key(resolution=Resolution.MINUTE)
    parts = list(source.fetch(minutes, day_us(date(2019, 11, 1)), day_us(date(2020, 2, 1))))
    assert [part.is_empty for part in parts] == [True, True, False]
    assert "2019-11" in parts[0].notes[0]
    searches = [one for one in server.asked if one.params["function"] == "SYMBOL_SEARCH"]
    assert len(searches) == 1


def test_what_is_set_is_read_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPHA_VANTAGE_API_KEY", raising=False)
    with pytest.raises(CredentialError, match="set ALPHA_VANTAGE_API_KEY"):
        open_downloader("alpha_vantage")
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "k")
    monkeypatch.setenv("ALPHA_VANTAGE_REQUESTS_PER_MINUTE", "many")
    with pytest.raises(SourceSettingError, match="it was 'many'"):
        open_downloader("alpha_vantage")
    with pytest.raises(SourceSettingError, match="Did you mean"):
        open_downloader("alpha_vantag")
