"""The range of prices that an order is filled in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, overload

from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import NetObject

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar


class Prices(NetObject):
    """Current price, open, high, low and close, and the time they span, in the exchange's time zone.

    Made of a bar, ``Prices(bar)``, of times and one side of a quote, ``Prices(time, end_time, bar)``, or of
    single prices, ``Prices(time, end_time, current, open, high, low, close)``. A zero means the current price.
    """

    __slots__ = ("_bar", "_close", "_current", "_end_time", "_high", "_low", "_open", "_time", "ends_ns")
    #: When the prices end, as an instant, if the bar that they are made of knows it.
    ends_ns: int | None

    @overload
    def __init__(self, bar: TradeBar | QuoteBar, /) -> None: ...
    @overload
    def __init__(self, time: datetime, end_time: datetime, bar: Bar, /) -> None: ...
    @overload
    def __init__(
        self,
        time: datetime,
        end_time: datetime,
        current: Number,
        open: Number,
        high: Number,
        low: Number,
        close: Number,
        /,
    ) -> None: ...
    def __init__(self, *parts: TradeBar | QuoteBar | Bar | datetime | Number) -> None:
        self._bar: TradeBar | QuoteBar | Bar | None = None
        self._time: datetime | None = None
        self._end_time: datetime | None = None
        self._open: Decimal | None = None
        self._high: Decimal | None = None
        self._low: Decimal | None = None
        self.ends_ns = None
        if len(parts) == 1:
            # Most fills look at one or two prices of their bar, so each is read when it is asked for.
            self._bar = parts[0]  # type: ignore[assignment]
            self.ends_ns = getattr(parts[0], "end_ns", None)
            self._current = self._close = parts[0].exact_close  # type: ignore[union-attr]
        elif len(parts) == 3:
            self._time, self._end_time, self._bar = parts  # type: ignore[assignment]
            self._current = self._close = parts[2].exact_close  # type: ignore[union-attr]
        else:
            self._of_numbers(*parts)  # type: ignore[arg-type]

    def _of_numbers(self, time: datetime, end_time: datetime, current: Number, *open_high_low_close: Number) -> None:
        self._time, self._end_time = time, end_time
        self._current = exact = to_decimal(current)
        self._open, self._high, self._low, self._close = (
            to_decimal(price) if price else exact for price in open_high_low_close
        )

    @property
    def time(self) -> datetime:
        """When the prices begin."""
        if self._time is None:
            self._time = self._bar.time  # type: ignore[union-attr]
        return self._time

    @property
    def end_time(self) -> datetime:
        """When the prices end."""
        if self._end_time is None:
            self._end_time = self._bar.end_time  # type: ignore[union-attr]
        return self._end_time

    @property
    def exact_current(self) -> Decimal:
        """``current`` as a decimal."""
        return self._current

    @property
    def exact_open(self) -> Decimal:
        """``open`` as a decimal."""
        if self._open is None:
            self._open = self._bar.exact_open or self._current  # type: ignore[union-attr]
        return self._open

    @property
    def exact_high(self) -> Decimal:
        """``high`` as a decimal."""
        if self._high is None:
            self._high = self._bar.exact_high or self._current  # type: ignore[union-attr]
        return self._high

    @property
    def exact_low(self) -> Decimal:
        """``low`` as a decimal."""
        if self._low is None:
            self._low = self._bar.exact_low or self._current  # type: ignore[union-attr]
        return self._low

    @property
    def exact_close(self) -> Decimal:
        """``close`` as a decimal."""
        return self._close

    @property
    def current(self) -> float:
        """The current price."""
        return float(self.exact_current)

    @property
    def open(self) -> float:
        """First price."""
        return float(self.exact_open)

    @property
    def high(self) -> float:
        """Highest price."""
        return float(self.exact_high)

    @property
    def low(self) -> float:
        """Lowest price."""
        return float(self.exact_low)

    @property
    def close(self) -> float:
        """Last price."""
        return float(self.exact_close)
