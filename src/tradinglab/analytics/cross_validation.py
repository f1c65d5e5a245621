"""Whether choosing the best of many trials by their past says anything about what follows.

Source: Bailey, Borwein, López de Prado and Zhu (2017), "The Probability of Backtest Overfitting", Journal of
Computational Finance 20(4): combinatorially symmetric cross-validation.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import NAN, Floats, ParameterError, SampleError, as_columns, defined, floats, whole
from tradinglab.core.values import dataclass

#: Combinations of 20 blocks: 184,756.
_MOST_BLOCKS = 20
#: A variance that is less than this share of the sum of squares it comes from may be none.
_ROUNDING = 1e-13
#: Numbers held for one batch of combinations.
_BATCH = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting:
    """What came of all ways to choose by one half of the past and look at the other; Sharpe ratios are per period.

    Attributes
    ----------
    logits
        ``log(w / (1 - w))`` of the chosen trial's relative rank w in the other half, shape (combinations,). Zero is the
        middle of the field.
    chosen
        Which trial was the best of the first half, shape (combinations,).
    in_sample, out_of_sample
        The chosen trial's Sharpe ratio in each half, shape (combinations,); not-a-number where it has none.
    """

    logits: Floats
    chosen: npt.NDArray[np.int64]
    in_sample: Floats
    out_of_sample: Floats

    @property
    def probability(self) -> float:
        """The probability of backtest overfitting: how often the chosen trial is not above the middle afterwards."""
        return float(np.mean(self.logits <= 0))

    @property
    def probability_of_loss(self) -> float:
        """How often the chosen trial loses afterwards."""
        return float(np.mean(self.out_of_sample < 0))

    @property
    def degradation(self) -> float:
        """The slope of the later Sharpe ratio over the earlier one: below zero, a better choice does worse.

        Not-a-number if the earlier one is always the same.
        """
        is_known = np.isfinite(self.in_sample) & np.isfinite(self.out_of_sample)
        if not is_known.any():
            return NAN
        earlier = self.in_sample[is_known] - self.in_sample[is_known].mean()
        squares = float(earlier @ earlier)
        return float(earlier @ self.out_of_sample[is_known]) / squares if squares > 0 else NAN


def backtest_overfitting(returns: npt.ArrayLike, blocks: int = 16) -> Overfitting:
    """Return how choosing the trial with the best Sharpe ratio fares, over every way to halve the past.

    The periods are cut into *blocks* of one length. For each choice of half of them, the trial that is best there is
    looked up among all trials in the other half.

    Parameters
    ----------
    returns
        Of all trials side by side, shape (periods, trials); also those that were dropped.
    blocks
        An even number, up to 20; 16 make 12,870 combinations. The oldest periods that fill no block are left out.

    Raises
    ------
    SampleError
        If there are fewer than two trials or two periods for each block, if no trial's returns vary, or if one is
        missing or not finite.
    ParameterError
        If the number of blocks is odd or out of bounds.
    """
    whole(blocks, "blocks", 2)
    if blocks % 2 or blocks > _MOST_BLOCKS:
        raise ParameterError(f"blocks must be an even number up to {_MOST_BLOCKS}; it was {blocks}")
    table = as_columns(returns)
    periods, trials = table.shape
    if trials < 2:
        raise SampleError(f"returns must be those of two trials at least; there was {trials}")
    if periods < 2 * blocks:
        raise SampleError(f"returns must have two periods for each of {blocks} blocks; there were {periods}")
    if np.isnan(table).any():
        raise SampleError("returns must not be missing here; drop the periods in which a trial has none")
    with np.errstate(all="ignore"):
        return _halves(table[periods % blocks :], blocks)


def _halves(table: Floats, blocks: int) -> Overfitting:
    length, trials = len(table) // blocks, table.shape[1]
    middle = table.mean(axis=0)
    # Sums of squares around the whole mean lose no digits to a mean that is large.
    centred = (table - middle).reshape(blocks, length, trials)
    sums, squares = centred.sum(axis=1), (centred**2).sum(axis=1)
    is_flat = np.ptp(table, axis=0) == 0
    if is_flat.all():
        raise SampleError("returns must vary for one trial at least; none did")
    picks = np.array(list(combinations(range(blocks), blocks // 2)))
    size = length * (blocks // 2)
    parts = []
    step = max(1, _BATCH // trials)
    for first in range(0, len(picks), step):
        chosen_blocks = np.zeros((len(picks[first : first + step]), blocks))
        np.put_along_axis(chosen_blocks, picks[first : first + step], 1.0, axis=1)
        halves = []
        for weights in (chosen_blocks, 1 - chosen_blocks):
            mean = weights @ sums / size
            variance = (weights @ squares - size * mean**2) / (size - 1)
            ratio = (mean + middle) / np.sqrt(np.maximum(variance, 0.0))
            # What does not vary, but for rounding, has no ratio and is never better than what has one.
            varies = (variance > _ROUNDING * (weights @ squares)) & np.isfinite(ratio) & ~is_flat
            halves.append(np.where(varies, ratio, -np.inf))
        parts.append(_compared(*halves))
    logits, chosen, earlier, later = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Overfitting(logits=logits, chosen=chosen.astype(np.int64), in_sample=earlier, out_of_sample=later)


def _compared(before: Floats, after: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return logits, the best trial before, and its ratios before and after, of each combination."""
    best = before.argmax(axis=1)
    rows = np.arange(len(before))
    later = after[rows, best]
    below = (after < later[:, None]).sum(axis=1)
    same = (after == later[:, None]).sum(axis=1)
    share = (below + (same + 1) / 2) / (after.shape[1] + 1)
    return floats(np.log(share / (1 - share))), floats(best), defined(before[rows, best]), defined(later)
