"""What a locked-down child does for a live run: it runs, and speaks with its supervisor by one descriptor both ways.

It shares its process with the strategy: nothing that it says is trusted.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.data.feeds.protocol import Notice, NoticeKind, Received, Series
from tradinglab.data.feeds.wire import received_of, series_document
from tradinglab.engine.author_files import hold_files
from tradinglab.engine.live.link import Message
from tradinglab.engine.live.options import LiveOptions, Position
from tradinglab.engine.live.pace import Pace
from tradinglab.engine.live.run import run_live
from tradinglab.sandbox.descriptors import NEWS
from tradinglab.sandbox.guest import plain_text

LARGEST_MESSAGE: Final = 1 << 18
#: So many messages, and bytes, at most belong together.
MOST_TOGETHER: Final = 5000
LARGEST_TOGETHER: Final = 1 << 23
#: A strategy that tells more than is listened to waits.
_MOST_QUEUED: Final = 1 << 22
_PIECE: Final = 1 << 16
_STOP: Final = {"kind": "stop"}
_LONGEST_TEXT: Final = 20_000


class Wire:
    """Messages as lines of JSON, in both directions."""

    def __init__(self, descriptor: int = NEWS) -> None:
        self._descriptor = descriptor
        self._out: deque[bytes] = deque()
        self._queued = 0
        self._rest = b""
        self._is_over = False
        self._heard: list[Message] = []
        #: What came of the feed, for whom it is.
        self.fed: deque[Message] = deque()

    def send(self, kind: str, value: object) -> None:
        """Queue a message, and write what can be written; one that JSON cannot carry is left out."""
        self._queue(_line(kind, value))

    def send_together(self, messages: Sequence[tuple[str, object]]) -> None:
        """Queue messages with their number before them: the other side takes them up when it has all.

        What is too much for one time is told in several, with the account in the last.
        """
        together: list[bytes] = []
        size = 0
        for line in filter(None, (_line(*each) for each in messages)):
            if len(together) >= MOST_TOGETHER or size + len(line) > LARGEST_TOGETHER:
                self._queue(_line("together", len(together)) + b"".join(together))
                together, size = [], 0
            together.append(line)
            size += len(line)
        if together:
            self._queue(_line("together", len(together)) + b"".join(together))

    def _queue(self, lines: bytes) -> None:
        if not lines:
            return
        self._out.append(lines)
        self._queued += len(lines)
        self._write()
        while self._queued > _MOST_QUEUED and not self._is_over:
            self._poll(1.0)
            self._write()

    def finish(self, timeout_s: float) -> None:
        """Write what is queued, as far as it is listened to in time."""
        end = time.monotonic() + timeout_s
        while self._out and not self._is_over and time.monotonic() < end:
            self._poll(0.25)
            self._write()

    def receive(self, timeout_s: float) -> list[Message]:
        """Wait for messages, and return those that came; that nobody is there any more means to stop.

        What comes of the feed is put aside, and ends the wait.
        """
        end = time.monotonic() + timeout_s
        while True:
            if self._is_over:
                return [_STOP]
            if not self._heard:
                self.listen(max(0.0, end - time.monotonic()))
            if self._heard or self.fed or time.monotonic() >= end:
                found, self._heard = self._heard, []
                return found

    def listen(self, timeout_s: float) -> None:
        """Wait for messages, and sort those that came."""
        self._poll(timeout_s)
        self._write()
        for message in self._read():
            (self.fed if message.get("kind") == "feed" else self._heard).append(message)

    def _poll(self, timeout_s: float) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN | (select.POLLOUT if self._out else 0))
        poll.poll(timeout_s * 1000)

    def _write(self) -> None:
        while self._out:
            try:
                written = os.write(self._descriptor, self._out[0])
            except BlockingIOError:
                return
            except OSError:
                self._is_over = True
                return
            self._queued -= written
            if written == len(self._out[0]):
                self._out.popleft()
            else:
                self._out[0] = self._out[0][written:]

    def _read(self) -> list[Message]:
        try:
            piece = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            return []
        except OSError:
            piece = b""
        if not piece:
            self._is_over = True
            return []
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [json.loads(line) for line in lines]


class WireFeed:
    """The feed of a strategy without a network: whoever looks after it asks, and tells it what came."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire = wire
        self.name = name
        self._settled_ns = 0
        self._series: set[Series] = set()

    @property
    def settled_ns(self) -> int:
        """As it was told last; the present if there is no series."""
        return self._settled_ns if self._series else time.time_ns()

    def refusal(self, series: Series) -> str:
        """Return nothing: whoever asks says what there is not, by a notice."""
        return ""

    def subscribe(self, series: Series, since_ns: int) -> None:
        """Ask for a series."""
        self._settled_ns = self._settled_ns or time.time_ns()
        self._series.add(series)
        self._wire.send("subscribe", {"series": series_document(series), "since": since_ns})

    def unsubscribe(self, series: Series) -> None:
        """Ask for a series no more."""
        self._series.discard(series)
        self._wire.send("subscribe", {"series": series_document(series), "since": None})

    def receive(self, timeout_s: float) -> list[Received]:
        """Return what came."""
        if not self._wire.fed and timeout_s > 0:
            self._wire.listen(timeout_s)
        found: list[Received] = []
        while self._wire.fed:
            told = received_of(self._wire.fed.popleft())
            if isinstance(told, int):
                self._settled_ns = told
                continue
            if isinstance(told, Notice) and told.kind == NoticeKind.REFUSED and told.series is not None:
                self._series.discard(told.series)
            found.append(told)
        return found

    def close(self) -> None:
        """Leave it to whoever looks after the strategy."""


