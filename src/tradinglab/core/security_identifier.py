"""Identifiers that a security keeps for life, in LEAN's encoding.

``SPY R735QTJ8XC9X`` is the first ticker and, in base 36, a number whose decimal digits hold
option right (1), date (5), option style (1), strike (6), strike scale (2), market (3) and
security type (2). An identifier of a derivative is followed by ``|`` and its underlying's.
"""

from __future__ import annotations

from datetime import datetime
from functools import total_ordering
from typing import ClassVar, Protocol
from zlib import crc32

from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.derivatives import DEFAULT_DATE, OPTION_TYPE_OF, future_option_ticker
from tradinglab.core.dual import DualType
from tradinglab.core.enums import OptionRight, OptionStyle, SecurityType
from tradinglab.core.errors import InvalidIdentifierError
from tradinglab.core.identifier_terms import (
    DAYS_OFFSET,
    DAYS_WIDTH,
    MARKET_OFFSET,
    MARKET_WIDTH,
    RIGHT_OFFSET,
    STYLE_OFFSET,
    TYPE_WIDTH,
    IdentifierTerms,
    decode_base36,
    encode_base36,
    strike_field,
)
from tradinglab.core.market import Market

_SECURITY_TYPES = tuple(SecurityType)
_ULONG = 1 << 64


class Listings(Protocol):
    """Who knows under which ticker and when a security was first listed."""

    def first_listing(self, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime] | None:
        """Return first ticker and first date of what *ticker* names at *when* (None: today), if known."""


@total_ordering
class SecurityIdentifier(IdentifierTerms, metaclass=DualType):
    """Identity of a security: first ticker, market, type and, where it applies, dates and terms.

    Values are immutable, compare by content and sort by their text.
    """

    __slots__ = ("_hash", "_text", "_underlying", "market")

    market: str
    _underlying: SecurityIdentifier | None
    _hash: int
    _text: str

    EMPTY: ClassVar[SecurityIdentifier]
    NONE: ClassVar[SecurityIdentifier]
    DEFAULT_DATE: ClassVar[datetime] = DEFAULT_DATE
    INVALID_SYMBOL_CHARACTERS: ClassVar[frozenset[str]] = frozenset("| ")
    _parsed: ClassVar[dict[str, SecurityIdentifier]] = {}
    _listings: ClassVar[Listings | None] = None

    def __init__(self, symbol: str, properties: int, underlying: SecurityIdentifier | None = None) -> None:
        if " " in symbol or "|" in symbol:
            raise InvalidIdentifierError(f"A symbol may contain neither ' ' nor '|'; it was '{symbol}'.")
        kind = properties % TYPE_WIDTH
        if kind >= len(_SECURITY_TYPES) or not 0 <= properties < _ULONG:
            raise InvalidIdentifierError(f"The properties {properties} of '{symbol}' hold no valid security type.")
        code = properties // MARKET_OFFSET % MARKET_WIDTH
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
        terms = strike_field(to_decimal(strike)) + option_style * STYLE_OFFSET + option_right * RIGHT_OFFSET
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
        if not 0 <= days < DAYS_WIDTH:
            raise InvalidIdentifierError(f"A date must be {DEFAULT_DATE:%Y-%m-%d} or later; it was {date}.")
        if security_type is not SecurityType.BASE:
            symbol = symbol.upper()
        properties = terms + days * DAYS_OFFSET + Market.code_of(market) * MARKET_OFFSET + security_type
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
            identifier = cls(words[0], decode_base36(words[1], value), identifier)
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
            text = f"{self.symbol} {encode_base36(self.properties)}"
            object.__setattr__(self, "_text", text if self._underlying is None else f"{text}|{self._underlying}")
        return self._text

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

    def __reduce__(self) -> tuple[object, ...]:
        return SecurityIdentifier, (self.symbol, self.properties, self._underlying)


SecurityIdentifier.EMPTY = SecurityIdentifier("", 0)
SecurityIdentifier.NONE = SecurityIdentifier("NONE", 0)
