"""From values to places on a chart: ranges, round ticks, their labels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date, timedelta

from tradinglab.core.values import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_DAY_STEPS = (1, 2, 7, 14)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis; ``at`` runs from 0 (left or bottom) to 1."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values between *low* and *high* to 0 … 1, evenly or by their logarithm."""

    low: float
    high: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return where *value* lies, from 0 to 1."""
        if self.log:
            span = math.log(self.high / self.low)
            return math.log(max(value, self.low) / self.low) / span if span else 0.5
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5


def fit(values: Sequence[float], *, log: bool = False, include: Sequence[float] = (), margin: float = 0.04) -> Scale:
    """Return a scale that shows all *values* and *include*, with a little air around them."""
    shown = [value for value in (*values, *include) if math.isfinite(value) and not (log and value <= 0)]
    if not shown:
        return Scale(1.0, 10.0, log) if log else Scale(0.0, 1.0)
    low, high = min(shown), max(shown)
    if log:
        pad = (high / low) ** margin if high > low else 1.1
        return Scale(low / pad, high * pad, log=True)
    pad = (high - low) * margin or abs(high) * 0.05 or 1.0
    return Scale(low if low in include else low - pad, high if high in include else high + pad)


def number_ticks(scale: Scale, count: int, label: str = "plain") -> list[Tick]:
    """Return about *count* ticks at round values; *label* is ``plain``, ``money`` or ``percent``."""
    values = _log_values(scale) if scale.log else _even_values(scale, count)
    if scale.log and len(values) < 3:
        values = _even_values(scale, count)
    step = min((b - a for a, b in itertools.pairwise(values)), default=abs(scale.high - scale.low))
    return [Tick(scale(value), _label(value, value if scale.log else step, label)) for value in values]


def _even_values(scale: Scale, count: int) -> list[float]:
    raw = (scale.high - scale.low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    step = next(power * step for step in _STEPS if power * step >= raw * 0.999)
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _log_values(scale: Scale) -> list[float]:
    decades = math.log10(scale.high / scale.low)
    digits = (1, 2, 5) if decades < 3 else (1,)
    powers = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    values = [digit * 10.0**power for power in powers for digit in digits]
    return [value for value in values if scale.low <= value <= scale.high]


def _label(value: float, step: float, kind: str) -> str:
    if kind == "percent":
        return f"{_decimals(value * 100, step * 100)}%".replace("-", "−")
    size = abs(value)
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if kind == "money" and size >= limit:
            return f"{_decimals(value / limit, step / limit)}{letter}".replace("-", "−")
    return _decimals(value, step).replace("-", "−")


def _decimals(value: float, step: float) -> str:
    places = 0 if step <= 0 else max(0, -math.floor(math.log10(step) + 1e-9))
    if places and not math.isclose(round(step, places), step, rel_tol=1e-6):
        places += 1
    return f"{round(value, places) + 0.0:,.{min(places, 8)}f}"


def date_ticks(first: date, last: date, count: int = 9) -> list[Tick]:
    """Return at most about *count* ticks between two days, at the start of years, months or days."""
    span = max(1, (last - first).days)
    if span / 30 < 3:
        step = next((step for step in _DAY_STEPS if span / step <= count), 14)
        days = [first + timedelta(days=offset) for offset in range(0, span + 1, step)]
        return [Tick((day - first).days / span, f"{day.day} {day:%b}") for day in days]
    step = next((step for step in _MONTH_STEPS if span / 30.4 / step <= count), 120)
    ticks = []
    month = first.year * 12 + first.month - 1
    month += -month % step
    while (day := date(month // 12, month % 12 + 1, 1)) <= last:
        label = f"{day.year}" if day.month == 1 else f"{day:%b}"
        if day >= first:
            ticks.append(Tick((day - first).days / span, label))
        month += step
    return ticks
