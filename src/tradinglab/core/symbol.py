"""The symbol of a security: its lasting identifier and the ticker of the day."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from tradinglab.core.decimals import Number
from tradinglab.core.derivatives import (
    DEFAULT_DATE,
    IS_OPTION,
    OPTION_TYPE_OF,
    UNDERLYING_TYPE_OF,
    contract_ticker,
    default_option_style,
    option_ticker,
)
from tradinglab.core.dual import Dual, DualType
from tradinglab.core.enums import OptionRight, OptionStyle, SecurityType
from tradinglab.core.errors import InvalidIdentifierError
from tradinglab.core.market import Market
from tradinglab.core.security_definitions import SecurityDefinitions
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol_cache import SymbolCache

_DATED_UNDERLYING = IS_OPTION | {SecurityType.EQUITY, SecurityType.FUTURE, SecurityType.BASE}


class _Facts(Dual):
    """What follows from a symbol's parts, and the methods of a text, which speak of the ticker."""

    __slots__ = ()
    id: SecurityIdentifier
    value: str
    security_type: SecurityType
    underlying: Symbol | None

    @property
    def ID(self) -> SecurityIdentifier:  # noqa: N802 - neither spelling rule makes this of `id`
        """The identifier, as QuantConnect spells it."""
        return self.id

    @property
    def has_underlying(self) -> bool:
        """Whether this is a derivative, or custom data about another security."""
        return self.underlying is not None

    @property
    def cusip(self) -> str | None:
        """The CUSIP of the security, if the data says it."""
        return None if (found := SecurityDefinitions.current().of(self.id)) is None else found.cusip

    @property
    def composite_figi(self) -> str | None:
        """The composite FIGI of the security, if the data says it."""
        return None if (found := SecurityDefinitions.current().of(self.id)) is None else found.composite_figi

    @property
    def sedol(self) -> str | None:
        """The SEDOL of the security, if the data says it."""
        return None if (found := SecurityDefinitions.current().of(self.id)) is None else found.sedol

    @property
    def isin(self) -> str | None:
        """The ISIN of the security, if the data says it."""
        return None if (found := SecurityDefinitions.current().of(self.id)) is None else found.isin

    @property
    def cik(self) -> int | None:
        """The CIK of the company, if the data says it."""
        return None if (found := SecurityDefinitions.current().of(self.id)) is None else found.cik

    def has_underlying_symbol(self, symbol: Symbol) -> bool:
        """Whether *symbol* is the underlying, or the underlying's underlying."""
        current = self.underlying
        while current is not None and current != symbol:
            current = current.underlying
        return current is not None

    def is_canonical(self) -> bool:
        """Whether this stands for all contracts of an option or future."""
        is_contract = self.security_type is SecurityType.FUTURE or (
            self.security_type in IS_OPTION and self.id.has_underlying
        )
        return is_contract and self.id.date == DEFAULT_DATE

    def has_canonical(self) -> bool:
        """Whether this is one contract of an option or future."""
        has_contracts = self.security_type in IS_OPTION or self.security_type is SecurityType.FUTURE
        return has_contracts and not self.is_canonical()

    def requires_mapping(self) -> bool:
        """Whether the ticker of this security may change over time."""
        if self.security_type is SecurityType.BASE:
            return self.underlying is not None and self.underlying.requires_mapping()
        if self.security_type is SecurityType.FUTURE:
            return self.is_canonical()
        return self.security_type in (SecurityType.EQUITY, SecurityType.OPTION)

    def contains(self, value: str) -> bool:
        """Whether the ticker contains a text."""
        return value in self.value

    def starts_with(self, value: str) -> bool:
        """Whether the ticker starts with a text."""
        return self.value.startswith(value)

    def ends_with(self, value: str) -> bool:
        """Whether the ticker ends with a text."""
        return self.value.endswith(value)

    def to_lower(self) -> str:
        """Return the ticker in lower case."""
        return self.value.lower()

    def to_upper(self) -> str:
        """Return the ticker in upper case."""
        return self.value.upper()


