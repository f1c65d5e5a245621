"""An account with securities whose prices a test sets, without an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from tradinglab.algorithm.bar_views import bar_view
from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.models.fees import ConstantFeeModel, FeeModel
from tradinglab.algorithm.orders import CashAmount, Order, OrderEvent, OrderFee, OrderTicket
from tradinglab.algorithm.securities import (
    Security,
    SecurityManager,
    SecurityPortfolioManager,
    SecurityTransactionManager,
    TimeKeeper,
)
from tradinglab.algorithm.settings import AlgorithmSettings
from tradinglab.core.clock import MINUTE_NS, to_ns, zone
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import OrderDirection, OrderStatus, Resolution, SecurityType, TickType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolProperties
from tradinglab.data.columns import QUOTE_FIELDS, TRADE_FIELDS, BarColumns

NEW_YORK = zone("America/New_York")
MONDAY = datetime(2013, 10, 7)
_QUOTE = {SecurityType.EQUITY: "USD", SecurityType.CFD: "USD", SecurityType.INDEX: "USD"}
_MARKET = {
    SecurityType.EQUITY: "usa", SecurityType.FOREX: "oanda", SecurityType.CFD: "oanda", SecurityType.CRYPTO: "coinbase",
    SecurityType.CRYPTO_FUTURE: "binance", SecurityType.INDEX: "usa",
}  # fmt: skip


class ListFeed:
    """A price feed over rows that a test writes; ``at`` is the row that is known now."""

    def __init__(self, symbol: Symbol, rows: Sequence[dict[str, float]], tick_type: TickType = TickType.TRADE, *,
                 resolution: Resolution = Resolution.MINUTE, start: datetime = MONDAY,
                 is_internal: bool = False) -> None:  # fmt: skip
        names = QUOTE_FIELDS if tick_type == TickType.QUOTE else TRADE_FIELDS
        step = 60 * MINUTE_NS if resolution == Resolution.HOUR else MINUTE_NS
        first = NEW_YORK.to_utc(start)
        time_ns = first + step * np.arange(len(rows), dtype=np.int64)
        values = {name: np.array([row.get(name, np.nan) for row in rows], np.float64) for name in names}
        end_ns = time_ns if resolution == Resolution.TICK else time_ns + step
        self.columns = BarColumns(tick_type, time_ns, end_ns, values)
        self.symbol, self.tick_type, self.resolution, self.is_internal = symbol, tick_type, resolution, is_internal
        self.at = -1

    steady_shift = None
    by_step: Sequence[int] | None = None

    def row(self) -> int:
        return self.at

    def rows_by_step(self) -> Sequence[int] | None:
        return self.by_step

    def bar(self, row: int) -> BaseData:
        return bar_view(self.columns, row, self.symbol, NEW_YORK, self.resolution == Resolution.TICK)


def trade(close: float, open_: float | None = None, volume: float = 100.0) -> dict[str, float]:
    """Return a row of trades around a close."""
    start = close if open_ is None else open_
    return {"open": start, "high": max(start, close), "low": min(start, close), "close": close, "volume": volume}


def quote(bid: float, ask: float, size: float = 10.0) -> dict[str, float]:
    """Return a row of quotes that do not move."""
    sides = {f"{side}_{name}": price for side, price in (("bid", bid), ("ask", ask))
             for name in ("open", "high", "low", "close")}  # fmt: skip
    return sides | {"bid_size": size, "ask_size": size}


@dataclass
class Processor:
    """Holds orders and tickets, and carries nothing out."""

    tickets: dict[int, OrderTicket] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    requests: list[Any] = field(default_factory=list)

    @property
    def orders_count(self) -> int:
        return len(self.orders)

    def process(self, request: Any) -> Any:
        self.requests.append(request)
        return self.tickets.get(request.order_id)

    def get_order_by_id(self, order_id: int) -> Order | None:
        return self.orders.get(order_id)

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        return self.tickets.get(order_id)

    def get_orders(self) -> list[Order]:
        return list(self.orders.values())

    def get_open_orders(self) -> list[Order]:
        return list(self.orders.values())

    def get_order_tickets(self) -> list[OrderTicket]:
        return list(self.tickets.values())

    def get_open_order_tickets(self) -> list[OrderTicket]:
        return list(self.tickets.values())

    def open_order_tickets_of(self, symbol: Symbol) -> list[OrderTicket]:
        return [ticket for ticket in self.tickets.values() if ticket.symbol == symbol]


class FilledTicket:
    """A ticket as far as buying power asks it."""

    exact_quantity_filled = Decimal(0)
    exact_quantity_remaining = Decimal(0)


class Account:
    """A portfolio of 100,000 dollars and what belongs to it."""

    def __init__(self, cash: Number = 100_000) -> None:
        self.clock = TimeKeeper(NEW_YORK.to_utc(MONDAY + timedelta(hours=10)))
        self.settings = AlgorithmSettings()
        self.securities = SecurityManager(self.clock)
        self.transactions = SecurityTransactionManager(None, self.securities)
        self.processor = Processor()
        self.transactions.set_order_processor(self.processor)
        self.portfolio = SecurityPortfolioManager(self.securities, self.transactions, self.settings)
        self.portfolio.set_cash(cash)
        self.is_warming_up = False
        self.errors: list[str] = []

    def error(self, message: str) -> None:
        self.errors.append(message)

    def debug(self, message: str) -> None:
        self.errors.append(message)

    def add(self, ticker: str, security_type: SecurityType = SecurityType.EQUITY, *, price: Number | None = None,
            quote: str | None = None, lot: Number = 1, multiplier: Number = 1, leverage: Number | None = None,
            fee: FeeModel | None = None) -> Security:  # fmt: skip
        """Add a security that is always open; its fee is nothing unless given."""
        symbol = Symbol.create(ticker, security_type, _MARKET[security_type])
        currency = quote or _QUOTE.get(security_type) or ticker[3:]
        properties = SymbolProperties(ticker, currency, multiplier, "0.01", lot, ticker)
        security = self.securities.create_security(
            symbol, [], hours=SecurityExchangeHours.always_open(NEW_YORK), symbol_properties=properties,
            cash_book=self.portfolio.cash_book,
        )  # fmt: skip
        self.securities.add(security)
        security.set_fee_model(fee or ConstantFeeModel(0))
        if leverage is not None:
            security.set_leverage(leverage)
        if price is not None:
            self.price(security, price)
        return security

    def price(self, security: Security, price: Number) -> None:
        """Let a bar with a single price come in."""
        value = float(price)
        bar = TradeBar(security.local_time - timedelta(minutes=1), security.symbol, value, value, value, value, 1)
        security.set_market_price(bar)
        self.portfolio.cash_book.update_rates()
        self.portfolio.invalidate_total_portfolio_value()

    def fill(self, security: Security, quantity: Number, price: Number, fee: Number = 0, currency: str = "USD") -> None:
        """Book a fill."""
        amount = to_decimal(quantity)
        event = OrderEvent(
            1, security.symbol, security.utc_ns, OrderStatus.FILLED,
            OrderDirection.BUY if amount > 0 else OrderDirection.SELL, to_decimal(price), amount,
            OrderFee(CashAmount(fee, currency)),
        )  # fmt: skip
        self.portfolio.process_fills([event])

    def submit(self, order: Order, order_id: int = 1) -> Order:
        """Give an order a number and a ticket, as if it had been sent."""
        order.id = order_id
        self.processor.orders[order_id] = order
        self.processor.tickets[order_id] = FilledTicket()  # type: ignore[assignment]
        return order


def local_ns(moment: datetime) -> int:
    """Return an instant in New York."""
    return NEW_YORK.utc_ns(to_ns(moment))
