"""Bars that several processes share: whoever needs some first reads them, and all map the same file into memory.

What is read is laid down in a folder of the processes' own as the arrays are in memory. Mapped, it takes memory once,
however many processes look at it, and costs none of them any time to read.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns
from tradinglab.data.delegating import DelegatingSource
from tradinglab.data.source import DataSource

_HEAD = 8
_ALIGNED = 64


@dataclass(frozen=True, slots=True)
class _Held:
    start_ns: int
    end_ns: int
    bars: BarColumns


class SharedSource(DelegatingSource):
    """Another source, whose bars are read once for all processes that name the same folder.

    Parameters
    ----------
    folder
        Where bars are laid down. What is in it is trusted: it must be the processes' own, and gone when they are.
    """

    def __init__(self, source: DataSource, folder: Path) -> None:
        super().__init__(source)
        self._folder = folder
        self._held: dict[str, list[_Held]] = {}

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``."""
        series = hashlib.sha256(f"{symbol.id}|{resolution!s}|{tick_type!s}".encode()).hexdigest()[:32]
        held = self._held.setdefault(series, [])
        found = _covering(held, start_ns, end_ns)
        if found is None:
            with _locked(self._folder / f"{series}.lock"):
                found = self._laid_down(series, start_ns, end_ns)
                if found is None:
                    bars = self._source.bars(symbol, resolution, tick_type, start_ns, end_ns)
                    path = self._folder / f"{series}.{start_ns}.{end_ns}.bars"
                    _lay_down(path, bars)
                    found = _Held(start_ns, end_ns, _mapped(path))
            held[:] = [each for each in held if each.start_ns < found.start_ns or found.end_ns < each.end_ns]
            held.append(found)
        return found.bars.between(start_ns, end_ns)

    def _laid_down(self, series: str, start_ns: int, end_ns: int) -> _Held | None:
        for path in self._folder.glob(f"{series}.*.bars"):
            _, first, last, _ = path.name.split(".")
            if int(first) <= start_ns and end_ns <= int(last):
                return _Held(int(first), int(last), _mapped(path))
        return None


def _covering(held: list[_Held], start_ns: int, end_ns: int) -> _Held | None:
    return next((each for each in held if each.start_ns <= start_ns and end_ns <= each.end_ns), None)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes out; the lock of one that dies is gone with it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lay_down(path: Path, bars: BarColumns) -> None:
    buffers: list[pickle.PickleBuffer] = []
    told = pickle.dumps(bars.take(slice(None)), protocol=5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    head = pickle.dumps((told, [array.nbytes for array in arrays]))
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(len(head).to_bytes(_HEAD, "little"))
        file.write(head)
        for array in arrays:
            file.write(bytes(-file.tell() % _ALIGNED))
            file.write(array)
    draft.replace(path)


def _mapped(path: Path) -> BarColumns:
    """Return bars as they were laid down; what is written into them stays in this process."""
    with path.open("rb") as file:
        held = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    at = _HEAD + int.from_bytes(held[:_HEAD], "little")
    told, sizes = pickle.loads(held[_HEAD:at])
    arrays = []
    for size in sizes:
        at += -at % _ALIGNED
        arrays.append(held[at : at + size])
        at += size
    bars: BarColumns = pickle.loads(told, buffers=arrays)
    return bars
