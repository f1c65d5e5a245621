"""Moving runs at QuantConnect on: whoever finds one whose next step is due takes that step."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from tradinglab.server.cloud.holding import Holder, Jobs, step_here
from tradinglab.server.cloud.searches.steps import OPTIMIZATIONS
from tradinglab.server.cloud.steps import BACKTESTS


@lru_cache(maxsize=1)
def _holder() -> Holder:
    return Holder()


def cloud_advance(run_id: UUID) -> None:
    """Have the next step of a backtest at QuantConnect taken, if it is due."""
    _advance(run_id, BACKTESTS)


def search_advance(run_id: UUID) -> None:
    """Have the next step of an optimization at QuantConnect taken, if it is due."""
    _advance(run_id, OPTIMIZATIONS)


def _advance(run_id: UUID, jobs: Jobs) -> None:
    holder = _holder()
    holder.renew()
    holder.take_up(run_id, jobs)


def cloud_step(run_id: UUID, jobs: Jobs = BACKTESTS) -> bool:
    """Take the next step here and now, if it is due; return whether it was."""
    return step_here(run_id, jobs)
