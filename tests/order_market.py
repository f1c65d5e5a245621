"""A security on its own: a clock to set, bars to push, an order to fill. Shared by the tests of orders and models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tradinglab.algorithm.bars import Bar, QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.models.fills import FillModelParameters
from tradinglab.algorithm.orders import Order, OrderEvent
from tradinglab.algorithm.securities.cash_book import CashBook
from tradinglab.algorithm.securities.security import Security
from tradinglab.algorithm.securities.security_types import Cfd, Crypto, CryptoFuture, Equity, Forex, PairSecurity
from tradinglab.algorithm.securities.time_keeper import TimeKeeper
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market import Market as Markets
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolProperties

SPY = Symbol(SecurityIdentifier.parse("SPY R735QTJ8XC9X"), "SPY")
EURUSD = Symbol.create("EURUSD", SecurityType.FOREX, Markets.OANDA)
BTCUSD = Symbol.create("BTCUSD", SecurityType.CRYPTO, Markets.COINBASE)
DE30EUR = Symbol.create("DE30EUR", SecurityType.CFD, Markets.OANDA)

Prices = tuple[float, float, float, float]
_CLASSES: dict[SecurityType, type[Security]] = {
    SecurityType.EQUITY: Equity,
    SecurityType.FOREX: Forex,
    SecurityType.CRYPTO: Crypto,
    SecurityType.CRYPTO_FUTURE: CryptoFuture,
    SecurityType.CFD: Cfd,
}


def _quote_currency(symbol: Symbol) -> str:
    paired = (SecurityType.FOREX, SecurityType.CRYPTO, SecurityType.CFD, SecurityType.CRYPTO_FUTURE)
    return symbol.value[-3:] if symbol.security_type in paired else "USD"


@dataclass(frozen=True)
class Subscription:
    """What a fill model asks of a subscription."""

    type: type[BaseData]
    resolution: Resolution = Resolution.MINUTE
    extended_market_hours: bool = False
    is_internal_feed: bool = False


class Market:
    """One security with its own exchange, cash book and clock.

    Times are naive, on the exchange's wall clock.
    """

    def __init__(
        self, symbol: Symbol = SPY, multiplier: str = "1", currency: str = "", rate: str = "1.1", **subscription: Any
    ) -> None:
        kinds = (SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CRYPTO, SecurityType.CFD)
        if symbol.security_type in kinds and symbol.id.market != Markets.INDIA:
            entry = MarketHoursDatabase.default().get_entry(symbol.id.market, symbol, symbol.security_type)
            self.hours = entry.exchange_hours
        else:
            self.hours = SecurityExchangeHours.always_open("America/New_York")
        self.zone = self.hours.time_zone
        self.symbol = symbol
        self.cash_book = CashBook()
        self.clock = TimeKeeper()
        quote = currency or _quote_currency(symbol)
        if quote not in self.cash_book:
            self.cash_book.add(quote, 0, Decimal(rate))
        properties = SymbolProperties(symbol.value, quote, Decimal(multiplier), "0.01", 1, "")
        parts: tuple[Any, ...] = (symbol, self.hours, self.cash_book[quote], properties, self.cash_book)
        kind = _CLASSES.get(symbol.security_type, Security)
        if issubclass(kind, PairSecurity):
            base = symbol.value[: -len(quote)]
            if base not in self.cash_book:
                self.cash_book.add(base, 0, 1)
            self.security: Any = kind(*parts, base_currency=self.cash_book[base])
        else:
            self.security = kind(*parts)
        self.security.set_clock(self.clock)
        self.configs: list[Subscription] = []
        self.updated: list[Order] = []
        if subscription or not self.configs:
            self.subscribe(**({"kind": TradeBar} | subscription))

    def subscribe(
        self,
        kind: type[BaseData],
        resolution: Resolution = Resolution.MINUTE,
        extended: bool = False,
        internal: bool = False,
    ) -> None:
        """Add a subscription."""
        self.configs.append(Subscription(kind, resolution, extended, internal))

    def get_subscription_data_configs(
        self, symbol: Symbol, include_internal_configs: bool = False
    ) -> list[Subscription]:
        """Return the subscriptions, as the algorithm's service does."""
        return [config for config in self.configs if include_internal_configs or not config.is_internal_feed]

    def at(self, local: datetime) -> Market:
        """Set the clock."""
        self.clock.set_utc_ns(self.zone.to_utc(local))
        return self

    def trade(self, end: datetime, prices: Prices, period: timedelta = timedelta(minutes=1), volume: int = 100) -> None:
        """Bring a trade bar, and set the clock to its end."""
        self.security.set_market_price(TradeBar(end - period, self.symbol, *prices, volume, period))
        self.at(end)

    def quote(
        self, end: datetime, bid: Prices | None, ask: Prices | None, period: timedelta = timedelta(minutes=1)
    ) -> None:
        """Bring a quote bar, and set the clock to its end."""
        sides = [None if side is None else Bar(*side) for side in (bid, ask)]
        self.security.set_market_price(QuoteBar(end - period, self.symbol, sides[0], 10, sides[1], 20, period))
        self.at(end)

    def tick(
        self, time: datetime, price: float, bid: float = 0, ask: float = 0, *, sale: str = "", exchange: str = ""
    ) -> None:
        """Bring a trade or, with a bid, a quote tick, and set the clock to it."""
        kind = TickType.QUOTE if bid or ask else TickType.TRADE
        tick = Tick(time, self.symbol, price, 1, tick_type=kind, bid_price=bid, ask_price=ask)
        tick.sale_condition, tick.exchange = sale, exchange
        self.security.set_market_price(tick)
        self.at(time)

    def utc(self, local: datetime) -> int:
        """Return the instant of a wall-clock time."""
        return self.zone.to_utc(local)

    def parameters(self, order: Order) -> FillModelParameters:
        """Return what a fill model is given."""
        return FillModelParameters(
            self.security, order, self, timedelta(hours=1), {order: self.security}, self.updated.append
        )

    def fill(self, order: Order) -> OrderEvent:
        """Ask the security's fill model for the fill of one order."""
        (event,) = self.security.fill_model.fill(self.parameters(order))
        return event
