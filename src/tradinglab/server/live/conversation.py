"""Speaking with a strategy's process, which may say anything: lines of JSON of bounded size, and of known kinds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from tradinglab.sandbox.answer import parse, printable
from tradinglab.sandbox.errors import BadAnswerError

_PIECE: Final = 1 << 20
_LARGEST_MESSAGE: Final = 1 << 18
_MOST_VALUES: Final = 20_000
_DEEPEST: Final = 8
_LONGEST_TEXT: Final = 10_000
_MOST_WAITING: Final = 1 << 20
_MOST_TOGETHER: Final = 10_000
_LARGEST_TOGETHER: Final = 1 << 24
_OF_ACCOUNT: Final = ("beat", "order", "insight", "trade", "portfolio", "figures")
_KINDS: Final = frozenset(("together", "log", "status", "answer", "chart", "points", "feed", "subscribe", *_OF_ACCOUNT))

#: A kind, and what was told.
Told = tuple[str, Any]


class Conversation:
    """Reads what a process tells, and writes what it is to do.

    Parameters
    ----------
    descriptor
        The socket's; it is not waited for.
    hear
        Is handed what came, in its order. What it raises ends the run.
    """

    def __init__(self, descriptor: int, hear: Callable[[list[Told]], None]) -> None:
        self._descriptor = descriptor
        self._hear = hear
        self._rest = b""
        self._out = b""
        self._awaited = self._kept_size = 0
        self._kept: list[Told] = []

    @property
    def is_behind(self) -> bool:
        """Whether so much waits for the process to listen that it is told no more for now."""
        return len(self._out) >= _MOST_WAITING

    def say(self, message: Mapping[str, Any]) -> None:
        """Write a message, as soon as the process listens."""
        self._out += json.dumps(message).encode() + b"\n"
        self._write()

    def read(self) -> None:
        """Hand on what is new.

        Raises
        ------
        BadAnswerError
            If it is not of the form that is expected.
        """
        self._write()
        try:
            piece = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            piece = b""
        except OSError:
            return  # it has ended
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LARGEST_MESSAGE:
            raise BadAnswerError("a message of the strategy's process is too long")
        told: list[Told] = []
        for line in lines:
            told += self._taken_up(_understood(line), len(line))
        self._hear(told)

    def _taken_up(self, told: list[Told], size: int) -> list[Told]:
        """Return what can be taken up now: what belongs together is kept until all of it is there."""
        for kind, value in told:
            if kind != "together":
                continue
            if self._awaited or len(told) > 1 or type(value) is not int or not 0 <= value <= _MOST_TOGETHER:
                raise BadAnswerError("the strategy's process says of no number of messages that they belong together")
            self._awaited = value
            return []
        if not self._awaited:
            return told
        self._kept += told
        self._kept_size += size
        self._awaited -= 1
        if self._kept_size > _LARGEST_TOGETHER:
            raise BadAnswerError("too much that belongs together came from the strategy's process")
        if self._awaited:
            return []
        kept, self._kept, self._kept_size = self._kept, [], 0
        return kept

    def _write(self) -> None:
        if not self._out:
            return
        try:
            self._out = self._out[os.write(self._descriptor, self._out) :]
        except BlockingIOError:
            return
        except OSError:
            self._out = b""  # nobody is there any more


def _understood(line: bytes) -> list[Told]:
    if len(line) > _LARGEST_MESSAGE:
        raise BadAnswerError("a message of the strategy's process is too long")
    message = parse(line, most_items=_MOST_VALUES)
    if not isinstance(message, dict) or not message.keys() <= _KINDS:
        raise BadAnswerError("a message of the strategy's process is of no known kind")
    return [(kind, _clean(value, _DEEPEST)) for kind, value in message.items()]


def _clean(value: Any, depth: int) -> Any:
    """Return a value without control characters, not too deep, and with texts of bounded length."""
    if isinstance(value, str):
        return printable(value[:_LONGEST_TEXT])
    if depth == 0 and isinstance(value, list | dict):
        raise BadAnswerError("a message of the strategy's process is too deep")
    if isinstance(value, list):
        return [_clean(each, depth - 1) for each in value]
    if isinstance(value, dict):
        return {printable(name[:_LONGEST_TEXT]): _clean(each, depth - 1) for name, each in value.items()}
    return value
