"""A tradable thing: its price, its position, its exchange and its models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tradinglab.algorithm.margin_terms import leverage_of
from tradinglab.algorithm.securities.cache import SecurityCache
from tradinglab.algorithm.securities.defaults import set_default_models
from tradinglab.algorithm.securities.exchange import SecurityExchange
from tradinglab.algorithm.securities.holding import SecurityHolding
from tradinglab.algorithm.securities.security_prices import SecurityPrices
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.time_keeper import TimeKeeper
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol
    from tradinglab.core.symbol_properties import SymbolProperties


#: Nothing is paid for these when they are bought: only their profit moves cash.
_MARGINED = frozenset({SecurityType.FUTURE, SecurityType.CFD, SecurityType.CRYPTO_FUTURE})
#: Buying these swaps one currency for another.
_SWAPPED = frozenset({SecurityType.FOREX, SecurityType.CRYPTO})


class SubscriptionConfig(Protocol):
    """What a security reads from its subscriptions."""

    resolution: Resolution
    fill_data_forward: bool
    extended_market_hours: bool
    is_internal_feed: bool
    is_custom_data: bool
    data_normalization_mode: DataNormalizationMode


class Security(SecurityPrices):
    """A security of an algorithm.

    Prices are floats, with an exact decimal twin (``exact_price`` …). Attributes that the class does
    not have belong to the author: ``security.my_indicator = …``.
    """

    __slots__ = (
        "_configs", "_holdings", "_on_holdings", "exchange", "is_delisted", "is_initialized",
        "is_margined", "is_swapped", "is_tradable", "quote_currency", "symbol", "symbol_properties", "type",
    )  # fmt: skip

    #: The leverage that means "that of the brokerage".
    NULL_LEVERAGE = 0

    exchange_class: type[SecurityExchange] = SecurityExchange
    holding_class: type[SecurityHolding] = SecurityHolding

    def __init__(
        self,
        symbol: Symbol,
        exchange_hours: SecurityExchangeHours,
        quote_currency: Cash,
        symbol_properties: SymbolProperties,
        currency_converter: CashBook,
        cache: SecurityCache | None = None,
    ) -> None:
        self.symbol = symbol
        self.type: SecurityType = symbol.security_type
        self.is_margined = self.type in _MARGINED
        self.is_swapped = self.type in _SWAPPED
        self.cache = cache or SecurityCache(self.type)
        self.quote_currency = quote_currency
        self.symbol_properties = symbol_properties
        self.exchange = self.exchange_class(exchange_hours)
        self.data_source = None
        self.is_tradable = self.type != SecurityType.INDEX
        self.is_delisted = False
        self.is_initialized = False
        self._configs: list[SubscriptionConfig] = []
        self._on_holdings: Callable[[SecurityHolding], None] | None = None
        self._holdings = self.holding_class(self, currency_converter)
        set_default_models(self)

    # Position and margin

    @property
    def holdings(self) -> SecurityHolding:
        """The position."""
        return self._holdings

    @holdings.setter
    def holdings(self, value: SecurityHolding) -> None:
        self._holdings = value
        if self._on_holdings is not None:
            self._on_holdings(value)

    def on_holdings_replaced(self, listener: Callable[[SecurityHolding], None]) -> None:
        """Call *listener* when another object becomes the position."""
        self._on_holdings = listener

    @property
    def hold_stock(self) -> bool:
        """Whether at least one lot is held."""
        return self._holdings.invested

    @property
    def invested(self) -> bool:
        """Whether at least one lot is held."""
        return self._holdings.invested

    @property
    def exact_leverage(self) -> Decimal:
        """``leverage`` as a decimal."""
        return leverage_of(self.buying_power_model, self)

    @property
    def leverage(self) -> float:
        """How many times one's own money may be held."""
        return float(self.buying_power_model.get_leverage(self))

    def set_leverage(self, leverage: Number) -> None:
        """Set how many times one's own money may be held."""
        if self.type not in (SecurityType.FUTURE, SecurityType.OPTION, SecurityType.FUTURE_OPTION,
                             SecurityType.INDEX_OPTION):  # fmt: skip
            self.buying_power_model.set_leverage(self, to_decimal(leverage))

    # Time

    def set_clock(self, clock: TimeKeeper) -> None:
        """Tell the security which clock to read."""
        self.exchange.set_clock(clock)

    @property
    def local_time(self) -> datetime:
        """The present time, in the exchange's time zone."""
        return self.exchange.local_time

    @property
    def utc_ns(self) -> int:
        """The present instant."""
        return self.exchange.utc_ns

    # Subscriptions

    @property
    def subscriptions(self) -> list[SubscriptionConfig]:
        """The configurations of the security's subscriptions."""
        return list(self._configs)

    @property
    def subscription_data_config(self) -> SubscriptionConfig | None:
        """The first configuration."""
        return self._configs[0] if self._configs else None

    @property
    def resolution(self) -> Resolution:
        """The finest resolution that is subscribed to; daily if none is."""
        return min((config.resolution for config in self._configs), default=Resolution.DAILY)

    @property
    def is_fill_data_forward(self) -> bool:
        """Whether a subscription fills gaps."""
        return any(config.fill_data_forward for config in self._configs)

    @property
    def is_extended_market_hours(self) -> bool:
        """Whether a subscription has bars outside regular hours."""
        return any(config.extended_market_hours for config in self._configs)

    @property
    def data_normalization_mode(self) -> DataNormalizationMode:
        """How prices are adjusted."""
        return self._configs[0].data_normalization_mode if self._configs else DataNormalizationMode.ADJUSTED

    @property
    def is_internal_feed(self) -> bool:
        """Whether the security was not asked for by the author: all its subscriptions are internal."""
        return all(config.is_internal_feed for config in self._configs)

    def is_custom_data(self) -> bool:
        """Return whether a subscription is to custom data."""
        return any(config.is_custom_data for config in self._configs)

    def set_data_normalization_mode(self, mode: DataNormalizationMode) -> None:
        """Set how prices are adjusted."""
        for config in self._configs:
            config.data_normalization_mode = mode

    def add_data(self, subscription: SubscriptionConfig) -> None:
        """Add the configuration of a subscription."""
        if subscription not in self._configs:
            self._configs.append(subscription)

    def remove_data(self, subscription: SubscriptionConfig) -> None:
        """Remove the configuration of a subscription."""
        if subscription in self._configs:
            self._configs.remove(subscription)

    def apply_split(self, split_factor: Decimal) -> None:
        """Scale prices and sizes by a split."""
        self._cache.apply_split(split_factor)

    def reset(self) -> None:
        """Make the security as if it had just been removed: untradable, without subscriptions."""
        self.is_initialized = False
        self.is_tradable = False
        self._configs.clear()

    def __str__(self) -> str:
        return str(self.symbol)

    to_string = __str__

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.symbol}>"
