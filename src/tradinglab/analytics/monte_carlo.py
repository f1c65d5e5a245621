"""What else could have come of the same returns or trades: paths drawn from them, and the bands they stay in.

- :func:`block_bootstrap` draws returns in blocks, so that what follows on what stays together: the stationary bootstrap
  (Politis and Romano, 1994, Journal of the American Statistical Association 89), whose blocks have random lengths, or
  the circular one (Politis and Romano, 1992), whose blocks have one length. Both treat the sample as a circle.
- :func:`trade_reshuffle` takes the trades in another order, or draws them anew.

Draws depend on the seed alone, not on the size of a batch. Memory is that of the numbers kept (paths times the points
of a band) and one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import (
    Floats,
    ParameterError,
    SampleError,
    as_series,
    defined,
    floats,
    positive,
    whole,
)
from tradinglab.core.values import dataclass

DEFAULT_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: The most numbers kept for bands: paths times points.
_MOST_KEPT = 20_000_000
_LONGEST = 5_000_000
#: Numbers in a batch of paths.
_BATCH = 2_000_000

Batches = Iterator[Floats]


class Bootstrap(StrEnum):
    """How blocks of returns are drawn."""

    STATIONARY = "stationary"
    CIRCULAR = "circular"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Many paths of an account.

    Attributes
    ----------
    start
        What each path begins with.
    places
        Periods (or trades) at which the bands are told, shape (points,); zero is the start.
    levels
        Quantiles of the bands, shape (levels,), rising.
    bands
        The account's value at each level and place, shape (levels, points).
    final
        What each path ends with, shape (paths,).
    lowest
        The lowest value of each path, shape (paths,).
    max_drawdown
        The deepest drawdown of each path, zero or a fraction below it, shape (paths,).
    """

    start: float
    places: npt.NDArray[np.int64]
    levels: Floats
    bands: Floats
    final: Floats
    lowest: Floats
    max_drawdown: Floats

    @property
    def probability_of_loss(self) -> float:
        """How many of the paths end with less than they began with, a fraction."""
        return float(np.mean(self.final < self.start))

    def probability_below(self, share: float) -> float:
        """Return how many of the paths are ever at or below a *share* of the start: zero is ruin."""
        return float(np.mean(self.lowest <= self.start * share))

    def final_quantiles(self, levels: Sequence[float] | None = None) -> Floats:
        """Return quantiles of what paths end with, at the bands' levels by default."""
        return _quantiles(self.final, self.levels if levels is None else _levels(levels))

    def drawdown_quantiles(self, levels: Sequence[float] | None = None) -> Floats:
        """Return quantiles of the deepest drawdowns: at a low level the deep ones."""
        return _quantiles(self.max_drawdown, self.levels if levels is None else _levels(levels))


def block_bootstrap(
    returns: npt.ArrayLike,
    *,
    paths: int = 1000,
    block: float | None = None,
    method: Bootstrap | str = Bootstrap.STATIONARY,
    periods: int | None = None,
    start: float = 1.0,
    levels: Sequence[float] = DEFAULT_LEVELS,
    points: int = 250,
    seed: int = 0,
) -> Simulation:
    """Return paths that compound returns drawn from *returns*, in blocks.

    Parameters
    ----------
    returns
        One series, shape (periods,); missing ones are left out.
    paths
        How many are drawn.
    block
        The length of a block, with the stationary method on average; ``n ** (1/3)`` by default (the rate of Hall,
        Horowitz and Jing, 1995). One draws each return by itself.
    method
        ``stationary`` or ``circular``.
    periods
        How long a path is; as long as the sample by default.
    start
        What a path begins with.
    levels
        Quantiles of the bands.
    points
        At how many places, evenly spread, the bands are told at most.
    seed
        Of the draws: the same seed gives the same paths.

    Raises
    ------
    SampleError
        If there are no returns.
    ParameterError
        If a setting has no meaning, or more would be kept than 20,000,000 numbers.
    """
    sample = _present(returns, "returns")
    length = len(sample) if periods is None else whole(periods, "periods", 1)
    size = max(1.0, len(sample) ** (1 / 3)) if block is None else positive(block, "block")
    if not 1 <= size <= len(sample):
        raise ParameterError(f"block must be between 1 and the {len(sample)} returns; it was {block}")
    draw = _stationary if _method(method) is Bootstrap.STATIONARY else _circular
    if draw is _circular:
        size = round(size)

    def batches(count: int) -> Batches:
        # A stream for each kind of draw: paths are then the same whatever the batch.
        lengths, starts = (np.random.default_rng(each) for each in np.random.SeedSequence(_seed(seed)).spawn(2))
        for some in _split(count, length):
            drawn = sample[draw(lengths, starts, (some, length), size, len(sample))]
            yield floats(start * np.cumprod(1 + drawn, axis=1))

    positive(start, "start")
    return _simulation(batches, paths, length, start, levels, points)


