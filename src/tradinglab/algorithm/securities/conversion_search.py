"""Which securities give the rate of a currency into the account's.

The engine calls :func:`ensure_conversions` after ``initialize`` and whenever currencies or securities were
added; it makes the internal subscriptions for the securities that come back as new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from tradinglab.algorithm.securities.currency_conversion import (
    ConstantCurrencyConversion,
    CurrencyConversion,
    SecurityCurrencyConversion,
)
from tradinglab.core.currencies import Currencies
from tradinglab.core.currency_pairs import CurrencyPairUtil
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.security_manager import SecurityManager
    from tradinglab.core.symbol_properties import SymbolPropertiesDatabase

RATE_TYPES = (SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A security that could give a rate; ``security`` is ``None`` while it is not one of the algorithm's."""

    ticker: str
    security_type: SecurityType
    market: str
    base: str
    quote: str
    security: Security | None = None

    def other(self, currency: str) -> str | None:
        """Return the other currency of the pair; ``None`` if it has not this one."""
        if currency == self.base:
            return self.quote
        return self.base if currency == self.quote else None

    def direction(self, source: str, destination: str) -> bool | None:
        """Return whether the price must be inverted to convert; ``None`` if the pair is of other currencies.

        Coins that stand for a currency one to one count as it.
        """
        names = [self.base, self.quote, source, destination]
        for mine, theirs in ((1, 3), (1, 2), (0, 3), (0, 2)):
            first, second = names[mine], names[theirs]
            if Currencies.is_stable_coin_without_pair(first + second, self.market) or (
                Currencies.is_stable_coin_without_pair(second + first, self.market)
            ):
                names[mine] = second
        if names[:2] == [source, destination]:
            return False
        return True if names[:2] == [destination, source] else None


class ConversionSearch:
    """Looks for conversions among an algorithm's securities, and then among all that the markets have.

    Parameters
    ----------
    securities
        The algorithm's securities.
    market_map
        The brokerage's market of each class of asset.
    properties
        All securities that the markets have.
    make_security
        Makes (and adds to the algorithm, with an internal subscription) the security of a symbol.
    """

    def __init__(
        self,
        securities: SecurityManager,
        market_map: Mapping[SecurityType, str],
        properties: SymbolPropertiesDatabase,
        make_security: Callable[[Symbol], Security],
    ) -> None:
        self._securities = securities
        self._market_map = market_map
        self._properties = properties
        self._make_security = make_security
        self._potential: list[_Pair] | None = None
        self.made: list[Security] = []

    def resolve(self, cash: Cash, account_currency: str) -> CurrencyConversion:
        """Return the conversion of a currency into the account's; the rate 0 if there is none."""
        if cash.symbol == account_currency:
            return ConstantCurrencyConversion.identity(account_currency)
        market = self._market_map.get(SecurityType.CRYPTO)
        if market is not None and Currencies.is_stable_coin_without_pair(account_currency, cash.symbol, market):
            return ConstantCurrencyConversion.identity(account_currency, cash.symbol)
        potential = self._potential_pairs()
        if not any(cash.symbol in (pair.base, pair.quote) for pair in potential):
            return ConstantCurrencyConversion.null(account_currency, cash.symbol)
        return self._search([*self._existing_pairs(), *potential], cash.symbol, account_currency)

    def _search(self, pairs: list[_Pair], source: str, destination: str) -> CurrencyConversion:
        for pair in pairs:
            inverted = pair.direction(source, destination)
            if inverted is not None:
                step = (self._security(pair), inverted)
                return SecurityCurrencyConversion(source, destination, [step])
        for first in pairs:
            middle = first.other(source)
            if middle is None:
                continue
            for second in pairs:
                inverted = second.direction(middle, destination)
                if inverted is not None:
                    steps = [(self._security(first), source == first.quote), (self._security(second), inverted)]
                    return SecurityCurrencyConversion(source, destination, steps)
        raise ValueError(
            f"There is no way to convert {source} into {destination}, the account's currency, in one or two steps."
        )

    def _security(self, pair: _Pair) -> Security:
        if pair.security is not None:
            return pair.security
        symbol = Symbol.create(pair.ticker, pair.security_type, pair.market)
        known = self._securities.get(symbol)
        if known is not None:
            return known
        made = self._make_security(symbol)
        self.made.append(made)
        return made

    def _existing_pairs(self) -> Iterator[_Pair]:
        for security in self._securities.present():
            symbol = security.symbol
            if security.type in RATE_TYPES:
                names = CurrencyPairUtil.try_decompose_currency_pair(symbol, security.symbol_properties)
                if names is not None:
                    yield _Pair(symbol.value, security.type, symbol.id.market, *names, security)

    def _potential_pairs(self) -> list[_Pair]:
        if self._potential is None:
            kinds: Iterable[SecurityType] = RATE_TYPES
            if self._market_map.get(SecurityType.CRYPTO_FUTURE) == Market.DYDX:  # it has no spot market
                kinds = (SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO_FUTURE, SecurityType.CRYPTO)
            self._potential = [pair for kind in kinds for pair in self._pairs_of(kind)]
        return self._potential

    def _pairs_of(self, kind: SecurityType) -> Iterator[_Pair]:
        for market in self._markets(kind):
            for key, properties in self._properties.get_symbol_properties_list(market, kind):
                ticker, quote = str(key.symbol), properties.quote_currency
                if ticker.endswith(quote) and (kind != SecurityType.FOREX or len(ticker) == 6):
                    yield _Pair(ticker, kind, market, ticker[: -len(quote)], quote)

    def _markets(self, kind: SecurityType) -> list[str]:
        """Return the brokerage's market of a class of asset, and those of the algorithm's securities of it."""
        traded: dict[SecurityType, dict[str, None]] = {}
        for security in self._securities.present():
            traded.setdefault(security.type, {})[security.symbol.id.market] = None
        for one, other in ((SecurityType.CFD, SecurityType.FOREX), (SecurityType.FOREX, SecurityType.CFD)):
            if one in traded and other not in traded:
                traded[other] = traded[one]
        named = [self._market_map[kind]] if kind in self._market_map else []
        return list(dict.fromkeys([*named, *traded.get(kind, {})]))


def ensure_conversions(
    cash_book: CashBook,
    securities: SecurityManager,
    market_map: Mapping[SecurityType, str],
    properties: SymbolPropertiesDatabase,
    make_security: Callable[[Symbol], Security],
) -> list[Security]:
    """Give every currency of a cash book its conversion and return the securities that were made for it.

    Raises
    ------
    ValueError
        If a currency is traded somewhere, but not against one that leads to the account's.
    """
    search = ConversionSearch(securities, market_map, properties, make_security)
    waiting = _unresolved(cash_book)
    while waiting:
        for cash in waiting:
            cash.currency_conversion = search.resolve(cash, cash_book.account_currency)
        # a security that was made may have brought a currency of its own
        waiting = _unresolved(cash_book)
    return search.made


def _unresolved(cash_book: CashBook) -> list[Cash]:
    return [cash for cash in cash_book.values() if cash.currency_conversion.destination_currency is None]


def securities_to_seed(cash_book: CashBook) -> list[Security]:
    """Return the securities without a price that a conversion rate waits for."""
    waiting = [cash for cash in cash_book.values() if not cash.exact_conversion_rate]
    found = (security for cash in waiting for security in cash.currency_conversion.conversion_rate_securities)
    return [security for security in dict.fromkeys(found) if not security.exact_price]
