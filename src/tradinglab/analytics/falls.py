"""How far series fell from their peaks, by stretches of periods."""

from __future__ import annotations

import numpy as np

from tradinglab.analytics.arrays import Floats

#: Periods whose highest and lowest wealth are looked at before they themselves are.
_STRETCH = 64
#: A fall within a stretch is looked for unless it is shallower by more than what a rounded quotient may be off.
_ROUNDING = 1 + 1e-12


def falls_of(wealth: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return what ``walk_falls`` of :mod:`.walks` writes down, of the wealth after each period.

    The deepest fall from the peak of an earlier stretch follows from the extremes of the stretches. A fall within one
    of them is looked for only where its lowest over its highest value would be deeper.
    """
    highest, lowest = _extremes(wealth)
    peaks = np.maximum(np.maximum.accumulate(highest, axis=1), 1.0)
    earlier = np.column_stack([np.ones(len(peaks)), peaks[:, :-1]])
    # Of an account below zero less is left of a lower peak.
    is_ruined = lowest < 0
    fall = np.minimum(np.where(is_ruined, 1.0, lowest / earlier).min(axis=1), 1.0)
    series, stretch = np.nonzero(is_ruined | (lowest < fall[:, None] * peaks * _ROUNDING))
    if len(series):
        periods = wealth.shape[1]
        length = min(_STRETCH, periods)
        places = stretch[:, None] * length + np.arange(length)
        values = wealth[series[:, None], np.minimum(places, periods - 1)]
        above = np.maximum(np.maximum.accumulate(values, axis=1), earlier[series, stretch][:, None])
        np.minimum.at(fall, series, (values / above).min(axis=1))
    return wealth[:, -1], peaks[:, -1], lowest.min(axis=1), fall


def _extremes(wealth: Floats) -> tuple[Floats, Floats]:
    """Return the highest and the lowest wealth of each stretch of periods, shape (series, stretches)."""
    periods = wealth.shape[1]
    length = min(_STRETCH, periods)
    whole = periods // length * length
    parts = wealth[:, :whole].reshape(len(wealth), whole // length, length)
    highest, lowest = parts.max(axis=2), parts.min(axis=2)
    if whole < periods:
        rest = wealth[:, whole:]
        highest = np.column_stack([highest, rest.max(axis=1)])
        lowest = np.column_stack([lowest, rest.min(axis=1)])
    return highest, lowest
