"""Rates from one currency into another: fixed, or from the prices of securities."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.securities.time_keeper import Cursor
from tradinglab.core.decimals import ONE, ZERO
from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.security import Security


class CurrencyConversion(Spelled):
    """The rate from a source into a destination currency; ``destination_currency`` is ``None`` while unresolved."""

    __slots__ = ("_listeners", "_rate", "destination_currency", "source_currency")

    def __init__(self, source_currency: str, destination_currency: str | None, rate: Decimal) -> None:
        self.source_currency = source_currency
        self.destination_currency = destination_currency
        self._rate = rate
        self._listeners: list[Callable[[], None]] = []

    @property
    @abstractmethod
    def conversion_rate_securities(self) -> list[Security]:
        """The securities whose prices make the rate."""

    @property
    def exact_conversion_rate(self) -> Decimal:
        """Units of the destination for one unit of the source, as a decimal; 0 while unknown."""
        return self._rate

    @property
    def conversion_rate(self) -> float:
        """Units of the destination for one unit of the source; 0 while unknown."""
        return float(self.exact_conversion_rate)

    @property
    def is_constant(self) -> bool:
        """Whether no price moves the rate."""
        return True

    def set_rate(self, rate: Decimal) -> None:
        """Set the rate."""
        if rate != self._rate:
            self._rate = rate
            self._tell()

    def update(self) -> None:
        """Mark the rate as outdated."""

    def freeze(self) -> None:
        """Keep the rate as it is: the account no longer follows it."""

    def on_rate(self, listener: Callable[[], None]) -> None:
        """Call *listener* when the rate changes."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling *listener*."""
        self._listeners.remove(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


class ConstantCurrencyConversion(CurrencyConversion):
    """A rate that only changes when it is set."""

    __slots__ = ()

    @property
    def conversion_rate_securities(self) -> list[Security]:
        """None."""
        return []

    @staticmethod
    def identity(source_currency: str, destination_currency: str | None = None) -> ConstantCurrencyConversion:
        """Return the rate 1."""
        return ConstantCurrencyConversion(source_currency, destination_currency or source_currency, ONE)

    @staticmethod
    def null(source_currency: str, destination_currency: str) -> ConstantCurrencyConversion:
        """Return the rate 0, for a currency that nothing converts."""
        return ConstantCurrencyConversion(source_currency, destination_currency, ZERO)


class SecurityCurrencyConversion(CurrencyConversion):
    """A rate that follows the prices of one or two securities.

    ``steps`` are securities and whether to divide by their price instead of multiplying. The rate is computed anew
    when it is asked for after another time step, or after :meth:`update`.
    """

    __slots__ = ("_cursor", "_is_outdated", "_rated_ns", "steps")

    def __init__(self, source_currency: str, destination_currency: str, steps: list[tuple[Security, bool]]) -> None:
        super().__init__(source_currency, destination_currency, ZERO)
        self.steps = steps
        clock = steps[0][0].exchange._clock
        self._cursor = Cursor() if clock is None else clock.cursor
        self._rated_ns = self._cursor.rated_ns
        self._is_outdated = False

    @property
    def conversion_rate_securities(self) -> list[Security]:
        """The securities whose prices make the rate."""
        return [security for security, _ in self.steps]

    @property
    def is_constant(self) -> bool:
        """Whether no price moves the rate: never."""
        return False

    @property
    def exact_conversion_rate(self) -> Decimal:
        """The product of the steps' prices; 0 if one has none."""
        rated_ns = self._cursor.rated_ns
        if self._rated_ns != rated_ns or self._is_outdated:
            self._rated_ns, self._is_outdated = rated_ns, False
            self._rate = self._current()
            self._tell()
        return self._rate

    def set_rate(self, rate: Decimal) -> None:
        """Set the rate until prices are next looked at."""
        if rate != self.exact_conversion_rate:  # not what it was at other prices
            self._rated_ns, self._is_outdated = self._cursor.rated_ns, False
        super().set_rate(rate)

    def update(self) -> None:
        """Look at the prices again when the rate is next asked for."""
        self._is_outdated = True

    @property
    def is_outdated(self) -> bool:
        """Whether the rate will be computed anew when it is next asked for."""
        return self._is_outdated or self._rated_ns != self._cursor.rated_ns

    def freeze(self) -> None:
        """Keep the rate as it is now."""
        self._rate = self.exact_conversion_rate
        self._cursor = Cursor()
        self._rated_ns, self._is_outdated = self._cursor.rated_ns, False

    def _current(self) -> Decimal:
        rate = ONE
        for security, inverted in self.steps:
            price = security.cache.exact_last_price
            if not price:
                return ZERO
            rate = rate / price if inverted else rate * price
        return rate
