"""What holding a position costs or earns over time."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.core.clock import DAY_NS, HOUR_NS, day_of, to_ns
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType
from tradinglab.core.security_identifier import SecurityIdentifier

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.security import Security

_FUNDING_STEP_NS = 8 * HOUR_NS
_DAYS_OF_YEAR = 360


class MarginInterestRateParameters(Dual):
    """A security, and the time (UTC) up to which interest is due."""

    __slots__ = ("security", "time")

    def __init__(self, security: Security, time: datetime) -> None:
        self.security = security
        self.time = time


class MarginInterestRateModel(Dual):
    """Base of the models; itself it charges nothing."""

    NULL: ClassVar[MarginInterestRateModel]
    Null: ClassVar[MarginInterestRateModel]

    def apply_margin_interest_rate(self, margin_interest_rate_parameters: MarginInterestRateParameters) -> None:
        """Charge or pay what is due."""

    @property
    def is_null(self) -> bool:
        """Whether the model never charges anything."""
        return type(self) is MarginInterestRateModel


MarginInterestRateModel.NULL = MarginInterestRateModel.Null = MarginInterestRateModel()


class BinanceFutureMarginInterestRateModel(MarginInterestRateModel):
    """Funding of perpetual futures at 0, 8 and 16 o'clock UTC: position times rate, longs pay a positive rate."""

    _next_ns: int | None = None
    _rates: tuple[list[int], list[Decimal]] | None = None

    def apply_margin_interest_rate(self, margin_interest_rate_parameters: MarginInterestRateParameters) -> None:
        """Charge or pay the funding that is due."""
        security = margin_interest_rate_parameters.security
        now_ns = to_ns(margin_interest_rate_parameters.time)
        if not security.invested:
            self._next_ns = None
            return
        if self._next_ns is None:
            self._next_ns = _next_funding_ns(now_ns)
        rate = self._rate(security, now_ns)
        if rate is None:
            return
        while now_ns >= self._next_ns:
            position = security.holdings.exact_quantity_value(security.holdings.exact_quantity)
            position.cash.add_amount(-(rate * position.exact_amount))
            self._next_ns = _next_funding_ns(self._next_ns)

    def _rate(self, security: Security, now_ns: int) -> Decimal | None:
        """Return the last rate that was published by now."""
        if self._rates is None:
            source = security.data_source
            rows = [] if source is None else source.margin_interest_rates(security.symbol)
            self._rates = [time_ns for time_ns, _ in rows], [rate for _, rate in rows]
        times, rates = self._rates
        found = bisect_right(times, now_ns) - 1
        return rates[found] if found >= 0 else None


class BybitFutureMarginInterestRateModel(BinanceFutureMarginInterestRateModel):
    """Bybit's funding: as Binance's."""


class dYdXFutureMarginInterestRateModel(BinanceFutureMarginInterestRateModel):  # noqa: N801 - QuantConnect's name
    """dYdX's funding: as Binance's."""


class ShortMarginInterestRateModel(MarginInterestRateModel):
    """Borrowing fee of short positions, and rebate of long ones, once a day from the shortable provider's rates."""

    def __init__(self) -> None:
        self._is_short = False
        self._since_ns: int | None = None
        self._amount = ZERO

    @property
    def amount(self) -> float:
        """What was charged (negative) or paid so far, in the quote currency."""
        return float(self._amount)

    def apply_margin_interest_rate(self, margin_interest_rate_parameters: MarginInterestRateParameters) -> None:
        """Charge or pay what is due since the last day."""
        security = margin_interest_rate_parameters.security
        now_ns = to_ns(margin_interest_rate_parameters.time)
        holdings = security.holdings
        if not holdings.invested:
            self._since_ns = None
            return
        if self._since_ns is None or self._is_short != holdings.is_short:
            self._is_short, self._since_ns = holdings.is_short, now_ns
            return
        days = day_of(now_ns) - day_of(self._since_ns)
        if not days:
            return
        provider = security.shortable_provider
        midnight = security.local_time.replace(hour=0, minute=0, second=0, microsecond=0)
        found = provider.fee_rate(security.symbol, midnight) if self._is_short else provider.rebate_rate(
            security.symbol, midnight
        )  # fmt: skip
        rate = to_decimal(found)
        if not rate:
            self._since_ns = None
            return
        fee = rate * holdings.exact_holdings_value / _DAYS_OF_YEAR * days
        self._amount += fee
        security.quote_currency.add_amount(fee)
        self._since_ns = now_ns


def is_perpetual(security: Security) -> bool:
    """Return whether a security is a crypto future without an end."""
    return security.type == SecurityType.CRYPTO_FUTURE and security.symbol.id.date == SecurityIdentifier.DEFAULT_DATE


def _next_funding_ns(now_ns: int) -> int:
    """Return the first of 0, 8 and 16 o'clock after an instant."""
    midnight = now_ns // DAY_NS * DAY_NS
    return midnight + ((now_ns - midnight) // _FUNDING_STEP_NS + 1) * _FUNDING_STEP_NS
