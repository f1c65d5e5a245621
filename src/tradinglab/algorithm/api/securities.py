"""Adding and removing securities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.api.core import SymbolLike
from tradinglab.algorithm.api.setup import SetupMethods
from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.clock import day_of
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType
from tradinglab.core.errors import CoreError
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import (
        Cfd,
        Crypto,
        CryptoFuture,
        Equity,
        Forex,
        Index,
        Security,
    )

_SUPPORTED = (
    SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE,
    SecurityType.INDEX,
)  # fmt: skip


class SecurityMethods(SetupMethods):
    """Adding securities of every kind, and taking them away."""

    def add_equity(self, ticker: str, resolution: Resolution | None = None, market: str | None = None,
                   fill_forward: bool = True, leverage: Number = 0, extended_market_hours: bool = False,
                   data_normalization_mode: DataNormalizationMode | None = None) -> Equity:  # fmt: skip
        """Add a stock or a fund."""
        return self.lab_add(  # type: ignore[return-value]
            SecurityType.EQUITY, ticker, resolution, market, fill_forward, leverage, extended_market_hours,
            data_normalization_mode,
        )  # fmt: skip

    def add_forex(self, ticker: str, resolution: Resolution | None = None, market: str | None = None,
                  fill_forward: bool = True, leverage: Number = 0) -> Forex:  # fmt: skip
        """Add a pair of currencies."""
        return self.lab_add(SecurityType.FOREX, ticker, resolution, market, fill_forward, leverage)  # type: ignore[return-value]

    def add_cfd(self, ticker: str, resolution: Resolution | None = None, market: str | None = None,
                fill_forward: bool = True, leverage: Number = 0) -> Cfd:  # fmt: skip
        """Add a contract for difference."""
        return self.lab_add(SecurityType.CFD, ticker, resolution, market, fill_forward, leverage)  # type: ignore[return-value]

    def add_crypto(self, ticker: str, resolution: Resolution | None = None, market: str | None = None,
                   fill_forward: bool = True, leverage: Number = 0) -> Crypto:  # fmt: skip
        """Add a pair with a cryptocurrency."""
        return self.lab_add(SecurityType.CRYPTO, ticker, resolution, market, fill_forward, leverage)  # type: ignore[return-value]

    def add_crypto_future(self, ticker: str, resolution: Resolution | None = None, market: str | None = None,
                          fill_forward: bool = True, leverage: Number = 0) -> CryptoFuture:  # fmt: skip
        """Add a perpetual future on a cryptocurrency."""
        return self.lab_add(SecurityType.CRYPTO_FUTURE, ticker, resolution, market, fill_forward, leverage)  # type: ignore[return-value]

    def add_index(self, ticker: str, resolution: Resolution | None = None, market: str | None = None,
                  fill_forward: bool = True) -> Index:  # fmt: skip
        """Add an index."""
        return self.lab_add(SecurityType.INDEX, ticker, resolution, market, fill_forward)  # type: ignore[return-value]

    def add_security(self, symbol: Symbol | SecurityType, ticker: Any = None, resolution: Any = None,
                     *args: Any, **kwargs: Any) -> Security:  # fmt: skip
        """Add a security by symbol, or by security type and ticker."""
        if isinstance(symbol, Symbol):
            names: tuple[str, ...] = ("resolution", "fill_forward", "leverage", "extended_market_hours")
            given = dict(zip(names, (ticker, resolution, *args), strict=False))
            given = {name: value for name, value in given.items() if value is not None} | kwargs
            return self.lab_add_symbol(symbol, **given)
        names = ("market", "fill_forward", "leverage", "extended_market_hours")
        if args and isinstance(args[0], bool):
            names = names[1:]
        given = {name: value for name, value in zip(names, args, strict=False) if value is not None} | kwargs
        return self.lab_add(symbol, ticker, resolution, **given)

    def remove_security(self, symbol: SymbolLike, tag: str | None = None) -> bool:
        """Take a security away: cancel its orders, close its position, end its data."""
        security = self.securities.get(self.lab_symbol(symbol))
        if security is None:
            return False
        tag = "Removed" if tag is None else tag
        if not self.is_warming_up:
            self.transactions.cancel_open_orders(security.symbol, tag)
        if security.invested:
            self.liquidate(security.symbol, tag=tag)
        security.reset()
        self.lab_runtime.remove_security(security)
        return True

    def symbol(self, ticker: str) -> Symbol:
        """Return the symbol of a ticker that was added.

        Raises
        ------
        UnknownTickerError
            If no such security was added.
        """
        return SymbolCache.get_symbol(ticker)

    def ticker(self, symbol: Symbol) -> str:
        """Return the ticker of a symbol."""
        return symbol.value

    def get_last_known_price(self, security: SymbolLike | Security) -> Any:
        """Return the last bar before now of a security, or ``None``."""
        bars = self.get_last_known_prices(security)
        return bars[0] if bars else None

    def get_last_known_prices(self, security: SymbolLike | Security) -> list[Any]:
        """Return the last bars before now of a security, one for each of its subscriptions."""
        known = self.lab_security(security) if isinstance(security, (Symbol, str)) else security
        return self.lab_last_known(known)

    def lab_add(self, security_type: SecurityType, ticker: str, resolution: Resolution | None = None,
             market: str | None = None, fill_forward: bool = True, leverage: Number = 0,
             extended_market_hours: bool = False,
             data_normalization_mode: DataNormalizationMode | None = None) -> Security:  # fmt: skip
        """Add a security of a type by its ticker."""
        if not isinstance(ticker, str):
            raise AlgorithmError(f"add {security_type}: the ticker must be text, it was {ticker!r}")
        where = self.lab_market(market, security_type)
        symbol = SymbolCache.try_get_symbol(ticker)
        if symbol is None or symbol.id.market != where or symbol.security_type != security_type:
            symbol = self.lab_make_symbol(ticker, security_type, where)
        return self.lab_add_symbol(
            symbol, resolution, fill_forward, leverage, extended_market_hours, data_normalization_mode
        )

    def lab_make_symbol(self, ticker: str, security_type: SecurityType, market: str) -> Symbol:
        """Return the symbol that a ticker has now, by the maps of the data source."""
        if security_type not in _SUPPORTED:
            raise NotImplementedError(f"{security_type} is not simulated by TradingLab; see docs/coverage.md")
        day = day_of(self.lab_zone.local_ns(self.lab_utc_ns))
        return self.lab_context.source.resolve_symbol(ticker, security_type, market, day)

    def lab_add_symbol(self, symbol: Symbol, resolution: Resolution | None = None, fill_forward: bool | None = None,
                    leverage: Number = 0, extended_market_hours: bool | None = None,
                    data_normalization_mode: DataNormalizationMode | None = None) -> Security:  # fmt: skip
        """Subscribe to a symbol and return its security."""
        if symbol.security_type not in _SUPPORTED:
            raise NotImplementedError(f"{symbol.security_type} is not simulated by TradingLab; see docs/coverage.md")
        universe = self.universe_settings
        mode = universe.data_normalization_mode if data_normalization_mode is None else data_normalization_mode
        configs = self.subscription_manager.subscription_data_config_service.add(
            symbol,
            universe.resolution if resolution is None else resolution,
            universe.fill_forward if fill_forward is None else fill_forward,
            universe.extended_market_hours if extended_market_hours is None else extended_market_hours,
            data_normalization_mode=mode,
        )
        security = self.lab_create_security(symbol, configs, leverage)
        self.securities.add(security)
        SymbolCache.set(symbol.value, symbol)
        self.lab_runtime.add_subscriptions(security, configs)
        return security

    def lab_create_security(self, symbol: Symbol, configs: Iterable[Any], leverage: Number) -> Security:
        """Return the security of a symbol with its subscriptions, new and initialised if need be."""
        known = self.securities.get(symbol)
        if known is not None:
            for config in configs:
                known.add_data(config)
            if known.is_delisted is False:
                known.is_tradable = known.type != SecurityType.INDEX
            self._initialize(known)
            return known
        security = self.lab_new_security(symbol, list(configs))
        self._initialize(security)
        amount = to_decimal(leverage)
        if amount > 0:
            security.set_leverage(amount)
        return security

    def _initialize(self, security: Security) -> None:
        """Have a security that is new, or was removed and comes back, initialised as the author wants it."""
        if not security.is_initialized:
            self.security_initializer.initialize(security)
            security.is_initialized = True

    def lab_new_security(self, symbol: Symbol, configs: list[Any]) -> Security:
        """Make a security by the exchange hours and properties of its symbol."""
        hours = self.market_hours_database.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)
        properties = self.symbol_properties_database.get_symbol_properties(
            symbol.id.market, symbol, symbol.security_type, self.account_currency
        )
        return self.securities.create_security(
            symbol, configs, hours=hours, symbol_properties=properties, cash_book=self.portfolio.cash_book
        )

    def lab_benchmark_security(self, symbol: Symbol) -> Security:
        """Return a security for a benchmark: apart from one that is traded, with prices of its own."""
        return self.lab_new_security(symbol, [])

    def lab_add_security_by_symbol(self, symbol: Symbol) -> Security:
        """Add a security with the default settings."""
        return self.lab_add_symbol(symbol)

    def lab_resolve_ticker(self, ticker: str) -> Symbol:
        """Return the symbol of a ticker: that which was added, else the equity of that name."""
        found = SymbolCache.try_get_symbol(ticker)
        if found is not None:
            return found
        try:
            return self.lab_make_symbol(ticker, SecurityType.EQUITY, self.lab_market(None, SecurityType.EQUITY))
        except CoreError:
            raise AlgorithmError(
                f"'{ticker}' has not been added to the algorithm. Add it in initialize, for example with add_equity."
            ) from None
