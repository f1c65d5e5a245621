"""What several processes that use the same account have in common."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from tradinglab.core.pacing.breakers import Breakers, NotedBreakers
from tradinglab.core.pacing.buckets import Buckets, NotedBuckets
from tradinglab.core.pacing.notes import FileNotes, MemoryNotes
from tradinglab.core.values import dataclass
from tradinglab.quantconnect.claims import Claims, FileClaims, MemoryClaims


@dataclass(slots=True, frozen=True, kw_only=True)
class Shared:
    """Buckets, circuits and claims.

    Attributes
    ----------
    buckets
        How many requests are left to send.
    breakers
        Whether the server is up.
    claims
        What is being created.
    """

    buckets: Buckets
    breakers: Breakers
    claims: Claims

    @classmethod
    def in_folder(cls, folder: Path | None = None, monotonic: Callable[[], float] = time.monotonic) -> Shared:
        """Return what all processes share that name the same folder.

        Parameters
        ----------
        folder
            By default ``quantconnect`` in TRADINGLAB_HOME, or in ``~/.tradinglab``.
        monotonic
            Seconds that only go forward, the same for all processes of the machine.
        """
        home = Path(os.environ.get("TRADINGLAB_HOME") or "~/.tradinglab").expanduser()
        folder = folder or home / "quantconnect"
        notes = FileNotes(folder, "requests to QuantConnect")
        return cls(
            buckets=NotedBuckets(notes, monotonic),
            breakers=NotedBreakers(notes, monotonic),
            claims=FileClaims(folder / "claims"),
        )

    @classmethod
    def in_process(cls, monotonic: Callable[[], float] = time.monotonic) -> Shared:
        """Return what only the clients of this process share that are given it."""
        notes = MemoryNotes()
        return cls(
            buckets=NotedBuckets(notes, monotonic),
            breakers=NotedBreakers(notes, monotonic),
            claims=MemoryClaims(),
        )
