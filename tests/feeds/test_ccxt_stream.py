"""ccxt's WebSockets against a local server that speaks Binance's stream of candles; it cuts the line once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from tests.feeds.kit import series

from tradinglab.data.sources.exchanges.stream import Candles, CcxtStream, Cut, Told

KEY = series().key
MARKET = {
    "id": "BTCUSDT", "lowercaseId": "btcusdt", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "baseId": "BTC",
    "quoteId": "USDT", "spot": True, "margin": False, "swap": False, "future": False, "option": False, "type": "spot",
    "contract": False, "linear": None, "inverse": None, "active": True,
    "precision": {"price": 0.01, "amount": 0.00001}, "limits": {},
}  # fmt: skip


class Binance:
    """Answers subscriptions, and tells candles of two minutes as Binance does; the first line is cut after three."""

    def __init__(self) -> None:
        from websockets.sync.server import ServerConnection, serve

        self.asked: list[dict[str, object]] = []
        self.lines = 0

        def talk(line: ServerConnection) -> None:
            self.lines += 1
            is_first = self.lines == 1
            asked = json.loads(line.recv())
            self.asked.append(asked)
            line.send(json.dumps({"result": None, "id": asked["id"]}))
            for at in range(3 if is_first else 50):
                start = 1_709_294_400_000 + (60_000 if at >= 2 else 0)
                line.send(json.dumps(self.message(start, 100.0 + at, is_over=at == 1)))
                time.sleep(0.05)

        self._server = serve(talk, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def message(self, start: int, price: float, *, is_over: bool) -> dict[str, object]:
        return {"e": "kline", "E": start + 1000, "s": "BTCUSDT", "k": {
            "t": start, "T": start + 59_999, "s": "BTCUSDT", "i": "1m", "f": 1, "L": 2, "o": "99.5", "c": str(price),
            "h": "200", "l": "50", "v": "12.5", "n": 3, "x": is_over, "q": "1250", "V": "6", "Q": "600", "B": "0",
        }}  # fmt: skip

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(5)


@pytest.fixture
def binance() -> Iterator[Binance]:
    made = Binance()
    yield made
    made.close()


def test_candles_are_told_and_a_cut_line_is_connected_again(binance: Binance) -> None:
    pytest.importorskip("ccxt", reason="the extra 'exchanges' is not installed")
    stream = CcxtStream("binance", lambda key: MARKET, lambda key: "1m", binance.url)
    told: list[Told] = []
    try:
        stream.watch(KEY)
        end = time.monotonic() + 60
        while time.monotonic() < end and not (
            any(isinstance(each, Cut) for each in told) and isinstance(told[-1], Candles) and len(told) > 4
        ):
            told += stream.take(0.25)
    finally:
        stream.close()
    candles = [each for each in told if isinstance(each, Candles)]
    assert candles[0].key == KEY
    assert candles[0].rows[-1] == (1_709_294_400_000.0, 99.5, 200.0, 50.0, 100.0, 12.5)
    assert [each for each in told if isinstance(each, Cut)]
    assert isinstance(told[-1], Candles)
    assert binance.lines >= 2
    assert binance.asked[0]["params"] == ["btcusdt@kline_1m"]
