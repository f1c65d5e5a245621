"""The prices that securities had during a run, read from the columns of their subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.securities.price_feed import FeedReader, sets_price

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
            known = self._known[symbol] = (mark, _merged(readers))
        return known[1]


def _merged(readers: list[FeedReader]) -> _Series:
    if not readers:
        return np.empty(0, np.int64), np.empty(0)
    ends = np.concatenate([reader.columns.end_ns for reader in readers])
    closes = np.concatenate([np.asarray(reader.views["close"], np.float64) for reader in readers])
    order = np.argsort(ends, kind="stable")
    return ends[order], closes[order]
