"""The prices that securities had during a run, read from the columns of their subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.securities.price_feed import FeedReader, sets_price
from tradinglab.core.enums import SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.excursions import Floats
    from tradinglab.algorithm.securities import SecurityManager
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import Ints

_Series = tuple["Ints", "Floats"]


class FeedPrices:
    """Gives a trade builder the prices between two instants (``PriceHistory``).

    Prices that an author pushed into a security himself are not seen.
    """

    def __init__(self, securities: SecurityManager) -> None:
        self._securities = securities
        self._known: dict[Symbol, tuple[tuple[int, ...], _Series]] = {}

    def prices(self, symbol: Symbol, after_ns: int, until_ns: int) -> Floats:
        """Return the security's price at each bar that ended after *after_ns* and up to *until_ns*."""
        ends, closes = self._series(symbol)
        first, last = np.searchsorted(ends, [after_ns, until_ns], side="right")
        return closes[first:last]

    def _series(self, symbol: Symbol) -> _Series:
        security = self._securities[symbol]
        readers = [FeedReader(feed) for feed in security.cache.feeds]
        readers = [reader for reader in readers if sets_price(reader, security.type) and len(reader.columns)]
        mark = tuple(id(reader.columns) for reader in readers)
        known = self._known.get(symbol)
        if known is None or known[0] != mark:
            known = self._known[symbol] = (mark, _merged(_priced(readers, security.type)))
        return known[1]


def _priced(readers: list[FeedReader], kind: SecurityType) -> list[_Series]:
    """Return the ends and prices of each feed; a coin's price is that of its trades as soon as there are some."""
    found = [(reader.columns.end_ns, np.asarray(reader.views["close"], np.float64)) for reader in readers]
    if kind == SecurityType.CRYPTO:
        firsts = [int(reader.ends[0]) for reader in readers if not reader.is_quote and not reader.is_tick]
        if firsts:
            until_ns = min(firsts)
            found = [
                (ends[ends < until_ns], prices[ends < until_ns])
                if reader.is_quote or reader.is_tick
                else (ends, prices)
                for reader, (ends, prices) in zip(readers, found, strict=True)
            ]
    return found


def _merged(series: list[_Series]) -> _Series:
    if not series:
        return np.empty(0, np.int64), np.empty(0)
    ends, closes = (np.concatenate(parts) for parts in zip(*series, strict=True))
    order = np.argsort(ends, kind="stable")
    return ends[order], closes[order]
