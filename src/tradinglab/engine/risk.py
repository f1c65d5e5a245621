"""What a portfolio's positions can lead to: checks that a harmless portfolio is spared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.api.callbacks import author_overrides
from tradinglab.core.enums import SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import SecurityPortfolioManager

_PAID_IN_FULL = (SecurityType.EQUITY, SecurityType.CRYPTO, SecurityType.INDEX)


def can_be_ruined(portfolio: SecurityPortfolioManager) -> bool:
    """Return whether prices alone can take the portfolio to nothing.

    Cash that is not negative and long positions that were paid for cannot fall below zero.
    """
    if any(cash.exact_amount < 0 for cash in portfolio.cash_book.values()):
        return True
    return any(
        security.type not in _PAID_IN_FULL or security.holdings.exact_quantity < 0
        for security in portfolio.securities.invested
    )


def needs_margin_checks(algorithm: QCAlgorithm) -> bool:
    """Return whether margin can be called, or the author wants to be warned of it."""
    if not algorithm.portfolio.invested:
        return False
    return can_be_ruined(algorithm.portfolio) or author_overrides(algorithm, "on_margin_call_warning") is not None
