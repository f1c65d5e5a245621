"""Bars in memory and strategies that are diagnosed on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from tradinglab.algorithm.models.fees import ConstantFeeModel
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.doctor import Diagnosis, Finding, FindingCode, diagnose

FIRST = date(2019, 1, 2)
MINUTE_NS, DAY_NS = 60_000_000_000, 86_400_000_000_000
#: 2 January 2019 in New York: midnight, and the opening.
MIDNIGHT_NS = int(np.datetime64("2019-01-02T05:00", "ns").astype(np.int64))
OPEN_NS = int(np.datetime64("2019-01-02T14:30", "ns").astype(np.int64))


def weekdays(count: int) -> np.ndarray[Any, Any]:
    """Return the midnights at which days begin on which New York trades."""
    from tradinglab.core.market_hours_database import MarketHoursDatabase

    hours = MarketHoursDatabase.default().get_exchange_hours("usa", "SPY", 1)  # type: ignore[arg-type]
    days: list[int] = []
    day = FIRST
    while len(days) < count:
        if hours.is_date_open(day):
            zone = hours.time_zone
            days.append(zone.utc_ns((day - date(1970, 1, 1)).days * DAY_NS))
        day += timedelta(days=1)
    return np.array(days, np.int64)


def bars(closes: Sequence[float], *, volume: float = 1e6, minute: bool = False) -> dict[str, Any]:
    """Return bars that open where the one before closed."""
    close = np.array(closes, float)
    opens = np.concatenate([close[:1], close[:-1]])
    times = OPEN_NS + MINUTE_NS * np.arange(len(close)) if minute else weekdays(len(close))
    return {
        "time": times,
        "open": opens,
        "high": np.maximum(opens, close),
        "low": np.minimum(opens, close),
        "close": close,
        "volume": np.full(len(close), volume),
    }


def wave(count: int, seed: int = 1) -> list[float]:
    """Return prices that go up and down by lot."""
    steps = np.random.default_rng(seed).normal(0.0002, 0.01, count)
    return [float(price) for price in np.round(100 * np.exp(np.cumsum(steps)), 2)]


def source_of(minute: bool = False, **tickers: dict[str, Any]) -> MemorySource:
    """Return a source with bars of tickers."""
    source = MemorySource()
    for ticker, rows in tickers.items():
        source.add(ticker, Resolution.MINUTE if minute else Resolution.DAILY, rows)
    return source


class Plan(QCAlgorithm):
    """Calls ``act`` at each bar with its number; ``tickers`` are subscribed to."""

    tickers: tuple[str, ...] = ("ABC",)
    resolution = Resolution.DAILY
    days = 359
    fee = 0.0
    is_compared = True

    def initialize(self) -> None:
        self.set_start_date(FIRST)
        self.set_end_date(FIRST + timedelta(days=self.days))
        self.set_cash(100_000)
        for ticker in self.tickers:
            self.add_equity(ticker, self.resolution).set_fee_model(ConstantFeeModel(self.fee))
        if not self.is_compared:
            self.set_benchmark(lambda time: 0)
        else:
            self.set_benchmark(lambda time: time.day)
        self.bar = -1
        self.prepare()

    def prepare(self) -> None:
        """Set up more."""

    def on_data(self, slice: Any) -> None:
        self.bar += 1
        self.act(self.bar, slice)

    def act(self, bar: int, slice: Any) -> None:
        """Trade."""


def planned(act: Callable[[Any, int, Any], None], **members: Any) -> type[Plan]:
    """Return a strategy that acts so."""
    return type("Planned", (Plan,), {"act": act, **members})


def every(count: int, quantity: int, *, until: int = 1 << 30) -> Callable[[Any, int, Any], None]:
    """Return an act that turns the position of the first ticker around every few bars, *until* a bar.

    Bars are repeated until the session ends: orders on those are not filled, and are looked at again at each.
    """

    def act(self: Any, bar: int, slice: Any) -> None:
        if bar % count == 0 and bar < until:
            held = self.portfolio[self.tickers[0]].quantity
            self.market_order(self.tickers[0], -held if held else quantity)

    return act


def found(strategy: type[QCAlgorithm], source: MemorySource, code: FindingCode, **terms: Any) -> Finding | None:
    """Return the finding of a code, if the doctor has it; the data is not cut."""
    return of(diagnose(strategy, data=source, **{"cuts": 0, **terms}), code)


def of(diagnosis: Diagnosis, code: FindingCode) -> Finding | None:
    """Return the finding of a code, if it is there."""
    return next((each for each in diagnosis.findings if each.code == code), None)
