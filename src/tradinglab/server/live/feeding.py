"""The feed of a deployment: it is asked here, as a strategy's process has no network, and handed on."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from tradinglab.data.feeds.opening import open_feed
from tradinglab.data.feeds.protocol import Feed, Notice, NoticeKind, Series
from tradinglab.data.feeds.spec import FeedKind, FeedSpec
from tradinglab.data.feeds.wire import documents, series_of
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.server.live.conversation import Conversation, Told

_MOST_SERIES: Final = 500
_FIRST_NS: Final = 0


class Feeder:
    """Asks a feed for what a strategy subscribes to, and tells the strategy what comes."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._series: set[Series] = set()
        self._out: deque[dict[str, Any]] = deque()
        self._told_ns = 0

    @classmethod
    @contextlib.contextmanager
    def of(cls, spec: FeedSpec) -> Iterator[Feeder | None]:
        """Open the feed of a name for a while; a replay has none here, its bars are where the strategy is."""
        if spec.kind == FeedKind.REPLAY:
            yield None
            return
        with contextlib.closing(open_feed(spec)) as feed:
            yield cls(feed)

    def heard(self, told: list[Told]) -> list[Told]:
        """Take up what a strategy subscribes to, and return all else that it told.

        Raises
        ------
        BadAnswerError
            If it names no series, or too many.
        """
        for kind, value in told:
            if kind == "subscribe":
                self._subscribe(value)
        return [each for each in told if each[0] != "subscribe" and not self._is_of_feed(*each)]

    def _is_of_feed(self, kind: str, value: Any) -> bool:
        """Return whether a strategy tells of a feed what only the feed itself can say."""
        return kind == "feed" and not (isinstance(value, dict) and value.get("kind") == NoticeKind.REFUSED)

    def _subscribe(self, value: Any) -> None:
        try:
            series, since = series_of(value["series"]), value["since"]
            since_ns = None if since is None else max(int(since), _FIRST_NS)
        except (ValueError, TypeError, KeyError, OverflowError) as problem:
            raise BadAnswerError(f"the strategy's process subscribes to what is no series: {problem}") from None
        if since_ns is None:
            self._series.discard(series)
            self._feed.unsubscribe(series)
            return
        self._series.add(series)
        if len(self._series) > _MOST_SERIES:
            raise BadAnswerError(f"the strategy subscribes to more than {_MOST_SERIES} series, which no feed brings")
        refusal = self._feed.refusal(series)
        if not refusal:
            self._feed.subscribe(series, since_ns)
            return
        self._series.discard(series)
        notice = Notice(kind=NoticeKind.REFUSED, text=refusal, at_ns=time.time_ns(), series=series)
        self._out.extend(documents([notice], self._feed.settled_ns))

    def hand_on(self, conversation: Conversation) -> list[dict[str, object]]:
        """Tell the strategy what has come, as far as it listens; return what happened to the feed."""
        received, settled_ns = self._feed.receive(0.0), self._feed.settled_ns
        if received or settled_ns != self._told_ns:
            self._told_ns = settled_ns
            # What happens to the feed is stored here: the strategy hears what concerns its series alone.
            told = [each for each in received if not isinstance(each, Notice) or each.kind == NoticeKind.REFUSED]
            self._out.extend(documents(told, settled_ns))
        while self._out and not conversation.is_behind:
            conversation.say(self._out.popleft())
        return [each.document() for each in received if isinstance(each, Notice) and each.kind != NoticeKind.REFUSED]
