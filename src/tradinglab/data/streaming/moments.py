"""Mean, variance, skewness and kurtosis of numbers that come in blocks.

Of two parts with counts ``a`` and ``b``, ``n = a + b`` and means that are ``d`` apart, the sums of the powers of what
deviates from the mean are those of

- T. Chan, G. Golub, R. LeVeque, *Updating Formulae and a Pairwise Algorithm for Computing Sample Variances*, 1979:
  ``M2 = M2a + M2b + d² ab/n``
- P. Pébay, *Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments*,
  Sandia report SAND2008-6212, 2008: the same for the third and fourth power.
"""

from __future__ import annotations

import math

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats


@dataclass(frozen=True, slots=True)
class Moments:
    """What is known of numbers by their count, mean and sums of powers of deviations; and the least and the largest.

    ``Moments()`` is what is known of none, ``+`` joins what is known of two parts.
    """

    count: int = 0
    mean: float = math.nan
    squares: float = 0.0
    cubes: float = 0.0
    fourths: float = 0.0
    least: float = math.inf
    largest: float = -math.inf

    @classmethod
    def of(cls, numbers: Floats) -> Moments:
        """Return what is known of a block; every number has to be finite."""
        if not len(numbers):
            return cls()
        mean = float(numbers.mean())
        off = numbers - mean
        # What rounding has left of the mean.
        rest = float(off.mean())
        mean, off = mean + rest, off - rest
        squared = off * off
        return cls(
            len(numbers), mean, float(squared.sum()), float((squared * off).sum()), float((squared * squared).sum()),
            float(numbers.min()), float(numbers.max()),
        )  # fmt: skip

    def __add__(self, other: Moments) -> Moments:
        """Return what is known of both parts."""
        if not self.count or not other.count:
            return self if self.count else other
        a, b = self.count, other.count
        n = a + b
        apart = other.mean - self.mean
        step = apart / n
        squares = self.squares + other.squares + apart * step * a * b
        cubes = (
            self.cubes
            + other.cubes
            + apart * step * step * a * b * (a - b)
            + 3 * step * (a * other.squares - b * self.squares)
        )
        fourths = (
            self.fourths
            + other.fourths
            + apart * step**3 * a * b * (a * a - a * b + b * b)
            + 6 * step * step * (a * a * other.squares + b * b * self.squares)
            + 4 * step * (a * other.cubes - b * self.cubes)
        )
        least, largest = min(self.least, other.least), max(self.largest, other.largest)
        return Moments(n, self.mean + step * b, squares, cubes, fourths, least, largest)

    @property
    def variance(self) -> float:
        """The unbiased variance, ``M2 / (n - 1)``; of at least two numbers."""
        return self.squares / (self.count - 1) if self.count > 1 else math.nan

    @property
    def deviation(self) -> float:
        """The square root of the variance."""
        return math.sqrt(self.variance)

    @property
    def skewness(self) -> float:
        """The bias-corrected skewness, ``m3 / m2**1.5 * sqrt(n (n-1)) / (n-2)``; of at least three numbers."""
        n = self.count
        if n < 3 or not self.squares > 0:
            return math.nan
        plain = math.sqrt(n) * self.cubes / (self.squares * math.sqrt(self.squares))
        return plain * math.sqrt(n * (n - 1)) / (n - 2)

    @property
    def kurtosis(self) -> float:
        """The bias-corrected kurtosis less that of the normal distribution; of at least four numbers.

        ``(n-1) / ((n-2) (n-3)) * ((n+1) (m4 / m2² - 3) + 6)``.
        """
        n = self.count
        if n < 4 or not self.squares > 0:
            return math.nan
        plain = n * self.fourths / self.squares**2 - 3
        return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * plain + 6)
