"""Raw bars to the prices of a normalisation mode.

The decimal face of an adjusted price is the raw decimal times the factor, with every digit of
both. The float is the nearest to it.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from tradinglab.core.clock import DAY_NS, Zone
from tradinglab.core.decimals import ONE, ZERO, scale_of, strip_zeros
from tradinglab.core.enums import DataNormalizationMode, TickType
from tradinglab.data.columns import (
    SIZE_FIELDS,
    AdjustedExact,
    BarColumns,
    DigitsExact,
    Exact,
    FloatExact,
    Floats,
    Ints,
    ScaledExact,
)
from tradinglab.data.factors import FactorTable

_UNSCALED = (*SIZE_FIELDS, "suspicious")
_SAFE = 1 << 53
_SPLITTER = 134_217_729.0  # 2^27 + 1, halves the 53 bits of a float
_MOST_PLACES = 22  # 10^22 is the largest power of ten that a float holds exactly

Terms = list[tuple[Decimal, Decimal]]


def normalize(
    columns: BarColumns,
    factors: FactorTable | None,
    mode: DataNormalizationMode,
    zone: Zone,
    *,
    first_day: int | None = None,
    end_day: int | None = None,
    keep_scale: bool = False,
) -> BarColumns:
    """Return bars in the prices of a normalisation mode; raw ones, and ones without factors, as they are.

    Parameters
    ----------
    columns
        Raw bars of an equity.
    factors
        Its factors, if any.
    mode
        ``RAW``, ``ADJUSTED``, ``SPLIT_ADJUSTED``, ``TOTAL_RETURN`` or ``SCALED_RAW``.
    zone
        The exchange's time zone, in which a bar's day is found.
    first_day
        The day from which ``TOTAL_RETURN`` sums dividends up; the first bar's by default.
    end_day
        The day to whose prices ``SCALED_RAW`` adjusts.
    keep_scale
        Whether a factor of 1 is multiplied with as well, decimals and all (``1.0000000``), which
        LEAN does in history requests and not in subscriptions.
    """
    if factors is None or mode == DataNormalizationMode.RAW or len(columns) == 0:
        return columns
    days = _price_days(columns, zone)
    values, index = factors.factors_on(days, mode, end_day)
    terms: Terms = [(factor, ZERO) for factor in values]
    if mode == DataNormalizationMode.TOTAL_RETURN:
        start = int(days[0]) if first_day is None else first_day
        terms, index = _with_dividends(factors, terms, index, days, start)
    if not keep_scale:
        terms = [(ONE, ZERO) if factor == 1 and not amount else (factor, amount) for factor, amount in terms]
        if all(term == (ONE, ZERO) for term in terms):
            return columns
    return _apply(columns, terms, index)


def _price_days(columns: BarColumns, zone: Zone) -> Ints:
    """Return the day whose factor a bar gets: that of its start, or of its end if it runs past midnight."""
    start, end = zone.local_ns_array(columns.time_ns), zone.local_ns_array(columns.end_ns)
    start_day, end_day = start // DAY_NS, end // DAY_NS
    days: Ints = np.where((start_day != end_day) & (end % DAY_NS > 0), end_day, start_day)
    return days


def _with_dividends(factors: FactorTable, terms: Terms, index: Ints, days: Ints, first_day: int) -> tuple[Terms, Ints]:
    """Add to each day's factor the dividends since the first day."""
    after, sums = factors.running_dividends(first_day)
    amounts = [ZERO, *sums]
    paid = np.searchsorted(np.array(after, np.int64), days)
    used, new_index = np.unique(index * len(amounts) + paid, return_inverse=True)
    pairs = [divmod(int(key), len(amounts)) for key in used]
    return [(terms[at][0], amounts[count]) for at, count in pairs], new_index.astype(np.int64)


def _apply(columns: BarColumns, terms: Terms, index: Ints) -> BarColumns:
    values, decimals = dict(columns.values), dict(columns.decimals)
    is_quote_tick = columns.tick_type == TickType.QUOTE and "bid_open" not in values
    for name, raw in columns.values.items():
        if name in SIZE_FIELDS:
            inverse = np.array([float(1 / factor) for factor, _ in terms])
            values[name] = np.rint(raw * inverse[index])
            decimals.pop(name, None)
        elif name not in _UNSCALED:
            rows, pairs = index, terms
            if is_quote_tick and not raw.all():
                # A quote tick without a bid has the price 0, to which no dividend is added.
                rows, pairs = np.where(raw == 0, len(terms), index), [*terms, (ONE, ZERO)]
            exact = decimals.get(name) or FloatExact(raw)
            values[name] = _products(raw, exact, pairs, rows)
            decimals[name] = AdjustedExact(exact, pairs, rows)
    return BarColumns(
        columns.tick_type, columns.time_ns, columns.end_ns, values, decimals, columns.filled, columns.texts
    )


def _products(raw: Floats, exact: Exact, terms: Terms, index: Ints) -> Floats:
    """Return prices times factors plus amounts, nearest to the decimals if those are digits."""
    digits = _digits(exact)
    integers = [_integer(factor) for factor, _ in terms]
    if digits is None or not all(0 <= number < _SAFE for number, _ in integers):
        found: Floats = raw * np.array([float(factor) for factor, _ in terms])[index]
    else:
        mantissas, scales = digits
        numbers = np.array([float(number) for number, _ in integers])[index]
        places = np.array([count for _, count in integers])[index] + scales
        found = _exact_ratio(mantissas.astype(np.float64), numbers, places)
        found[np.isnan(raw)] = np.nan
    amounts = np.array([float(amount) for _, amount in terms])
    return found + amounts[index] if amounts.any() else found


def _digits(exact: Exact) -> tuple[Ints, Ints] | None:
    """Return a column as integers and the decimals of each, if it is made of digits that fit a float."""
    if isinstance(exact, ScaledExact):
        raw, scales = exact.raw, np.full(len(exact.raw), scale_of(exact.unit))
    elif isinstance(exact, DigitsExact):
        raw, scales = exact.raw, exact.scales.astype(np.int64)
    else:
        return None
    return (raw, scales) if int(np.abs(raw).max(initial=0)) < _SAFE else None


def _integer(factor: Decimal) -> tuple[int, int]:
    """Return a factor as an integer and the number of decimals to take off."""
    factor = strip_zeros(factor)
    places = scale_of(factor)
    return int(factor.scaleb(places)), places


def _exact_ratio(left: Floats, right: Floats, places: Ints) -> Floats:
    """Return ``left * right / 10**places`` of integers, rounded once but for the rarest ties."""
    divisor = 10.0 ** np.minimum(places, _MOST_PLACES)
    rest = 10.0 ** np.maximum(places - _MOST_PLACES, 0)
    product, error = _two_product(left, right)
    quotient = product / divisor
    back, back_error = _two_product(quotient, divisor)
    return (quotient + ((product - back) - back_error + error) / divisor) / rest


def _two_product(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return a product and what rounding took from it (Dekker)."""
    product = left * right
    left_high = _SPLITTER * left - (_SPLITTER * left - left)
    right_high = _SPLITTER * right - (_SPLITTER * right - right)
    left_low, right_low = left - left_high, right - right_high
    error = ((left_high * right_high - product) + left_high * right_low + left_low * right_high) + left_low * right_low
    return product, error
