"""What a source says that has bars, and knows nothing of tickers over time, funding or borrowing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from tradinglab.core.security_definitions import SecurityDefinition
from tradinglab.core.symbol import Symbol
from tradinglab.data.interest import InterestRates, shipped_interest_rates
from tradinglab.data.known_listings import known_listing
from tradinglab.data.mapping import MapFile
from tradinglab.data.source import ShortableDay


class BarsOnlySource:
    """Base of sources of bars: a security has one ticker, and nothing is known of it but its bars."""

    def map_file(self, symbol: Symbol) -> MapFile | None:
        """Return ``None``: tickers do not change."""
        return None

    def first_listing(self, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime] | None:
        """Return under which ticker, and when, a security was first listed, if it is one of those known to all."""
        return known_listing(ticker, market)

    def interest_rates(self) -> InterestRates:
        """Return the risk-free interest rate over time, which ships with TradingLab."""
        return shipped_interest_rates()

    def margin_interest_rates(self, symbol: Symbol) -> list[tuple[int, Decimal]]:
        """Return no funding rates."""
        return []

    def security_definitions(self) -> tuple[SecurityDefinition, ...]:
        """Return nothing: other names of securities are not known."""
        return ()

    def shortable(self, symbol: Symbol, brokerage: str) -> Mapping[int, ShortableDay]:
        """Return no limits to borrowing."""
        return {}
