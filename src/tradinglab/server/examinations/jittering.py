"""Carrying out a jitter: the strategy with its parameters a little off, simulated if it is told as rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tradinglab.doctor.assumptions import Assumption
from tradinglab.doctor.jitter import FIGURES, LEVELS, Jittered, bands_of, jittered_of
from tradinglab.doctor.jitter_rules import simulated_row
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.server.backtests.data_sources import data_source_ready
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.examinations.carrying_out import MOST_TEXT, ExaminationKind, failed_as, run_tried
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.sandboxed import Laboratory, NotRunError, Steps
from tradinglab.server.examinations.variants import USUAL_RUN, Variants, is_rules, variants_of
from tradinglab.server.runs.execution import Ended, Ending, Watcher
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.files import RULES
from tradinglab.server.strategies.simulators import (
    READING_S,
    SIMULATORS,
    SimulatorLostError,
    SimulatorSilentError,
    SimulatorStoppedError,
    simulated_subject,
)

SIMULATION, RUNS = "simulation", "runs"
_LOST: Final = "The process that simulates died, perhaps for want of memory."


class _OnlyRunError(Exception):
    """The variants cannot be simulated, but the engine can carry them out."""


class JitterKind(ExaminationKind):
    """What the neighbours of a backtest's parameters come to, as a run."""

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Try the variants."""
        try:
            return super().execute(run, folder, watcher)
        except SimulatorStoppedError:
            return Ended(ending=Ending.CANCELLED)
        except SimulatorSilentError:
            return failed_as(Ending.TIMED_OUT, "time_limit", f"A simulation took longer than {run.timeout_s:g} s.")
        except SimulatorLostError:
            return failed_as(Ending.FAILED, "simulation_lost", _LOST)

    def examine(self, made: Examination, run: Run, folder: Path, watcher: Watcher) -> dict[str, Any]:
        """Return the bands of what the variants come to."""
        test, why = made.backtest, ""
        if is_rules(test):
            try:
                variants = variants_of(test=test, options=made.options)
                return {"jitter": _told(SIMULATION, _simulated(test, run, watcher, variants))}
            except _OnlyRunError as problem:
                why = str(problem)
        variants = variants_of(test=test, options=made.options, most=USUAL_RUN if why else None)
        laboratory = Laboratory(test, run, folder, Steps(watcher, 1 + len(variants.drawn)))
        return {"jitter": _told(RUNS, _carried_out(laboratory, variants), why)}


def _simulated(test: Backtest, run: Run, watcher: Watcher, variants: Variants) -> list[Jittered]:
    """Return what the backtest's own parameters come to, and then each variant."""
    data = data_source_ready(name=test.data).inside
    subject = simulated_subject(
        rules=test.version.files[RULES], data=data, start=test.start, end=test.end, cash=test.cash
    )
    wanted = [variants.own, *variants.drawn]
    found: list[Jittered] = []
    with SIMULATORS.lend(subject) as simulator:
        answers = simulator.carry_out(
            {"subject": subject, "trials": list(enumerate(wanted))},
            silence_s=READING_S + run.timeout_s,
            is_cancelled=watcher.is_cancelled,
        )
        for answer in answers:
            if refusal := answer.get("refusal"):
                text = str(refusal).replace(data, test.data)
                raise _OnlyRunError(text) if answer["can_run"] else NotRunError("simulation_refused", text)
            found += [simulated_row(wanted[number], figures, text) for number, figures, text in answer["done"]]
            watcher.hear(fraction=len(found) / len(wanted), date="", lines=())
    if found[0].problem:
        raise NotRunError("simulation_refused", found[0].problem)
    return found


def _carried_out(laboratory: Laboratory, variants: Variants) -> list[Jittered]:
    found = [jittered_of(variants.own, run_tried(laboratory, Assumption()))]
    for each in variants.drawn:
        try:
            found.append(jittered_of(each, run_tried(laboratory, Assumption(), parameters=each)))
        except TimeLimitError:
            raise
        except StrategyError as problem:
            found.append(Jittered(parameters=each, problem=str(problem)))
    return found


def _told(method: str, rows: Sequence[Jittered], why: str = "") -> dict[str, Any]:
    """Return what is stored: nothing of a single variant, so that none can be picked and is a trial."""
    chosen, variants = rows[0], rows[1:]
    bands, ranks = bands_of(chosen, variants)
    problems = [each.problem for each in variants if each.problem]
    return {
        "method": method,
        "why": why[:MOST_TEXT],
        "parameters": dict(chosen.parameters),
        "variants": len(variants),
        "failed": len(problems),
        "problem": problems[0][:MOST_TEXT] if problems else "",
        "levels": list(LEVELS),
        "figures": [
            {"figure": name, "chosen": getattr(chosen, name), "bands": list(bands[name]), "rank": ranks[name]}
            for name in FIGURES
            if name in ranks
        ],
    }
