"""What a source has of the past, for a feed's first bars and its gaps."""

from __future__ import annotations

from typing import Final

import numpy as np

from tradinglab.core.enums import TickType
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.feeds.protocol import Series
from tradinglab.data.sources.errors import NotServedError
from tradinglab.data.sources.protocol import Downloader
from tradinglab.data.sources.shaping import served

_US: Final = 1_000


class History:
    """Bars of a source's past, as a feed fills in what it has missed.

    Parameters
    ----------
    source
        What is asked; opening it may wait for the network.
    """

    def __init__(self, source: Downloader) -> None:
        self._source = source

    def refusal(self, series: Series) -> str:
        """Return why the source has no such bars, empty if it has."""
        if series.tick_type != TickType.TRADE:
            return f"The feed '{self._source.about.name}' has bars of trades; of {series} it has none."
        try:
            served(self._source.about, series.key)
        except NotServedError as error:
            return str(error)
        return ""

    def read(self, series: Series, start_ns: int, end_ns: int) -> tuple[Ints, dict[str, Floats]]:
        """Return the bars that start in a range and are over.

        Raises
        ------
        SourceError
            If the source has no answer.
        """
        names = series.key.fields
        parts = [
            part for part in self._source.fetch(series.key, -(-start_ns // _US), -(-end_ns // _US)) if not part.is_empty
        ]
        if not parts:
            return np.empty(0, np.int64), {name: np.empty(0) for name in names}
        times = np.concatenate([part.times_us for part in parts]) * _US
        return times, {name: np.concatenate([part.values[name] for part in parts]) for name in names}

    def close(self) -> None:
        """Close the source's connections."""
        self._source.close()
