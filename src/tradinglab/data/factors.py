"""Factors that make prices before a split or dividend comparable with prices after it.

A row of a factor table holds for every day up to its own, back to the row before: prices of those
days times its factors are prices of today. Between two rows lies the event: on the next trading
day the stock trades ex dividend, or split.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np

from tradinglab.core.decimals import ONE, ZERO, round_half_even
from tradinglab.core.enums import DataNormalizationMode
from tradinglab.core.system_decimal import divide
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints

_CENTS = 2
_SPLITS_ONLY = (DataNormalizationMode.SPLIT_ADJUSTED, DataNormalizationMode.TOTAL_RETURN)
_SPLITS_AND_DIVIDENDS = (DataNormalizationMode.ADJUSTED, DataNormalizationMode.SCALED_RAW)


@dataclass(frozen=True, slots=True)
class FactorRow:
    """Factors of dividends and of splits up to *day*, and the raw close of that day (0 if unknown)."""

    day: int
    price_factor: Decimal
    split_factor: Decimal
    reference_price: Decimal = ZERO

    @property
    def scale(self) -> Decimal:
        """The product of both factors."""
        return self.price_factor * self.split_factor


@dataclass(frozen=True, slots=True)
class DividendEvent:
    """A dividend: ex on *day*, with the raw close of the trading day before."""

    day: int
    distribution: Decimal
    reference_price: Decimal


@dataclass(frozen=True, slots=True)
class SplitEvent:
    """A split that takes effect on *day*, announced on the trading day before.

    ``split_factor`` is old shares per new one: 0.5 when one share becomes two. ``day`` is ``None``
    when no trading day follows the announcement.
    """

    warning_day: int
    day: int | None
    split_factor: Decimal
    reference_price: Decimal


class FactorTable:
    """The factors of one security.

    Rows of the same day count once, the first; rows whose factors are zero do not count.
    """

    def __init__(self, rows: Iterable[FactorRow]) -> None:
        by_day: dict[int, FactorRow] = {}
        for row in rows:
            if row.scale > 0:
                by_day.setdefault(row.day, row)
        self.rows = [by_day[day] for day in sorted(by_day)]
        self._days = [row.day for row in self.rows]

    def __repr__(self) -> str:
        return f"FactorTable({len(self.rows)} rows)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FactorTable) and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]  # compared by content, and the rows are a list

    @property
    def minimum_day(self) -> int | None:
        """The first day on which prices can be adjusted: before it the factors are unknown."""
        return self._days[0] - 1 if self._days else None

    def price_factor_on(self, day: int, mode: DataNormalizationMode, end_day: int | None = None) -> Decimal:
        """Return what raw prices of a day are multiplied by; 1 after the last row and for raw prices.

        *end_day* is the day to whose prices ``SCALED_RAW`` adjusts, which needs it.
        """
        factor = self._factor(bisect_left(self._days, day), mode)
        return divide(factor, self._end_factor(mode, end_day))

    def factors_on(
        self, days: Ints, mode: DataNormalizationMode, end_day: int | None = None
    ) -> tuple[list[Decimal], Ints]:
        """Return the distinct factors, and for each day the index of its own."""
        rows = np.searchsorted(np.array(self._days, np.int64), days)
        used, index = np.unique(rows, return_inverse=True)
        end = self._end_factor(mode, end_day)
        return [divide(self._factor(int(row), mode), end) for row in used], index.astype(np.int64)

    def _factor(self, at: int, mode: DataNormalizationMode) -> Decimal:
        if at >= len(self.rows) or mode == DataNormalizationMode.RAW:
            return ONE
        if mode in _SPLITS_ONLY:
            return self.rows[at].split_factor
        if mode in _SPLITS_AND_DIVIDENDS:
            return self.rows[at].scale
        raise ValueError(f"Prices with splits and dividends cannot be normalised in the mode {mode}.")

    def _end_factor(self, mode: DataNormalizationMode, end_day: int | None) -> Decimal:
        if mode != DataNormalizationMode.SCALED_RAW:
            return ONE
        if end_day is None:
            raise ValueError("The mode ScaledRaw needs the day to whose prices it adjusts.")
        return self._factor(bisect_left(self._days, end_day), mode)

    def dividends(self, trading_days: Sequence[int] | Ints) -> list[DividendEvent]:
        """Return the dividends whose announcement and ex-date are among *trading_days*, sorted."""
        found = []
        for row, following in pairwise(self.rows):
            if row.price_factor == following.price_factor:
                continue
            announced, day = _next_day(trading_days, row.day)
            if announced and day is not None:
                found.append(DividendEvent(day, _distribution(row, following), row.reference_price))
        return found

    def splits(self, trading_days: Sequence[int] | Ints) -> list[SplitEvent]:
        """Return the splits whose announcement is among *trading_days*, sorted."""
        found = []
        for row, following in pairwise(self.rows):
            if row.split_factor == following.split_factor:
                continue
            announced, day = _next_day(trading_days, row.day)
            if announced:
                factor = divide(row.split_factor, following.split_factor)
                found.append(SplitEvent(row.day, day, factor, row.reference_price))
        return found

    def running_dividends(self, first_day: int) -> tuple[list[int], list[Decimal]]:
        """Return days after which dividends have summed up, from *first_day* on, to these amounts."""
        days: list[int] = []
        sums: list[Decimal] = []
        for row, following in pairwise(self.rows):
            if row.day >= first_day and row.price_factor != following.price_factor:
                days.append(row.day)
                sums.append((sums[-1] if sums else ZERO) + _distribution(row, following))
        return days, sums


def _distribution(row: FactorRow, following: FactorRow) -> Decimal:
    """Return the cash of the dividend between two rows, from the ratio of their factors."""
    close = row.reference_price
    return round_half_even(close - close * divide(row.price_factor, following.price_factor), _CENTS)


def _next_day(trading_days: Sequence[int] | Ints, day: int) -> tuple[bool, int | None]:
    """Return whether *day* is a trading day, and the one after it."""
    at = bisect_left(trading_days, day)
    if at == len(trading_days) or trading_days[at] != day:
        return False, None
    return True, int(trading_days[at + 1]) if at + 1 < len(trading_days) else None
