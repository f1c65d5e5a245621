"""Identifiers that a security keeps for life, in LEAN's encoding.

``SPY R735QTJ8XC9X`` is the first ticker and, in base 36, a number whose decimal digits hold
option right (1), date (5), option style (1), strike (6), strike scale (2), market (3) and
security type (2). An identifier of a derivative is followed by ``|`` and its underlying's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Protocol
from zlib import crc32

from tradinglab.core.decimals import Number, strip_zeros, to_decimal
from tradinglab.core.derivatives import DEFAULT_DATE, IS_OPTION, OPTION_TYPE_OF, future_option_ticker
from tradinglab.core.dual import Dual, DualType
from tradinglab.core.enums import OptionRight, OptionStyle, SecurityType
from tradinglab.core.errors import InvalidIdentifierError
from tradinglab.core.market import Market

_SECURITY_TYPES = tuple(SecurityType)
_TYPE_WIDTH = 100
_MARKET_OFFSET, _MARKET_WIDTH = 100, 1_000
_SCALE_OFFSET, _SCALE_WIDTH = 10**5, 100
_STRIKE_OFFSET, _STRIKE_WIDTH = 10**7, 1_000_000
_STYLE_OFFSET = 10**13
_DAYS_OFFSET, _DAYS_WIDTH = 10**14, 100_000
_RIGHT_OFFSET = 10**19
_STRIKE_SCALE = 6
_NEGATIVE_STRIKE = 1 << 19
# The sign takes a bit of the six digits: from here on it would spill into the next field.
_STRIKE_LIMIT = 475_712
_NO_DATE = frozenset({SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO, SecurityType.COMMODITY})
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ULONG = 1 << 64


class Listings(Protocol):
    """Who knows under which ticker and when a security was first listed."""

    def first_listing(self, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime] | None:
        """Return first ticker and first date of what *ticker* names at *when* (None: today), if known."""


class SecurityIdentifier(Dual, metaclass=DualType):
    """Identity of a security: first ticker, market, type and, where it applies, dates and terms.

    Values are immutable, compare by content and sort by their text.
    """

    __slots__ = ("_hash", "_text", "_underlying", "market", "properties", "security_type", "symbol")

    symbol: str
    market: str
    security_type: SecurityType
    properties: int
    _underlying: SecurityIdentifier | None
    _hash: int
    _text: str

    EMPTY: ClassVar[SecurityIdentifier]
    NONE: ClassVar[SecurityIdentifier]
    DEFAULT_DATE: ClassVar[datetime] = DEFAULT_DATE
    _parsed: ClassVar[dict[str, SecurityIdentifier]] = {}
    _listings: ClassVar[Listings | None] = None

    def __init__(self, symbol: str, properties: int, underlying: SecurityIdentifier | None = None) -> None:
        if " " in symbol or "|" in symbol:
            raise InvalidIdentifierError(f"A symbol may contain neither ' ' nor '|'; it was '{symbol}'.")
        kind = properties % _TYPE_WIDTH
        if kind >= len(_SECURITY_TYPES) or not 0 <= properties < _ULONG:
            raise InvalidIdentifierError(f"The properties {properties} of '{symbol}' hold no valid security type.")
        code = properties // _MARKET_OFFSET % _MARKET_WIDTH
        put = object.__setattr__
        put(self, "symbol", symbol)
        put(self, "properties", properties)
        put(self, "security_type", _SECURITY_TYPES[kind])
        put(self, "market", Market.decode(code) or str(code))
        put(self, "_underlying", underlying if underlying is not None and underlying.symbol else None)
        # Unlike hash(str) the same in every process, so that sets of symbols iterate in the same order.
        put(self, "_hash", crc32(symbol.encode()) ^ properties % 0x1FFFFFFFFFFFFFFF)
        put(self, "_text", "")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A security identifier cannot be changed; '{name}' was to be set.")

    # ---- what it says

    @property
    def has_underlying(self) -> bool:
        """Whether this identifies a derivative."""
        return self._underlying is not None

    @property
    def underlying(self) -> SecurityIdentifier:
        """Identifier of what a derivative derives from.

        Raises
        ------
        InvalidIdentifierError
            If there is none.
        """
        if self._underlying is None:
            raise InvalidIdentifierError(f"'{self}' has no underlying. Ask has_underlying first.")
        return self._underlying

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
        return DEFAULT_DATE + timedelta(days=self.properties // _DAYS_OFFSET % _DAYS_WIDTH)

    @property
    def strike_price(self) -> float:
        """Strike price of an option."""
        return float(self.exact_strike_price)

    @property
    def exact_strike_price(self) -> Decimal:
        """Strike price of an option, as a decimal."""
        self._require_option("strike price")
        scale = self.properties // _SCALE_OFFSET % _SCALE_WIDTH
        unscaled = self.properties // _STRIKE_OFFSET % _STRIKE_WIDTH
        if unscaled & _NEGATIVE_STRIKE:
            unscaled = -(unscaled ^ _NEGATIVE_STRIKE)
        return strip_zeros(Decimal(unscaled).scaleb(scale - _STRIKE_SCALE))

    @property
    def option_right(self) -> OptionRight:
        """Whether an option is a call or a put."""
        self._require_option("right")
        return OptionRight(self.properties // _RIGHT_OFFSET % 10)

    @property
    def option_style(self) -> OptionStyle:
        """Whether an option may be exercised before expiry."""
        self._require_option("style")
        return OptionStyle(self.properties // _STYLE_OFFSET % 10)

    def _require_option(self, what: str) -> None:
        if self.security_type not in IS_OPTION:
            raise InvalidIdentifierError(f"A security of type {self.security_type} has no option {what} ('{self}').")

    # ---- making

    @classmethod
    def use_listings(cls, listings: Listings | None) -> None:
        """Say who knows the first listing of equities; None forgets it, and tickers stand for themselves."""
        cls._listings = listings

    @classmethod
    def generate_equity(
        cls,
        symbol: str | datetime,
        market: str,
        map_symbol: bool | str = True,
        mapping_resolve_date: datetime | None = None,
    ) -> SecurityIdentifier:
        """Return the identifier of the equity that *symbol* names at *mapping_resolve_date* (default today).

        Also called as ``generate_equity(first_date, first_ticker, market)``.
        """
        if isinstance(symbol, datetime):
            return cls._generate(symbol, market, SecurityType.EQUITY, str(map_symbol))
        first_date = DEFAULT_DATE
        if map_symbol:
            symbol, first_date = cls._first_listing(symbol, market, mapping_resolve_date)
        return cls._generate(first_date, symbol, SecurityType.EQUITY, market)

    @classmethod
    def generate_base(
        cls,
        data_type: type | None,
        symbol: str,
        market: str,
        map_symbol: bool = False,
        date: datetime | None = None,
    ) -> SecurityIdentifier:
        """Return the identifier of custom data of a type about *symbol*."""
        first_date = date or DEFAULT_DATE
        if map_symbol:
            symbol, first_date = cls._first_listing(symbol, market, None)
        return cls._generate(first_date, cls.generate_base_symbol(data_type, symbol), SecurityType.BASE, market)

    @staticmethod
    def generate_base_symbol(data_type: type | None, symbol: str) -> str:
        """Return the name under which custom data of a type is known: ``BTC.Bitcoin``."""
        return symbol if data_type is None else f"{symbol.upper()}.{data_type.__name__}"

    @classmethod
    def generate_forex(cls, symbol: str, market: str) -> SecurityIdentifier:
        """Return the identifier of a currency pair."""
        return cls._generate(DEFAULT_DATE, symbol, SecurityType.FOREX, market)

    @classmethod
    def generate_crypto(cls, symbol: str, market: str) -> SecurityIdentifier:
        """Return the identifier of a pair with a cryptocurrency."""
        return cls._generate(DEFAULT_DATE, symbol, SecurityType.CRYPTO, market)

    @classmethod
    def generate_cfd(cls, symbol: str, market: str) -> SecurityIdentifier:
        """Return the identifier of a contract for difference."""
        return cls._generate(DEFAULT_DATE, symbol, SecurityType.CFD, market)

    @classmethod
    def generate_index(cls, symbol: str, market: str) -> SecurityIdentifier:
        """Return the identifier of an index."""
        return cls._generate(DEFAULT_DATE, symbol, SecurityType.INDEX, market)

    @classmethod
    def generate_future(cls, expiry: datetime, symbol: str, market: str) -> SecurityIdentifier:
        """Return the identifier of a future."""
        return cls._generate(expiry, symbol, SecurityType.FUTURE, market)

    @classmethod
    def generate_crypto_future(cls, expiry: datetime, symbol: str, market: str) -> SecurityIdentifier:
        """Return the identifier of a crypto future; a perpetual one expires on DEFAULT_DATE."""
        return cls._generate(expiry, symbol, SecurityType.CRYPTO_FUTURE, market)

    @classmethod
    def generate_option(
        cls,
        expiry: datetime,
        underlying: SecurityIdentifier,
        market: str,
        strike: Number,
        option_right: OptionRight,
        option_style: OptionStyle,
        *,
        target_option: str | None = None,
    ) -> SecurityIdentifier:
        """Return the identifier of an option; *target_option* when its ticker is not its underlying's."""
        if not target_option:
            is_future = underlying.security_type is SecurityType.FUTURE
            target_option = future_option_ticker(underlying.symbol) if is_future else underlying.symbol
        kind = OPTION_TYPE_OF.get(underlying.security_type)
        if kind is None:
            raise InvalidIdentifierError(f"There are no options on securities of type {underlying.security_type}.")
        terms = _strike_field(to_decimal(strike)) + option_style * _STYLE_OFFSET + option_right * _RIGHT_OFFSET
        return cls._generate(expiry, target_option, kind, market, terms, underlying)

    @classmethod
    def _generate(
        cls,
        date: datetime,
        symbol: str,
        security_type: SecurityType,
        market: str,
        terms: int = 0,
        underlying: SecurityIdentifier | None = None,
    ) -> SecurityIdentifier:
        days = (date - DEFAULT_DATE).days
        if not 0 <= days < _DAYS_WIDTH:
            raise InvalidIdentifierError(f"A date must be {DEFAULT_DATE:%Y-%m-%d} or later; it was {date}.")
        if security_type is not SecurityType.BASE:
            symbol = symbol.upper()
        properties = terms + days * _DAYS_OFFSET + Market.code_of(market) * _MARKET_OFFSET + security_type
        return cls(symbol, properties, underlying)

    @classmethod
    def _first_listing(cls, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime]:
        found = cls._listings.first_listing(ticker, market, when) if cls._listings is not None else None
        return found or (ticker, DEFAULT_DATE)

    # ---- text

    @classmethod
    def parse(cls, value: str | None) -> SecurityIdentifier:
        """Return the identifier that a text stands for; nothing stands for EMPTY.

        Raises
        ------
        InvalidIdentifierError
            If the text is not one, or names an unknown market.
        """
        if value is None or not value.strip() or value == " 0":
            return cls.EMPTY
        known = cls._parsed.get(value)
        if known is not None:
            return known
        identifier: SecurityIdentifier | None = None
        for part in reversed(value.split("|")):
            words = part.split()
            if len(words) != 2:
                raise InvalidIdentifierError(f"An identifier consists of a ticker and a code; it was '{value}'.")
            identifier = cls(words[0], _decode_base36(words[1], value), identifier)
            Market.code_of(identifier.market)
        assert identifier is not None  # split() yields at least one part
        cls._parsed[value] = identifier
        return identifier

    @classmethod
    def try_parse(cls, value: str | None) -> SecurityIdentifier | None:
        """Return the identifier that a text stands for, None if it stands for none."""
        try:
            return cls.parse(value)
        except ValueError:
            return None

    def __str__(self) -> str:
        if not self._text:
            text = f"{self.symbol} {_encode_base36(self.properties)}"
            object.__setattr__(self, "_text", text if self._underlying is None else f"{text}|{self._underlying}")
        return self._text

    def to_string(self) -> str:
        """Return the text of the identifier."""
        return str(self)

    def __repr__(self) -> str:
        return str(self)

    # ---- comparing

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, SecurityIdentifier):
            return NotImplemented
        return (
            self.properties == other.properties
            and self.symbol == other.symbol
            and self._underlying == other._underlying
        )

    def __lt__(self, other: SecurityIdentifier) -> bool:
        return str(self) < str(other)

    def __le__(self, other: SecurityIdentifier) -> bool:
        return str(self) <= str(other)

    def __gt__(self, other: SecurityIdentifier) -> bool:
        return str(self) > str(other)

    def __ge__(self, other: SecurityIdentifier) -> bool:
        return str(self) >= str(other)

    def __reduce__(self) -> tuple[object, ...]:
        return SecurityIdentifier, (self.symbol, self.properties, self._underlying)

    def __copy__(self) -> SecurityIdentifier:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> SecurityIdentifier:
        return self


SecurityIdentifier.EMPTY = SecurityIdentifier("", 0)
SecurityIdentifier.NONE = SecurityIdentifier("NONE", 0)


def _strike_field(strike: Decimal) -> int:
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
    return encoded * _STRIKE_OFFSET + scale * _SCALE_OFFSET


def _encode_base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _decode_base36(code: str, whole: str) -> int:
    if not set(code) <= set(_DIGITS):
        raise InvalidIdentifierError(f"The code of an identifier consists of digits and capitals; it was '{whole}'.")
    return int(code, 36)
