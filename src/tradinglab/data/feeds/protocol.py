"""What a feed hands out, the same for every kind.

Who wants bars subscribes to series, and receives deliveries and notices. The first delivery of a series is its
history. After it, **bars of a series come in order of their times, and each once**; what comes too late for its place,
or otherwise than it was delivered, is told of and delivered as a correction: it belongs into the history, and makes no
step. `settled_ns` says up to where time may go: of what ends before it, nothing more comes but corrections.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from tradinglab.core.clock import SECOND_NS
from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import BarColumns
from tradinglab.data.store.layout import SeriesKey

#: Everything is settled.
ALWAYS_NS: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Series:
    """What is subscribed to."""

    symbol: Symbol
    resolution: Resolution
    tick_type: TickType

    @property
    def key(self) -> SeriesKey:
        """What a store and a source call it."""
        return SeriesKey.of(self.symbol, self.resolution, self.tick_type)

    def __str__(self) -> str:
        return str(self.key)


class DeliveryKind(StrEnum):
    """What bars are to whoever receives them."""

    HISTORY = "history"
    LIVE = "live"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Bars of a series, in order of their times; a history may be empty."""

    series: Series
    kind: DeliveryKind
    bars: BarColumns


class NoticeKind(StrEnum):
    """What happens to a feed."""

    CONNECTED = "connected"
    STALE = "stale"
    RECONNECTING = "reconnecting"
    GAP_FILLED = "gap_filled"
    LATE = "late"
    MISSING = "missing"
    RESTATED = "restated"
    BEHIND = "behind"
    SKEWED = "skewed"
    REFUSED = "refused"
    PAUSED = "paused"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that happened to a feed.

    Attributes
    ----------
    text
        In a user's words.
    at_ns
        When, nanoseconds UTC.
    series
        To which series; ``None`` for the feed as a whole.
    data
        Numbers and texts for machines.
    """

    kind: NoticeKind
    text: str
    at_ns: int
    series: Series | None = None
    data: Mapping[str, object] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return it in values that JSON has."""
        found: dict[str, object] = {
            "kind": str(self.kind),
            "text": self.text,
            "time": self.at_ns,
            "data": dict(self.data),
        }
        if self.series is not None:
            found["series"] = str(self.series)
        return found


Received = Delivery | Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTerms:
    """How patient a feed is, in seconds.

    Attributes
    ----------
    grace_s
        A bar that comes so long after its end at most is put in its place; without it time goes on then.
    hold_s
        While a source cannot be heard, time waits so long for what it has missed; what is filled in after that is late.
    silence_s
        A connection that was silent for longer is taken for dead.
    delay_s
        A source is polled so long after the end of a bar.
    skew_s
        Clocks that differ by more are told of.
    """

    grace_s: float = 10.0
    hold_s: float = 300.0
    silence_s: float = 30.0
    delay_s: float = 2.0
    skew_s: float = 2.0

    @property
    def grace_ns(self) -> int:
        """The grace in nanoseconds."""
        return int(self.grace_s * SECOND_NS)

    @property
    def hold_ns(self) -> int:
        """How long time waits, in nanoseconds."""
        return int(self.hold_s * SECOND_NS)


class Feed(Protocol):
    """Bars of series as time goes by."""

    @property
    def name(self) -> str:
        """The spec by which it is opened, such as ``poll:yahoo``."""
        ...

    @property
    def settled_ns(self) -> int:
        """Of what ends before this instant, nothing more comes but corrections."""
        ...

    def refusal(self, series: Series) -> str:
        """Return why it has no bars of a series and what it has, in a user's words; empty if it has them."""
        ...

    def subscribe(self, series: Series, since_ns: int) -> None:
        """Begin with a series: its history since an instant is delivered first, then its bars as they come."""
        ...

    def unsubscribe(self, series: Series) -> None:
        """End with a series; nothing waits for its bars any more."""
        ...

    def receive(self, timeout_s: float) -> list[Received]:
        """Return what is new; wait for it, not longer than so."""
        ...

    def close(self) -> None:
        """End with everything."""
        ...
