"""Carrying out a batch of simulated trials: a run whose parts are written down as they are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from tradinglab.server.backtests.data_sources import data_source_ready
from tradinglab.server.errors import NotFoundError
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.recording import SimulatedTrial, trials_record
from tradinglab.server.runs.execution import Ended, Ending, SandboxKeeper, Watcher
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.patience import patiently
from tradinglab.server.strategies.files import RULES
from tradinglab.server.strategies.simulators import (
    READING_S,
    SIMULATORS,
    SimulatorLostError,
    SimulatorSilentError,
    SimulatorStoppedError,
    simulated_subject,
)

#: The kind of such runs.
SIMULATION: Final = "simulation"
#: The code of a batch that the engine can carry out and the simulator cannot, and of one that neither can.
NOT_SIMULATED: Final = "not_simulated"
REFUSED: Final = "simulation_refused"


class SimulationKind:
    """Batches of simulated trials, as runs."""

    sandboxes: tuple[SandboxKeeper, ...] = ()

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Simulate the trials of the batch that have no outcome yet."""
        try:
            try:
                return _simulated(run, watcher)
            except SimulatorLostError:
                return _simulated(run, watcher)  # once more, without what is written down by now
        except SimulatorLostError:
            return _failed("simulation_lost", "The process that simulates died, perhaps for want of memory.")
        except SimulatorSilentError:
            text = f"A simulation took longer than {run.timeout_s:g} s."
            return Ended(ending=Ending.TIMED_OUT, error={"code": "time_limit", "message": text})
        except SimulatorStoppedError:
            return Ended(ending=Ending.CANCELLED)

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Have nothing left to store: each piece was, when it was done."""


def _failed(code: str, text: str) -> Ended:
    return Ended(ending=Ending.FAILED, error={"code": code, "message": text})


def _simulated(run: Run, watcher: Watcher) -> Ended:
    optimization, trials = patiently(lambda: _asked(run))
    try:
        subject = subject_of(optimization)
    except NotFoundError as problem:
        return _failed(problem.code, str(problem))
    order = {"subject": subject, "trials": [[number, parameters] for number, parameters in trials]}
    with SIMULATORS.lend(subject) as simulator:
        answers = simulator.carry_out(order, silence_s=READING_S + run.timeout_s, is_cancelled=watcher.is_cancelled)
        for answer in answers:
            if refusal := answer.get("refusal"):
                text = str(refusal).replace(subject["data"], optimization.data)
                return _failed(NOT_SIMULATED if answer["can_run"] else REFUSED, text)
            _keep(optimization.pk, answer["done"], watcher)
    return Ended(ending=Ending.COMPLETED)


def _asked(run: Run) -> tuple[Optimization, list[tuple[int, dict[str, str]]]]:
    """Return of which optimization a batch is, and which of its trials are to be simulated."""
    optimization = Optimization.objects.select_related("version").get(pk=run.parent_id)
    waiting = Trial.objects.filter(batch=run, outcome="").order_by("number").values_list("number", "parameters")
    return optimization, [(number, {**optimization.parameters, **parameters}) for number, parameters in waiting]


def subject_of(optimization: Optimization) -> dict[str, Any]:
    """Return what is simulated over which bars: what is the same in all trials."""
    return simulated_subject(
        rules=optimization.version.files[RULES],
        data=data_source_ready(name=optimization.data).inside,
        start=optimization.start,
        end=optimization.end,
        cash=optimization.cash,
    )


def _keep(run_id: UUID, done: Sequence[Sequence[Any]], watcher: Watcher) -> None:
    trials = [SimulatedTrial(number=number, figures=figures, error=problem) for number, figures, problem in done]

    def write() -> None:
        trials_record(run_id=run_id, done=trials)

    if trials:
        watcher.keep(write)
