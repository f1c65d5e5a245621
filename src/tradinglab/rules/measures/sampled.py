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
    """The samples of a frame among the steps of bars; the same for all accounts over them."""

    equity: _Instants
    days: _Instants


@dataclass(frozen=True, slots=True)
class Sampled:
    """One account: its worth at the equity's samples; by days its worth, that of its positions, and what was traded."""

    equity: Floats
    days: Floats
    gross: Floats
    sold: Floats


def grid_of(frame: Frame, bars: MarketBars) -> Grid:
    """Return where the samples of a frame fall."""
    # The equity is sampled when a step is over, and so is the end; midnights before their step's orders.
    is_after = np.zeros(len(frame.days_ns), bool)
    is_after[-1] = frame.ends_apart
    return Grid(
        _instants(bars, frame.equity_ns, np.ones(len(frame.equity_ns), bool)),
        _instants(bars, frame.days_ns, is_after),
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
    equity, days, gross = left[at_equity], left[at_days], np.zeros(len(at_days))
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
        days += held[at_days] * marks[days_steps]
    return Sampled(equity, days, gross, sold[at_days])
