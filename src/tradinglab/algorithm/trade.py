"""A closed trade."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.dual import NetObject
from tradinglab.core.enums import TradeDirection
from tradinglab.core.symbol import Symbol

_LONG = TradeDirection.LONG  # read without asking the enumeration, which also looks for other spellings


class Trade(NetObject):
    """A position, or a part of one, from entry to exit; amounts are in the account's currency.

    ``entry_ns`` and ``exit_ns`` are UTC nanoseconds, ``entry_time`` and ``exit_time`` the same as naive UTC times.
    ``mae`` and ``mfe`` are the worst and best unrealised profit that the position's prices allowed,
    ``end_trade_drawdown`` is the most that was given back before the exit.
    """

    __slots__ = (
        "direction", "entry_ns", "exact_end_trade_drawdown", "exact_entry_price", "exact_exit_price", "exact_mae",
        "exact_mfe", "exact_profit_loss", "exact_quantity", "exact_total_fees", "exit_ns", "is_win", "number",
        "order_ids", "symbols",
    )  # fmt: skip

    def __init__(
        self,
        symbol: Symbol,
        direction: TradeDirection,
        entry_ns: int,
        entry_price: Decimal,
        quantity: Decimal,
        total_fees: Decimal,
        order_ids: set[int],
    ) -> None:
        self.number = 0
        self.symbols = [symbol]
        self.direction = direction
        self.entry_ns = entry_ns
        self.exact_entry_price = entry_price
        self.exact_quantity = quantity
        self.exact_total_fees = total_fees
        self.order_ids = order_ids
        self.exit_ns = 0
        self.exact_exit_price = ZERO
        self.exact_profit_loss = ZERO
        self.exact_mae = ZERO
        self.exact_mfe = ZERO
        self.exact_end_trade_drawdown = ZERO
        self.is_win = False

    @property
    def id(self) -> str:
        """The trade's number among those that were closed, in the form of an identifier of .NET; empty while open."""
        text = f"{self.number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}" if self.number else ""

    @property
    def symbol(self) -> Symbol:
        """The symbol traded."""
        return self.symbols[0]

    @property
    def sign(self) -> int:
        """One for a long trade, minus one for a short one."""
        return 1 if self.direction == _LONG else -1

    @property
    def entry_time(self) -> datetime:
        """When the trade was opened, UTC."""
        return from_ns(self.entry_ns)

    @property
    def exit_time(self) -> datetime:
        """When the trade was closed, UTC."""
        return from_ns(self.exit_ns)

    @property
    def duration(self) -> timedelta:
        """The time from entry to exit."""
        return timedelta(microseconds=(self.exit_ns - self.entry_ns) // 1_000)

    @property
    def entry_price(self) -> float:
        """The price paid at the entry."""
        return float(self.exact_entry_price)

    @property
    def exit_price(self) -> float:
        """The price at the exit."""
        return float(self.exact_exit_price)

    @property
    def quantity(self) -> float:
        """The quantity, never negative."""
        return float(self.exact_quantity)

    @property
    def profit_loss(self) -> float:
        """The profit before fees."""
        return float(self.exact_profit_loss)

    @property
    def total_fees(self) -> float:
        """The fees of the entry and the exit."""
        return float(self.exact_total_fees)

    @property
    def mae(self) -> float:
        """The maximum adverse excursion: zero or negative."""
        return float(self.exact_mae)

    @property
    def mfe(self) -> float:
        """The maximum favourable excursion: zero or positive."""
        return float(self.exact_mfe)

    @property
    def end_trade_drawdown(self) -> float:
        """The largest fall of the unrealised profit from its highest point."""
        return float(self.exact_end_trade_drawdown)

    def __repr__(self) -> str:
        return (
            f"Trade({self.symbol} {self.direction} {self.exact_quantity} at {self.exact_entry_price} "
            f"-> {self.exact_exit_price}: {self.exact_profit_loss})"
        )
