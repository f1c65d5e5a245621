"""The range of prices that an order is filled in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, overload

from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar


class Prices(Dual):
    """Current price, open, high, low and close, and the time they span, in the exchange's time zone.

    Made of a bar, ``Prices(bar)``, of times and one side of a quote, ``Prices(time, end_time, bar)``, or of
    single prices, ``Prices(time, end_time, current, open, high, low, close)``. A zero means the current price.
    """

    __slots__ = ("_end_time", "_time", "exact_close", "exact_current", "exact_high", "exact_low", "exact_open")
    exact_current: Decimal
    exact_open: Decimal
    exact_high: Decimal
    exact_low: Decimal
    exact_close: Decimal

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
        if len(parts) == 1:
            self._of_bar(parts[0].time, parts[0].end_time, parts[0])  # type: ignore[arg-type, union-attr]
        elif len(parts) == 3:
            self._of_bar(*parts)  # type: ignore[arg-type]
        else:
            self._of_numbers(*parts)  # type: ignore[arg-type]

    def _of_bar(self, time: datetime, end_time: datetime, bar: Bar) -> None:
        close = bar.exact_close
        self._of_numbers(time, end_time, close, bar.exact_open, bar.exact_high, bar.exact_low, close)

    def _of_numbers(self, time: datetime, end_time: datetime, current: Number, *open_high_low_close: Number) -> None:
        self._time, self._end_time = time, end_time
        self.exact_current = exact = to_decimal(current)
        self.exact_open, self.exact_high, self.exact_low, self.exact_close = (
            to_decimal(price) if price else exact for price in open_high_low_close
        )

    @property
    def time(self) -> datetime:
        """When the prices begin."""
        return self._time

    @property
    def end_time(self) -> datetime:
        """When the prices end."""
        return self._end_time

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
