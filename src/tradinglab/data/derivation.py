"""Factors from what data vendors publish: adjusted closes, or dividends and splits.

An adjusted close hides its events in the ratio adjusted/raw, which steps up on each ex-date. A step
that is a ratio of small integers is a split; what is left is a dividend. Vendors of the CRSP school
step by ``C / (C + D)``, with ``C`` the raw close *of* the ex-date and ``D`` the dividend, so that
``D = C * (1/step - 1)`` comes out in whole cents; LEAN's factors step by ``(P - D) / P`` with ``P``
the raw close of the day before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from tradinglab.core.decimals import ONE, ZERO, round_half_even, strip_zeros
from tradinglab.core.values import dataclass
from tradinglab.data.factors import FactorRow

LAST_DAY = 29_584  # 2050-12-31, LEAN's day of what has no end
_SMALLEST_STEP = 2e-4  # below it, ratios only wander with the vendor's rounding
# (smallest step, largest denominator, tolerance): first a split alone, then one with a dividend on the same day.
_SPLIT_TESTS = ((0.01, 20, 1e-6), (0.25, 4, 2e-2))
_STOCK_DIVIDENDS = (Fraction(4, 5), Fraction(5, 6), Fraction(10, 11), Fraction(20, 21))
_DIVIDEND_DIGITS = 4
_PRICE_FACTOR_DIGITS = 7
_SPLIT_FACTOR_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Action:
    """What happens on *day*: a dividend per share, and old shares per new one (1: no split)."""

    day: int
    dividend: Decimal = ZERO
    split_factor: Decimal = ONE


def actions_from_adjusted(days: Sequence[int], closes: Sequence[Decimal], adjusted: Sequence[Decimal]) -> list[Action]:
    """Return the splits and dividends that adjusted closes hide.

    Parameters
    ----------
    days, closes, adjusted
        Day, raw close and adjusted close of each trading day, in order.
    """
    found = []
    for at in range(1, len(days)):
        step = float(adjusted[at - 1] / closes[at - 1]) / float(adjusted[at] / closes[at])
        if abs(step - 1) < _SMALLEST_STEP:
            continue
        split = _split_of(step)
        rest = step / float(split)
        dividend = ZERO
        if abs(rest - 1) >= _SMALLEST_STEP:
            dividend = strip_zeros(round_half_even(closes[at] * Decimal(1 / rest - 1), _DIVIDEND_DIGITS))
        found.append(Action(days[at], dividend, split))
    return found


def actions_of_rows(rows: Sequence[FactorRow], days: Sequence[int]) -> list[Action]:
    """Return the splits and dividends that factor rows came from.

    Parameters
    ----------
    rows
        Factor rows in order of their days.
    days
        Trading days, in order; an event falls on the first after its row's.
    """
    found = []
    for row, following in pairwise(rows):
        at = bisect_right(days, row.day)
        if row.scale == following.scale or at == len(days):
            continue
        split = strip_zeros(round_half_even(row.split_factor / following.split_factor, _SPLIT_FACTOR_DIGITS))
        per_old_share = row.reference_price * (1 - row.price_factor / following.price_factor)
        dividend = strip_zeros(round_half_even(per_old_share * split, _DIVIDEND_DIGITS))
        found.append(Action(days[at], dividend, split))
    return found


def factor_rows(days: Sequence[int], closes: Sequence[Decimal], actions: Sequence[Action]) -> list[FactorRow]:
    """Return LEAN's factor rows of splits and dividends, in order of their days.

    Parameters
    ----------
    days, closes
        Day and raw close of each trading day, in order.
    actions
        Their days must be among *days*, or they are left out, as they are on the first.
    """
    by_day = {action.day: action for action in actions}
    price_factor, split_factor = ONE, ONE
    rows = [FactorRow(LAST_DAY, ONE, ONE, ZERO)]
    for at in range(len(days) - 1, 0, -1):
        action = by_day.get(days[at])
        if action is None:
            continue
        previous = closes[at - 1]
        # A dividend on the day of a split is paid on new shares: put it in terms of old ones.
        dividend = action.dividend / action.split_factor
        price_factor *= (previous - dividend) / previous
        split_factor *= action.split_factor
        rows.append(_row(days[at - 1], price_factor, split_factor, previous))
    rows.append(_row(days[0], price_factor, split_factor, ONE))
    unique = {row.day: row for row in reversed(rows)}
    return [unique[day] for day in sorted(unique)]


def _row(day: int, price_factor: Decimal, split_factor: Decimal, close: Decimal) -> FactorRow:
    return FactorRow(
        day,
        strip_zeros(round_half_even(price_factor, _PRICE_FACTOR_DIGITS)),
        strip_zeros(round_half_even(split_factor, _SPLIT_FACTOR_DIGITS)),
        strip_zeros(close),
    )


def _split_of(step: float) -> Decimal:
    """Return the split in a step, old shares per new, 1 if there is none."""
    for smallest, largest, tolerance in _SPLIT_TESTS:
        ratio = Fraction(step).limit_denominator(largest)
        if step < 1:  # the larger part is the denominator: look for small numerators instead
            ratio = 1 / Fraction(1 / step).limit_denominator(largest)
        # A large dividend can look like a split in odd parts, 20 for 19; companies do not split so.
        if 0.76 < step < 1 and ratio not in _STOCK_DIVIDENDS:
            continue
        if abs(step - 1) >= smallest and abs(float(ratio) / step - 1) <= tolerance:
            return Decimal(ratio.numerator) / Decimal(ratio.denominator)
    return ONE
