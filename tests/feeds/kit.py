"""What the tests of feeds share: series, a clock that waits for nobody, and what came of a feed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tradinglab.core.clock import SECOND_NS
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.feeds.protocol import Delivery, DeliveryKind, Notice, Received, Series

FIELDS = ("open", "high", "low", "close", "volume")


def series(
    ticker: str = "BTCUSDT",
    resolution: Resolution = Resolution.MINUTE,
    kind: SecurityType = SecurityType.CRYPTO,
    market: str = "binance",
) -> Series:
    return Series(Symbol.create(ticker, kind, market), resolution, TickType.TRADE)


def values(prices: Iterable[float]) -> dict[str, Floats]:
    """Return the values of bars by their opens."""
    opens = np.array(list(prices), np.float64)
    return {"open": opens, "high": opens + 1, "low": opens - 1, "close": opens + 0.5, "volume": opens * 10}


def starts(*instants: int) -> Ints:
    return np.array(instants, np.int64)


@dataclass
class Clock:
    """A clock that is set."""

    ns: int
    is_paused: bool = False

    def now_ns(self) -> int:
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.ns += int(seconds * SECOND_NS)


@dataclass
class Heard:
    """What a feed handed out."""

    live: dict[Series, list[tuple[int, float]]] = field(default_factory=dict)
    history: dict[Series, list[int]] = field(default_factory=dict)
    corrected: list[tuple[Series, int, float]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def take(self, received: Iterable[Received]) -> None:
        for each in received:
            if isinstance(each, Notice):
                self.notices.append(each)
            else:
                self._take(each)

    def _take(self, delivery: Delivery) -> None:
        bars = list(zip(delivery.bars.time_ns.tolist(), delivery.bars.values["open"].tolist(), strict=True))
        if delivery.kind == DeliveryKind.HISTORY:
            self.history.setdefault(delivery.series, []).extend(start for start, _ in bars)
        elif delivery.kind == DeliveryKind.LIVE:
            self.live.setdefault(delivery.series, []).extend(bars)
        else:
            self.corrected += [(delivery.series, *bar) for bar in bars]

    def kinds(self) -> list[str]:
        return [str(each.kind) for each in self.notices]
