"""Listening to what a run tells of itself while it goes on, and may have made up: little, seldom, and of one form."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.engine.loop import Progress
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.errors import BadAnswerError

#: What a pipe holds is read at once, this often; who tells more waits, or leaves it out.
EVERY_S: Final = 0.25
_PIECE: Final = 1 << 16
_LONGEST_MESSAGE: Final = 4096
_MOST_ITEMS: Final = 16
_LONGEST_DATE: Final = 10
#: Of the log as it is told, not of that which the result has.
_MOST_LINES: Final = 2000
_MOST_LINE_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The latest progress, if there is one that is new, and new lines of the log."""

    progress: Progress | None
    lines: tuple[str, ...]


class NewsReader:
    """Reads a run's news, and hands them on. One message that is none, and it stops listening.

    Parameters
    ----------
    pipe
        Where they come from; it is not waited for.
    listener
        Is handed what is new, not more often than :meth:`read` is called.
    """

    def __init__(self, pipe: int, listener: Callable[[News], None]) -> None:
        self._pipe = pipe
        self._listener = listener
        self._rest = b""
        self._lines_left, self._bytes_left = _MOST_LINES, _MOST_LINE_BYTES
        self._is_over = False

    def read(self) -> None:
        """Hand on what is new."""
        if self._is_over:
            return
        try:
            piece = os.read(self._pipe, _PIECE)
        except BlockingIOError:
            return
        if not piece:
            self._is_over = True
            return
        *messages, self._rest = (self._rest + piece).split(b"\n")
        progress, lines = self._understood(messages)
        if len(self._rest) > _LONGEST_MESSAGE:
            self._is_over = True
        if progress is not None or lines:
            self._listener(News(progress=progress, lines=tuple(lines)))

    def _understood(self, messages: list[bytes]) -> tuple[Progress | None, list[str]]:
        progress, lines = None, []
        try:
            for message in messages:
                told = Reader(parse(message[: _LONGEST_MESSAGE + 1], most_items=_MOST_ITEMS))
                for name, value in told.members():
                    if name == "progress":
                        progress = _progress(value)
                    elif name == "log" and self._lines_left and self._bytes_left >= len(message):
                        self._lines_left -= 1
                        self._bytes_left -= len(message)
                        lines.append(value.text())
        except BadAnswerError:
            self._is_over = True
        return progress, lines


def _progress(value: Reader) -> Progress:
    utc_ns, date, bars, equity, speed, fraction = value.items(6)
    return Progress(
        utc_ns=utc_ns.whole(),
        date=date.text()[:_LONGEST_DATE],
        equity=equity.number(),
        bars=bars.whole(low=0),
        bars_per_second=speed.number(),
        fraction=min(max(fraction.number(), 0.0), 1.0),
    )
