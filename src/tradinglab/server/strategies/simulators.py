"""The processes of this worker in which variants of rules are simulated; each keeps the bars that it has read."""

from __future__ import annotations

import atexit
import json
import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from tradinglab.server.strategies.kept_process import KeptProcess

#: Reading bars comes before the first variant.
READING_S: Final = 60.0
_ASKED_EVERY_S: Final = 0.1
_MOST_LINE: Final = 64 << 20
_PIECE: Final = 1 << 16


class SimulatorLostError(Exception):
    """The process died over an order: of want of memory, or because somebody ended it."""


class SimulatorSilentError(Exception):
    """It took too long over one trial."""


class SimulatorStoppedError(Exception):
    """It was stopped, as nobody wants its answer any more."""


class Simulator(KeptProcess):
    """One process."""

    def __init__(self) -> None:
        kernels = settings.HOME.kernels
        kernels.mkdir(exist_ok=True)
        env = {"NUMBA_CACHE_DIR": os.fspath(kernels)}
        super().__init__("tradinglab.server.strategies.simulator_process", env)
        self._left = b""
        #: What it was asked last, whose bars it has.
        self.subject: Mapping[str, Any] | None = None

    def carry_out(
        self, order: Mapping[str, Any], *, silence_s: float, is_cancelled: Callable[[], bool]
    ) -> Iterator[Mapping[str, Any]]:
        """Yield what it answers to an order, until its last answer.

        Raises
        ------
        SimulatorLostError, SimulatorSilentError, SimulatorStoppedError
            The process is of no more use then.
        """
        self.subject = order["subject"]
        stdin, _ = self._pipes
        try:
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
        except OSError:
            raise SimulatorLostError from None
        while True:
            answer: dict[str, Any] = json.loads(self._line(silence_s, is_cancelled))
            yield answer
            if answer.get("is_over") or "refusal" in answer:
                return

    def _line(self, silence_s: float, is_cancelled: Callable[[], bool]) -> bytes:
        _, stdout = self._pipes
        end = time.monotonic() + silence_s
        while b"\n" not in self._left:
            if is_cancelled():
                raise SimulatorStoppedError
            if time.monotonic() >= end:
                raise SimulatorSilentError
            if not select.select([stdout], [], [], _ASKED_EVERY_S)[0]:
                continue
            piece = os.read(stdout.fileno(), _PIECE)
            if not piece or len(self._left) > _MOST_LINE:
                raise SimulatorLostError
            self._left += piece
        line, _, self._left = self._left.partition(b"\n")
        return line


def simulated_subject(
    *, rules: str, data: str, start: date | None, end: date | None, cash: Decimal | None
) -> dict[str, Any]:
    """Return which rules an order simulates over which bars: *data* is where these are, as ``open_source`` takes it."""
    return {
        "rules": rules,
        "data": data,
        "start": None if start is None else start.isoformat(),
        "end": None if end is None else end.isoformat(),
        "cash": None if cash is None else str(cash),
    }


class Simulators:
    """Those of this process, lent to one thread each; one that has the bars already goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Simulator] = []
        atexit.register(self.close)

    @contextmanager
    def lend(self, subject: Mapping[str, Any]) -> Iterator[Simulator]:
        """Lend one; it is ended if something goes wrong meanwhile."""
        simulator = self._take(subject) or Simulator()
        try:
            yield simulator
        except BaseException:
            simulator.close()
            raise
        with self._lock:
            self._idle.append(simulator)

    def _take(self, subject: Mapping[str, Any]) -> Simulator | None:
        with self._lock:
            for dead in [each for each in self._idle if not each.is_alive]:
                self._idle.remove(dead)
                dead.close()
            if not self._idle:
                return None
            found = next((each for each in self._idle if each.subject == subject), self._idle[-1])
            self._idle.remove(found)
            return found

    def close(self) -> None:
        """End those that nobody has."""
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()


SIMULATORS: Final = Simulators()
