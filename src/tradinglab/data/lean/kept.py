"""What was read from files stays at hand for later runs of the process, for as long as the files are as they were."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

from tradinglab.core.values import dataclass
from tradinglab.data.reads import note_read

#: A file that was changed just now may be changed again without its times telling: it is read each time.
_CALM_NS: Final = 2_000_000_000

_Found = TypeVar("_Found")
_State = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Entry(Generic[_Found]):
    state: _State
    value: _Found
    size: int


class Kept(Generic[_Found]):
    """Values that were read from files, the least recently used given up first.

    They are shared by all who ask, and must not be changed.

    Parameters
    ----------
    most
        How much to keep in all.
    size
        How much a value counts for; one that counts for more than *most* is not kept.
    """

    def __init__(self, most: int, size: Callable[[_Found], int] = lambda _: 1) -> None:
        self._most = most
        self._size = size
        self._total = 0
        self._entries: OrderedDict[Hashable, _Entry[_Found]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, files: Sequence[Path], read: Callable[[], _Found]) -> _Found:
        """Return what *read* makes of some files, which it notes as read; it is asked only if one has changed.

        What else the value depends on belongs into *key*.
        """
        state = _state_of(files)
        if state is None:
            return read()
        with self._lock:
            known = self._entries.get(key)
            if known is not None:
                self._entries.move_to_end(key)
        if known is not None and known.state == state:
            for file in files:
                note_read(file)
            return known.value
        value = read()
        if _is_calm(state) and _state_of(files) == state:
            self._keep(key, _Entry(state, value, self._size(value)))
        return value

    def _keep(self, key: Hashable, entry: _Entry[_Found]) -> None:
        with self._lock:
            before = self._entries.pop(key, None)
            self._total -= 0 if before is None else before.size
            if entry.size > self._most:
                return
            self._entries[key] = entry
            self._total += entry.size
            while self._total > self._most:
                _, oldest = self._entries.popitem(last=False)
                self._total -= oldest.size


def _state_of(files: Sequence[Path]) -> _State | None:
    """Return what tells whether files have changed; ``None`` if one cannot be looked at."""
    try:
        found = [file.stat() for file in files]
    except OSError:
        return None
    return tuple((one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for one in found)


def _is_calm(state: _State) -> bool:
    newest = max((max(one[-2:]) for one in state), default=0)
    return newest + _CALM_NS < time.time_ns()
