"""What a portfolio's positions can lead to: checks that a harmless portfolio is spared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.api.callbacks import author_overrides
from tradinglab.algorithm.securities.currency_conversion import CurrencyConversion, SecurityCurrencyConversion
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.core.enums import SecurityType
from tradinglab.engine.subscription import Subscription
from tradinglab.engine.timeline import NEVER_NS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Cash, Security, SecurityPortfolioManager
    from tradinglab.engine.feed import DataFeed
    from tradinglab.engine.timeline import Timeline

#: What cannot be worth less than nothing.
PAID_IN_FULL = (SecurityType.EQUITY, SecurityType.CRYPTO, SecurityType.INDEX)
#: Steps that are looked ahead: many, or fewer if prices move too far in so many.
_AHEAD = (8192, 512, 32)
#: Steps without a look ahead after a change of cash or positions, for those who trade all the time.
_PATIENCE = 16
#: Floats stand for decimals here; a portfolio worth less than this fraction of what is in it counts as ruined.
_NEARLY = 1e-9

#: The lowest and the highest that a number may be.
Range = tuple[float, float]


def can_be_ruined(portfolio: SecurityPortfolioManager) -> bool:
    """Return whether prices alone can take the portfolio to nothing.

    Cash that is not negative and long positions that were paid for cannot fall below zero.
    """
    if any(cash.exact_amount < 0 for cash in portfolio.cash_book.values()):
        return True
    return any(
        security._holdings._float_quantity < 0 or security.type not in PAID_IN_FULL
        for security in portfolio.securities.invested
    )


def needs_margin_checks(algorithm: QCAlgorithm, is_at_risk: bool) -> bool:
    """Return whether margin can be called, as if prices can ruin the portfolio, or the author wants to be warned."""
    if not algorithm.portfolio.invested:
        return False
    return is_at_risk or author_overrides(algorithm, "on_margin_call_warning") is not None


class RuinWatch:
    """Says until when a portfolio that prices can ruin is sure not to be.

    Its worth lies between bounds that the lowest and the highest prices ahead give. Whatever is not
    known to be harmless is looked at again at every step.
    """

    def __init__(self, algorithm: QCAlgorithm, feed: DataFeed) -> None:
        self._algorithm = algorithm
        self._feed = feed
        self._timeline: Timeline | None = None
        self._until = self._look_at = -1
        self._pushes = 0
        #: Currencies with their amounts and, unless prices move them, their rates.
        self._money: list[tuple[Cash, Decimal, CurrencyConversion, Decimal | None]] = []
        self._held: list[tuple[Security, Decimal]] = []

    def next_ns(self) -> int:
        """Return the instant until which the portfolio is sure to be worth something; 0 if that is not known."""
        feed = self._feed
        step, timeline = feed.cursor.step, feed.timeline
        if timeline is not self._timeline or self.is_disturbed():
            self._remember()
            self._until, self._look_at = -1, step + _PATIENCE
        if step >= self._until:
            if step < self._look_at:
                return 0
            self._until = self._look_ahead(step)
            self._look_at = step + _PATIENCE
            if step >= self._until:
                return 0
        return int(timeline.times[self._until]) if self._until < len(timeline.times) else NEVER_NS

    def is_disturbed(self) -> bool:
        """Return whether cash, a position or a price was changed otherwise than by time since the last look ahead."""
        if self._pushes != PriceCache.pushes or len(self._held) != len(self._algorithm.portfolio.securities.invested):
            return True
        for cash, amount, conversion, rate in self._money:
            if cash.exact_amount is not amount or cash.currency_conversion is not conversion:
                return True
            if rate is not None and conversion.exact_conversion_rate is not rate:
                return True
        for security, quantity in self._held:  # noqa: SIM110  # asked at every step: a generator takes twice as long
            if security.holdings.exact_quantity is not quantity:
                return True
        return False

    def _remember(self) -> None:
        portfolio = self._algorithm.portfolio
        self._timeline = self._feed.timeline
        self._pushes = PriceCache.pushes
        self._money = [
            (cash, cash.exact_amount, conversion, conversion.exact_conversion_rate if conversion.is_constant else None)
            for cash in _cash_of(portfolio)
            for conversion in [cash.currency_conversion]
        ]
        self._held = [(security, security.holdings.exact_quantity) for security in portfolio.securities.invested]

    def _look_ahead(self, step: int) -> int:
        """Return the step until which the portfolio is sure to be worth something, *step* if there is none."""
        for ahead in _AHEAD:
            end = min(step + 1 + ahead, len(self._feed.timeline.times))
            if step >= 0 and end > step + 1 and self._survives(step, end):
                return end
        return step

    def _survives(self, step: int, end: int) -> bool:
        """Return whether the portfolio is sure to be worth something at every step until *end*."""
        portfolio = self._algorithm.portfolio
        parts: list[Range | None] = [
            _times(float(cash.exact_amount), self._rate(cash, step, end)) for cash in _cash_of(portfolio)
        ]
        for security in portfolio.securities.invested:
            if security.is_margined or security.holdings._price is not None:
                return False
            if not security.is_swapped:  # a pair's base currency is in the cash book already
                size = float(security.holdings.exact_quantity * security.symbol_properties.exact_contract_multiplier)
                worth = _product(_prices(security, step, end), self._rate(security.quote_currency, step, end))
                parts.append(_times(size, worth))
        known = [part for part in parts if part is not None]
        most = sum(max(abs(low), abs(high)) for low, high in known)
        return len(known) == len(parts) and sum(low for low, _ in known) > _NEARLY * most

    def _rate(self, cash: Cash, step: int, end: int) -> Range | None:
        """Return the lowest and the highest rate of a currency; ``None`` if they are not known."""
        if cash.symbol == self._algorithm.portfolio.cash_book.account_currency or not cash.exact_amount:
            return (1.0, 1.0)
        conversion = cash.currency_conversion
        if conversion.is_constant:
            rate = float(conversion.exact_conversion_rate)
            return (rate, rate)
        if not isinstance(conversion, SecurityCurrencyConversion):
            return None
        rates: Range | None = (1.0, 1.0)
        for security, is_inverted in conversion.steps:
            prices = _prices(security, step, end)
            if prices is not None and is_inverted:
                prices = (1 / prices[1], 1 / prices[0])
            rates = _product(rates, prices)
        return rates


def _cash_of(portfolio: SecurityPortfolioManager) -> Iterator[Cash]:
    for book in (portfolio.cash_book, portfolio.unsettled_cash_book):
        yield from book.values()


def _prices(security: Security, step: int, end: int) -> Range | None:
    """Return the lowest and the highest price from a step until *end*; ``None`` if they are not known."""
    if security.cache.has_pushed:
        return None
    lows, highs = [], []
    for reader in security.cache.price_readers:
        feed = reader.feed
        if not isinstance(feed, Subscription) or reader.is_tick:
            return None
        closes = np.asarray(reader.views["close"])[max(feed.row_at(step), 0) : feed.row_at(end - 1) + 1]
        if feed.row_at(step) >= 0 and len(closes):
            lows.append(float(closes.min()))
            highs.append(float(closes.max()))
        elif len(closes):
            return None
    return (min(lows), max(highs)) if lows and min(lows) > 0 else None


def _product(one: Range | None, other: Range | None) -> Range | None:
    """Return the bounds of the product of two numbers above zero."""
    return None if one is None or other is None else (one[0] * other[0], one[1] * other[1])


def _times(factor: float, bounds: Range | None) -> Range | None:
    """Return the bounds of a multiple."""
    if bounds is None:
        return None
    low, high = factor * bounds[0], factor * bounds[1]
    return (low, high) if low <= high else (high, low)
