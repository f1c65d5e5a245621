"""The bars of a series of a store, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from tradinglab.core.enums import DataNormalizationMode, Resolution
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.merging import Bars
from tradinglab.data.store.store_reader import StoreReader
from tradinglab.data.streaming.periods import DAY_US

#: Days of a block, so that none has more than some three hundred thousand bars.
_DAYS: Final = {Resolution.TICK: 1, Resolution.SECOND: 3, Resolution.MINUTE: 200, Resolution.HOUR: 10_000}
_ANY_DAYS: Final = 100_000


def stored_blocks(
    store: StoreReader,
    key: SeriesKey,
    start_us: int | None = None,
    end_us: int | None = None,
    *,
    view: DataNormalizationMode = DataNormalizationMode.RAW,
) -> Iterator[Bars]:
    """Yield the bars of a series that start in ``[start_us, end_us)``, all of one state, some days at a time.

    While one block is worked on, the next is read. Empty blocks are left out.

    Raises
    ------
    MalformedDataError
        If a file is broken.
    """
    manifest = store.manifest(key)
    if not manifest.slices:
        return
    first = min(each.first_us for each in manifest.slices)
    last = max(each.last_us for each in manifest.slices) + 1
    at, end = max(first, first if start_us is None else start_us), min(last, last if end_us is None else end_us)
    step = _DAYS.get(key.resolution, _ANY_DAYS) * DAY_US

    def read(begin: int) -> Bars:
        return store.read(key, begin, min(begin + step, end), view=view, at=manifest.generation)

    with ThreadPoolExecutor(1) as pool:
        following: Future[Bars] | None = pool.submit(read, at) if at < end else None
        while following is not None:
            bars = following.result()
            at += step
            following = pool.submit(read, at) if at < end else None
            if len(bars[0]):
                yield bars


def stored_rows(store: StoreReader, key: SeriesKey) -> int:
    """Return how many bars a series has; those that files of a year and of a day both hold are counted twice."""
    return sum(each.rows for each in store.manifest(key).slices)
