"""The risk-free interest rate over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache

from tradinglab.core.clock import day_of_date
from tradinglab.core.values import dataclass

DEFAULT_RATE = Decimal("0.01")

# The Federal Reserve's primary credit rate in percent, which is what LEAN calls risk-free, with the
# days from which it held. The programme began on 2003-01-09. Source: Federal Reserve, H.15 and the
# statements of the Federal Open Market Committee; figures of public record.
_PRIMARY_CREDIT = """
2003-01-09 2.25  2003-06-26 2.00  2004-07-01 2.25  2004-08-11 2.50  2004-09-22 2.75  2004-11-12 3.00
2004-12-15 3.25  2005-02-03 3.50  2005-03-23 3.75  2005-05-04 4.00  2005-07-01 4.25  2005-08-10 4.50
2005-09-21 4.75  2005-11-02 5.00  2005-12-14 5.25  2006-02-01 5.50  2006-03-29 5.75  2006-05-11 6.00
2006-06-30 6.25  2007-08-20 5.75  2007-09-19 5.25  2007-11-01 5.00  2007-12-12 4.75  2008-01-23 4.00
2008-01-31 3.50  2008-03-17 3.25  2008-03-19 2.50  2008-05-01 2.25  2008-10-09 1.75  2008-10-30 1.25
2008-12-17 0.50  2010-02-19 0.75  2015-12-17 1.00  2016-12-15 1.25  2017-03-16 1.50  2017-06-15 1.75
2017-12-14 2.00  2018-03-22 2.25  2018-06-14 2.50  2018-09-27 2.75  2018-12-20 3.00  2019-08-01 2.75
2019-09-19 2.50  2019-10-31 2.25  2020-03-04 1.75  2020-03-16 0.25  2022-03-17 0.50  2022-05-05 1.00
2022-06-16 1.75  2022-07-28 2.50  2022-09-22 3.25  2022-11-03 4.00  2022-12-15 4.50  2023-02-02 4.75
2023-03-23 5.00  2023-05-04 5.25  2023-07-27 5.50  2024-09-19 5.00  2024-11-08 4.75  2024-12-19 4.50
2025-09-18 4.25  2025-10-30 4.00  2025-12-11 3.75
"""


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
        """Return the rate on a day; before the first change that of the first, and 1 % if there is none at all."""
        if not self.days:
            return DEFAULT_RATE
        return self.rates[max(bisect_right(self.days, day) - 1, 0)]


@cache
def shipped_interest_rates() -> InterestRates:
    """Return the rates that come with TradingLab, for sources without their own."""
    words = _PRIMARY_CREDIT.split()
    days = (day_of_date(date.fromisoformat(word)) for word in words[::2])
    return InterestRates.of(zip(days, (Decimal(word) / 100 for word in words[1::2]), strict=True))
