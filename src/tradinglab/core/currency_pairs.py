"""What a currency pair consists of."""

from __future__ import annotations

from enum import auto

from tradinglab.core.currencies import Currencies
from tradinglab.core.dual import Dual, DualEnum
from tradinglab.core.enums import SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolProperties, SymbolPropertiesDatabase

PAIR_TYPES = frozenset({SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE})


class PairMatch(DualEnum):
    """Whether two currency pairs are the same."""

    NO_MATCH = 0
    EXACT_MATCH = auto()
    INVERSE_MATCH = auto()


class CurrencyPairUtil(Dual):
    """Takes currency pairs apart and compares them."""

    Match = PairMatch

    @staticmethod
    def decompose_currency_pair(symbol: Symbol, properties: SymbolProperties | None = None) -> tuple[str, str]:
        """Return base and quote currency.

        Parameters
        ----------
        properties
            Properties of the security, by default those of the data in use; forex needs none.

        Raises
        ------
        ValueError
            If the security is not a pair, or its ticker does not end with its quote currency.
        """
        if symbol.security_type not in PAIR_TYPES:
            raise ValueError(f"A security of type {symbol.security_type} is no currency pair ('{symbol.value}').")
        ticker = symbol.value
        if symbol.security_type is SecurityType.FOREX:
            if len(ticker) != 6:
                raise ValueError(f"A currency pair has six letters; it was '{ticker}'.")
            return ticker[:3], ticker[3:]
        if properties is None:
            database = SymbolPropertiesDatabase.from_data_folder()
            properties = database.get_symbol_properties(symbol.id.market, symbol, symbol.security_type, Currencies.USD)
        quote = properties.quote_currency
        if not ticker.endswith(quote):
            raise ValueError(f"'{ticker}' does not end with its quote currency, {quote}.")
        return ticker.removesuffix(quote), quote

    @classmethod
    def try_decompose_currency_pair(
        cls, symbol: Symbol | None, properties: SymbolProperties | None = None
    ) -> tuple[str, str] | None:
        """Return base and quote currency, None if the security is no pair."""
        try:
            return None if symbol is None else cls.decompose_currency_pair(symbol, properties)
        except ValueError:
            return None

    @classmethod
    def is_decomposable(cls, symbol: Symbol | None) -> bool:
        """Whether a security is a currency pair."""
        return cls.try_decompose_currency_pair(symbol) is not None

    @staticmethod
    def is_forex_decomposable(currency_pair: str | None) -> bool:
        """Whether a ticker has the form of a forex pair."""
        return currency_pair is not None and len(currency_pair) == 6

    @staticmethod
    def is_valid_security_type(security_type: SecurityType | None) -> bool:
        """Whether securities of a type are currency pairs."""
        return security_type in PAIR_TYPES

    @classmethod
    def currency_pair_dual(cls, symbol: Symbol, known_symbol: str) -> str | None:
        """Return the other currency of a pair, None if the known one is not in it."""
        base, quote = cls.decompose_currency_pair(symbol)
        if known_symbol == base:
            return quote
        return base if known_symbol == quote else None

    @classmethod
    def compare_pair(
        cls, symbol: Symbol, base_currency: str, quote_currency: str, properties: SymbolProperties | None = None
    ) -> PairMatch:
        """Return whether a pair is that of two currencies, or its inverse; stable coins count as their currency."""
        pair = cls.try_decompose_currency_pair(symbol, properties)
        if pair is None:
            return PairMatch.NO_MATCH
        names = [*pair, base_currency, quote_currency]
        for mine, theirs in ((1, 3), (1, 2), (0, 3), (0, 2)):
            market = symbol.id.market
            if Currencies.is_stable_coin_without_pair(names[mine] + names[theirs], market) or (
                Currencies.is_stable_coin_without_pair(names[theirs] + names[mine], market)
            ):
                names[mine] = names[theirs]
        if names[:2] == [base_currency, quote_currency]:
            return PairMatch.EXACT_MATCH
        return PairMatch.INVERSE_MATCH if names[:2] == [quote_currency, base_currency] else PairMatch.NO_MATCH
