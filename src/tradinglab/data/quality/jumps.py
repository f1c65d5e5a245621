"""Prices that jump away: and come back (outliers), or stay there (splits that nobody told of).

A return counts as an outlier's if it is large by itself and against the spread of this series' returns, and if the
price comes back: alone, the spread takes every step of a penny share for an outlier, and the size every crash.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import SecurityType
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.collecting import Collector
from tradinglab.data.quality.limits import Limits

#: What makes the median absolute deviation of normal values their standard deviation.
MAD_SCALE: Final = 1.4826
_SAMPLE_EVERY = 7
_US = 1_000
_SMALLEST_STEP = 1e-9
#: New shares per old one, and old ones per new. Smaller steps than these are what prices do in a crisis.
_SPLITS: Final = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0)
_REVERSE_SPLITS: Final = tuple(ratio for ratio in _SPLITS if ratio >= 2)
_SMALLEST_SPLIT = math.log(1.2)


#: Row in the block, check, field, size of the jump, and what there is to say.
_Candidate = tuple[int, str, str, float, str]


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A jump that is one if it is large against the spread."""

    code: str
    name: str
    size: float
    distance: float
    bar: Bars
    text: str = ""


@dataclass(slots=True)
class Jumps:
    """Looks for jumps in the prices of one side."""

    facts: SeriesFacts
    limits: Limits
    found: Collector
    side: str = ""
    _returns: list[Floats] = field(default_factory=list)
    _step: float = math.inf
    _tail: Bars | None = None
    _seen: int = 0
    _suspects: list[_Suspect] = field(default_factory=list)
    _split_days: dict[int, float] = field(default_factory=dict)
    #: When the last outlier was over.
    _until_us: int = -(2**63)

    def __post_init__(self) -> None:
        self._split_days = {
            action.day: math.log(float(action.split_factor))
            for action in self.facts.actions or ()
            if action.split_factor != 1
        }

    def feed(self, bars: Bars, *, is_last: bool = False) -> None:
        """Take the next bars with four positive prices, in order of time and none twice.

        The last few of them are judged when what follows is known.
        """
        known = 0 if self._tail is None else len(self._tail)
        wide = bars if self._tail is None else self._tail.joined(bars)
        reach = self.limits.outlier_bars + 1
        end = len(wide) if is_last else max(len(wide) - reach, 0)
        first = min(self._seen, known)
        if end > first:
            self._judge(wide, first, end)
            keep = max(0, end - reach - 1)
            self._tail = wide.take(slice(keep, None))
            self._seen = end - keep
        else:
            self._tail = wide

    def finish(self) -> None:
        """Tell which of the jumps are large against the spread of all returns."""
        if self._tail is not None:
            self.feed(self._tail.take(slice(0, 0)), is_last=True)
        returns = np.concatenate(self._returns) if self._returns else np.zeros(1)
        middle = float(np.median(returns)) if len(returns) else 0.0
        spread = MAD_SCALE * float(np.median(np.abs(returns - middle))) if len(returns) else 0.0
        steps = self.limits.outlier_steps * (self._step if math.isfinite(self._step) else 0.0)
        for each in self._suspects:
            if each.size >= self.limits.outlier_spreads * spread and each.distance > steps:
                self.found.rows(each.code, np.ones(1, np.int64), each.bar, each.name, each.text)

    def _judge(self, wide: Bars, first: int, end: int) -> None:
        close = wide.values[f"{self.side}close"]
        if len(close) < 2:
            return
        begin = max(first, 1)
        moves = np.abs(close[begin:end] - close[begin - 1 : end - 1])
        moves = moves[moves > _SMALLEST_STEP]
        if len(moves):
            self._step = min(self._step, float(moves.min()))
        at = np.arange(begin, end, _SAMPLE_EVERY if end - begin > 10_000 else 1)
        self._returns.append(np.log(close[at] / close[at - 1]))
        for row, code, name, size, text in self._candidates(wide, begin, end):
            self._suspect(wide, row, code, name, size, text)

    def _suspect(self, wide: Bars, row: int, code: str, name: str, size: float, text: str) -> None:
        bar, full = wide.take(slice(row - 1, row + 2)), self.side + name
        distance = abs(float(wide.values[full][row]) * -math.expm1(-size))
        self._suspects.append(_Suspect(code, full, abs(size), distance, bar, text))

    def _candidates(self, wide: Bars, begin: int, end: int) -> list[_Candidate]:
        close, factor = wide.values[f"{self.side}close"], math.exp(self.limits.outlier_return)
        before, after = close[begin - 1 : end - 1], close[begin:end]
        jumped = np.flatnonzero((after > before * factor) | (after * factor < before)) + begin
        found: list[_Candidate] = []
        outliers = self._outliers(wide, jumped, found)
        self._within_bars(wide, begin, end, outliers, found)
        if self._looks_for_splits:
            self._splits(wide, begin, end, outliers, found)
        return sorted(found)

    def _outliers(self, wide: Bars, jumped: Ints, found: list[_Candidate]) -> set[int]:
        """Add closes that jump away and come back within a few bars; return their rows, and those of the way back."""
        close, times = wide.values[f"{self.side}close"], wide.times_us
        outliers: set[int] = set()
        for row in jumped.tolist():
            if times[row] <= self._until_us:  # between the jump and the way back
                outliers.add(row)
                continue
            back = self._way_back(close, row)
            if back is None:
                continue
            base = math.log(close[row - 1])
            for place in range(row, back):
                size = math.log(close[place]) - base
                found.append((place, "outlier", "close", size, _away(size)))
            outliers.update(range(row, back + 1))
            self._until_us = int(times[back])
        return outliers

    def _way_back(self, close: Floats, row: int) -> int | None:
        """Return the first bar after a jump that is back where it began, None if the price stays away."""
        base, least = math.log(close[row - 1]), math.inf
        for back in range(row + 1, min(row + 1 + self.limits.outlier_bars, len(close))):
            least = min(least, abs(math.log(close[back - 1]) - base))
            rest = abs(math.log(close[back]) - base)
            if rest <= self.limits.outlier_return_left * least:
                return back
            if rest < self.limits.outlier_return:
                return None
        return None

    def _within_bars(
        self,
        wide: Bars,
        begin: int,
        end: int,
        outliers: set[int],
        found: list[_Candidate],
    ) -> None:
        """Add opens, highs and lows that are far from the closes around them and from their bar's other prices."""
        limit = self.limits.daily_wick_return if self.facts.is_daily else self.limits.outlier_return
        values, factor = wide.values, math.exp(limit)
        opened, high, low, close = (values[self.side + name][begin:end] for name in ("open", "high", "low", "close"))
        before = values[f"{self.side}close"][begin - 1 : end - 1]
        upper, lower = np.maximum(before, close), np.minimum(before, close)
        open_far = (opened > upper * factor) | (opened * factor < lower)
        np.maximum(upper, opened, out=upper)
        np.minimum(lower, opened, out=lower)
        for name, far, column in (
            ("open", open_far, opened),
            ("high", high > upper * factor, high),
            ("low", low * factor < lower, low),
        ):
            for at in np.flatnonzero(far).tolist():
                row = at + begin
                # Of an outlier all prices are far away, and of the bar after it the open is near its own close.
                if row in outliers:
                    continue
                size = math.log(column[at] / before[at])
                if abs(size) >= limit:
                    found.append((row, "outlier", name, size, _away(size)))

    # Splits.

    @property
    def _looks_for_splits(self) -> bool:
        key = self.facts.key
        # Quotes before the session are often far away from any price.
        return key.security_type == SecurityType.EQUITY and self.facts.has_raw_prices and not self.side

    def _splits(
        self,
        wide: Bars,
        begin: int,
        end: int,
        outliers: set[int],
        found: list[_Candidate],
    ) -> None:
        opened, close = wide.values[f"{self.side}open"], wide.values[f"{self.side}close"]
        before, after = close[begin - 1 : end - 1], opened[begin:end]
        factor = math.exp(_SMALLEST_SPLIT)
        far = np.flatnonzero((after > before * factor) | (after * factor < before)) + begin
        for row, day in zip(far.tolist(), self._days(wide, far).tolist(), strict=True):
            if row in outliers or self._is_explained(day):
                continue
            step = math.log(opened[row] / close[row - 1])
            ratio = _ratio(step, self.limits.split_tolerance)
            if ratio and _stays(close, row, step):
                found.append((row, "split_without_action", "open", step, f"like {ratio}"))
        if self._split_days:
            self._look_for_splits(wide, begin, end)

    def _look_for_splits(self, wide: Bars, begin: int, end: int) -> None:
        """Note splits at which the price goes on as if there had been none."""
        close = wide.values[f"{self.side}close"]
        zone = self.facts.hours.data_time_zone if self.facts.is_daily else self.facts.hours.exchange_hours.time_zone
        for day, step in self._split_days.items():
            start = int(zone.utc_ns(day * DAY_NS)) // _US
            row = int(np.searchsorted(wide.times_us, start))
            if begin <= row < end and wide.times_us[row] < start + DAY_NS // _US and abs(step) >= _SMALLEST_SPLIT:
                # The first trades of the day may have been at the old price: that is how orders of the night are.
                seen = math.log(float(np.median(close[row : row + 5])) / close[row - 1])
                # Old shares per new is what the price is multiplied by.
                if abs(seen - step) > abs(seen):
                    bar = wide.take(slice(row - 1, row + 2))
                    self.found.rows("split_not_in_prices", np.ones(1, np.int64), bar, "open", _split_text(step))

    def _days(self, wide: Bars, rows: Ints) -> Ints:
        zone = self.facts.hours.data_time_zone if self.facts.is_daily else self.facts.hours.exchange_hours.time_zone
        return zone.local_ns_array(wide.times_us[rows] * _US) // DAY_NS

    def _is_explained(self, day: int) -> bool:
        return any(each in self._split_days for each in (day - 1, day, day + 1))


def _stays(close: Floats, row: int, step: float) -> bool:
    """Return whether the closes that follow stay where the jump has led, for as long as they are known."""
    logs = np.log(close[row : row + 5] / close[row - 1])
    return bool(abs(float(np.median(logs)) - step) < 0.15)


def _ratio(step: float, tolerance: float) -> str:
    """Return the split that a step looks like, empty if none."""
    for ratio in _SPLITS if step < 0 else _REVERSE_SPLITS:
        if abs(abs(step) - math.log(ratio)) <= tolerance:
            return _split_text(math.copysign(math.log(ratio), step))
    return ""


def _split_text(step: float) -> str:
    """Return a split, new shares for old ones: ``2:1`` if the price is halved."""
    ratio = math.exp(abs(step))
    for old in (1, 2, 3, 4):
        if abs(ratio * old - round(ratio * old)) < 1e-6:
            new = round(ratio * old)
            return f"{new}:{old}" if step < 0 else f"{old}:{new}"
    return f"{math.exp(-step):.4g}:1"


def _away(size: float) -> str:
    return f"{math.expm1(size):+.1%} and back".replace("%", " %")
