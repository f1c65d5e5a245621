"""What is peculiar to exchanges: who has the last bars only, and what comes without ccxt."""

from __future__ import annotations

import sys
from datetime import UTC, date, timedelta

import pytest
from tests.quantconnect.clock import VirtualClock
from tests.sources.figures import NOW, TODAY, coin_bars, midnight
from tests.sources.kit import day_us, world_of
from tests.sources.speakers import Kraken
from tests.sources.wire import answer

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.sources.errors import RateLimitedError, SourceSettingError
from tradinglab.data.sources.exchanges import NAMES, CryptoExchange
from tradinglab.data.sources.opening import about_source, open_downloader
from tradinglab.data.sources.protocol import SeriesKey


def key(resolution: Resolution) -> SeriesKey:
    return SeriesKey(SecurityType.CRYPTO, "kraken", "BTCUSD", resolution, TickType.TRADE)


def test_kraken_has_the_last_bars_and_says_so() -> None:
    pytest.importorskip("ccxt", reason="the extra 'exchanges' is not installed")
    with Kraken() as server:
        source = CryptoExchange("kraken", world_of(VirtualClock(NOW.timestamp())), base_url=server.url)
        start, end = day_us(date(2021, 11, 1), UTC), day_us(TODAY, UTC)
        missing, *parts = source.fetch(key(Resolution.HOUR), start, end)
        assert missing.is_empty
        assert "last 720 bars only" in missing.notes[0]
        assert missing.end_us == parts[0].start_us
        found = [at for part in parts for at in part.times_us.tolist()]
        expected = coin_bars(missing.end_us // 1_000_000, midnight(TODAY, UTC), 3_600)
        assert found == [bar.us for bar in expected]
        assert source.coverage(key(Resolution.HOUR)).first_us == missing.end_us
        server.always = answer({"error": ["EGeneral:Too many requests"]})
        with pytest.raises(RateLimitedError):
            list(source.fetch(key(Resolution.DAILY), day_us(TODAY - timedelta(5), UTC), end))


def test_without_ccxt_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(SourceSettingError, match=r"pip install 'tradinglab\[exchanges\]'"):
        open_downloader("binance")
    assert [about_source(name).extra for name in NAMES] == ["exchanges"] * len(NAMES)
