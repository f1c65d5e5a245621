"""Moving backtests at QuantConnect on: whoever finds one whose next step is due takes that step, in a thread of a few.

Between steps nobody is occupied: a backtest that runs for hours costs a question now and then.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import connection

from tradinglab.server.cloud.steps import step_carry_out
from tradinglab.server.cloud.work import work_claim, work_release, work_renew

_log = logging.getLogger(__name__)
_THREADS = 8


class Poller:
    """The threads in which this process takes steps."""

    def __init__(self, threads: int = _THREADS) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tradinglab-cloud")
        self._lock = threading.Lock()
        #: The number of each claim, and when it has to be renewed.
        self._held: dict[UUID, tuple[int, float]] = {}

    def look(self, run_id: UUID) -> None:
        """Take a backtest's next step, if it is due; while it is being taken here, keep the claim."""
        with self._lock:
            held = self._held.get(run_id)
            is_full = len(self._held) >= self._threads
        if held is not None:
            self._renew(run_id, *held)
            return
        if is_full:
            return
        fence = work_claim(run_id=run_id)
        if fence is None:
            return
        with self._lock:
            self._held[run_id] = fence, self._renewal()
        self._pool.submit(self._carry_out, run_id, fence)

    def _renewal(self) -> float:
        return time.monotonic() + float(settings.ENVIRONMENT.lease_s) / 4

    def _renew(self, run_id: UUID, fence: int, due: float) -> None:
        if time.monotonic() < due:
            return
        work_renew(run_id=run_id, fence=fence)
        with self._lock:
            if self._held.get(run_id, (0, 0.0))[0] == fence:
                self._held[run_id] = fence, self._renewal()

    def _carry_out(self, run_id: UUID, fence: int) -> None:
        try:
            step_carry_out(run_id=run_id, fence=fence)
        except Exception as error:
            # The claim ends by itself, and somebody tries again.
            _log.error("a step of backtest %s at QuantConnect failed", run_id, exc_info=error)
        finally:
            with self._lock:
                self._held.pop(run_id, None)
            connection.close()


@lru_cache(maxsize=1)
def _poller() -> Poller:
    return Poller()


def cloud_advance(run_id: UUID) -> None:
    """Have the next step of a backtest at QuantConnect taken, if it is due."""
    _poller().look(run_id)


def cloud_step(run_id: UUID) -> bool:
    """Take the next step here and now, if it is due; return whether it was."""
    fence = work_claim(run_id=run_id)
    if fence is None:
        return False
    try:
        step_carry_out(run_id=run_id, fence=fence)
    finally:
        work_release(run_id=run_id, fence=fence)
    return True
