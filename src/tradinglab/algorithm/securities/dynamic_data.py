"""The last data points of a security, by their type."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tradinglab.algorithm.base_data import BaseData
from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.cache import SecurityCache

T = TypeVar("T", bound=BaseData)


class DynamicSecurityData(Spelled):
    """What ``security.data`` is: ``security.data.get(TradeBar)``."""

    __slots__ = ("_cache",)

    def __init__(self, cache: SecurityCache) -> None:
        self._cache = cache

    def has_data(self, data_type: type[BaseData]) -> bool:
        """Return whether there has been a data point of a type."""
        return self._cache.has_data(data_type)

    def get(self, data_type: type[T]) -> T | None:
        """Return the last data point of a type."""
        points = self._cache.get_all(data_type)
        return points[-1] if points else None

    def get_all(self, data_type: type[T]) -> list[T]:
        """Return the data points of a type that came last."""
        return self._cache.get_all(data_type)
