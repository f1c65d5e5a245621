"""Moving jobs at QuantConnect on: whoever finds one whose next step is due takes that step, in a thread of a few.

Between steps nobody is occupied: one that runs for hours costs a question now and then.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from tradinglab.server.cloud.searches.steps import OPTIMIZATIONS
from tradinglab.server.cloud.stepping import Flow
from tradinglab.server.cloud.steps import BACKTESTS
from tradinglab.server.cloud.work import work_release, work_renew

_log = logging.getLogger(__name__)
_THREADS = 8
#: What passes, and is not the job's fault: the database, the disk or the store is away.
_OUTAGES = (InterfaceError, OperationalError, OSError)


class Poller:
    """The threads in which this process takes steps."""

    def __init__(self, threads: int = _THREADS) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tradinglab-cloud")
        self._lock = threading.Lock()
        #: The number of each claim, and when it has to be renewed.
        self._held: dict[UUID, tuple[int, float]] = {}

    def look(self, run_id: UUID, flow: Flow[Any]) -> None:
        """Take a job's next step, if it is due; while it is being taken here, keep the claim."""
        with self._lock:
            held = self._held.get(run_id)
            is_full = len(self._held) >= self._threads
        if held is not None:
            self._renew(run_id, flow, *held)
            return
        if is_full:
            return
        fence = flow.claim(run_id)
        if fence is None:
            return
        with self._lock:
            self._held[run_id] = fence, self._renewal()
        self._pool.submit(self._carry_out, run_id, flow, fence)

    def _renewal(self) -> float:
        return time.monotonic() + float(settings.ENVIRONMENT.lease_s) / 4

    def _renew(self, run_id: UUID, flow: Flow[Any], fence: int, due: float) -> None:
        if time.monotonic() < due:
            return
        work_renew(run_id=run_id, rows=flow.rows, fence=fence)
        with self._lock:
            if self._held.get(run_id, (0, 0.0))[0] == fence:
                self._held[run_id] = fence, self._renewal()

    def _carry_out(self, run_id: UUID, flow: Flow[Any], fence: int) -> None:
        try:
            flow.carry_out(run_id, fence)
        except Exception as error:
            # Somebody tries again, in the end when the claim ends by itself.
            _log.error("a step of %s %s at QuantConnect failed", flow.what, run_id, exc_info=error)
            if not isinstance(error, _OUTAGES):
                with suppress(Exception):
                    flow.stumbled(run_id, fence, error)
        finally:
            with self._lock:
                self._held.pop(run_id, None)
            connection.close()


@lru_cache(maxsize=1)
def _poller() -> Poller:
    return Poller()


def cloud_advance(run_id: UUID) -> None:
    """Have the next step of a backtest at QuantConnect taken, if it is due."""
    _poller().look(run_id, BACKTESTS)


def search_advance(run_id: UUID) -> None:
    """Have the next step of an optimization at QuantConnect taken, if it is due."""
    _poller().look(run_id, OPTIMIZATIONS)


def cloud_step(run_id: UUID, flow: Flow[Any] = BACKTESTS) -> bool:
    """Take the next step here and now, if it is due; return whether it was."""
    fence = flow.claim(run_id)
    if fence is None:
        return False
    try:
        flow.carry_out(run_id, fence)
    finally:
        work_release(run_id=run_id, rows=flow.rows, fence=fence)
    return True
