"""What a download is asked for and what it answers, the same for every source.

A source is asked for a series (`SeriesKey`) and a range of instants. It answers in parts, in order of time, each of
which says which range it speaks of: what was answered need not be asked for again, so that a download may stop between
any two parts and go on later from the end of the last. Instants are int64 microseconds UTC, ranges begin with their
first and end before their last. A part may be empty: then its notes say why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.derivation import Action
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import SeriesKey

__all__ = [
    "About",
    "Action",
    "Downloader",
    "Fetched",
    "Known",
    "Listing",
    "Origin",
    "SeriesKey",
    "SeriesMeta",
    "Serves",
    "nothing",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Serves:
    """Bars of which resolutions a source has of a kind of security.

    Attributes
    ----------
    markets
        The markets whose securities it knows, by their names in LEAN; empty: any.
    reach_days
        How many days back bars of a resolution go, where that is not up to the security.
    """

    security_type: SecurityType
    resolutions: tuple[Resolution, ...]
    markets: tuple[str, ...] = ()
    reach_days: Mapping[Resolution, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a user should know of a source before he asks it.

    Attributes
    ----------
    name
        The word by which it is asked for, such as ``yahoo``.
    title
        What it is called.
    serves
        What it has.
    credentials
        Names of the environment variables that hold its key; empty if it needs none.
    limits
        How much may be asked, in a user's words.
    terms
        What its terms mean for a user, and where they stand.
    extra
        The extra of this package that installs what it needs beyond ``sources``; empty if nothing.
    """

    name: str
    title: str
    serves: tuple[Serves, ...]
    credentials: tuple[str, ...] = ()
    limits: str
    terms: str
    extra: str = ""

    def served(self, key: SeriesKey) -> Serves | None:
        """Return the entry that covers a series, None if the source has no such bars."""
        for each in self.serves:
            is_kind = each.security_type == key.security_type and key.resolution in each.resolutions
            if is_kind and (not each.markets or key.market in each.markets):
                return each
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A security as a source knows it.

    Attributes
    ----------
    ticker
        How it is called here (``BRK.B``, ``EURUSD``).
    symbol
        How it is called there (``BRK-B``, ``EURUSD=X``).
    exchange, currency, time_zone
        Empty if the source does not say.
    """

    ticker: str
    symbol: str
    name: str = ""
    security_type: SecurityType
    market: str
    exchange: str = ""
    currency: str = ""
    time_zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """From when to when a source has bars of a series; None where it does not say.

    Attributes
    ----------
    first_us, last_us
        Starts of the first bar and the last one.
    """

    first_us: int | None
    last_us: int | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMeta:
    """What a source says of a series beside its bars; empty where it says nothing.

    Attributes
    ----------
    instrument
        What it is, in the source's own word: ``ETF``, ``EQUITY``, ``spot``.
    """

    symbol: str
    name: str = ""
    currency: str = ""
    time_zone: str = ""
    instrument: str = ""
    exchange: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A part of a download: all that a source has of ``[start_us, end_us)``.

    Attributes
    ----------
    times_us
        Starts of the bars, in order, none twice.
    values
        A column for each of the key's fields: raw prices, and sizes in units of the security.
    actions
        Splits and dividends of these days, in order of their days; raw amounts per share of the day.
    origin
        The source, what it was asked for, and the sha256 of what it answered.
    notes
        What a user should know: rows that were left out, why there are no bars.
    """

    key: SeriesKey
    start_us: int
    end_us: int
    times_us: Ints
    values: Mapping[str, Floats]
    actions: tuple[Action, ...] = ()
    meta: SeriesMeta
    origin: Origin
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there are no bars in it."""
        return len(self.times_us) == 0


class Downloader(Protocol):
    """A source of bars outside.

    Every method may raise a `SourceError`, which says whether trying again could help and after how many seconds.
    """

    @property
    def about(self) -> About:
        """What it serves, and on which terms."""
        ...

    def search(self, text: str) -> Sequence[Listing]:
        """Return the securities that a text may mean, the likeliest first."""
        ...

    def validate(self, key: SeriesKey) -> Listing:
        """Return the security of a series.

        Raises
        ------
        UnknownSymbolError
            If the source does not know it.
        NotServedError
            If it has no bars of this kind.
        """
        ...

    def coverage(self, key: SeriesKey) -> Known:
        """Return from when to when there are bars."""
        ...

    def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        """Yield the bars of a range in parts, which together span it from its start to its end.

        The range is asked for page by page as parts are taken. Before a listing and after a delisting parts are empty
        and say so. A bar whose time is not yet over is left out, and the last part ends before it.
        """
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


def nothing(key: SeriesKey, start_us: int, end_us: int, meta: SeriesMeta, origin: Origin, why: str) -> Fetched:
    """Return a part without bars."""
    return Fetched(
        key=key,
        start_us=start_us,
        end_us=end_us,
        times_us=np.empty(0, np.int64),
        values={name: np.empty(0) for name in key.fields},
        meta=meta,
        origin=origin,
        notes=(why,),
    )
