"""``tradinglab live``: the process that looks after deployments, as many at once as it has places."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from types import FrameType

from django.conf import settings
from django.db import Error, connection

from tradinglab.sandbox.errors import SandboxUnavailableError
from tradinglab.server.backtests.carrying_out import STRATEGIES
from tradinglab.server.live.lease import LiveLease, live_claim_next, live_finish
from tradinglab.server.live.models import Status
from tradinglab.server.live.supervision import Supervisor
from tradinglab.server.runs.lease import LeaseLost
from tradinglab.server.runs.patience import AWAY

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.5


class LiveProcess:
    """Claims deployments, and looks after each in a thread of its own."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def stop(self) -> None:
        """End; what is under way is left to the next process, or stopped."""
        self._over.set()

    def work(self) -> None:
        """Look for deployments until :meth:`stop` is called; then wait for those that are under way to be left."""
        with contextlib.suppress(SandboxUnavailableError):  # each deployment is told, then
            # Before anything is claimed: starting it may take longer than a lease lasts.
            STRATEGIES.sandbox()
        while not self._over.wait(_LOOK_EVERY_S):
            self._threads = [each for each in self._threads if each.is_alive()]
            try:
                self.look()
            except Error as problem:
                _log.warning("the table of deployments could not be read: %s", problem)
                connection.close()
        for each in self._threads:
            each.join()
        connection.close()
        STRATEGIES.close()

    def look(self) -> None:
        """Take what there is to take, as far as there are places."""
        while len(self._threads) < settings.ENVIRONMENT.live_places and not self._over.is_set():
            lease = live_claim_next(process=self.name)
            if lease is None:
                return
            name = f"live-{lease.deployment_id}"
            thread = threading.Thread(target=self._look_after, args=(lease,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _look_after(self, lease: LiveLease) -> None:
        try:
            Supervisor(lease, self._over.is_set).carry_out()
        except AWAY as problem:
            _log.warning("deployment %s is left to who takes it over: %r", lease.deployment_id, problem)
        except Exception:
            _log.exception("deployment %s failed for a reason of the server's", lease.deployment_id)
            self._give_up(lease)
        finally:
            connection.close()

    def _give_up(self, lease: LiveLease) -> None:
        """Let a deployment have failed: whoever took it up again would fail as this process did."""
        error = {"code": "server", "message": "The server failed; its log says why. Deploy again."}
        with contextlib.suppress(LeaseLost, Error):
            live_finish(lease=lease, status=Status.RUNTIME_ERROR, message=error["message"], error=error)


def run_live_process() -> int:
    """Look after deployments until the process is told to stop."""
    process = LiveProcess()

    def stop(number: int, frame: FrameType | None) -> None:
        process.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    process.work()
    return 0
