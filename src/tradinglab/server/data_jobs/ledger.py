"""What of a series was answered already, as it is noted in its store: a download that stopped goes on from there."""

from __future__ import annotations

from tradinglab.data.download_notes import StoreLedger
from tradinglab.data.sources.protocol import SeriesKey
from tradinglab.data.sources.resume import Answered
from tradinglab.data.store import BarStore


class LateLedger:
    """The answers about a series, of which new ones are noted after what the job counts of them.

    A worker that is killed between the two has a part asked for again whose bars are known then; the other way round,
    bars would be stored that no item has counted.

    Parameters
    ----------
    since
        In Unix seconds: what was answered before counts for nothing, and is asked again.
    """

    def __init__(self, store: BarStore, *, since: float = 0.0) -> None:
        self._noted = StoreLedger(store)
        self._since = since
        self._new: list[tuple[SeriesKey, Answered]] = []

    def read(self, key: SeriesKey) -> list[Answered]:
        """Return what was answered, the oldest answer first."""
        return [each for each in self._noted.read(key) if each.at >= self._since]

    def add(self, key: SeriesKey, answered: Answered) -> None:
        """Keep an answer until :meth:`write`."""
        self._new.append((key, answered))

    def write(self) -> None:
        """Note the answers that were kept."""
        for key, answered in self._new:
            self._noted.add(key, answered)
        self._new.clear()
