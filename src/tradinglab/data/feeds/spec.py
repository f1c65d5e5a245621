"""What a feed is called: ``replay:SOURCE``, ``poll:SOURCE``, ``exchange:NAME``."""

from __future__ import annotations

from enum import StrEnum

from tradinglab.core.values import dataclass
from tradinglab.data.feeds.errors import FeedSpecError


class FeedKind(StrEnum):
    """How bars come."""

    REPLAY = "replay"
    POLL = "poll"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed by its name: its kind, and which source it asks."""

    kind: FeedKind
    source: str

    @classmethod
    def parse(cls, text: str) -> FeedSpec:
        """Read a name; a source alone is replayed.

        Raises
        ------
        FeedSpecError
            If there is no such kind, or no source is named.
        """
        kind, colon, source = text.partition(":")
        if not colon:
            return cls(FeedKind.REPLAY, text)
        forms = ", ".join(f"{each}:…" for each in FeedKind)
        if kind not in list(FeedKind):
            raise FeedSpecError(f"'{text[:60]}' is no feed. Write the name of a data source, or one of {forms}")
        if not source:
            raise FeedSpecError(f"'{text}' names no source. Write it behind the colon: {kind}:…")
        return cls(FeedKind(kind), source)

    def __str__(self) -> str:
        return f"{self.kind}:{self.source}"
