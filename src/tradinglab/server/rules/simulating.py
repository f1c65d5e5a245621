"""Simulations of rules, in a process of their own that is limited in memory and time."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from tradinglab.server.backtests.data_sources import data_source_wanted
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.errors import InputError
from tradinglab.server.rules.errors import SimulationBusyError, SimulationFailedError, SimulationLimitError
from tradinglab.server.strategies.limited import BeyondLimitsError, CrashedError, carried_out

_TIMEOUT_S = 60
_PATIENCE_S = 2
#: So many at once in each process of the server.
_places = threading.BoundedSemaphore(2)


def rules_simulate(
    *, text: str, parameters: Mapping[str, float], data: str = SAMPLE, points: int = 500
) -> dict[str, Any]:
    """Return what rules come to over the bars of a source: figures, equity and fills.

    Parameters
    ----------
    points
        How many points of the equity are returned at most.

    Raises
    ------
    InputError
        If the rules, a parameter or the source cannot be used, there are no bars, or more than are simulated at once.
    SimulationBusyError
        If too many simulations are under way.
    SimulationLimitError
        If it takes too much time or memory.
    SimulationFailedError
        If the simulator itself fails.
    """
    source = data_source_wanted(name=data)
    order = {"text": text, "parameters": dict(parameters), "data": source.spec, "points": points}
    answer = _apart(order)
    if found := answer.get("finding"):
        where = f"line {found['line']}, column {found['column']}"
        raise InputError("text", None, f"{where}: {found['message']}")
    if refusal := answer.get("refusal"):
        raise InputError(answer["field"], None, refusal.replace(source.spec, source.name))
    return answer


def _apart(order: Mapping[str, Any]) -> dict[str, Any]:
    if not _places.acquire(timeout=_PATIENCE_S):
        raise SimulationBusyError("Too many simulations are under way; try again in some seconds.")
    kernels = settings.HOME.folder / "kernels"
    kernels.mkdir(exist_ok=True)
    try:
        return carried_out(
            "tradinglab.server.rules.simulate_process",
            order,
            timeout_s=_TIMEOUT_S,
            env={"NUMBA_CACHE_DIR": os.fspath(kernels)},
        )
    except BeyondLimitsError:
        raise SimulationLimitError(
            "The simulation takes more time or memory than it may have here. Choose fewer days, fewer securities or "
            "simpler rules, or run a backtest."
        ) from None
    except CrashedError:
        raise SimulationFailedError(
            "The simulation failed, a fault of TradingLab's; the operator finds the reason in the server's log."
        ) from None
    finally:
        _places.release()
