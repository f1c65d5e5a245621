"""Bars as they come, right or wrong, and what has to be known to judge them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market_hours_database import MarketHoursDatabase, MarketHoursEntry
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Flags, Floats, Ints
from tradinglab.data.derivation import Action
from tradinglab.data.periods import PERIODS
from tradinglab.data.quality.errors import UncheckedError
from tradinglab.data.store.layout import SeriesKey

_US = 1_000
_NEGATIVE_TYPES = (SecurityType.CFD, SecurityType.FUTURE, SecurityType.INDEX)
_WITHOUT_VOLUME = (SecurityType.CFD, SecurityType.FOREX, SecurityType.INDEX)


@dataclass(frozen=True, slots=True)
class Bars:
    """A block of bars, in whatever order and state.

    Attributes
    ----------
    times_us
        Starts in microseconds UTC.
    values
        A column for each field, as many as there are times.
    rows
        The number of each bar among all that are checked, from 0.
    """

    times_us: Ints
    values: Mapping[str, Floats]
    rows: Ints

    @classmethod
    def of(cls, times_us: Ints, values: Mapping[str, Floats], first_row: int = 0) -> Bars:
        """Return bars that are numbered one by one."""
        return cls(times_us, values, np.arange(first_row, first_row + len(times_us)))

    def __len__(self) -> int:
        return len(self.times_us)

    def take(self, which: Ints | Flags | slice) -> Bars:
        """Return some of the bars."""
        if isinstance(which, np.ndarray) and which.dtype == np.bool_:
            which = np.flatnonzero(which)
        return Bars(
            self.times_us[which], {name: column[which] for name, column in self.values.items()}, self.rows[which]
        )

    def joined(self, other: Bars) -> Bars:
        """Return these bars and then others."""
        return Bars(
            np.concatenate([self.times_us, other.times_us]),
            {name: np.concatenate([column, other.values[name]]) for name, column in self.values.items()},
            np.concatenate([self.rows, other.rows]),
        )

    def sorted(self) -> Bars:
        """Return the bars in order of time; those of one time stay as they were."""
        if len(self) < 2 or bool((self.times_us[1:] >= self.times_us[:-1]).all()):
            return self
        return self.take(np.argsort(self.times_us, kind="stable"))

    def blocks(self, size: int) -> Iterator[Bars]:
        """Yield the bars in blocks."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """What is known of a series beside its bars.

    Attributes
    ----------
    actions
        Splits and dividends; ``None``: not known, so that a jump like a split's cannot be held against them.
    has_raw_prices
        Whether prices are raw, so that a split is to be seen in them.
    first_day, last_day
        Days (since 1970-01-01) of listing and delisting, ``None`` where they are not known.
    now_us
        What begins later is in the future; ``None``: is not looked for.
    """

    key: SeriesKey
    hours: MarketHoursEntry
    actions: tuple[Action, ...] | None = None
    has_raw_prices: bool = True
    first_day: int | None = None
    last_day: int | None = None
    now_us: int | None = None

    @classmethod
    def of(
        cls,
        key: SeriesKey,
        *,
        hours: MarketHoursEntry | None = None,
        actions: tuple[Action, ...] | None = None,
        has_raw_prices: bool = True,
        listed: date | None = None,
        delisted: date | None = None,
        now_us: int | None = None,
    ) -> SeriesFacts:
        """Return what is known of a series; its hours are those shipped unless others are given.

        Raises
        ------
        UncheckedError
            If it is of ticks.
        MarketHoursError
            If the market's hours are not known.
        """
        if key.resolution == Resolution.TICK:
            raise UncheckedError(f"{key} is of ticks; bars of a second, a minute, an hour or a day can be checked.")
        return cls(
            key=key,
            hours=hours or MarketHoursDatabase.default().get_entry(key.market, key.ticker, key.security_type),
            actions=actions,
            has_raw_prices=has_raw_prices,
            first_day=None if listed is None else day_of_date(listed),
            last_day=None if delisted is None else day_of_date(delisted),
            now_us=now_us,
        )

    @property
    def period_us(self) -> int:
        """How long a bar is."""
        return PERIODS[self.key.resolution] // _US

    @property
    def is_daily(self) -> bool:
        """Whether a bar is a day."""
        return self.key.resolution == Resolution.DAILY

    @property
    def may_be_negative(self) -> bool:
        """Whether prices of this kind can be zero or less."""
        return self.key.security_type in _NEGATIVE_TYPES

    @property
    def has_volume(self) -> bool:
        """Whether volumes of this kind mean anything."""
        return self.key.security_type not in _WITHOUT_VOLUME
