"""Figures of a series of bars that comes in blocks: returns, their quantiles, falls, rolling figures, volumes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from tradinglab.core.clock import Zone, from_ns
from tradinglab.core.enums import DataNormalizationMode, Resolution, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.store.files import Values
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.store_reader import StoreReader
from tradinglab.data.streaming.drawdown import DrawdownTracker
from tradinglab.data.streaming.errors import StatisticsError
from tradinglab.data.streaming.moments import Moments
from tradinglab.data.streaming.quantiles import QuantileSketch
from tradinglab.data.streaming.rolling import RollingWindow
from tradinglab.data.streaming.stored import stored_blocks, stored_rows

SHARES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_US: Final = 1_000


@dataclass(slots=True)
class Extremes:
    """The least and the largest of figures, when they were (microseconds UTC), and the last one."""

    least: float = math.nan
    least_us: int = 0
    largest: float = math.nan
    largest_us: int = 0
    last: float = math.nan

    def add(self, times_us: Ints, figures: Floats) -> None:
        """Take figures in; those that are no numbers do not count."""
        known = np.isfinite(figures)
        if not known.any():
            return
        times_us, figures = times_us[known], figures[known]
        low, high = int(np.argmin(figures)), int(np.argmax(figures))
        if not figures[low] >= self.least:
            self.least, self.least_us = float(figures[low]), int(times_us[low])
        if not figures[high] <= self.largest:
            self.largest, self.largest_us = float(figures[high]), int(times_us[high])
        self.last = float(figures[-1])


class SeriesStatistics:
    """Figures of a series of bars, of one pass over its blocks.

    A return is a close over the one before, less one (of quotes, of the middles of bid and ask). Bars without a price,
    and returns from a price of zero or less, do not count.

    Parameters
    ----------
    window
        How many returns the rolling figures are of.
    """

    def __init__(self, tick_type: TickType, window: int) -> None:
        self.bars = self.left_out = self.first_us = self.last_us = 0
        self.window = window
        self.returns, self.volumes, self.prices = Moments(), Moments(), Extremes()
        self.quantiles = QuantileSketch()
        self.drawdown = DrawdownTracker()
        self.rolling_mean, self.rolling_deviation = Extremes(), Extremes()
        self._rolling, self._tick_type, self._before = RollingWindow(window), tick_type, math.nan

    def add(self, times_us: Ints, values: Values) -> None:
        """Take the next bars in, in order of time."""
        if not len(times_us):
            return
        self.first_us = self.first_us if self.bars else int(times_us[0])
        self.bars, self.last_us = self.bars + len(times_us), int(times_us[-1])
        if self._tick_type == TickType.QUOTE:
            prices = (values["bid_close"] + values["ask_close"]) / 2
        else:
            prices = values["close"]
            self.volumes += Moments.of(values["volume"])
        known = np.isfinite(prices)
        self.left_out += int((~known).sum())
        times_us, prices = times_us[known], prices[known]
        if not len(prices):
            return
        self.prices.add(times_us, prices)
        self.drawdown.add(times_us, prices)
        before = np.concatenate([[self._before], prices[:-1]])
        self._before = float(prices[-1])
        with np.errstate(all="ignore"):
            returns = prices / before - 1
        is_return = np.isfinite(returns) & (before > 0)
        self.left_out += int((~is_return & ~np.isnan(before)).sum())
        times_us, returns = times_us[is_return], returns[is_return]
        self.returns += Moments.of(returns)
        self.quantiles.add(returns)
        rolling = self._rolling.add(returns)
        self.rolling_mean.add(times_us, rolling.mean)
        self.rolling_deviation.add(times_us, rolling.deviation)


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    """The figures of a stored series.

    Attributes
    ----------
    series
        What they are of.
    view
        In which prices.
    zone
        The clock of the exchange, on which times are told.
    """

    series: SeriesKey
    view: DataNormalizationMode
    zone: Zone
    figures: SeriesStatistics

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON has them: fractions, times of the exchange, ``null`` for what is not known."""
        told = self.figures
        quantiles = dict(zip(map(str, SHARES), map(_known, told.quantiles.quantiles(SHARES)), strict=True))
        fall = told.drawdown.deepest
        return {
            "series": str(self.series),
            "view": self.view.name.lower(),
            "bars": told.bars,
            "left_out": told.left_out,
            "first": self._text(told.first_us),
            "last": self._text(told.last_us),
            "time_zone": self.zone.name,
            "price": self._extremes(told.prices),
            "returns": _moments(told.returns) | {"quantiles": quantiles, "rank_error": told.quantiles.error},
            "drawdown": {
                "current": told.drawdown.current,
                "deepest": 0.0 if fall is None else fall.depth,
                "peak": None if fall is None else self._text(fall.peak_us),
                "trough": None if fall is None else self._text(fall.trough_us),
                "recovery": None if fall is None or fall.recovery_us is None else self._text(fall.recovery_us),
            },
            "rolling": {
                "window": told.window,
                "mean": self._extremes(told.rolling_mean),
                "deviation": self._extremes(told.rolling_deviation),
            },
            "volume": _moments(told.volumes) if told.volumes.count else None,
        }

    def lines(self) -> Iterator[str]:
        """Yield the figures as lines of text."""
        told = self.figures
        yield f"{told.bars:,} bars of {self.series}, {self._moment(told.first_us)} to {self._moment(told.last_us)}"
        if told.left_out:
            yield f"left out: {told.left_out:,} without a price, or after one of zero or less"
        prices = told.prices
        yield (
            f"price ({self.view.name.lower()})  last {prices.last:.6g}, lowest {prices.least:.6g} on "
            f"{self._moment(prices.least_us)}, highest {prices.largest:.6g} on {self._moment(prices.largest_us)}"
        )
        returns = told.returns
        yield (
            f"returns  mean {returns.mean:.3e}, standard deviation {returns.deviation:.3e}, skewness "
            f"{returns.skewness:.3f}, excess kurtosis {returns.kurtosis:.3f}"
        )
        yield f"         worst {returns.least:+.3%}, best {returns.largest:+.3%}"
        shares = told.quantiles.quantiles(SHARES)
        error = f" (ranks within {told.quantiles.error:.3%})" if told.quantiles.error else ""
        quantiles = ", ".join(f"{share:.0%} {each:+.4%}" for share, each in zip(SHARES, shares, strict=True))
        yield f"quantiles{error}  {quantiles}"
        yield self._fall()
        spread = told.rolling_deviation
        if not math.isnan(spread.least):
            yield (
                f"standard deviation of {told.window} returns  last {spread.last:.3e}, lowest {spread.least:.3e} on "
                f"{self._moment(spread.least_us)}, highest {spread.largest:.3e} on {self._moment(spread.largest_us)}"
            )
        if told.volumes.count:
            yield f"volume  mean {told.volumes.mean:,.6g}, largest {told.volumes.largest:,.6g}"

    def _fall(self) -> str:
        fall = self.figures.drawdown.deepest
        if fall is None:
            return "deepest fall  none"
        back = "not yet" if fall.recovery_us is None else self._moment(fall.recovery_us)
        return (
            f"deepest fall  {fall.depth:.2%}, from {self._moment(fall.peak_us)} to {self._moment(fall.trough_us)}, "
            f"made up for: {back}; now {self.figures.drawdown.current:.2%}"
        )

    def _extremes(self, told: Extremes) -> dict[str, Any]:
        if math.isnan(told.last):
            return {"last": None, "least": None, "least_at": None, "largest": None, "largest_at": None}
        return {
            "last": told.last,
            "least": told.least,
            "least_at": self._text(told.least_us),
            "largest": told.largest,
            "largest_at": self._text(told.largest_us),
        }

    def _text(self, time_us: int) -> str:
        return self._moment(time_us).isoformat()

    def _moment(self, time_us: int) -> datetime:
        return from_ns(self.zone.local_ns(time_us * _US))


