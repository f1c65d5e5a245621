"""An account of simulated fills, as the engine samples it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.rules.layout import CLOSE

if TYPE_CHECKING:
    from tradinglab.data.columns import Flags, Floats, Ints
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.measures.frame import Frame
    from tradinglab.rules.results import Fills

#: Of a lot, which is there but for the noise of sums.
_NEARLY = 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class _Instants:
    """Some instants among the steps: the last step that is over, and which fills are seen by then."""

    steps: Ints
    limits: Ints


@dataclass(frozen=True, slots=True)
class Grid:
    """The samples of a frame among the steps of bars; the same for all accounts over them.

    Those of days are one more than the frame's: the last is the end, when its orders are filled.
    """

    equity: _Instants
    days: _Instants


@dataclass(frozen=True, slots=True)
class Sampled:
    """One account: its worth at the equity's samples; by days its worth, and that of its positions.

    What was traded, and the worth beside it, are there once more at the end, when its orders are filled.
    """

    equity: Floats
    gross: Floats
    sold: Floats
    worth: Floats

    @property
    def days(self) -> Floats:
        """Its worth by days."""
        return self.worth[:-1]


def grid_of(frame: Frame, bars: MarketBars) -> Grid:
    """Return where the samples of a frame fall."""
    # The equity is sampled when a step is over, and so is the end; midnights before their step's orders. Of two samples
    # of one instant the engine keeps the first; of the turnover, the last.
    days_ns = np.append(frame.days_ns, frame.days_ns[-1])
    is_after = np.zeros(len(days_ns), bool)
    is_after[-2:] = frame.ends_apart, True
    return Grid(
        _instants(bars, frame.equity_ns, ~np.isin(frame.equity_ns, days_ns[~is_after])),
        _instants(bars, days_ns, is_after),
    )


def _instants(bars: MarketBars, times_ns: Ints, is_after: Flags) -> _Instants:
    steps = np.searchsorted(bars.steps, times_ns, side="right") - 1
    is_there = bars.steps[np.maximum(steps, 0)] == times_ns
    # Twice the step, and one more for what is filled at its close.
    return _Instants(steps, 2 * steps + (is_after | ~is_there))


def sampled(fills: Fills, bars: MarketBars, grid: Grid, cash: float) -> Sampled:
    """Return an account's samples; *fills* are in the order of their steps."""
    seen = 2 * fills.step + (fills.sent == fills.step)
    order = np.argsort(seen, kind="stable")
    seen, securities, quantities = seen[order], fills.security[order], fills.quantity[order]
    taken = fills.beside[order]
    multipliers = np.array([each.multiplier for each in bars.instruments])
    paid = quantities * fills.price[order] * multipliers[securities]
    left = cash - np.concatenate([[0.0], np.cumsum(paid + fills.paid[order])])
    sold = np.concatenate([[0.0], np.cumsum(np.abs(paid))])
    at_equity, at_days = (np.searchsorted(seen, each.limits, side="right") for each in (grid.equity, grid.days))
    equity, worth, gross = left[at_equity], left[at_days], np.zeros(len(at_days))
    for security, marks in enumerate(bars.marks):
        mine = np.where(securities == security, quantities, 0.0)
        if not mine.any():
            continue
        held = np.concatenate([[0.0], np.cumsum(mine)])
        # What is left of sums of lots is noise.
        held[np.abs(held) < bars.instruments[security].lot / 2] = 0.0
        # Less than a lot, which fees in units leave, is no position.
        is_held = np.abs(held) > bars.instruments[security].lot * _NEARLY
        held *= multipliers[security]
        # LEAN's positions know nothing of the units that fees have taken, or of quotes; its cash does.
        days_steps = np.maximum(grid.days.steps, 0)
        gross += np.abs((held * is_held)[at_days] * bars.prices[security, days_steps, CLOSE])
        if taken.any():
            fees = np.where(securities == security, taken, 0.0)
            held -= np.concatenate([[0.0], np.cumsum(fees)]) * multipliers[security]
        equity += held[at_equity] * marks[np.maximum(grid.equity.steps, 0)]
        worth += held[at_days] * marks[days_steps]
    return Sampled(equity, gross[:-1], sold[at_days], worth)