def _line(kind: str, value: object) -> bytes:
    """Return a message as it is written; nothing for one that JSON cannot carry, or that is too long."""
    try:
        text = json.dumps({kind: value}, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError):
        return b""
    line = text.replace("\\u0000", "\\ufffd").encode("utf-8", "replace") + b"\n"
    return line if len(line) <= LARGEST_MESSAGE else b""


def live_answer(request: dict[str, Any]) -> dict[str, object]:
    """Carry a live run out, and return how it ended."""
    sys.path[:0] = request["folders"]
    hold_files({Path(path): text for path, text in request["files"].items()})
    wire = Wire()
    try:
        ended = run_live(
            request["strategy"],
            data=request["data"],
            options=_options(request, wire),
            import_paths=request["folders"],
            class_name=request["class_name"],
        )
    except TradingLabError as problem:
        return {"kind": "refused", "message": plain_text(str(problem))[:_LONGEST_TEXT]}
    finally:
        wire.finish(3.0)
    return {
        "kind": "ended",
        "status": str(ended.status),
        "message": plain_text(ended.message)[:_LONGEST_TEXT],
        "phase": plain_text(ended.phase),
        "time": plain_text(ended.time),
        "trace": plain_text(ended.trace)[:_LONGEST_TEXT],
    }


def _options(request: dict[str, Any], wire: Wire) -> LiveOptions:
    live = request["live"]
    start_ns = time.time_ns() // 1000 * 1000 if live["start_ns"] is None else live["start_ns"]
    return LiveOptions(
        pace=Pace(start_ns, live["speed"]),
        repeat=live["start_ns"] is None and not live["feed"],
        feed=WireFeed(wire, live["feed"]) if live["feed"] else None,
        cash={name: Decimal(amount) for name, amount in live["cash"].items()},
        positions=tuple(
            Position(
                symbol_id=each["symbol_id"],
                ticker=each["ticker"],
                quantity=Decimal(each["quantity"]),
                average_price=Decimal(each["average_price"]),
            )
            for each in live["positions"]
        ),
        parameters=request["parameters"],
        orders_before=live["orders_before"],
        open_orders=tuple(live["open_orders"]),
        deployment_id=live["deployment_id"],
        seed=request["seed"],
        link=wire,
    )
