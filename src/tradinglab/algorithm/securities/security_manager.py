"""All securities of an algorithm, by symbol or ticker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from tradinglab.algorithm.securities.holding import SecurityHolding
from tradinglab.algorithm.securities.holding_state import HoldingState
from tradinglab.algorithm.securities.mapping import ExtendedDictionary
from tradinglab.algorithm.securities.position_worths import PositionWorths
from tradinglab.algorithm.securities.price_variation import EquityPriceVariationModel
from tradinglab.algorithm.securities.security import Security
from tradinglab.algorithm.securities.security_types import SECURITY_CLASSES, PairSecurity
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import DataNormalizationMode, SecurityType, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache

if TYPE_CHECKING:
    from tradinglab.algorithm.consolidators.session import Session
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.security import SubscriptionConfig
    from tradinglab.algorithm.securities.time_keeper import TimeKeeper
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol_properties import SymbolProperties
    from tradinglab.data.source import DataSource

D = TypeVar("D")
ChangeListener = Callable[[Security, bool], None]


class SecurityManager(ExtendedDictionary[Symbol, Security]):
    """The securities of an algorithm, in the order in which they were added.

    One that was removed is no longer iterated, but is still found: its position and fees count.
    """

    __slots__ = (
        "_all",
        "_by_key",
        "_invested",
        "_listeners",
        "_make_benchmark",
        "_present",
        "changes",
        "clock",
        "data_source",
        "worths",
    )

    def __init__(self, clock: TimeKeeper) -> None:
        self.clock = clock
        self._present: dict[Symbol, Security] = {}
        self._all: dict[Symbol, Security] = {}
        self._by_key: dict[object, Security] = {}
        self._invested: dict[int, Security] = {}
        #: What positions are worth at the present step, for the portfolio's sums.
        self.worths = PositionWorths(self._invested, clock.cursor)
        #: How often a position, or the account's cash, has changed.
        self.changes = 0
        self._listeners: list[ChangeListener] = []
        self._make_benchmark: Callable[[Symbol], Security] | None = None
        self.data_source: DataSource | None = None

    def _table(self) -> dict[Symbol, Security]:
        return self._present

    def _find(self, key: object) -> Security | None:
        found = self._by_key.get(key)
        if found is not None:
            return found
        if isinstance(key, Security):
            return self._all.get(key.symbol)
        if isinstance(key, str):
            symbol = SymbolCache.try_get_symbol(key)
            found = self._all.get(symbol) if symbol is not None else self._by_ticker(key)
            if found is not None:
                self._by_key[key] = found
        return found

    def _by_ticker(self, ticker: str) -> Security | None:
        wanted = ticker.upper()
        return next((security for symbol, security in self._all.items() if symbol.value == wanted), None)

    def __getitem__(self, key: object) -> Security:
        found = self._by_key.get(key)
        if found is None:
            found = self._find(key)
            if found is None:
                raise self._missing_key(key)
        return found

    @overload
    def get(self, key: object) -> Security | None: ...
    @overload
    def get(self, key: object, default_value: Security | D) -> Security | D: ...
    def get(self, key: object, default_value: Security | D | None = None) -> Security | D | None:
        """Return the security of a symbol or a ticker, or the default."""
        found = self._by_key.get(key)
        if found is None and key is not None:
            found = self._find(key)
        return default_value if found is None else found

    def _missing_key(self, key: object) -> KeyError:
        return KeyError(
            f"'{key}' is not a security of this algorithm. Add it in initialize, for example with add_equity('{key}')."
        )

    @property
    def utc_time(self) -> datetime:
        """The present time, UTC."""
        return self.clock.utc_time

    @property
    def utc_ns(self) -> int:
        """The present instant."""
        return self.clock.utc_ns

    @property
    def is_read_only(self) -> bool:
        """Whether securities cannot be added: they can."""
        return False

    @property
    def total(self) -> list[Security]:
        """All securities that ever were added."""
        return list(self._all.values())

    @property
    def invested(self) -> list[Security]:
        """The securities of which at least one lot is held."""
        return list(self._invested.values())

    @property
    def has_invested(self) -> bool:
        """Whether at least one lot of anything is held."""
        return bool(self._invested)

    def find_symbol(self, key: object) -> Symbol | None:
        """Return the symbol of a security by ticker, symbol or security; ``None`` if there is none."""
        found = self._find(key)
        return None if found is None else found.symbol

    def present(self) -> Iterator[Security]:
        """Iterate the securities that have not been removed."""
        return iter(self._present.values())

    def add(self, symbol: Symbol | Security, security: Security | None = None) -> None:
        """Add a security; one that is there already stays as it is."""
        if security is None:
            if not isinstance(symbol, Security):
                raise TypeError(f"add takes a security, it was {symbol!r}")
            security = symbol
        symbol = security.symbol
        if symbol in self._present:
            return
        self._present[symbol] = security
        self._all[symbol] = security
        self._by_key[symbol] = security
        self._forget_tickers()
        security.set_clock(self.clock)
        security.on_holdings_replaced(self._watch)
        self._watch(security.holdings)
        self._tell(security, True)

    def __setitem__(self, key: Symbol, value: Security) -> None:
        known = self._present.get(key)
        if known is not None and known is not value:
            raise ValueError(f"{key} is already a security of this algorithm and cannot be replaced.")
        self.add(key, value)

    def remove(self, key: object) -> bool:
        """Remove a security from those that are iterated; return whether it was there."""
        symbol = self.find_symbol(key)
        security = None if symbol is None else self._present.pop(symbol, None)
        if security is None:
            return False
        if id(security) in self._invested:
            self.changes += 1
            self.worths.position_changed(security)
            del self._invested[id(security)]
        self._tell(security, False)
        return True

    def clear(self) -> None:
        """Forget all securities."""
        self.changes += 1
        for security in self._invested.values():
            self.worths.position_changed(security)
        for table in (self._present, self._all, self._by_key, self._invested):
            table.clear()

    def on_change(self, listener: ChangeListener) -> None:
        """Call *listener* with each security that is added (True) or removed (False)."""
        self._listeners.append(listener)

    def create_security(
        self,
        symbol: Symbol,
        configs: list[SubscriptionConfig],
        *,
        hours: SecurityExchangeHours,
        symbol_properties: SymbolProperties,
        cash_book: CashBook,
        leverage: Number = 0,
    ) -> Security:
        """Make a security, with the currencies that it needs in the cash book; it is not yet added.

        A security whose subscriptions are all internal is not tradable.

        Raises
        ------
        ValueError
            If a pair's base currency cannot be told from its ticker.
        """
        quote = _currency(cash_book, symbol_properties.quote_currency)
        cls = SECURITY_CLASSES.get(symbol.security_type, Security)
        extra: dict[str, Any] = {}
        if issubclass(cls, PairSecurity):
            extra["base_currency"] = _currency(cash_book, base_currency_of(symbol, symbol_properties))
        security = cls(symbol, hours, quote, symbol_properties, cash_book, **extra)
        security.data_source = self.data_source
        security.cache.set_session_maker(partial(_make_session, security))
        if security.is_tradable:
            security.is_tradable = not (configs and all(config.is_internal_feed for config in configs))
        for config in configs:
            security.add_data(config)
        if security.type == SecurityType.EQUITY and security.data_normalization_mode == DataNormalizationMode.RAW:
            security.price_variation_model = EquityPriceVariationModel()
        if to_decimal(leverage) > 0:
            security.set_leverage(leverage)
        return security

    def set_benchmark_maker(self, maker: Callable[[Symbol], Security]) -> None:
        """Say how a security that is only a benchmark is made."""
        self._make_benchmark = maker

    def create_benchmark_security(self, symbol: Symbol) -> Security:
        """Return a security for a benchmark alone: its prices are apart from those of one that is traded."""
        if self._make_benchmark is None:
            raise RuntimeError("A benchmark can only be made for an algorithm that an engine runs.")
        return self._make_benchmark(symbol)

    def _watch(self, holding: SecurityHolding) -> None:
        holding.listen(self._quantity_changed)
        self._quantity_changed(holding, holding.exact_quantity, holding.exact_average_price)

    def _quantity_changed(self, holding: HoldingState, quantity: Decimal, average_price: Decimal) -> None:
        security = holding._security
        self.changes += 1
        self.worths.position_changed(security)
        key, invested = id(security), self._invested
        if not holding._invested:
            invested.pop(key, None)
        elif key not in invested and security.symbol in self._present:  # those that are gone are not among them
            invested[key] = security

    def _forget_tickers(self) -> None:
        for key in [key for key in self._by_key if isinstance(key, str)]:
            del self._by_key[key]

    def _tell(self, security: Security, added: bool) -> None:
        for listener in self._listeners:
            listener(security, added)


def _make_session(security: Security) -> Session:
    from tradinglab.algorithm.consolidators.session import Session

    has_quotes = security.type in (SecurityType.FOREX, SecurityType.CFD)
    kind = TickType.QUOTE if has_quotes else TickType.TRADE
    return Session(kind, security.exchange.hours, security.symbol)


def _currency(cash_book: CashBook, symbol: str) -> Cash:
    """Return the cash book's entry of a currency, made with nothing in it if there was none."""
    found = cash_book.get(symbol) or cash_book.add(symbol, 0, 0)
    if found is None:
        raise ValueError(f"'{symbol}' is no currency that a security can be quoted in.")
    return found


def base_currency_of(symbol: Symbol, properties: SymbolProperties) -> str:
    """Return the base currency of a pair: its ticker without the quote currency."""
    ticker = symbol.value
    if symbol.security_type == SecurityType.FOREX and len(ticker) == 6:
        return ticker[:3]
    if symbol.security_type != SecurityType.FOREX and ticker.endswith(properties.quote_currency):
        return ticker[: -len(properties.quote_currency)]
    raise ValueError(
        f"The base currency of {symbol.security_type} '{ticker}' on '{symbol.id.market}' is not known: "
        f"the ticker does not end with its quote currency, {properties.quote_currency}."
    )
