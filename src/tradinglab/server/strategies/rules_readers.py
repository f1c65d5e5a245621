"""The processes of this server in which rules are read: started when there are some, and kept for the next ones."""

from __future__ import annotations

import atexit
import json
import logging
import os
import select
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from tradinglab.server.strategies.kept_process import KeptProcess
from tradinglab.server.strategies.limited import NO_MEMORY, BeyondLimitsError, CrashedError

_PIECE: Final = 1 << 16
#: As many texts are read at once in each process of the server.
MOST: Final = 2
_log = logging.getLogger(__name__)


class _Reader(KeptProcess):
    """One process."""

    def __init__(self) -> None:
        super().__init__("tradinglab.server.strategies.rules_process")

    def read(self, order: bytes, *, timeout_s: float) -> bytes | None:
        """Return its answer to an order; ``None`` if it ended instead.

        Raises
        ------
        TimeoutError
            If it did not answer in time.
        """
        stdin, stdout = self._pipes
        end = time.monotonic() + timeout_s
        try:
            stdin.write(order + b"\n")
            stdin.flush()
        except OSError:
            return None
        pieces: list[bytes] = []
        while not pieces or not pieces[-1].endswith(b"\n"):
            if not select.select([stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError
            pieces.append(os.read(stdout.fileno(), _PIECE))
            if not pieces[-1]:
                return None
        return b"".join(pieces)


class RulesReaders:
    """Those of this process, each at one text at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST)
        self._idle: list[_Reader] = []
        self._owner = os.getpid()
        atexit.register(self.close)

    def read(self, order: Mapping[str, Any], *, timeout_s: float, patience_s: float) -> dict[str, Any]:
        """Return what :func:`.rule_files.rules_read` says of an order's ``text`` with its ``parameters``.

        Raises
        ------
        TimeoutError
            If no process is free within *patience_s*.
        BeyondLimitsError
            If the text takes more memory or time than it may.
        CrashedError
            If reading it failed otherwise, which the log has the reason of.
        """
        if not self._places.acquire(timeout=patience_s):
            raise TimeoutError
        try:
            asked = json.dumps(order).encode()
            # One that was idle may have been about to end; one that was made for this has its end from this.
            said = self._asked(self._take(), asked, timeout_s)
            if said is None:
                said = self._asked(_Reader(), asked, timeout_s)
        finally:
            self._places.release()
        if said is None:
            raise CrashedError
        answer: dict[str, Any] = json.loads(said)
        return answer

    def _asked(self, reader: _Reader, order: bytes, timeout_s: float) -> bytes | None:
        """Return an answer; ``None`` if the process ended of itself, without a fault."""
        is_over = True
        try:
            said = reader.read(order, timeout_s=timeout_s)
            if said is not None:
                is_over = False
                self._put_back(reader)
                return said
            status = reader.ended()
        except (TimeoutError, subprocess.TimeoutExpired):
            raise BeyondLimitsError from None
        finally:
            if is_over:
                reader.close()
        # Whoever is over the time limit, or has a library that cannot go on without memory, is ended by a signal.
        if status < 0 or status == NO_MEMORY:
            raise BeyondLimitsError
        if status != 0:
            _log.error("A process that reads rules failed with status %d", status)
            raise CrashedError
        return None

    def _take(self) -> _Reader:
        with self._lock:
            if self._owner != os.getpid():  # a copy of the process that they belong to
                self._owner, self._idle = os.getpid(), []
            while self._idle:
                reader = self._idle.pop()
                if reader.is_alive:
                    return reader
                reader.close()
        return _Reader()

    def _put_back(self, reader: _Reader) -> None:
        with self._lock:
            self._idle.append(reader)

    def close(self) -> None:
        """End those that are idle."""
        if self._owner != os.getpid():
            return
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()


READERS: Final = RulesReaders()
