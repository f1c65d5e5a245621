"""What was answered of a series, noted in the store that has its bars: in its folder, or in its bucket."""

from __future__ import annotations

from typing import Final

from tradinglab.data.errors import StoreError
from tradinglab.data.sources.protocol import SeriesKey
from tradinglab.data.sources.resume import Answered, answer_line, answers_in
from tradinglab.data.store import BarStore
from tradinglab.data.store.commits import pause
from tradinglab.data.store.full_disk import full_disk_named
from tradinglab.data.store.layout import folder_of

#: The folder of a store in which it is noted what was downloaded from where.
FOLDER: Final = "downloads"
_MOST_ATTEMPTS: Final = 40


class StoreLedger:
    """Answers in a store: ``downloads/equity/usa/daily/trade/spy.jsonl`` has a line for each.

    Parameters
    ----------
    store
        Where the bars are.
    """

    def __init__(self, store: BarStore) -> None:
        self._store = store

    def read(self, key: SeriesKey) -> list[Answered]:
        """Return what was answered of a series, the oldest answer first."""
        found = self._store.place.document(_name(key))
        return [] if found is None else answers_in(found.content.decode(errors="replace"))

    def add(self, key: SeriesKey, answered: Answered) -> None:
        """Note an answer.

        Raises
        ------
        StoreError
            If others note answers all the time.
        """
        # A range without bars is noted as well: the folder has to be known as a store's before anything is in it.
        self._store.mark()
        place, name, line = self._store.place, _name(key), answer_line(answered).encode()
        with full_disk_named(place.name, f"answers on {folder_of(key)}"), place.lock(name):
            for attempt in range(_MOST_ATTEMPTS):
                known = place.document(name)
                before = b"" if known is None else known.content
                # A line that a crash cut off must not swallow this one.
                gap = b"" if not before or before.endswith(b"\n") else b"\n"
                if place.swap(name, before + gap + line, None if known is None else known.tag):
                    return
                pause(attempt)
        raise StoreError(f"Others write to {name} in {place.name} all the time. Try again later.")


def _name(key: SeriesKey) -> str:
    return f"{FOLDER}/{folder_of(key)}.jsonl"
