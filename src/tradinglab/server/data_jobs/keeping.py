"""Keeping a run while its work is silent: a request to a source, or reading a file, may take longer than a lease."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Final, Self

from django.conf import settings
from django.db import connection

from tradinglab.server.runs.execution import Watcher

_LOOK_EVERY_S: Final = 0.25
#: After so long without a question of the work, one is asked in its place.
_SILENT_S: Final = 1.0


class Keeper:
    """Says whether the work is still wanted, and gives signs of life in its place while it does not ask.

    Once it is not wanted it never is again.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._silent_s = min(settings.ENVIRONMENT.lease_s / 4, _SILENT_S)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._asked_at = time.monotonic()
        self._is_stopped = False
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._go_on, name="tradinglab-keeper", daemon=True)

    def is_stopped(self) -> bool:
        """Say whether to stop, as far as that is known: the database is not asked, which not every thread may do."""
        return self._is_stopped or self._problem is not None

    def is_cancelled(self) -> bool:
        """Ask whether to stop, and give a sign of life.

        Raises
        ------
        LeaseLost
            If the run is another's by now.
        """
        with self._lock:
            self._ask()
        if self._problem is not None:
            raise self._problem
        return self._is_stopped

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        if self._problem is None and not self._is_stopped:
            self._is_stopped = self._watcher.is_cancelled()

    def _go_on(self) -> None:
        try:
            while not self._over.wait(_LOOK_EVERY_S):
                with self._lock:
                    if time.monotonic() - self._asked_at >= self._silent_s:
                        self._ask()
        except Exception as problem:
            # Whatever it is, it is raised where the work asks.
            self._problem = problem
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
