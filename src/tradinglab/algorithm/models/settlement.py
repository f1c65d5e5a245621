"""When the money of a trade may be used."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.fee import NULL_CURRENCY, CashAmount
from tradinglab.algorithm.securities.cash import UnsettledCashAmount
from tradinglab.core.clock import DAY_NS, day_of, from_ns, span_ns, to_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.dual import Dual, NetObject

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import OrderEvent
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security


class ApplyFundsSettlementModelParameters(NetObject):
    """Money that a fill brings (positive) or takes (negative)."""

    __slots__ = ("cash_amount", "fill", "portfolio", "security", "utc_time")

    def __init__(
        self,
        portfolio: SecurityPortfolioManager,
        security: Security,
        application_time_utc: datetime,
        cash_amount: CashAmount,
        fill: OrderEvent | None = None,
    ) -> None:
        self.portfolio = portfolio
        self.security = security
        self.utc_time = application_time_utc
        self.cash_amount = cash_amount
        self.fill = fill


class ScanSettlementModelParameters(NetObject):
    """A moment at which money may have settled."""

    __slots__ = ("portfolio", "security", "utc_time")

    def __init__(self, portfolio: SecurityPortfolioManager, security: Security, time_utc: datetime) -> None:
        self.portfolio = portfolio
        self.security = security
        self.utc_time = time_utc


class SettlementModel(Dual):
    """Base of the settlement models: money is there at once."""

    def apply_funds(self, apply_funds_parameters: ApplyFundsSettlementModelParameters) -> None:
        """Take in money that a fill brings, or pay out what it takes."""
        cash = apply_funds_parameters.cash_amount
        apply_funds_parameters.portfolio.cash_book[cash.currency].add_amount(cash.exact_amount)

    def scan(self, settlement_parameters: ScanSettlementModelParameters) -> None:
        """Move what has settled by now into the cash book."""

    def get_unsettled_cash(self) -> CashAmount:
        """Return what is yet to settle."""
        return CashAmount(ZERO, NULL_CURRENCY)


class ImmediateSettlementModel(SettlementModel):
    """Money is there at once."""


class AccountCurrencyImmediateSettlementModel(ImmediateSettlementModel):
    """Money is there at once, changed into the account's currency."""

    def apply_funds(self, apply_funds_parameters: ApplyFundsSettlementModelParameters) -> None:
        """Take in money that a fill brings, or pay out what it takes."""
        cash = apply_funds_parameters.cash_amount
        book = apply_funds_parameters.portfolio.cash_book
        amount = book.exact_to_account_currency(cash.exact_amount, str(cash.currency))
        book[book.account_currency].add_amount(amount)


class DelayedSettlementModel(SettlementModel):
    """The money of a sale is there some trading days later; what is bought is paid at once.

    Parameters
    ----------
    number_of_days
        Trading days from the sale to the settlement.
    time_of_day
        Time of that day, in the exchange's time zone.
    """

    def __init__(self, number_of_days: int, time_of_day: timedelta) -> None:
        self._days = number_of_days
        self._time_of_day_ns = span_ns(time_of_day)
        self._waiting: deque[UnsettledCashAmount] = deque()
        self._book: CashBook | None = None

    def apply_funds(self, apply_funds_parameters: ApplyFundsSettlementModelParameters) -> None:
        """Note money that a fill brings, or pay out what it takes."""
        cash = apply_funds_parameters.cash_amount
        portfolio = apply_funds_parameters.portfolio
        currency = str(cash.currency)
        self._book = portfolio.unsettled_cash_book
        if cash.exact_amount <= 0:
            portfolio.cash_book[currency].add_amount(cash.exact_amount)
            return
        portfolio.unsettled_cash_book[currency].add_amount(cash.exact_amount)
        settles_ns = self._settles_ns(apply_funds_parameters.security, to_ns(apply_funds_parameters.utc_time))
        self._waiting.append(UnsettledCashAmount(settles_ns, currency, cash.exact_amount))

    def _settles_ns(self, security: Security, utc_ns: int) -> int:
        hours = security.exchange.hours
        zone = hours.time_zone
        day = day_of(zone.local_ns(utc_ns))
        for _ in range(self._days):
            day += 1
            while not hours.is_date_open(from_ns(day * DAY_NS), False):
                day += 1
        return zone.utc_ns(day * DAY_NS + self._time_of_day_ns)

    def scan(self, settlement_parameters: ScanSettlementModelParameters) -> None:
        """Move what has settled by now into the cash book."""
        now_ns = to_ns(settlement_parameters.utc_time)
        portfolio = settlement_parameters.portfolio
        while self._waiting and self._waiting[0].settlement_ns <= now_ns:
            settled = self._waiting.popleft()
            portfolio.unsettled_cash_book[settled.currency].add_amount(-settled.exact_amount)
            portfolio.cash_book[settled.currency].add_amount(settled.exact_amount)

    def get_unsettled_cash(self) -> CashAmount:
        """Return what is yet to settle, in the account's currency."""
        if not self._waiting or self._book is None:
            return CashAmount(ZERO, NULL_CURRENCY)
        total: Decimal = ZERO
        for waiting in self._waiting:
            total += self._book.exact_to_account_currency(waiting.exact_amount, waiting.currency)
        return CashAmount(total, self._book.account_currency)
