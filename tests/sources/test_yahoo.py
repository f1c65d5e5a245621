"""What is peculiar to Yahoo: prices that every later split changes, crumbs, what it does not reach back to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from tests.quantconnect.clock import VirtualClock
from tests.sources.figures import DIVIDEND_DAY, LISTED, NOW, SPLIT_DAY, TODAY
from tests.sources.kit import day_us, world_of
from tests.sources.speakers import Yahoo
from tests.sources.wire import Answer, Asked, answer

from tradinglab.core.clock import date_of_day, day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.derivation import Action
from tradinglab.data.sources.errors import NotServedError
from tradinglab.data.sources.http import Reply
from tradinglab.data.sources.protocol import SeriesKey
from tradinglab.data.sources.shaping import rounded
from tradinglab.data.sources.yahoo import YahooFinance
from tradinglab.data.sources.yahoo.chart import Split, raw_actions, raw_values, read_chart
from tradinglab.data.sources.yahoo.symbols import symbol_of


def key(ticker: str = "AAA", resolution: Resolution = Resolution.DAILY, kind: SecurityType = SecurityType.EQUITY,
        market: str = "usa") -> SeriesKey:  # fmt: skip
    return SeriesKey(kind, market, ticker, resolution, TickType.TRADE)


@pytest.fixture
def server() -> Iterator[Yahoo]:
    with Yahoo() as server:
        yield server


@pytest.fixture
def source(server: Yahoo) -> YahooFinance:
    return YahooFinance(world_of(VirtualClock(NOW.timestamp())), base_url=server.url)


def test_two_splits_are_turned_back_by_hand() -> None:
    """A share split 2:1 on day 10 and 7:1 on day 20, and paid 2.80 (raw) on day 15.

    Yahoo shows a close of 700 of day 5 as 700 / 14 = 50, one of 350 of day 12 as 350 / 7 = 50, one of 50 of day 25 as
    it is; of 1,000 shares traded on day 5 it makes 14,000; and of the dividend 2.80 / 7 = 0.40.
    """
    days = np.array([5, 9, 10, 12, 20, 25])
    splits = (Split(10, Decimal(2)), Split(20, Decimal(7)))
    fifty = np.full(6, 50.0)
    adjusted = {"open": fifty, "high": fifty, "low": fifty, "close": fifty, "volume": np.full(6, 14_000.0)}
    raw = raw_values(adjusted, days, splits)
    assert raw["close"].tolist() == [700, 700, 350, 350, 50, 50]
    assert raw["volume"].tolist() == [1_000, 1_000, 2_000, 2_000, 14_000, 14_000]
    assert raw_actions([(15, Decimal("0.4"))], splits) == [
        Action(10, Decimal(0), Decimal("0.5")),
        Action(15, Decimal("2.8"), Decimal(1)),
        Action(20, Decimal(0), 1 / Decimal(7)),
    ]


def test_single_precision_is_taken_off() -> None:
    noisy = np.array([float(np.float32(price)) for price in (173.92, 28.75 / 224, 0.0123, 412_345.5)])
    assert rounded(noisy * [1, 224, 1, 1], SecurityType.EQUITY).tolist() == [173.92, 28.75, 0.0123, 412_345.5]
    assert rounded(np.array([float(np.float32(1.08432))]), SecurityType.FOREX).tolist() == [1.08432]
    assert np.isnan(rounded(np.array([np.nan]), SecurityType.EQUITY)).all()


def test_events_are_raw_and_of_their_days(source: YahooFinance) -> None:
    parts = list(source.fetch(key(), day_us(date(2021, 2, 1)), day_us(date(2021, 7, 1))))
    assert [action for part in parts for action in part.actions] == [
        Action(day_of_date(DIVIDEND_DAY), Decimal("0.5"), Decimal(1)),
        Action(day_of_date(SPLIT_DAY), Decimal(0), Decimal("0.5")),
    ]
    assert parts[0].meta.currency == "USD"


def test_splits_after_the_range_count(source: YahooFinance) -> None:
    (part,) = source.fetch(key(), day_us(date(2020, 3, 2)), day_us(date(2020, 3, 3)))
    assert part.values["close"].tolist() == [101.0 + date(2020, 3, 2).toordinal() % 37]


def test_one_request_brings_twenty_months_of_days(source: YahooFinance, server: Yahoo) -> None:
    list(source.fetch(key(), day_us(LISTED), day_us(TODAY)))
    assert len(server.asked) == 1


def test_an_unknown_symbol_costs_one_request(source: YahooFinance, server: Yahoo) -> None:
    with pytest.raises(Exception, match="not known"):
        list(source.fetch(key("NOPE"), day_us(LISTED), day_us(TODAY)))
    assert len(server.asked) == 1


def test_what_it_does_not_reach_back_to_is_said(source: YahooFinance) -> None:
    parts = list(source.fetch(key(resolution=Resolution.MINUTE), day_us(date(2021, 10, 1)), day_us(TODAY)))
    assert parts[0].is_empty
    assert "last 29 days only, none before 2021-12-12" in parts[0].notes[0]
    assert date_of_day(int(parts[1].times_us[0]) // 86_400_000_000) == date(2021, 12, 13)


def test_an_old_crumb_is_renewed_once(source: YahooFinance, server: Yahoo) -> None:
    list(source.fetch(key(), day_us(date(2022, 1, 6)), day_us(date(2022, 1, 8))))
    server.crumb = "fresh.1"
    server.faults.append(answer({"finance": {"error": {"code": "Unauthorized", "description": "Invalid Crumb"}}}, 401))
    parts = list(source.fetch(key(), day_us(date(2022, 1, 6)), day_us(date(2022, 1, 8))))
    assert sum(len(part.times_us) for part in parts) == 2


def test_it_goes_on_without_a_crumb(server: Yahoo, monkeypatch: pytest.MonkeyPatch) -> None:
    def aside(asked: Asked) -> Answer | None:
        return answer({}, 429) if asked.path in ("/", "/v1/test/getcrumb") else None

    monkeypatch.setattr(server, "aside", aside)
    server.crumb = ""
    asked_without = []
    bars = server.bars

    def serve(asked: Asked) -> Answer:
        asked_without.append("crumb" not in asked.params)
        return bars(asked._replace(params=asked.params | {"crumb": ""}))

    monkeypatch.setattr(server, "bars", serve)
    source = YahooFinance(world_of(VirtualClock(NOW.timestamp())), base_url=server.url)
    assert list(source.fetch(key(), day_us(date(2022, 1, 6)), day_us(date(2022, 1, 8))))
    assert all(asked_without)


def test_pairs_are_asked_for_by_names_that_addresses_quote(source: YahooFinance, server: Yahoo) -> None:
    pair = key("EURUSD", kind=SecurityType.FOREX, market="oanda")
    (part,) = source.fetch(pair, day_us(date(2022, 1, 6)), day_us(date(2022, 1, 8)))
    assert len(part.times_us) > 0
    assert server.asked[-1].path.endswith("/EURUSD=X")


def test_a_share_of_another_country_is_refused(source: YahooFinance) -> None:
    with pytest.raises(NotServedError, match="Europe/Berlin"):
        source.validate(key("DAX.DE"))


def test_a_search_leaves_out_what_cannot_be_downloaded(source: YahooFinance) -> None:
    found = source.search("a")
    assert [(one.ticker, one.security_type, one.market) for one in found] == [
        ("AAA", SecurityType.EQUITY, "usa"), ("BBB.C", SecurityType.EQUITY, "usa"),
        ("EURUSD", SecurityType.FOREX, "oanda"), ("SPX", SecurityType.INDEX, "usa"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ticker", "kind", "symbol"),
    [
        ("BRK.B", SecurityType.EQUITY, "BRK-B"), ("SAP.DE", SecurityType.EQUITY, "SAP.DE"),
        ("EURUSD", SecurityType.FOREX, "EURUSD=X"), ("BTCUSDT", SecurityType.CRYPTO, "BTC-USDT"),
        ("SPX", SecurityType.INDEX, "^GSPC"), ("SOX", SecurityType.INDEX, "^SOX"),
    ],
)  # fmt: skip
def test_names(ticker: str, kind: SecurityType, symbol: str) -> None:
    assert symbol_of(key(ticker, kind=kind)) == symbol


def test_rows_without_prices_and_rows_twice_are_told() -> None:
    quote = {name: [1.0, None, 2.0, 3.0] for name in ("open", "high", "low", "close")}
    at = day_us(date(2022, 1, 4)) // 1_000_000
    stamps = [at + 34_200, at + 86_400 + 34_200, at + 2 * 86_400 + 34_200, at + 2 * 86_400 + 57_600]
    chart = {"meta": {"symbol": "AAA", "regularMarketPrice": 1}, "timestamp": stamps,
             "indicators": {"quote": [quote | {"volume": [1, None, 2, 3]}]}}  # fmt: skip
    body = json.dumps({"chart": {"result": [chart], "error": None}}).encode()
    read = read_chart(Reply(source="yahoo", symbol="AAA", status=200, headers={}, body=body))
    source = YahooFinance(world_of(VirtualClock(NOW.timestamp())))
    part = source._part(key(), day_us(date(2022, 1, 4)), day_us(date(2022, 1, 4) + timedelta(5)), read, read)
    assert part.values["close"].tolist() == [1.0, 3.0]
    assert "1 rows without prices" in part.notes[0]
    assert "1 rows repeated the time of another" in part.notes[1]