class Symbol(_Facts, metaclass=DualType):
    """A security, by its identifier; *value* is the ticker that it has now.

    Equality and hash are those of the identifier; order is that of the tickers, without regard
    to case. A symbol equals the text of its ticker, so that ``symbol == "SPY"`` works.
    """

    __slots__ = ("_canonical", "id", "security_type", "underlying", "value")

    _canonical: Symbol | None

    EMPTY: ClassVar[Symbol]
    NONE: ClassVar[Symbol]

    def __init__(self, sid: SecurityIdentifier, value: str, underlying: Symbol | None = None) -> None:
        if underlying is None and sid.has_underlying:
            underlying = Symbol(sid.underlying, sid.underlying.symbol)
            value = self.get_alias(sid, underlying) or value
        elif underlying is None:
            value = self.get_alias(sid) or value
        put = object.__setattr__
        put(self, "id", sid)
        put(self, "value", value.upper())
        put(self, "security_type", sid.security_type)
        put(self, "underlying", underlying)
        put(self, "_canonical", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A symbol cannot be changed; '{name}' was to be set.")

    # ---- making

    @classmethod
    def create(
        cls,
        ticker: str,
        security_type: SecurityType,
        market: str,
        alias: str | None = None,
        base_data_type: type | None = None,
    ) -> Symbol:
        """Return the symbol of a ticker; of an option or future the canonical one.

        Parameters
        ----------
        alias
            The value of the symbol, by default the ticker.
        base_data_type
            The class of custom data, for ``SecurityType.BASE``.
        """
        if security_type is SecurityType.OPTION:
            return cls.create_canonical_option(cls.create_equity(ticker, market), market, alias)
        if security_type is SecurityType.INDEX_OPTION:
            return cls.create_canonical_option(cls.create(ticker, SecurityType.INDEX, market), market, alias)
        make = SecurityIdentifier
        match security_type:
            case SecurityType.BASE:
                sid = make.generate_base(base_data_type, ticker, market)
            case SecurityType.EQUITY:
                sid = make.generate_equity(ticker, market)
            case SecurityType.FOREX:
                sid = make.generate_forex(ticker, market)
            case SecurityType.CFD:
                sid = make.generate_cfd(ticker, market)
            case SecurityType.INDEX:
                sid = make.generate_index(ticker, market)
            case SecurityType.CRYPTO:
                sid = make.generate_crypto(ticker, market)
            case SecurityType.CRYPTO_FUTURE:
                sid = make.generate_crypto_future(DEFAULT_DATE, ticker, market)
            case SecurityType.FUTURE:
                sid = make.generate_future(DEFAULT_DATE, ticker, market)
            case _:
                raise InvalidIdentifierError(
                    f"A symbol of type {SecurityType(security_type)} cannot be made from a ticker alone."
                )
        return cls(sid, alias or ticker)

    @classmethod
    def create_equity(cls, ticker: str, market: str = Market.USA, alias: str | None = None) -> Symbol:
        """Return the symbol of the equity that has the ticker today."""
        return cls(SecurityIdentifier.generate_equity(ticker, market), alias or ticker)

    @classmethod
    def create_base(cls, base_type: type, underlying: Symbol, market: str | None = None) -> Symbol:
        """Return the symbol of custom data about another security, which becomes its underlying."""
        date = underlying.id.date if underlying.security_type in _DATED_UNDERLYING else None
        sid = SecurityIdentifier.generate_base(base_type, underlying.id.symbol, market or Market.USA, date=date)
        return cls(sid, underlying.value, underlying)

    @classmethod
    def create_future(cls, ticker: str, market: str, expiry: datetime, alias: str | None = None) -> Symbol:
        """Return the symbol of a future that expires on a date."""
        return cls(SecurityIdentifier.generate_future(expiry, ticker, market), alias or ticker)

    @classmethod
    def create_option(
        cls,
        underlying: Symbol | str,
        market: str,
        style: OptionStyle,
        right: OptionRight,
        strike: Number,
        expiry: datetime,
        alias: str | None = None,
        *,
        target_option: str | None = None,
    ) -> Symbol:
        """Return the symbol of an option; a text as *underlying* is the ticker of an equity."""
        if isinstance(underlying, str):
            underlying = cls.create_equity(underlying, market)
        sid = SecurityIdentifier.generate_option(
            expiry, underlying.id, market, strike, right, style, target_option=target_option
        )
        return cls(sid, alias or cls.get_alias(sid, underlying) or "", underlying)

    @classmethod
    def create_canonical_option(
        cls,
        underlying: Symbol,
        market: str | None = None,
        alias: str | None = None,
        *,
        target_option: str | None = None,
    ) -> Symbol:
        """Return the symbol that stands for all options on *underlying*."""
        style = default_option_style(cls.get_option_type_from_underlying(underlying))
        market = market or underlying.id.market
        return cls.create_option(
            underlying, market, style, OptionRight.CALL, 0, DEFAULT_DATE, alias, target_option=target_option
        )

    # ---- what it says

    @property
    def canonical(self) -> Symbol:
        """The symbol that stands for all contracts like this one.

        Raises
        ------
        InvalidIdentifierError
            If this is neither an option nor a future.
        """
        if self.is_canonical():
            return self
        if self._canonical is None:
            if self.security_type in IS_OPTION and self.underlying is not None:
                made = self.create_canonical_option(self.underlying, self.id.market, target_option=self.id.symbol)
            elif self.security_type is SecurityType.FUTURE:
                made = self.create(self.id.symbol, SecurityType.FUTURE, self.id.market)
            else:
                raise InvalidIdentifierError(f"Only options and futures have a canonical symbol, not '{self}'.")
            object.__setattr__(self, "_canonical", made)
        assert self._canonical is not None
        return self._canonical

    def update_mapped_symbol(self, mapped_symbol: str) -> Symbol:
        """Return the same security under another ticker."""
        underlying = self.underlying
        if underlying is not None:
            underlying = underlying.update_mapped_symbol(mapped_symbol)
        if self.security_type is not SecurityType.BASE and not self.requires_mapping():
            return Symbol(self.id, self.value, underlying)
        if self.security_type is SecurityType.OPTION:
            terms = (self.id.option_right, self.id.exact_strike_price, self.id.date)
            mapped_symbol = self.value if self.is_canonical() else option_ticker(mapped_symbol, *terms)
        return Symbol(self.id, mapped_symbol, underlying)

    @staticmethod
    def get_alias(security_identifier: SecurityIdentifier, underlying: Symbol | None = None) -> str | None:
        """Return the ticker that follows from an identifier: of options and futures; None for others."""
        return contract_ticker(security_identifier, underlying)

    @staticmethod
    def get_option_type_from_underlying(underlying: Symbol | SecurityType) -> SecurityType:
        """Return the type of options on a security or type of security."""
        kind = underlying.security_type if isinstance(underlying, Symbol) else underlying
        if kind not in OPTION_TYPE_OF:
            raise InvalidIdentifierError(f"There are no options on securities of type {kind}.")
        return OPTION_TYPE_OF[kind]

    @staticmethod
    def get_underlying_from_option_type(security_type: SecurityType) -> SecurityType:
        """Return the type of what options of a type derive from."""
        if security_type not in UNDERLYING_TYPE_OF:
            raise InvalidIdentifierError(f"Securities of type {security_type} are not options.")
        return UNDERLYING_TYPE_OF[security_type]

    # ---- text

    def __str__(self) -> str:
        """Return the ticker under which the security was added, else the text of its identifier."""
        return SymbolCache.get_ticker(self)

    def __repr__(self) -> str:
        return str(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    # ---- comparing

    def __hash__(self) -> int:
        return self.id._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Symbol):
            return self.id == other.id
        if isinstance(other, str):
            known = SymbolCache.try_get_symbol(other)
            return self.value == other.upper() if known is None else self.id == known.id
        if isinstance(other, SecurityIdentifier):
            return self.id == other
        if other is None:
            return self.id == SecurityIdentifier.EMPTY
        return NotImplemented

    def compare_to(self, other: Symbol | str) -> int:
        """Return -1, 0 or 1 as the ticker comes before, with or after another, without regard to case."""
        mine, theirs = self.value, _ticker(other)
        return (mine > theirs) - (mine < theirs)

    def __lt__(self, other: Symbol | str) -> bool:
        return self.value < _ticker(other)

    def __le__(self, other: Symbol | str) -> bool:
        return self.value <= _ticker(other)

    def __gt__(self, other: Symbol | str) -> bool:
        return self.value > _ticker(other)

    def __ge__(self, other: Symbol | str) -> bool:
        return self.value >= _ticker(other)

    def __reduce__(self) -> tuple[object, ...]:
        return Symbol, (self.id, self.value, self.underlying)


def _ticker(other: Symbol | str) -> str:
    return other.value if isinstance(other, Symbol) else other.upper()


Symbol.EMPTY = Symbol(SecurityIdentifier.EMPTY, "")
Symbol.NONE = Symbol(SecurityIdentifier.NONE, "NONE")
