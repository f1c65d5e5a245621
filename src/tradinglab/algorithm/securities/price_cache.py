"""The prices and sizes of a security, from its feeds and from what was pushed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import ClassVar

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.securities.price_feed import FeedReader, PriceFeed, sets_last_data, sets_price
from tradinglab.algorithm.securities.pushed import Pushed
from tradinglab.core.decimals import ZERO
from tradinglab.core.dual import Spelled
from tradinglab.core.enums import SecurityType

# Figures that move together, because the same feeds bring them. Plain ints: enums hash slowly.
PRICE, BARS, BID_ASK, VOLUME, LAST = GROUPS = range(5)

#: The group of each figure, and its column in a feed.
FIELDS = {
    "price": (PRICE, "close"), "open": (BARS, "open"), "high": (BARS, "high"), "low": (BARS, "low"),
    "close": (BARS, "close"), "volume": (VOLUME, "volume"), "bid_price": (BID_ASK, "bid_close"),
    "ask_price": (BID_ASK, "ask_close"), "bid_size": (BID_ASK, "bid_size"), "ask_size": (BID_ASK, "ask_size"),
}  # fmt: skip


class PriceCache(Spelled):
    """Reads a figure by its name from the feed that brought it last."""

    __slots__ = (
        "_attached", "_pushed", "_readers", "quick_price", "quick_row", "quick_trade_row", "quick_trade_view",
        "quick_view", "security_type",
    )  # fmt: skip

    def __init__(self, security_type: SecurityType = SecurityType.BASE) -> None:
        self.security_type = security_type
        self._attached: list[FeedReader] = []
        #: By group; a feed without any bar has no part in it.
        self._readers: tuple[list[FeedReader], ...] = ([], [], [], [], [])
        self._pushed: dict[int, Pushed] = {}
        self._set_quick()

    def attach(self, feed: PriceFeed) -> None:
        """Read prices from a subscription too."""
        marks = self._marks()
        self._attached.append(FeedReader(feed))
        self._group()
        self._mark_again(marks, feed)

    def detach(self, feed: PriceFeed) -> None:
        """Stop reading a subscription."""
        marks = self._marks()
        self._attached = [reader for reader in self._attached if reader.feed is not feed]
        self._group()
        self._mark_again(marks)

    def refresh(self, feed: PriceFeed) -> None:
        """Read the columns of a subscription anew: they were replaced."""
        marks = self._marks()
        self._attached = [FeedReader(feed) if reader.feed is feed else reader for reader in self._attached]
        self._group()
        self._mark_again(marks)

    def _group(self) -> None:
        """Sort the feeds that have bars by what these tell."""
        # Of points that end together quotes win over trades, and finer bars over coarser ones.
        self._attached.sort(key=lambda known: (known.is_quote, -known.feed.resolution))
        groups: tuple[list[FeedReader], ...] = ([], [], [], [], [])
        for reader in self._attached:
            if not len(reader.columns):
                continue
            if sets_price(reader, self.security_type):
                groups[PRICE].append(reader)
                if not reader.is_tick:
                    groups[BARS].append(reader)
            groups[BID_ASK if reader.is_quote else VOLUME].append(reader)
            if sets_last_data(reader, self.security_type):
                groups[LAST].append(reader)
        self._readers = groups

    def _marks(self) -> dict[tuple[int, int], int]:
        """Return the rows at which the feeds were when something was pushed, by group and feed."""
        return {
            (group, id(reader.feed)): mark
            for group, pushed in self._pushed.items()
            for reader, mark in zip(self._readers[group], pushed.marks, strict=True)
        }

    def _mark_again(self, marks: dict[tuple[int, int], int], new: PriceFeed | None = None) -> None:
        """Let what was pushed hold until the feeds that are there now move on."""
        for group, pushed in self._pushed.items():
            pushed.marks = [
                marks.get((group, id(reader.feed)), reader.row() if reader.feed is new else -1)
                for reader in self._readers[group]
            ]
        self._set_quick()

    @property
    def has_pushed(self) -> bool:
        """Whether a price that no subscription brought may count."""
        return bool(self._pushed)

    @property
    def feeds(self) -> list[PriceFeed]:
        """The attached subscriptions."""
        return [reader.feed for reader in self._attached]

    def only_trade_feed(self) -> FeedReader | None:
        """Return the feed whose trade bars alone make the price; ``None`` if there is more to it or a gap."""
        readers = self._readers[PRICE]
        if len(readers) != 1 or PRICE in self._pushed or readers[0].is_quote or not readers[0].is_whole:
            return None
        return readers[0]

    @property
    def price_readers(self) -> Sequence[FeedReader]:
        """The attached subscriptions that bring the price, opened for quick reading."""
        return self._readers[PRICE]

    @property
    def last_readers(self) -> Sequence[FeedReader]:
        """The attached subscriptions that bring the last data point."""
        return self._readers[LAST]

    #: How often any security got a price by another way than time going by.
    pushes: ClassVar[int] = 0

    def _set_quick(self) -> None:
        """Prepare the short ways to the price: one feed and nothing pushed, or only what was pushed."""
        PriceCache.pushes += 1
        readers = self._readers[PRICE]
        pushed = self._pushed.get(PRICE)
        self.quick_price: float | None = None if readers or pushed is None else float(pushed.values["price"])
        self.quick_row: Callable[[], int] | None = None
        self.quick_view: memoryview | None = None
        if len(readers) == 1 and pushed is None:
            self.quick_view = readers[0].views["close"]
            self.quick_row = readers[0].row
        # The same for the close of the last trade bar.
        readers = self._trade_bar_readers()
        self.quick_trade_row: Callable[[], int] | None = None
        self.quick_trade_view: memoryview | None = None
        if len(readers) == 1 and VOLUME not in self._pushed:
            self.quick_trade_view = readers[0].views["close"]
            self.quick_trade_row = readers[0].row

    def _trade_bar_readers(self) -> list[FeedReader]:
        return [reader for reader in self._readers[VOLUME] if not reader.is_tick]

    def exact_trade_close(self) -> Decimal | None:
        """Return the close of the last trade bar, however old; ``None`` if there is none."""
        pushed = self._held(VOLUME) if self._pushed else None
        if pushed is not None and isinstance(pushed.point, TradeBar):
            return pushed.point.exact_close
        found, found_row = self._newest(self._trade_bar_readers())
        return None if found is None else found.exact("close", found_row)

    def _latest(self, group: int) -> tuple[FeedReader | None, int]:
        """Return the feed of a group whose last bar ends latest, and that bar's row."""
        return self._newest(self._readers[group])

    @staticmethod
    def _newest(readers: list[FeedReader]) -> tuple[FeedReader | None, int]:
        if len(readers) == 1:
            reader = readers[0]
            row = reader.row()
            return (reader, row) if row >= 0 else (None, -1)
        found: FeedReader | None = None
        found_row = found_end = -1
        for reader in readers:
            row = reader.row()
            if row >= 0:
                end = reader.ends[row]
                if end >= found_end:
                    found, found_row, found_end = reader, row, end
        return found, found_row

    def _held(self, group: int) -> Pushed | None:
        """Return what was pushed, unless a feed of the group has moved on since."""
        pushed = self._pushed.get(group)
        if pushed is None:
            return None
        if not pushed.marks or [reader.row() for reader in self._readers[group]] == pushed.marks:
            return pushed
        del self._pushed[group]
        self._set_quick()
        return None

    def _push(self, group: int, values: dict[str, Decimal], point: BaseData) -> None:
        pushed = self._held(group)
        if pushed is None:
            pushed = self._pushed[group] = Pushed({}, [reader.row() for reader in self._readers[group]])
        pushed.values.update(values)
        pushed.point = point
        if group in (PRICE, VOLUME):
            self._set_quick()

    def value(self, name: str) -> float:
        """Return a price or size by its name; 0 if it is not known."""
        group, column = FIELDS[name]
        if self._pushed:
            pushed = self._held(group)
            if pushed is not None and name in pushed.values:
                return float(pushed.values[name])
        reader, row = self._latest(group)
        return 0.0 if reader is None else reader.views[column][row]

    def exact(self, name: str) -> Decimal:
        """Return a price or size by its name as a decimal; 0 if it is not known."""
        group, column = FIELDS[name]
        if self._pushed:
            pushed = self._held(group)
            if pushed is not None and name in pushed.values:
                return pushed.values[name]
        reader, row = self._latest(group)
        return ZERO if reader is None else reader.exact(column, row)

    @property
    def price(self) -> float:
        """The latest price."""
        return self.value("price")

    @property
    def open(self) -> float:
        """The open of the latest bar."""
        return self.value("open")

    @property
    def high(self) -> float:
        """The high of the latest bar."""
        return self.value("high")

    @property
    def low(self) -> float:
        """The low of the latest bar."""
        return self.value("low")

    @property
    def close(self) -> float:
        """The close of the latest bar."""
        return self.value("close")

    @property
    def volume(self) -> float:
        """The volume of the latest trade bar."""
        return self.value("volume")

    @property
    def bid_price(self) -> float:
        """The latest bid."""
        return self.value("bid_price")

    @property
    def ask_price(self) -> float:
        """The latest ask."""
        return self.value("ask_price")

    @property
    def bid_size(self) -> float:
        """The size of the latest bid."""
        return self.value("bid_size")

    @property
    def ask_size(self) -> float:
        """The size of the latest ask."""
        return self.value("ask_size")

    @property
    def exact_price(self) -> Decimal:
        """The latest price as a decimal."""
        return self.exact("price")
