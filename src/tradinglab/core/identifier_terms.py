"""The number inside a security identifier: its fields, and what they say."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from tradinglab.core.decimals import strip_zeros
from tradinglab.core.derivatives import DEFAULT_DATE, IS_OPTION
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OptionRight, OptionStyle, SecurityType
from tradinglab.core.errors import InvalidIdentifierError

# Each field is some of the decimal digits; an offset is the value of its last one, a width the range.
TYPE_WIDTH = 100
MARKET_OFFSET, MARKET_WIDTH = 100, 1_000
SCALE_OFFSET, SCALE_WIDTH = 10**5, 100
STRIKE_OFFSET, STRIKE_WIDTH = 10**7, 1_000_000
STYLE_OFFSET = 10**13
DAYS_OFFSET, DAYS_WIDTH = 10**14, 100_000
RIGHT_OFFSET = 10**19

_STRIKE_SCALE = 6
_NEGATIVE_STRIKE = 1 << 19
# The sign takes a bit of the six digits: from here on it would spill into the next field.
_STRIKE_LIMIT = 475_712
_NO_DATE = frozenset({SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO, SecurityType.COMMODITY})
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class IdentifierTerms(Dual):
    """Ticker and number of an identifier, and the dates and option terms that the number holds."""

    __slots__ = ("properties", "security_type", "symbol")

    symbol: str
    security_type: SecurityType
    properties: int

    @staticmethod
    def generate_base_symbol(data_type: type | None, symbol: str) -> str:
        """Return the name under which custom data of a type is known: ``BTC.Bitcoin``."""
        return symbol if data_type is None else f"{symbol.upper()}.{data_type.__name__}"

    @staticmethod
    def try_get_custom_data_type(symbol: str) -> str | None:
        """Return the class in the name of custom data: ``Bitcoin`` of ``BTC.Bitcoin``; None if there is none."""
        _, dot, kind = symbol.rpartition(".")
        return kind if dot and kind else None

    @property
    def date(self) -> datetime:
        """First trading date of an equity, expiry of a derivative.

        Raises
        ------
        InvalidIdentifierError
            If securities of this type have no date.
        """
        if self.security_type in _NO_DATE:
            raise InvalidIdentifierError(f"A security of type {self.security_type} has no date ('{self}').")
        return DEFAULT_DATE + timedelta(days=self.properties // DAYS_OFFSET % DAYS_WIDTH)

    @property
    def strike_price(self) -> float:
        """Strike price of an option."""
        return float(self.exact_strike_price)

    @property
    def exact_strike_price(self) -> Decimal:
        """Strike price of an option, as a decimal."""
        self._require_option("strike price")
        scale = self.properties // SCALE_OFFSET % SCALE_WIDTH
        unscaled = self.properties // STRIKE_OFFSET % STRIKE_WIDTH
        if unscaled & _NEGATIVE_STRIKE:
            unscaled = -(unscaled ^ _NEGATIVE_STRIKE)
        return strip_zeros(Decimal(unscaled).scaleb(scale - _STRIKE_SCALE))

    @property
    def option_right(self) -> OptionRight:
        """Whether an option is a call or a put."""
        self._require_option("right")
        return OptionRight(self.properties // RIGHT_OFFSET % 10)

    @property
    def option_style(self) -> OptionStyle:
        """Whether an option may be exercised before expiry."""
        self._require_option("style")
        return OptionStyle(self.properties // STYLE_OFFSET % 10)

    def _require_option(self, what: str) -> None:
        if self.security_type not in IS_OPTION:
            raise InvalidIdentifierError(f"A security of type {self.security_type} has no option {what} ('{self}').")


def strike_field(strike: Decimal) -> int:
    """Return a strike and its scale as they stand in an identifier's number."""
    if strike == 0:
        return 0
    unscaled, scale = strike.scaleb(_STRIKE_SCALE), 0
    while unscaled % 10 == 0:
        unscaled, scale = unscaled / 10, scale + 1
    if abs(unscaled) >= _STRIKE_LIMIT:
        raise InvalidIdentifierError(f"A strike has at most six digits and lies below 475712; it was {strike}.")
    encoded = abs(int(unscaled))
    if strike < 0:
        encoded |= _NEGATIVE_STRIKE
    return encoded * STRIKE_OFFSET + scale * SCALE_OFFSET


def encode_base36(number: int) -> str:
    """Return a number in base 36, as LEAN writes it."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def decode_base36(code: str, whole: str) -> int:
    """Return the number of a code; *whole* is the text that it is a part of."""
    if not set(code) <= set(_DIGITS):
        raise InvalidIdentifierError(f"The code of an identifier consists of digits and capitals; it was '{whole}'.")
    return int(code, 36)
