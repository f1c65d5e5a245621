"""Mean, deviation, least and largest of the last so many numbers, of numbers that come in blocks.

Numbers are cut into pieces as long as the window. A window is the end of one piece and the beginning of the next
(M. van Herk, *A fast algorithm for local minimum and maximum filters*, 1992), and sums are joined by the formula of
Chan et al. (:mod:`.moments`). So no figure is a difference of large sums, each costs the same whatever the window, and
none depends on the blocks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats
from tradinglab.data.streaming.errors import StatisticsError


@dataclass(frozen=True, slots=True)
class Rolling:
    """Figures of the window that ends with each number; one for each number that came, ``nan`` where there are too few.

    Attributes
    ----------
    deviation
        The square root of the unbiased variance; ``nan`` of a window of one.
    """

    mean: Floats
    deviation: Floats
    least: Floats
    largest: Floats


class RollingWindow:
    """Works figures of windows out.

    Parameters
    ----------
    window
        How many numbers.

    Raises
    ------
    StatisticsError
        If there is less than one in it.
    """

    def __init__(self, window: int) -> None:
        if window < 1:
            raise StatisticsError(f"A window has one number at least; it was {window}.")
        self._window = window
        #: The first number: the others are seen from there, so that far from zero no digits are lost.
        self._origin: float | None = None
        #: Whole pieces before, of which windows still need the last, and what there is of the next one.
        self._kept: Floats = np.empty(0)

    def add(self, numbers: Floats) -> Rolling:
        """Take numbers in, every one finite; return the figures of the windows that end with them."""
        window, before = self._window, len(self._kept)
        if self._origin is None and len(numbers):
            self._origin = float(numbers[0])
        joined = np.concatenate([self._kept, numbers])
        self._kept = joined[max(0, len(joined) // window - 1) * window :].copy()
        if not len(numbers):
            return Rolling(*(np.empty(0) for _ in range(4)))
        pieces = np.full(-(-len(joined) // window) * window, np.nan)
        pieces[: len(joined)] = joined
        starts = np.arange(before, len(joined)) - window + 1
        known = starts >= 0
        found = np.full((4, len(numbers)), np.nan)
        if known.any():
            found[:, known] = _figures(pieces.reshape(-1, window), self._origin or 0.0, starts[known])
        return Rolling(*found)


def _figures(pieces: Floats, origin: float, starts: npt.NDArray[np.int64]) -> Floats:
    """Return mean, deviation, least and largest of windows by where they start; a row of *pieces* is as long as one."""
    window = pieces.shape[1]
    piece, at = starts // window, starts % window
    ends = (piece, window - 1 - at)
    # Of a window that is a whole piece the beginning of the next is empty: take any, it has no weight.
    begins = (np.minimum(piece + 1, len(pieces) - 1), np.maximum(at - 1, 0))
    weight, rest, is_whole = (window - at).astype(float), at.astype(float), at == 0
    backwards = pieces[:, ::-1]
    mean, squares = (each[ends] for each in _growing(backwards - origin))
    mean_b, squares_b = (each[begins] for each in _growing(pieces - origin))
    apart = np.where(is_whole, 0.0, mean_b - mean)
    squares = squares + np.where(is_whole, 0.0, squares_b) + apart**2 * weight * rest / window
    least, largest = np.minimum.accumulate(backwards, axis=1)[ends], np.maximum.accumulate(backwards, axis=1)[ends]
    least_b, largest_b = np.minimum.accumulate(pieces, axis=1)[begins], np.maximum.accumulate(pieces, axis=1)[begins]
    return np.stack(
        [
            origin + mean + apart * rest / window,
            np.sqrt(squares / (window - 1)) if window > 1 else np.full(len(starts), np.nan),
            np.where(is_whole, least, np.minimum(least, least_b)),
            np.where(is_whole, largest, np.maximum(largest, largest_b)),
        ]
    )


def _growing(pieces: Floats) -> tuple[Floats, Floats]:
    """Return mean and sum of squared deviations of the first one, two, three … numbers of each row (Welford, 1962)."""
    columns = np.ascontiguousarray(pieces.T)
    means, squares = columns.copy(), np.zeros_like(columns)
    for at in range(1, len(columns)):
        off = columns[at] - means[at - 1]
        means[at] = means[at - 1] + off / (at + 1)
        squares[at] = squares[at - 1] + off * (columns[at] - means[at])
    return means.T, squares.T
