"""The prices of a security, as floats and as decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.securities.dynamic_data import DynamicSecurityData
from tradinglab.algorithm.securities.security_models import SecurityModels
from tradinglab.core.enums import MarketDataType

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.consolidators.session import Session
    from tradinglab.algorithm.securities.cache import SecurityCache


class SecurityPrices(SecurityModels):
    """What the cache knows, read through the security; each price falls back on the latest one."""

    __slots__ = ("_cache",)

    _cache: SecurityCache

    @property
    def price(self) -> float:
        """The latest price."""
        cache = self._cache
        row = cache.quick_row
        if row is not None:
            at = row()
            return cache.quick_view[at] if at >= 0 else 0.0  # type: ignore[index]
        pushed = cache.quick_price
        return cache.value("price") if pushed is None else pushed

    @property
    def exact_price(self) -> Decimal:
        """``price`` as a decimal."""
        return self._cache.exact("price")

    @property
    def open(self) -> float:
        """The open of the latest bar."""
        return self._cache.value("open") or self.price

    @property
    def high(self) -> float:
        """The high of the latest bar."""
        return self._cache.value("high") or self.price

    @property
    def low(self) -> float:
        """The low of the latest bar."""
        return self._cache.value("low") or self.price

    @property
    def close(self) -> float:
        """The close of the latest bar."""
        return self._cache.value("close") or self.price

    @property
    def volume(self) -> float:
        """The volume of the latest trade bar."""
        return self._cache.value("volume")

    @property
    def bid_price(self) -> float:
        """The latest bid; the price if there are no quotes."""
        return self._cache.value("bid_price") or self.price

    @property
    def ask_price(self) -> float:
        """The latest ask; the price if there are no quotes."""
        return self._cache.value("ask_price") or self.price

    @property
    def bid_size(self) -> float:
        """The size of the latest bid."""
        return self._cache.value("bid_size")

    @property
    def ask_size(self) -> float:
        """The size of the latest ask."""
        return self._cache.value("ask_size")

    @property
    def open_interest(self) -> int:
        """The latest open interest."""
        return self._cache.open_interest

    @property
    def exact_open(self) -> Decimal:
        """``open`` as a decimal."""
        return self._cache.exact("open") or self.exact_price

    @property
    def exact_high(self) -> Decimal:
        """``high`` as a decimal."""
        return self._cache.exact("high") or self.exact_price

    @property
    def exact_low(self) -> Decimal:
        """``low`` as a decimal."""
        return self._cache.exact("low") or self.exact_price

    @property
    def exact_close(self) -> Decimal:
        """``close`` as a decimal."""
        return self._cache.exact("close") or self.exact_price

    @property
    def exact_volume(self) -> Decimal:
        """``volume`` as a decimal."""
        return self._cache.exact("volume")

    @property
    def exact_bid_price(self) -> Decimal:
        """``bid_price`` as a decimal."""
        return self._cache.exact("bid_price") or self.exact_price

    @property
    def exact_ask_price(self) -> Decimal:
        """``ask_price`` as a decimal."""
        return self._cache.exact("ask_price") or self.exact_price

    @property
    def exact_bid_size(self) -> Decimal:
        """``bid_size`` as a decimal."""
        return self._cache.exact("bid_size")

    @property
    def exact_ask_size(self) -> Decimal:
        """``ask_size`` as a decimal."""
        return self._cache.exact("ask_size")

    @property
    def has_data(self) -> bool:
        """Whether there has been any data."""
        return self._cache.has_data_point

    @property
    def cache(self) -> SecurityCache:
        """What is known of the security's prices."""
        return self._cache

    @cache.setter
    def cache(self, value: SecurityCache) -> None:
        self._cache = value
        value.properties = self.__dict__

    @property
    def data(self) -> DynamicSecurityData:
        """The last data points, by their type."""
        return DynamicSecurityData(self._cache)

    @property
    def session(self) -> Session:
        """Open, high, low, close and volume of the day, and of earlier days if its ``size`` is set."""
        return self._cache.session

    def get_last_data(self) -> BaseData | None:
        """Return the last data point."""
        return self._cache.get_data()

    def set_market_price(self, data: BaseData | None) -> None:
        """Take in a data point, as if it had just come."""
        if data is not None:
            self._cache.add_data(data)
            self._tell_volatility(data)

    def update(self, data: Sequence[BaseData], data_type: type[BaseData]) -> None:
        """Take in data points of one type that came together."""
        self._cache.add_data_list(data, data_type)
        self._tell_volatility(data[-1])

    def _tell_volatility(self, data: BaseData) -> None:
        if data.data_type != MarketDataType.AUXILIARY and data.exact_price:
            self.volatility_model.update(self, data)  # type: ignore[arg-type]
