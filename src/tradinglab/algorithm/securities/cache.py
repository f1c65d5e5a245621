"""What is known of a security now.

Prices come from two places. Subscriptions are attached as feeds and read only when a price is asked
for. A data point that is *pushed* (custom data, a seed, an author's own) is held here and counts until
a feed brings a later one. Points that were filled forward never count, as in LEAN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.securities.price_cache import BARS, BID_ASK, FIELDS, GROUPS, LAST, VOLUME, PriceCache
from tradinglab.algorithm.securities.price_feed import FeedReader, PriceFeed
from tradinglab.algorithm.securities.pushed import is_default, split_twin, values_of
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import MarketDataType, SecurityType, TickType

if TYPE_CHECKING:
    from tradinglab.algorithm.consolidators.session import Session

T = TypeVar("T", bound=BaseData)
_SIZES = ("volume", "bid_size", "ask_size")


class SecurityCache(PriceCache):
    """The latest prices, sizes and data points of a security, and its author's own properties."""

    __slots__ = (
        "_bar_end",
        "_by_type",
        "_last_point",
        "_quote_end",
        "_session",
        "_session_maker",
        "_ticks",
        "exact_open_interest",
        "properties",
    )

    def __init__(self, security_type: SecurityType = SecurityType.BASE) -> None:
        super().__init__(security_type)
        self.properties: dict[str, object] = {}
        self._session: Session | None = None
        self._session_maker: Callable[[], Session] | None = None
        self._forget_points()

    def _forget_points(self) -> None:
        self._by_type: dict[type, list[BaseData]] = {}
        self._ticks: dict[TickType, list[BaseData]] = {}
        self._last_point: tuple[FeedReader, int, BaseData] | None = None
        self._quote_end: datetime | None = None
        self._bar_end: datetime | None = None
        self.exact_open_interest = ZERO

    def refresh(self, feed: PriceFeed) -> None:
        """Read the columns of a subscription anew: they were replaced."""
        super().refresh(feed)
        self._last_point = None

    def detach(self, feed: PriceFeed) -> None:
        """Stop reading a subscription."""
        super().detach(feed)
        self._last_point = None

    @property
    def open_interest(self) -> int:
        """The latest open interest."""
        return int(self.exact_open_interest)

    @property
    def exact_last_price(self) -> Decimal:
        """The price of the last data point as a decimal; 0 if there is none."""
        pushed = self._held(LAST) if self._pushed else None
        if pushed is not None and pushed.point is not None:
            return pushed.point.exact_price
        reader, row = self._latest(LAST)
        return ZERO if reader is None else reader.exact("close", row)

    @property
    def has_data_point(self) -> bool:
        """Whether there has been any data point that counts as the last one."""
        return (bool(self._pushed) and self._held(LAST) is not None) or self._latest(LAST)[0] is not None

    def get_data(self, data_type: type[T] | None = None) -> BaseData | T | None:
        """Return the last data point, or the last one of a type; ``None`` if there is none."""
        if data_type is not None:
            points = self.get_all(data_type)
            return points[-1] if points else None
        pushed = self._held(LAST) if self._pushed else None
        if pushed is not None:
            return pushed.point
        reader, row = self._latest(LAST)
        if reader is None:
            return None
        cached = self._last_point
        if cached is None or cached[0] is not reader or cached[1] != row:
            cached = self._last_point = (reader, row, reader.feed.bar(row))
        return cached[2]

    def get_all(self, data_type: type[T]) -> list[T]:
        """Return the data points of a type that came last: the ticks of one instant, or one bar."""
        if issubclass(data_type, Tick):
            return self._latest_ticks()  # type: ignore[return-value]
        if issubclass(data_type, (TradeBar, QuoteBar)):
            found = self._latest_bar(issubclass(data_type, QuoteBar))
            if found is not None and isinstance(found, data_type):
                return [found]
        known = self._by_type.get(data_type)
        if known is None:
            known = next((points for kind, points in self._by_type.items() if issubclass(kind, data_type)), [])
        return list(known)  # type: ignore[arg-type]

    def has_data(self, data_type: type[BaseData]) -> bool:
        """Return whether there has been a data point of a type."""
        return bool(self.get_all(data_type))

    def _latest_bar(self, is_quote: bool) -> BaseData | None:
        """Return the last trade or quote bar: of the feeds, or one that was pushed since."""
        group, kind = (BID_ASK, QuoteBar) if is_quote else (VOLUME, TradeBar)
        pushed = self._held(group) if self._pushed else None
        if pushed is not None and isinstance(pushed.point, kind):
            return pushed.point
        found, row = self._newest([reader for reader in self._readers[group] if not reader.is_tick])
        return None if found is None else found.feed.bar(row)

    def _latest_ticks(self) -> list[BaseData]:
        """Return the trade or quote ticks that came last, of the kind that is newer; trades if equal."""
        found: list[list[BaseData]] = [list(points) for points in self._ticks.values() if points]
        for reader in (*self._readers[VOLUME], *self._readers[BID_ASK]):
            row = reader.row() if reader.is_tick else -1
            if row >= 0:
                first = row
                while first > 0 and reader.ends[first - 1] == reader.ends[row]:
                    first -= 1
                found.append([reader.feed.bar(at) for at in range(first, row + 1)])
        if not found:
            return []
        return max(found, key=lambda points: (points[-1].end_time, not _is_quote_tick(points[-1])))

    def add_data(self, data: BaseData) -> None:
        """Take in one data point."""
        self.add_data_list([data], type(data))

    def add_data_list(self, data: Sequence[BaseData], data_type: type[BaseData]) -> None:
        """Take in the points of one type that came together."""
        fresh = [point for point in data if not point.is_fill_forward]
        if fresh:
            self.store_data(fresh, data_type)
        for point in fresh:
            self._take(point)

    def store_data(self, data: Sequence[BaseData], data_type: type[BaseData]) -> None:
        """Keep the points of a type without letting them move any price."""
        last = data[-1]
        if isinstance(last, Tick) and last.tick_type != TickType.OPEN_INTEREST:
            self._ticks[last.tick_type] = list(data)
        else:
            self._by_type[data_type] = list(data)

    def _take(self, data: BaseData) -> None:
        if isinstance(data, Tick) and data.tick_type == TickType.OPEN_INTEREST:
            self.exact_open_interest = data.exact_value
            return
        if data.data_type == MarketDataType.AUXILIARY:
            return
        # A trade bar does not replace the quote bar that came before it with the same end.
        after_quote = data.end_time == self._quote_end
        if is_default(data, self.security_type):
            if not (after_quote and data.data_type == MarketDataType.TRADE_BAR and self.has_data_point):
                self._push(LAST, {}, data)
        groups = {VOLUME, BID_ASK} if after_quote and data.end_time == self._bar_end else set(GROUPS)
        for name, value in values_of(data, self.security_type).items():
            group = FIELDS[name][0]
            if value and group in groups:
                self._push(group, {name: value}, data)
                if group == BARS:
                    self._bar_end = data.end_time
        if isinstance(data, TradeBar):
            self._push(VOLUME, {}, data)
        elif isinstance(data, QuoteBar):
            self._quote_end = data.end_time

    def apply_split(self, split_factor: Decimal) -> None:
        """Scale every price and size by a split, so that they are of the new shares."""
        last = self.get_data()
        if last is None or not split_factor:
            return
        points: dict[int, BaseData] = dict.fromkeys(GROUPS, split_twin(last, split_factor))
        for group, is_quote in ((VOLUME, False), (BID_ASK, True)):
            bar = self._latest_bar(is_quote)
            if bar is not None:
                points[group] = split_twin(bar, split_factor)
        scaled = {
            name: self.exact(name) / split_factor if name in _SIZES else self.exact(name) * split_factor
            for name in FIELDS
        }
        for name, value in scaled.items():
            if value:
                group = FIELDS[name][0]
                self._push(group, {name: value}, points[group])
        self._push(LAST, {}, points[LAST])

    def reset(self) -> None:
        """Forget everything but the attached feeds and the author's properties."""
        self._pushed.clear()
        self._forget_points()
        self._set_quick()
        if self._session is not None:
            self._session.reset()

    @property
    def session(self) -> Session:
        """Open, high, low, close and volume of the day; made when first asked for."""
        if self._session is None:
            if self._session_maker is None:
                raise RuntimeError("The security has no session: it was not added to an algorithm.")
            self._session = self._session_maker()
        return self._session

    @property
    def active_session(self) -> Session | None:
        """The session if it is gathered, else ``None``: only then it must be kept up to date."""
        return self._session if self._session is not None and self._session.is_tracking else None

    def set_session_maker(self, maker: Callable[[], Session]) -> None:
        """Say how the session is made."""
        self._session_maker = maker


def _is_quote_tick(point: BaseData) -> bool:
    return isinstance(point, Tick) and point.tick_type == TickType.QUOTE
