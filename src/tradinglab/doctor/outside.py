"""Files that a strategy reads by itself: what is in them, no cut can hide."""

from __future__ import annotations

import builtins
import io
import os
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Self

import tradinglab
from tradinglab.core.values import dataclass

_MOST_FILES: Final = 100
_LONGEST_NAME: Final = 300
#: Whose code is nobody's own: the engine's, Python's and the libraries'. What the engine reads, it can cut.
_ENGINE: Final = str(Path(tradinglab.__file__).parent)
_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
#: What the system tells of itself.
_SYSTEM: Final = ("/dev/", "/proc/", "/sys/")
_IMPORT: Final = "<frozen importlib"
_PLACES: Final = ((builtins, "open"), (io, "open"), (os, "open"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRead:
    """A file that a strategy opened, and how often."""

    name: str
    count: int


class OutsideReads:
    """Notes, while it is entered, which files are opened for a strategy and not for the engine.

    A library that opens files without Python's help is not seen.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._before: list[Callable[..., Any]] = []

    @property
    def found(self) -> tuple[OutsideRead, ...]:
        """The files, in the order in which they were opened first."""
        return tuple(OutsideRead(name=name, count=count) for name, count in self._counts.items())

    def __enter__(self) -> Self:
        for module, name in _PLACES:
            plain = getattr(module, name)
            self._before.append(plain)
            setattr(module, name, self._noting(plain))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for (module, name), plain in zip(_PLACES, self._before, strict=True):
            setattr(module, name, plain)
        self._before.clear()

    def _noting(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def opened(*args: Any, **options: Any) -> Any:
            made = plain(*args, **options)
            if _is_reading(*args[1:2], **options):
                self._note(args[0] if args else options.get("file", options.get("path")), sys._getframe(1))
            return made

        return opened

    def _note(self, path: object, frame: FrameType | None) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)) or not _is_of_author(frame):
            return
        name = os.fsdecode(path)[:_LONGEST_NAME]
        if name.startswith((_ENGINE, *_LIBRARIES, *_SYSTEM)):
            return
        if name in self._counts or len(self._counts) < _MOST_FILES:
            self._counts[name] = self._counts.get(name, 0) + 1


def _is_reading(mode: object = "r", **options: object) -> bool:
    """Return whether a file is opened to be read: by a mode, or by flags."""
    if isinstance(mode, str):
        return "r" in mode or "+" in mode
    flags = options.get("flags", mode)
    return not isinstance(flags, int) or flags & os.O_ACCMODE != os.O_WRONLY


def _is_of_author(frame: FrameType | None) -> bool:
    """Return whether the first code on the way out that is no library's is an author's, and not the engine's.

    What a library reads while it is imported is its own affair.
    """
    while frame is not None:
        place = frame.f_code.co_filename
        if place.startswith((_ENGINE, _IMPORT)):
            return False
        if not place.startswith(("<", *_LIBRARIES)):
            return True
        frame = frame.f_back
    return False
