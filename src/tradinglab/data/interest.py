"""The risk-free interest rate over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

DEFAULT_RATE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class InterestRates:
    """Yearly rates as fractions, each from its day (counted from 1970-01-01) until the next."""

    days: tuple[int, ...]
    rates: tuple[Decimal, ...]

    @classmethod
    def of(cls, changes: Iterable[tuple[int, Decimal]]) -> InterestRates:
        """Return rates from the days on which they changed."""
        ordered = sorted(dict(changes).items())
        return cls(tuple(day for day, _ in ordered), tuple(rate for _, rate in ordered))

    def rate_on(self, day: int) -> Decimal:
        """Return the rate on a day; before the first change that of the first, without any 1 %."""
        if not self.days:
            return DEFAULT_RATE
        return self.rates[max(bisect_right(self.days, day) - 1, 0)]
