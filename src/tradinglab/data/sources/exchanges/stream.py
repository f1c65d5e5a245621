"""Candles of an exchange as it tells them, by the WebSockets that ccxt knows.

ccxt's part for WebSockets (``ccxt.pro``, MIT as all of it) knows addresses, subscriptions and messages of each
exchange. It runs in a thread with an event loop of its own; who listens takes what has come. The list of pairs is the
one that was asked for by REST: nothing is asked here but candles.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from tradinglab.core.values import dataclass
from tradinglab.data.sources.exchanges.bridge import load_ccxt
from tradinglab.data.store.layout import SeriesKey

_BACKOFF_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_PATIENCE_S: Final = 5.0
_REASONS: Final = 300


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles of a series as they were told, the last one not over."""

    key: SeriesKey
    rows: tuple[tuple[float, ...], ...]
    at_ns: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection was cut, or could not be made."""

    reason: str
    at_ns: int
    again_in_s: float


Told = Candles | Cut


class CandleStream(Protocol):
    """What tells candles."""

    def watch(self, key: SeriesKey) -> None:
        """Listen to a series."""
        ...

    def unwatch(self, key: SeriesKey) -> None:
        """Listen to a series no more."""
        ...

    def take(self, timeout_s: float) -> list[Told]:
        """Return what was told since; wait for it, not longer than so."""
        ...

    def reset(self) -> None:
        """Connect anew: nothing was heard for too long."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class CcxtStream:
    """The candles of one exchange.

    Parameters
    ----------
    ccxt_id
        What ccxt calls the exchange.
    market_of, frame_of
        Return ccxt's market of a series, and what it calls the length of its bars.
    base_url
        One address in place of all of the exchange's, for tests.
    """

    def __init__(
        self,
        ccxt_id: str,
        market_of: Callable[[SeriesKey], Mapping[str, Any]],
        frame_of: Callable[[SeriesKey], str],
        base_url: str = "",
    ) -> None:
        load_ccxt()
        import ccxt.pro

        self._make = getattr(ccxt.pro, ccxt_id)
        self._market_of, self._frame_of = market_of, frame_of
        self._base_url = base_url.rstrip("/")
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._markets: dict[SeriesKey, Mapping[str, Any]] = {}
        self._is_over = False
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"stream-{ccxt_id}", daemon=True)
        self._thread.start()

    def watch(self, key: SeriesKey) -> None:
        """Listen to a series."""
        market = self._market_of(key)
        self._call(lambda: self._markets.update({key: market}))

    def unwatch(self, key: SeriesKey) -> None:
        """Listen to a series no more."""
        self._call(lambda: self._markets.pop(key, None))

    def reset(self) -> None:
        """Connect anew."""
        self._call(lambda: None)

    def take(self, timeout_s: float) -> list[Told]:
        """Return what was told since."""
        found: list[Told] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._told.get(timeout=timeout_s) if timeout_s > 0 else self._told.get_nowait())
            while True:
                found.append(self._told.get_nowait())
        return found

    def close(self) -> None:
        """Listen no more."""

        def end() -> None:
            self._is_over = True

        self._call(end)
        self._thread.join(_PATIENCE_S)

    def _call(self, change: Callable[[], object]) -> None:
        def do() -> None:
            change()
            self._changed.set()

        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(do)

    # In the thread.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._listen())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _listen(self) -> None:
        failures = 0
        while not self._is_over:
            self._changed.clear()
            exchange = self._open()
            began = time.monotonic()
            try:
                await self._until_changed(exchange)
                failures = 0
            except Exception as problem:  # whatever a network, ccxt or a message of the exchange's brings
                failures = 0 if time.monotonic() - began > _BACKOFF_S[-1] else failures + 1
                again_in_s = _BACKOFF_S[min(max(failures - 1, 0), len(_BACKOFF_S) - 1)]
                reason = f"{type(problem).__name__}: {problem}"[:_REASONS]
                self._told.put(Cut(reason, time.time_ns(), again_in_s))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), again_in_s)
            finally:
                with contextlib.suppress(Exception):
                    await exchange.close()

    def _open(self) -> Any:
        exchange = self._make({"enableRateLimit": False, "newUpdates": True})
        exchange.has["fetchCurrencies"] = False
        exchange.set_markets(list({market["symbol"]: market for market in self._markets.values()}.values()))
        if self._base_url:
            exchange.urls["api"]["ws"] = _moved(exchange.urls["api"]["ws"], self._base_url)
        return exchange

    async def _until_changed(self, exchange: Any) -> None:
        """Listen to all series, until there are others or one fails."""
        tasks = [asyncio.ensure_future(self._watch(exchange, key)) for key in self._markets]
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            done, _ = await asyncio.wait([*tasks, changed], return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in (*tasks, changed):
                each.cancel()
            await asyncio.gather(*tasks, changed, return_exceptions=True)

    async def _watch(self, exchange: Any, key: SeriesKey) -> None:
        symbol, frame = self._markets[key]["symbol"], self._frame_of(key)
        while True:
            rows = await exchange.watch_ohlcv(symbol, frame)
            told = tuple(tuple(float(value or 0.0) for value in row[:6]) for row in rows)
            self._told.put(Candles(key, told, time.time_ns()))


def _moved(urls: Any, base_url: str) -> Any:
    """Return addresses that lead to another host, whatever their form."""
    if isinstance(urls, dict):
        return {name: _moved(each, base_url) for name, each in urls.items()}
    if isinstance(urls, str) and urls.startswith("ws"):
        return base_url + "/" + urls.partition("://")[2].partition("/")[2]
    return urls
