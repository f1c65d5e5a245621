"""The end of the process: Python looks for circular garbage three times over before it lets go of what a run made."""

from __future__ import annotations

import atexit
import gc
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

_LAST_STANDARD_STREAM = 2
_BUFFERS = (io.BufferedWriter, io.BufferedRandom)


def leave_quickly() -> None:
    """When the process ends, leave its memory to the system; what a strategy left open is closed."""
    atexit.unregister(_leave)
    atexit.register(_leave)


def leave_normally() -> None:
    """Take :func:`leave_quickly` back: some libraries' objects do things when they are looked at."""
    atexit.unregister(_leave)


def _leave() -> None:
    """Close the files that are being written, outermost layer first, and keep the collector from all objects."""
    if _may_have_output_open():
        # What C calls the base of all streams, as asking the abstract class takes ten times as long.
        base: Any = io.TextIOWrapper.__mro__[-2]
        # By type, as asking an object for its class may be work that it does only then.
        kinds = ((each, type(each)) for each in gc.get_objects())
        found = [each for each, kind in kinds if issubclass(kind, base) and not issubclass(kind, io.FileIO)]
        streams = [each for each in found if _is_being_written(each)]
        for each in sorted(streams, key=_layer):
            with suppress(OSError, ValueError):
                each.close()
    gc.freeze()


def _may_have_output_open() -> bool:
    """Whether there can be a file to close: the system's list is shorter than that of all objects."""
    try:
        numbers = [int(path.name) for path in Path("/dev/fd").iterdir()]
    except (OSError, ValueError):  # no such list on this system
        return True
    return any(number > _LAST_STANDARD_STREAM and _is_open(number) for number in numbers)


def _is_open(number: int) -> bool:
    """Whether a file is open still, as the list itself is not."""
    with suppress(OSError):
        os.fstat(number)
        return True
    return False


def _layer(stream: object) -> int:
    """Return how far from the file a stream is: text, then what compresses, then a buffer."""
    return 0 if isinstance(stream, io.TextIOWrapper) else 2 if type(stream) in _BUFFERS else 1


def _is_being_written(stream: io.IOBase) -> bool:
    # One in memory has no number, a closed one no answer, and an answer of a web server not even a file.
    with suppress(OSError, ValueError, AttributeError):
        return stream.fileno() > _LAST_STANDARD_STREAM and stream.writable()
    return False
