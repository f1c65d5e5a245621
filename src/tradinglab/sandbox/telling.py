"""How a child tells of its run while it goes on: now and then a short line of JSON, and nothing that makes it wait.

``news`` is the other end, which believes none of it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from tradinglab.sandbox.descriptors import NEWS

if TYPE_CHECKING:
    from tradinglab.engine.loop import Progress

_EVERY_S: Final = 0.25
#: What is written in one piece, whoever else writes into the pipe, or not at all.
_LONGEST_MESSAGE: Final = 4000
_LONGEST_LINE: Final = 500
_MOST_WAITING: Final = 200
#: Lines that are sent without waiting, until the next time that all is sent.
_MOST_AT_ONCE: Final = 20


class Teller:
    """Sends the latest progress and the log's new lines, a few times a second; what nobody reads is left out.

    A few lines are sent at once: those before the one over which a strategy hangs are the ones that are looked for.
    """

    def __init__(self) -> None:
        self._next = 0.0
        self._at_once = 0
        self._progress: Progress | None = None
        self._lines: deque[str] = deque()

    def progress(self, progress: Progress) -> None:
        """Note how far the run is."""
        self._progress = progress
        self._tell_if_due()

    def log(self, line: str) -> None:
        """Note a line of the log, unless too many wait already."""
        if len(self._lines) < _MOST_WAITING:
            self._lines.append(line[:_LONGEST_LINE])
        if not self._tell_if_due() and self._at_once:
            self._at_once -= 1
            self._tell_lines()

    def _tell_if_due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _EVERY_S
        self._at_once = _MOST_AT_ONCE
        self.tell()
        return True

    def tell(self) -> None:
        """Send what is noted."""
        try:
            if self._progress is not None:
                _send({"progress": _figures(self._progress)})
                self._progress = None
        except OSError:
            return
        self._tell_lines()

    def _tell_lines(self) -> None:
        try:
            while self._lines:
                # A line that cannot be written as JSON, or not in one piece, is not told; the result has it.
                _send({"log": self._lines[0]})
                self._lines.popleft()
        except OSError:
            return  # the pipe is full, or nobody listens


def _figures(progress: Progress) -> list[object]:
    numbers = (progress.equity, progress.bars_per_second, progress.fraction)
    finite = [float(each) if math.isfinite(each) else 0.0 for each in numbers]
    return [progress.utc_ns, progress.date, progress.bars, *finite]


def _send(message: dict[str, object]) -> None:
    text = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    if len(text) <= _LONGEST_MESSAGE:
        os.write(NEWS, text)
