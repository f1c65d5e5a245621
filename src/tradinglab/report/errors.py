"""What is wrong with what a report is to be made of."""

from __future__ import annotations

from tradinglab.core.errors import TradingLabError


class ReportError(TradingLabError):
    """A result cannot be shown or compared."""

    code = "report"
