"""What a run is measured against."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security


class SecurityBenchmark(Dual):
    """The price of a security, in the account's currency."""

    def __init__(self, security: Security) -> None:
        self._security = security

    @property
    def security(self) -> Security:
        """The security."""
        return self._security

    def evaluate(self, time: datetime) -> Decimal:
        """Return the present price."""
        return self._security.exact_price * self._security.quote_currency.exact_conversion_rate


class FuncBenchmark(Dual):
    """The value of a function of time (UTC)."""

    def __init__(self, benchmark: Callable[[datetime], Number]) -> None:
        self._benchmark = benchmark

    def evaluate(self, time: datetime) -> Decimal:
        """Return the function's value."""
        return to_decimal(self._benchmark(time))

    def lab_evaluate(self, time: datetime) -> Decimal | float:
        """Return the function's value for one who makes decimals of many floats at once."""
        value = self._benchmark(time)
        return value if type(value) is float else to_decimal(value)
