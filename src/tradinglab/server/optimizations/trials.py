"""The trials of an optimization, as what judges them takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from tradinglab.optimize import Tried, TriedState
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.storing import objective_of
from tradinglab.server.runs.models import FINAL_STATES, RunState

_FIXED: Final = ("number", "backtest_id", "backtest__parameters", "backtest__run__state", "opened_id")
_SIMULATED: Final = ("number", "backtest_id", "parameters", "outcome", "batch__state", "figures", "error")


class TrialRow(NamedTuple):
    """A trial, its backtest if it is one, where it is in its life, and why it failed if no backtest says so.

    Attributes
    ----------
    opened
        The full run of a trial that kept only its figures, if somebody asked for it.
    """

    tried: Tried
    backtest: UUID | None
    state: str
    error: str = ""
    opened: UUID | None = None


def tried_list(*, optimization: Optimization) -> list[Tried]:
    """Return the trials that were started, by their numbers."""
    return [row.tried for row in trial_rows(optimization=optimization)]


def trial_rows(*, optimization: Optimization) -> list[TrialRow]:
    """Return the trials that were started, by their numbers, with the figures that make one better than another."""
    figures = figures_that_count(optimization)
    if optimization.method == Optimization.Method.SIMULATION:
        return _simulated_rows(optimization, figures)
    columns = [f"backtest__{figure}" for figure in figures]
    names = [axis["name"] for axis in optimization.space]
    rows = Trial.objects.filter(optimization=optimization).order_by("number").values_list(*_FIXED, *columns)
    return [
        TrialRow(
            tried=Tried(
                number=number,
                parameters={name: parameters[name] for name in names},
                state=_state(state),
                figures=_figures(dict(zip(figures, values, strict=True))),
            ),
            backtest=backtest,
            state=state,
            opened=opened,
        )
        for number, backtest, parameters, state, opened, *values in rows
    ]


def _simulated_rows(optimization: Optimization, figures: Sequence[str]) -> list[TrialRow]:
    rows = Trial.objects.filter(optimization=optimization).order_by("number").values_list(*_SIMULATED)
    return [
        TrialRow(
            tried=Tried(
                number=number,
                parameters=parameters,
                state=_state(outcome or batch),
                figures=_figures({name: found.get(name) for name in figures}),
            ),
            backtest=backtest,
            # A batch that is done has written all of its trials down.
            state=outcome or batch,
            error=error,
        )
        for number, backtest, parameters, outcome, batch, found, error in rows
    ]


def figures_that_count(optimization: Optimization) -> list[str]:
    """Return the figures that an optimization looks at, the target first."""
    return [figure for figure in objective_of(optimization).figures if figure in FIGURES]


def _state(state: str) -> TriedState:
    if state == RunState.COMPLETED:
        return TriedState.COMPLETED
    return TriedState.FAILED if state in FINAL_STATES else TriedState.PENDING


def _figures(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if value is not None}
