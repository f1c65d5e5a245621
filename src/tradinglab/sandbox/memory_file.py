"""What is handed to a run: bytes in memory that nobody can change."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable

from tradinglab.sandbox.descriptors import write_all

#: Bytes, or pieces of them.
Content = bytes | Iterable[bytes]


def sealed(content: Content) -> int:
    """Return a memory file that nobody can change, read from its beginning."""
    held = os.memfd_create("request", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    write_all(held, *([content] if isinstance(content, bytes) else content))
    os.lseek(held, 0, os.SEEK_SET)
    fcntl.fcntl(
        held, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    )
    return held
