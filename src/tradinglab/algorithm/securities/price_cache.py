"""The prices and sizes of a security, from its feeds and from what was pushed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum

from tradinglab.algorithm.bars import BaseData
from tradinglab.algorithm.securities.price_feed import FeedReader, PriceFeed, sets_last_data, sets_price
from tradinglab.algorithm.securities.pushed import Pushed
from tradinglab.core.decimals import ZERO
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType


class Group(IntEnum):
    """Figures that move together, because the same feeds bring them."""

    PRICE = 0
    BARS = 1
    BID_ASK = 2
    VOLUME = 3
    LAST = 4


GROUP_OF = {
    "price": Group.PRICE, "open": Group.BARS, "high": Group.BARS, "low": Group.BARS, "close": Group.BARS,
    "volume": Group.VOLUME, "bid_price": Group.BID_ASK, "ask_price": Group.BID_ASK,
    "bid_size": Group.BID_ASK, "ask_size": Group.BID_ASK,
}  # fmt: skip
_COLUMN_OF = {"price": "close", "bid_price": "bid_close", "ask_price": "ask_close"}


class PriceCache(Dual):
    """Reads a figure by its name from the feed that brought it last."""

    __slots__ = ("_pushed", "_readers", "quick_row", "quick_view", "security_type")

    def __init__(self, security_type: SecurityType = SecurityType.BASE) -> None:
        self.security_type = security_type
        self._readers: tuple[list[FeedReader], ...] = ([], [], [], [], [])
        self._pushed: dict[Group, Pushed] = {}
        self._set_quick()

    def attach(self, feed: PriceFeed) -> None:
        """Read prices from a subscription too; of points that end together the later attached counts."""
        reader = FeedReader(feed)
        if sets_price(reader, self.security_type):
            self._readers[Group.PRICE].append(reader)
            if not reader.is_tick:
                self._readers[Group.BARS].append(reader)
        self._readers[Group.BID_ASK if reader.is_quote else Group.VOLUME].append(reader)
        if sets_last_data(reader, self.security_type):
            self._readers[Group.LAST].append(reader)
        for readers in self._readers:
            readers.sort(key=lambda known: known.is_quote)  # quotes win over trades of the same time
        self._set_quick()

    def detach(self, feed: PriceFeed) -> None:
        """Stop reading a subscription."""
        for readers in self._readers:
            readers[:] = [reader for reader in readers if reader.feed is not feed]
        self._set_quick()

    @property
    def feeds(self) -> list[PriceFeed]:
        """The attached subscriptions."""
        return list({id(reader.feed): reader.feed for readers in self._readers for reader in readers}.values())

    def _set_quick(self) -> None:
        """Prepare the short way to the price: one feed, nothing pushed."""
        readers = self._readers[Group.PRICE]
        self.quick_row: Callable[[], int] | None = None
        self.quick_view: memoryview | None = None
        if len(readers) == 1 and Group.PRICE not in self._pushed:
            self.quick_view = readers[0].view("close")
            self.quick_row = readers[0].row

    def _latest(self, group: Group) -> tuple[FeedReader | None, int]:
        """Return the feed of a group whose last bar ends latest, and that bar's row."""
        found: FeedReader | None = None
        found_row = found_end = -1
        for reader in self._readers[group]:
            row = reader.row()
            if row >= 0:
                end = reader.ends[row]
                if end >= found_end:
                    found, found_row, found_end = reader, row, end
        return found, found_row

    def _held(self, group: Group) -> Pushed | None:
        """Return what was pushed, unless a feed of the group has moved on since."""
        pushed = self._pushed.get(group)
        if pushed is None:
            return None
        if [reader.row() for reader in self._readers[group]] == pushed.marks:
            return pushed
        del self._pushed[group]
        self._set_quick()
        return None

    def _push(self, group: Group, values: dict[str, Decimal], point: BaseData) -> None:
        pushed = self._held(group)
        if pushed is None:
            pushed = self._pushed[group] = Pushed({}, [reader.row() for reader in self._readers[group]])
            if group == Group.PRICE:
                self._set_quick()
        pushed.values.update(values)
        pushed.point = point

    def value(self, name: str) -> float:
        """Return a price or size by its name; 0 if it is not known."""
        group = GROUP_OF[name]
        if self._pushed:
            pushed = self._held(group)
            if pushed is not None and name in pushed.values:
                return float(pushed.values[name])
        reader, row = self._latest(group)
        return 0.0 if reader is None else reader.view(_COLUMN_OF.get(name, name))[row]

    def exact(self, name: str) -> Decimal:
        """Return a price or size by its name as a decimal; 0 if it is not known."""
        group = GROUP_OF[name]
        if self._pushed:
            pushed = self._held(group)
            if pushed is not None and name in pushed.values:
                return pushed.values[name]
        reader, row = self._latest(group)
        return ZERO if reader is None else reader.exact(_COLUMN_OF.get(name, name), row)

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
