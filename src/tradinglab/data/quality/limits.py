"""From where on something counts as wrong."""

from __future__ import annotations

from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Thresholds of the checks that need any.

    Attributes
    ----------
    outlier_return
        An outlier's log return, at least. A threshold by spread alone takes every step of a penny share for one.
    daily_wick_return
        The same for opens, highs and lows of daily bars: on a wild day prices do go that far and come back.
    outlier_spreads
        An outlier's distance from the median return, in robust standard deviations (1.4826 times the median absolute
        deviation).
    outlier_bars
        Of how many bars an outlier may consist before it comes back.
    outlier_return_left
        What part of the jump may be left when it has come back.
    outlier_steps
        An outlier's distance in the smallest steps of price that there are.
    split_tolerance
        How far, in logarithms, an opening may be from where a split would put it.
    stale_bars, stale_flat_bars
        How often a bar repeats the one before it until that is a fault; of bars with one price only.
    zero_bars
        As many bars without volume, one after another, are a fault.
    daily_stale_bars, daily_stale_flat_bars, daily_zero_bars
        The same for bars of days.
    sparse_below
        If the usual session has fewer of its bars than this part, quiet times are expected.
    examples
        How many places are told of each check.
    """

    outlier_return: float = 0.2
    daily_wick_return: float = 0.4
    outlier_spreads: float = 8.0
    outlier_bars: int = 5
    outlier_return_left: float = 0.25
    outlier_steps: float = 5.0
    split_tolerance: float = 0.04
    stale_bars: int = 5
    stale_flat_bars: int = 120
    zero_bars: int = 120
    daily_stale_bars: int = 3
    daily_stale_flat_bars: int = 5
    daily_zero_bars: int = 5
    sparse_below: float = 0.99
    examples: int = 10
