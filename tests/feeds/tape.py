"""A source of downloads whose bars appear as time goes by, and which fails when it is told to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from tests.feeds.kit import Clock, values

from tradinglab.core.clock import MINUTE_NS, SECOND_NS
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.data.sources.errors import SourceError, UnavailableError, UnknownSymbolError
from tradinglab.data.sources.protocol import About, Fetched, Known, Listing, SeriesKey, SeriesMeta, Serves
from tradinglab.data.sources.shaping import origin_of

ABOUT = About(
    name="yahoo",
    title="Yahoo Finance",
    serves=(Serves(security_type=SecurityType.CRYPTO, resolutions=(Resolution.MINUTE,), markets=("binance",)),),
    limits="",
    terms="",
)


@dataclass
class Tape:
    """Minute bars by their starts: their prices, and how many seconds after its end a bar appears."""

    clock: Clock
    bars: dict[int, float] = field(default_factory=dict)
    lags: dict[int, float] = field(default_factory=dict)
    #: Seconds UTC from and to which it does not answer.
    away: list[tuple[int, int]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    about: About = ABOUT
    unknown: tuple[str, ...] = ()

    def fetch(self, key: SeriesKey, start_us: int, end_us: int) -> Iterator[Fetched]:
        now = self.clock.ns
        self.asked.append(now)
        if key.ticker in self.unknown:
            raise UnknownSymbolError("yahoo", "There is no such symbol.", symbol=key.ticker)
        if any(first * SECOND_NS <= now < last * SECOND_NS for first, last in self.away):
            raise UnavailableError("yahoo", "It does not answer.", symbol=key.ticker)
        seen = sorted(
            start for start in self.bars
            if start_us * 1000 <= start < end_us * 1000
            and start + MINUTE_NS + self.lags.get(start, 0.0) * SECOND_NS <= now
        )  # fmt: skip
        yield Fetched(
            key=key, start_us=start_us, end_us=end_us, times_us=np.array(seen, np.int64) // 1000,
            values=values(self.bars[start] for start in seen), meta=SeriesMeta(symbol=key.ticker),
            origin=origin_of("yahoo", key.ticker, key, start_us, end_us),
        )  # fmt: skip

    def search(self, text: str) -> Sequence[Listing]:
        return ()

    def validate(self, key: SeriesKey) -> Listing:
        raise SourceError("yahoo", "not asked")

    def coverage(self, key: SeriesKey) -> Known:
        return Known(first_us=None, last_us=None)

    def close(self) -> None:
        pass