def trade_reshuffle(
    profits: npt.ArrayLike,
    *,
    start: float,
    paths: int = 1000,
    replace: bool = False,
    compound: bool = False,
    levels: Sequence[float] = DEFAULT_LEVELS,
    points: int = 250,
    seed: int = 0,
) -> Simulation:
    """Return paths of the same trades in other orders.

    Parameters
    ----------
    profits
        Of the closed trades in the account's currency, after fees, shape (trades,); with *compound* the returns of the
        account, fractions. Missing ones are left out.
    start
        What a path begins with.
    paths
        How many are drawn.
    replace
        Whether trades are drawn anew, so that one may come twice; else each comes once and every path ends alike.
    compound
        Whether trades multiply the account instead of adding to it.
    levels, points, seed
        As in :func:`block_bootstrap`; a place is a number of trades.

    Raises
    ------
    SampleError
        If there are no trades.
    ParameterError
        If a setting has no meaning, or more would be kept than 20,000,000 numbers.
    """
    sample = _present(profits, "profits")
    positive(start, "start")

    def batches(count: int) -> Batches:
        generator = np.random.default_rng(_seed(seed))
        for some in _split(count, len(sample)):
            if replace:
                drawn = sample[generator.integers(0, len(sample), (some, len(sample)))]
            else:
                drawn = generator.permuted(np.broadcast_to(sample, (some, len(sample))), axis=1)
            yield floats(start * np.cumprod(1 + drawn, axis=1) if compound else start + np.cumsum(drawn, axis=1))

    return _simulation(batches, paths, len(sample), start, levels, points)


def _simulation(
    batches: Callable[[int], Batches], paths: int, length: int, start: float, levels: Sequence[float], points: int
) -> Simulation:
    whole(paths, "paths", 1)
    whole(points, "points", 2)
    sought = _levels(levels)
    if length > _LONGEST:
        raise ParameterError(f"a path must be at most {_LONGEST:,} periods long; it was {length:,}")
    places = np.unique(np.linspace(0, length, min(points, length + 1)).round().astype(np.int64))
    if paths * (len(places) + 3) > _MOST_KEPT:
        raise ParameterError(
            f"paths times points must be at most {_MOST_KEPT:,}; they were {paths:,} and {len(places):,}: "
            "ask for fewer of them"
        )
    kept = np.empty((paths, len(places)))
    lowest, deepest = np.empty(paths), np.empty(paths)
    first = 0
    with np.errstate(all="ignore"):
        for batch in batches(paths):
            rows = slice(first, first + len(batch))
            kept[rows, 0] = start
            kept[rows, 1:] = batch[:, places[1:] - 1]
            lowest[rows] = np.minimum(batch.min(axis=1), start)
            peak = np.maximum(np.maximum.accumulate(batch, axis=1), start)
            deepest[rows] = np.minimum((batch / peak - 1).min(axis=1), 0.0)
            first += len(batch)
        return Simulation(
            start=float(start),
            places=places,
            levels=sought,
            bands=_quantiles(kept, sought),
            final=defined(kept[:, -1]),
            lowest=defined(lowest),
            max_drawdown=defined(deepest),
        )


def _stationary(
    lengths: np.random.Generator, starts: np.random.Generator, shape: tuple[int, int], block: float, size: int
) -> npt.NDArray[np.int64]:
    """Return positions in the sample: each follows the one before it, or with a chance of 1/block is drawn anew."""
    is_new = lengths.random(shape) < 1 / block
    is_new[:, 0] = True
    drawn = starts.integers(0, size, shape)
    steps = np.arange(shape[1])
    begun = np.maximum.accumulate(np.where(is_new, steps, 0), axis=1)
    return (np.take_along_axis(drawn, begun, axis=1) + steps - begun) % size


def _circular(
    lengths: np.random.Generator, starts: np.random.Generator, shape: tuple[int, int], block: float, size: int
) -> npt.NDArray[np.int64]:
    """Return positions in the sample: blocks of one length from places drawn anew."""
    length = int(block)
    drawn = starts.integers(0, size, (shape[0], -(-shape[1] // length)))
    places = (drawn[:, :, None] + np.arange(length)) % size
    return places.reshape(shape[0], -1)[:, : shape[1]]


def _split(paths: int, length: int) -> Iterator[int]:
    step = max(1, _BATCH // length)
    for first in range(0, paths, step):
        yield min(step, paths - first)


def _quantiles(values: Floats, levels: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return defined(np.quantile(values, levels, axis=0))


def _present(sample: npt.ArrayLike, name: str) -> Floats:
    values = as_series(sample, name)
    values = values[~np.isnan(values)]
    if not len(values):
        raise SampleError(f"{name} must not be empty: there is nothing to draw from")
    return values


def _levels(levels: Sequence[float]) -> Floats:
    found = floats(levels)
    if found.ndim != 1 or not len(found) or not ((found >= 0) & (found <= 1)).all():
        raise ParameterError(f"levels must be fractions between 0 and 1; they were {levels}")
    return np.sort(found)


def _method(method: Bootstrap | str) -> Bootstrap:
    try:
        return Bootstrap(method)
    except ValueError:
        raise ParameterError(f"method must be one of {', '.join(Bootstrap)}; it was {method!r}") from None


def _seed(seed: int) -> int:
    return whole(seed, "seed", 0)
