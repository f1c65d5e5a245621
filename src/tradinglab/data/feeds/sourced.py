"""What feeds have in common whose bars are put in order here and whose source has a history."""

from __future__ import annotations

from collections.abc import Callable

from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.history import History
from tradinglab.data.feeds.protocol import FeedTerms, Notice, NoticeKind, Received, Series
from tradinglab.data.feeds.sequencer import Sequencer
from tradinglab.data.sources.errors import NotServedError, SourceError, UnknownSymbolError
from tradinglab.data.sources.protocol import Downloader


class SourcedFeed:
    """A feed of a source: its series that are to begin, and what is to be handed out.

    Parameters
    ----------
    way
        How it gets bars, the first half of its name.
    now_ns
        This machine's clock, nanoseconds UTC.
    """

    def __init__(
        self, way: str, source: Downloader, grid: BarGrid, terms: FeedTerms | None, now_ns: Callable[[], int]
    ) -> None:
        self.name = f"{way}:{source.about.name}"
        self._title = source.about.title
        self._terms = FeedTerms() if terms is None else terms
        self._history = History(source)
        self._grid, self._now_ns = grid, now_ns
        self._sequencer = Sequencer(grid, self._terms, now_ns)
        self._new: dict[Series, int] = {}
        self._out: list[Received] = []
        self._is_connected = False

    @property
    def settled_ns(self) -> int:
        """Of what ends before this instant, nothing more comes but corrections."""
        return self._sequencer.settled_ns

    def refusal(self, series: Series) -> str:
        """Return why it has no bars of a series, empty if it has."""
        return self._history.refusal(series)

    def subscribe(self, series: Series, since_ns: int) -> None:
        """Begin with a series."""
        self._new[series] = since_ns

    def unsubscribe(self, series: Series) -> None:
        """End with a series."""
        self._new.pop(series, None)
        self._sequencer.close(series)

    def _say(
        self, kind: NoticeKind, text: str, series: Series | None = None, data: dict[str, object] | None = None
    ) -> None:
        self._out.append(Notice(kind=kind, text=text, at_ns=self._now_ns(), series=series, data=data or {}))


def is_for_good(error: SourceError) -> bool:
    """Return whether a source will never have what it was asked for."""
    return isinstance(error, UnknownSymbolError | NotServedError) or not error.retryable
