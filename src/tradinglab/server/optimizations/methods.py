"""How trials come to their figures: rules are simulated, many trials at once, if a simulation comes to the same."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from tradinglab.rules.measures import SIMULATED
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.requests import OptimizationRequest
from tradinglab.server.strategies.files import RULES

_BACKTESTS, _SIMULATION = Optimization.Method.BACKTESTS, Optimization.Method.SIMULATION


class Decided(NamedTuple):
    """A request whose method is decided, and why it is not the quick one where one may have expected that."""

    request: OptimizationRequest
    why: str


def method_decide(request: OptimizationRequest) -> Decided:
    """Return a request with the method by which it is carried out.

    Raises
    ------
    InputError
        If a simulation is asked for that there cannot be.
    """
    if request.method == _BACKTESTS:
        return Decided(request, "")
    is_rules = RULES in request.version.files
    why = _why_not(request) if is_rules else "Only rules are simulated, and the strategy is told as code."
    if not why:
        return Decided(replace(request, method=_SIMULATION), "")
    if request.method == _SIMULATION:
        raise InputError("method", request.method, f"{why} Ask for 'backtests', or leave it out.")
    return Decided(replace(request, method=_BACKTESTS), why if is_rules and request.is_run_here else "")


def _why_not(request: OptimizationRequest) -> str:
    if request.engine != Backtest.Engine.LOCAL:
        return f"What is searched by {request.engine} consists of backtests there."
    missing = [figure for figure in request.objective.figures if figure not in SIMULATED]
    return f"A simulation does not come to {', '.join(missing)}." if missing else ""
