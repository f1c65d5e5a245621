"""The numbers of a child's descriptors, and writing to them."""

from __future__ import annotations

import os
from collections.abc import Iterator

#: Where a child finds what it needs: its input, its answer, the line to the supervisor until it is locked down, and
#: where it tells how far it is.
NEWS, ANSWER, INPUT, REPORT = 3, 4, 5, 6


def read_all(descriptor: int) -> bytes:
    """Return what a sealed memory file holds, and close it."""

    def pieces() -> Iterator[bytes]:
        while piece := os.read(descriptor, 1 << 20):
            yield piece

    held = b"".join(pieces())
    os.close(descriptor)
    return held


def write_all(descriptor: int, *pieces: bytes) -> None:
    """Write all bytes of some pieces."""
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
