"""What orders read from securities and from the engine, so that neither has to be imported here."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from tradinglab.algorithm.orders.requests import OrderRequest
    from tradinglab.algorithm.orders.ticket import OrderTicket
    from tradinglab.core.clock import Zone
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol


class HasSymbol(Protocol):
    """Something with a symbol, such as a security."""

    @property
    def symbol(self) -> Symbol:
        """What is traded."""


class HasConversionRate(Protocol):
    """A currency that is convertible into the account's."""

    @property
    def symbol(self) -> str:
        """Code of the currency, such as ``USD``."""

    @property
    def exact_conversion_rate(self) -> Decimal:
        """Units of the account's currency for one unit."""


class HasContractMultiplier(Protocol):
    """The symbol properties that give an order its value."""

    @property
    def exact_contract_multiplier(self) -> Decimal:
        """Units of the underlying in one contract."""


class PricedSecurity(HasSymbol, Protocol):
    """A security that an order's value can be computed with."""

    @property
    def exact_price(self) -> Decimal:
        """The last price."""

    @property
    def quote_currency(self) -> HasConversionRate:
        """The currency that prices are quoted in."""

    @property
    def symbol_properties(self) -> HasContractMultiplier:
        """Properties of the symbol."""


class TradedExchange(Protocol):
    """The exchange of a security."""

    @property
    def hours(self) -> SecurityExchangeHours:
        """Opening hours."""

    @property
    def time_zone(self) -> Zone:
        """Time zone of the exchange."""


class TradedSecurity(Protocol):
    """A security with a clock and opening hours, which is what a time in force asks for."""

    @property
    def local_time(self) -> datetime:
        """Wall-clock time at the exchange."""

    @property
    def exchange(self) -> TradedExchange:
        """The exchange of the security."""


class TransactionProcessor(Protocol):
    """Where a ticket sends its requests: the transaction manager."""

    @property
    def utc_ns(self) -> int:
        """The algorithm's time."""

    def process_request(self, request: OrderRequest) -> OrderTicket:
        """Carry out *request* and return the ticket of its order."""