def _moments(told: Moments) -> dict[str, Any]:
    return {
        "count": told.count,
        "mean": _known(told.mean),
        "standard_deviation": _known(told.deviation),
        "skewness": _known(told.skewness),
        "excess_kurtosis": _known(told.kurtosis),
        "least": _known(told.least),
        "largest": _known(told.largest),
    }


def _known(figure: float) -> float | None:
    return figure if math.isfinite(figure) else None


def series_statistics(
    store: StoreReader | Path | str,
    key: SeriesKey,
    *,
    view: DataNormalizationMode = DataNormalizationMode.ADJUSTED,
    window: int = 20,
    progress: Callable[[float], None] | None = None,
) -> StatisticsReport:
    """Return figures of a series of a store, in one pass and bounded memory.

    Parameters
    ----------
    view
        In which prices; adjusted, so that splits and dividends are no returns.
    window
        How many returns the rolling figures are of.
    progress
        Is told the share of the work that is done, from 0 to 1.

    Raises
    ------
    StatisticsError
        If there are no bars, or they are ticks.
    MalformedDataError
        If a file is broken.
    """
    store = store if isinstance(store, StoreReader) else StoreReader(store)
    if key.resolution == Resolution.TICK:
        raise StatisticsError(f"{key} is of ticks; figures are of bars.")
    if not store.has(key):
        raise StatisticsError(f"{store.place.name} has no bars of {key}; 'tradinglab data list' shows what it has.")
    hours = MarketHoursDatabase.default().get_entry(key.market, key.ticker, key.security_type)
    figures, total = SeriesStatistics(key.tick_type, window), stored_rows(store, key)
    for times, values in stored_blocks(store, key, view=view):
        figures.add(times, values)
        if progress is not None:
            progress(figures.bars / total)
    return StatisticsReport(key, view, hours.exchange_hours.time_zone, figures)
