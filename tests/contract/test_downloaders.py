"""What every source of bars keeps to, shown by its real client against a server that speaks its format."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import ClassVar

import numpy as np
import pytest
from tests.quantconnect.clock import VirtualClock
from tests.sources.figures import LISTED, NEW_YORK, NOW, TODAY, Bar, coin_bars, midnight, share_days, share_minutes
from tests.sources.kit import day_us, world_of
from tests.sources.speakers import Alpaca, AlphaVantage, Binance, Bitfinex, Bybit, Coinbase, Yahoo
from tests.sources.wire import Answer, Wire, answer, page

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.pacing.notes import MemoryNotes
from tradinglab.data.sources.errors import (
    CredentialError,
    FetchCancelledError,
    GarbledReplyError,
    NotServedError,
    QuotaUsedUpError,
    RateLimitedError,
    RefusedError,
    SourceError,
    SourcePausedError,
    UnavailableError,
    UnknownSymbolError,
)
from tradinglab.data.sources.http import World
from tradinglab.data.sources.protocol import Downloader, Fetched, SeriesKey
from tradinglab.data.sources.yahoo.chart import StaleCrumbError

_KEY = "K3y/with+signs=1"
_DAY_US = 86_400_000_000


class DownloaderContract:
    """Subclasses say how the source is made, and what it has."""

    wire: ClassVar[type[Wire]]
    security_type = SecurityType.EQUITY
    market = "usa"
    ticker = "AAA"
    unknown = "NOPE"
    gone = "GONE"
    zone: ClassVar[object] = NEW_YORK
    #: Days that a source answers minutes of in several pages.
    minute_days: ClassVar[tuple[date, date]] = (date(2021, 12, 15), date(2022, 1, 8))
    secrets: ClassVar[tuple[str, ...]] = ()

    def make(self, url: str, world: World) -> Downloader:
        raise NotImplementedError

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        raise NotImplementedError

    def days(self, first: date, last: date) -> list[Bar]:
        return share_days(first, last)

    def minutes(self, first: date, last: date) -> list[Bar]:
        return share_minutes(first, last)

    # What follows is the same for all.

    @pytest.fixture
    def server(self) -> Iterator[Wire]:
        with self.wire() as server:
            yield server

    @pytest.fixture
    def clock(self) -> VirtualClock:
        return VirtualClock(NOW.timestamp())

    @pytest.fixture
    def source(self, server: Wire, clock: VirtualClock) -> Iterator[Downloader]:
        source = self.make(server.url, world_of(clock))
        yield source
        source.close()

    def key(self, ticker: str = "", resolution: Resolution = Resolution.DAILY) -> SeriesKey:
        return SeriesKey(self.security_type, self.market, ticker or self.ticker, resolution, TickType.TRADE)

    def us(self, day: date) -> int:
        return day_us(day, self.zone)

    def fetch(self, source: Downloader, first: date, last: date, key: SeriesKey | None = None) -> list[Fetched]:
        """Fetch whole days, the last included, and hold the parts to what all parts are held to."""
        start, end = self.us(first), self.us(last + timedelta(1))
        parts = list(source.fetch(key or self.key(), start, end))
        at = start
        for part in parts:
            assert part.start_us == at < part.end_us
            assert set(part.values) == set(part.key.fields)
            assert (np.diff(part.times_us) > 0).all()
            assert ((part.times_us >= part.start_us) & (part.times_us < part.end_us)).all()
            assert part.notes or not part.is_empty
            assert len(part.origin.sha256) == 64
            at = part.end_us
        assert at <= end
        return parts

    def rows(self, parts: list[Fetched]) -> list[Bar]:
        found = []
        for part in parts:
            columns = [part.values[name].tolist() for name in ("open", "high", "low", "close", "volume")]
            found += [Bar(at // 1_000_000, *row) for at, *row in zip(part.times_us.tolist(), *columns, strict=True)]
        return found

    def test_says_what_it_serves_and_on_which_terms(self, source: Downloader) -> None:
        about = source.about
        assert about.limits
        assert about.terms
        assert about.served(self.key()) is not None
        with pytest.raises(NotServedError, match="daily"):
            next(source.fetch(self.key(resolution=Resolution.SECOND), 0, _DAY_US))

    def test_finds_and_knows_its_securities(self, source: Downloader) -> None:
        assert self.ticker in [listing.ticker for listing in source.search(self.ticker)]
        listing = source.validate(self.key())
        assert (listing.ticker, listing.security_type, listing.market) == (
            self.ticker, self.security_type, self.market
        )  # fmt: skip

    def test_an_unknown_symbol_is_named(self, source: Downloader) -> None:
        with pytest.raises(UnknownSymbolError, match=r"NOPE.*not known|NOPE.*no such"):
            source.validate(self.key(self.unknown))
        with pytest.raises(UnknownSymbolError, match="NOPE"):
            list(source.fetch(self.key(self.unknown), self.us(LISTED), self.us(TODAY)))

    def test_coverage_begins_with_the_listing_or_is_not_known(self, source: Downloader) -> None:
        known = source.coverage(self.key())
        assert known.first_us is None or known.notes or abs(known.first_us - self.us(LISTED)) <= _DAY_US
        assert known.first_us is not None or known.notes

    def test_days_are_raw_and_begin_at_the_markets_midnight(self, source: Downloader) -> None:
        parts = self.fetch(source, date(2021, 2, 1), date(2021, 7, 30))
        expected = self.days(date(2021, 2, 1), date(2021, 7, 30))
        assert np.allclose(self.rows(parts), expected, rtol=0, atol=0), "raw to the last digit"

    def test_minutes_come_in_pages(self, source: Downloader, server: Wire) -> None:
        key = self.key(resolution=Resolution.MINUTE)
        parts = self.fetch(source, *self.minute_days, key)
        assert len(parts) > 1
        assert self.rows(parts) == self.minutes(*self.minute_days)

    def test_goes_on_where_it_was_stopped(self, source: Downloader) -> None:
        key = self.key(resolution=Resolution.MINUTE)
        first, last = self.minute_days
        end = self.us(last + timedelta(1))
        stopped = [next(source.fetch(key, self.us(first), end))]
        rest = list(source.fetch(key, stopped[0].end_us, end))
        assert self.rows(stopped + rest) == self.minutes(first, last)

    def test_an_update_brings_what_is_new_alone(self, source: Downloader) -> None:
        parts = self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
        assert self.rows(parts) == self.days(date(2022, 1, 6), date(2022, 1, 7))

    def test_a_day_that_is_not_over_is_left_out(self, source: Downloader) -> None:
        parts = self.fetch(source, date(2022, 1, 6), TODAY + timedelta(30))
        assert self.rows(parts) == self.days(date(2022, 1, 6), TODAY - timedelta(1))
        assert parts[-1].end_us == self.us(TODAY)
        assert list(source.fetch(self.key(), self.us(TODAY), self.us(TODAY + timedelta(9)))) == []

    def test_before_the_listing_there_is_nothing_and_no_error(self, source: Downloader) -> None:
        parts = self.fetch(source, date(2019, 11, 1), date(2020, 1, 10))
        assert self.rows(parts) == self.days(LISTED, date(2020, 1, 10))
        parts = self.fetch(source, date(2019, 10, 1), date(2019, 10, 31))
        assert parts
        assert all(part.is_empty and part.notes for part in parts)

    def test_after_the_delisting_there_is_nothing_and_no_error(self, source: Downloader) -> None:
        if not self.gone:
            pytest.skip("the source does not tell a delisting")
        parts = self.fetch(source, date(2020, 8, 3), date(2020, 8, 31), self.key(self.gone))
        assert parts
        assert all(part.is_empty and part.notes for part in parts)

    def test_waits_as_long_as_it_is_told(self, source: Downloader, server: Wire, clock: VirtualClock) -> None:
        server.faults.append(answer({"message": "slow down"}, 429, {"Retry-After": "17"}))
        began = clock.at
        parts = self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
        assert len(self.rows(parts)) == 2
        assert clock.at - began >= 17

    def test_others_with_the_same_key_wait_as_well(self, server: Wire, clock: VirtualClock) -> None:
        notes = MemoryNotes()
        impatient = self.make(server.url, world_of(clock, notes))
        other = self.make(server.url, world_of(clock, notes))
        server.always = answer({"message": "slow down"}, 429, {"Retry-After": "3600"})
        with pytest.raises(RateLimitedError) as caught:
            self.fetch(impatient, date(2022, 1, 6), date(2022, 1, 7))
        assert caught.value.wait_s == 3600
        assert caught.value.retryable
        sent = len(server.asked)
        with pytest.raises(SourcePausedError, match="Try again in 60 min"):
            self.fetch(other, date(2022, 1, 6), date(2022, 1, 7))
        assert len(server.asked) == sent

    def test_a_server_that_fails_is_asked_again_and_then_left_alone(
        self, source: Downloader, server: Wire, clock: VirtualClock
    ) -> None:
        server.faults += [answer({}, 503), answer({}, 500)]
        assert len(self.rows(self.fetch(source, date(2022, 1, 6), date(2022, 1, 7)))) == 2
        server.always = answer({}, 502)
        for _ in range(2):
            with pytest.raises(UnavailableError, match="502"):
                self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
        sent = len(server.asked)
        with pytest.raises(SourcePausedError, match="Nothing was sent"):
            self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
        assert len(server.asked) == sent
        clock.at += 60
        server.always = None
        assert len(self.rows(self.fetch(source, date(2022, 1, 6), date(2022, 1, 7)))) == 2

    def test_a_web_page_with_200_is_no_data(self, source: Downloader, server: Wire) -> None:
        server.faults.append(page())
        assert len(self.rows(self.fetch(source, date(2022, 1, 6), date(2022, 1, 7)))) == 2
        server.always = page()
        with pytest.raises(GarbledReplyError, match=r"web page \('Sad panda'\)"):
            self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))

    @pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b"[" * 100_000])
    def test_broken_json_is_no_data(self, source: Downloader, server: Wire, body: bytes) -> None:
        server.always = answer(body)
        with pytest.raises(GarbledReplyError, match=r"empty|cut off"):
            self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))

    @pytest.mark.parametrize("body", [[], {}, "text", {"chart": 1}, {"bars": []}, [[1, 2]], [["x"] * 12], None, 7])
    def test_json_of_another_shape_is_an_error_of_ours(self, source: Downloader, server: Wire, body: object) -> None:
        server.always = answer(body)
        try:
            parts = self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
        except SourceError:
            return
        assert all(part.is_empty for part in parts)

    def test_a_reply_that_is_cut_off_is_asked_for_again(self, source: Downloader, server: Wire) -> None:
        server.cuts = 1
        assert len(self.rows(self.fetch(source, date(2022, 1, 6), date(2022, 1, 7)))) == 2
        server.cuts = 1_000
        with pytest.raises(GarbledReplyError, match="cut off after"):
            self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))

    def test_who_cannot_be_reached_is_unavailable(self, clock: VirtualClock) -> None:
        with self.wire() as server:
            url = server.url
        with pytest.raises(UnavailableError, match="No answer") as caught:
            self.fetch(self.make(url, world_of(clock)), date(2022, 1, 6), date(2022, 1, 7))
        assert caught.value.retryable

    def test_refusals_are_told_apart(self, server: Wire, clock: VirtualClock) -> None:
        for refusal, expected in self.refusals():
            server.always = refusal
            source = self.make(server.url, world_of(clock))
            with pytest.raises(expected) as caught:
                self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
            assert type(caught.value) is expected, refusal.body
            assert str(caught.value).startswith(source.about.name)

    def test_a_caller_who_lost_interest_is_heard(self, server: Wire, clock: VirtualClock) -> None:
        asked = iter([False] * 3 + [True] * 100)
        server.always = answer({}, 503)
        source = self.make(server.url, world_of(clock, is_cancelled=lambda: next(asked)))
        with pytest.raises(FetchCancelledError):
            self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))

    def test_keys_are_told_nowhere(self, server: Wire, clock: VirtualClock, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        source = self.make(server.url, world_of(clock))
        echo = f"We have detected your API key as {_KEY} and refuse it"
        texts = [repr(source)]
        parts = self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
        texts += [repr(part) for part in parts]
        for body in (
            {"Information": echo}, {"message": echo}, {"chart": {"error": {"code": "x", "description": echo}}},
            {"code": -1, "msg": echo},
        ):  # fmt: skip
            server.always = answer(body, 400)
            with pytest.raises(SourceError) as caught:
                self.fetch(source, date(2022, 1, 6), date(2022, 1, 7))
            texts += [str(caught.value), repr(caught.value), caught.value.reason]
        texts += [record.getMessage() for record in caplog.records]
        assert any("HTTP Request" in text for text in texts)
        for secret in self.secrets:
            assert not [text for text in texts if secret in text or "K3y%2Fwith" in text]


class TestYahoo(DownloaderContract):
    wire = Yahoo

    def make(self, url: str, world: World) -> Downloader:
        from tradinglab.data.sources.yahoo import YahooFinance

        return YahooFinance(world, base_url=url)

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        def refused(status: int, code: str, text: str) -> Answer:
            return answer({"chart": {"result": None, "error": {"code": code, "description": text}}}, status)

        def charted(result: dict[str, object]) -> Answer:
            return answer({"chart": {"result": [result], "error": None}})

        too_many = {"code": "Too Many Requests", "description": "Rate limited. Try after a while."}
        return [
            (refused(422, "Unprocessable Entity", "1m data not available for startDate=1"), NotServedError),
            (refused(200, "Not Found", "No data found, symbol may be delisted"), UnknownSymbolError),
            (answer({"finance": {"result": None, "error": too_many}}), RateLimitedError),
            (
                answer({"finance": {"error": {"code": "Unauthorized", "description": "Invalid Crumb"}}}, 401),
                StaleCrumbError,
            ),
            (charted({"meta": {"symbol": "ZZZ"}}), GarbledReplyError),
            (charted({"meta": {"symbol": "AAA"}, "indicators": {"quote": [{}]}}), UnknownSymbolError),
            (
                charted({"meta": {"symbol": "AAA"}, "timestamp": [1, 2], "indicators": {"quote": [{"open": [1]}]}}),
                GarbledReplyError,
            ),
        ]


class TestAlphaVantage(DownloaderContract):
    wire = AlphaVantage
    gone = ""
    minute_days = (date(2021, 11, 15), date(2022, 1, 8))
    secrets = (_KEY,)

    def make(self, url: str, world: World) -> Downloader:
        from tradinglab.data.sources.alpha_vantage import AlphaVantage as Source

        return Source(world, key=_KEY, per_minute=75, base_url=url)

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        day = (
            f"We have detected your API key as {_KEY} and our standard API rate limit is 25 requests per day. "
            "Please subscribe to any of the premium plans to instantly remove all daily rate limits."
        )
        minute = "Thank you! Our standard API call frequency is 5 calls per minute and 500 calls per day."
        second = (
            "Please consider spreading out your free API requests more sparingly (1 request per second). You may "
            "subscribe to a premium plan to lift the free key rate limit (25 requests per day)."
        )
        paid = "Thank you! This is a premium endpoint. You may subscribe to any of the premium plans."
        key = "the parameter apikey is invalid or missing. Please claim your free API key."
        call = "Invalid API call. Please retry or visit the documentation for TIME_SERIES_DAILY."
        return [
            (answer({"Information": day}), QuotaUsedUpError),
            (answer({"Note": minute}), RateLimitedError),
            (answer({"Information": second}), RateLimitedError),
            (answer({"Information": paid}), NotServedError),
            (answer({"Error Message": key}), CredentialError),
            (answer({"Error Message": call}), UnknownSymbolError),
        ]


class TestAlpaca(DownloaderContract):
    wire = Alpaca
    secrets = (_KEY, "other-half")

    def make(self, url: str, world: World) -> Downloader:
        from tradinglab.data.sources.alpaca import Alpaca as Source

        return Source(world, key_id=_KEY, secret="other-half", base_url=url)

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        recent = {"code": 42210000, "message": "subscription does not permit querying recent SIP data"}
        return [
            (answer({"message": "forbidden."}, 403), CredentialError),
            (answer({"message": "invalid symbol: AAA"}, 400), UnknownSymbolError),
            (answer(recent, 403), NotServedError),
            (answer({"bars": {"ZZZ": []}, "next_page_token": None}), GarbledReplyError),
            (answer({"message": "start is after end"}, 422), RefusedError),
        ]


class _Exchange(DownloaderContract):
    security_type = SecurityType.CRYPTO
    zone = UTC
    minute_days = (date(2021, 12, 15), date(2021, 12, 16))

    def make(self, url: str, world: World) -> Downloader:
        pytest.importorskip("ccxt", reason="the extra 'exchanges' is not installed")
        from tradinglab.data.sources.exchanges import CryptoExchange

        return CryptoExchange(self.market, world, base_url=url)

    def days(self, first: date, last: date) -> list[Bar]:
        return coin_bars(midnight(first, UTC), midnight(last + timedelta(1), UTC), 86_400)

    def minutes(self, first: date, last: date) -> list[Bar]:
        return coin_bars(midnight(first, UTC), midnight(last + timedelta(1), UTC), 60)


class TestBinance(_Exchange):
    wire = Binance
    market = "binance"
    ticker = "BTCUSDT"
    gone = "ETHBTC"

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        return [
            (answer({"code": -1121, "msg": "Invalid symbol."}, 400), UnknownSymbolError),
            (answer({"code": -1003, "msg": "Too many requests."}, 200), RateLimitedError),
            (answer({"code": 0, "msg": "Service unavailable from a restricted location"}, 451), RefusedError),
            (answer({"code": -1100, "msg": "Illegal characters found in parameter."}, 400), RefusedError),
        ]


class TestCoinbase(_Exchange):
    wire = Coinbase
    market = "coinbase"
    ticker = "BTCUSD"
    gone = "GONEUSD"

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        return [(answer({"message": "NotFound"}, 404), RefusedError)]


class TestBybit(_Exchange):
    wire = Bybit
    market = "bybit"
    ticker = "BTCUSDT"
    gone = "GONEUSDT"

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        return [
            (answer({"retCode": 10006, "retMsg": "Too many visits!", "result": {}}), RateLimitedError),
            (answer({"retCode": 10001, "retMsg": "params error", "result": {}}), RefusedError),
            (page(403), RefusedError),
        ]


class TestBitfinex(_Exchange):
    wire = Bitfinex
    market = "bitfinex"
    ticker = "BTCUSD"
    gone = "GONEUSD"
    minute_days = (date(2021, 12, 13), date(2021, 12, 17))

    def refusals(self) -> list[tuple[Answer, type[SourceError]]]:
        return [
            (answer(["error", 10020, "symbol: invalid"], 500), UnavailableError),
            (answer(["error", 11010, "ratelimit: error"], 429), RateLimitedError),
        ]
