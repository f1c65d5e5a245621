"""Which deployments at QuantConnect a worker moves on: whichever are due and nobody else is about, in a few threads."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import connection

from tradinglab.server.cloud.live.moving import live_carry_out
from tradinglab.server.cloud.live.work import due, live_claim, live_release, live_renew

_log = logging.getLogger(__name__)
_THREADS = 8


class LivePoller:
    """The threads in which this process looks at deployments; claims that it holds are kept alive meanwhile."""

    def __init__(self, threads: int = _THREADS) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tradinglab-cloud-live")
        self._lock = threading.Lock()
        #: The number of each claim, and when it has to be renewed.
        self._held: dict[UUID, tuple[int, float]] = {}

    def look(self) -> None:
        """Take up what is due, as far as there are threads for it."""
        with self._lock:
            held = dict(self._held)
        for deployment_id, (fence, renewal) in held.items():
            if time.monotonic() >= renewal:
                self._renew(deployment_id, fence)
        room = self._threads - len(held)
        for deployment_id in deployments_due(room) if room > 0 else ():
            claim = live_claim(deployment_id=deployment_id)
            if claim is None:
                continue
            with self._lock:
                self._held[deployment_id] = claim, self._renewal()
            self._pool.submit(self._carry_out, deployment_id, claim)

    def _renewal(self) -> float:
        return time.monotonic() + float(settings.ENVIRONMENT.lease_s) / 4

    def _renew(self, deployment_id: UUID, fence: int) -> None:
        live_renew(deployment_id=deployment_id, fence=fence)
        with self._lock:
            if self._held.get(deployment_id, (0, 0.0))[0] == fence:
                self._held[deployment_id] = fence, self._renewal()

    def _carry_out(self, deployment_id: UUID, fence: int) -> None:
        try:
            live_carry_out(deployment_id=deployment_id, fence=fence)
        except Exception as error:
            # The claim ends by itself, and somebody tries again.
            _log.error("deployment %s at QuantConnect could not be moved on", deployment_id, exc_info=error)
        finally:
            with self._lock:
                self._held.pop(deployment_id, None)
            connection.close()


def deployments_due(most: int) -> list[UUID]:
    """Return deployments whose next step or look is due, the longest due first."""
    return list(due().order_by("-is_wished", "next_at").values_list("pk", flat=True)[:most])


@lru_cache(maxsize=1)
def _poller() -> LivePoller:
    return LivePoller()


def deployments_advance() -> None:
    """Move on, in threads of this process, the deployments at QuantConnect that are due."""
    _poller().look()


def deployment_step(deployment_id: UUID) -> bool:
    """Take the next step, or look, here and now, if it is due; return whether it was."""
    fence = live_claim(deployment_id=deployment_id)
    if fence is None:
        return False
    try:
        live_carry_out(deployment_id=deployment_id, fence=fence)
    finally:
        live_release(deployment_id=deployment_id, fence=fence)
    return True
