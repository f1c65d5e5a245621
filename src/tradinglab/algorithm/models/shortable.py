"""How much of a security can be borrowed and sold short, and at what rate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.core.clock import day_of_date
from tradinglab.core.decimals import ZERO
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.source import DataSource, ShortableDay


class ShortableProvider(Dual):
    """Base of the providers; itself it knows no limit and no cost."""

    def shortable_quantity(self, symbol: Symbol, local_time: datetime) -> int | None:
        """Return the units that can be sold short; ``None`` if there is no limit."""
        return None

    def fee_rate(self, symbol: Symbol, local_time: datetime) -> Decimal | float:
        """Return the yearly rate that borrowing costs."""
        return ZERO

    def rebate_rate(self, symbol: Symbol, local_time: datetime) -> Decimal | float:
        """Return the yearly rate that is paid back."""
        return ZERO

    def bind(self, source: DataSource | None) -> None:
        """Say where the provider may look things up."""


class NullShortableProvider(ShortableProvider):
    """Everything can be sold short, for nothing."""

    INSTANCE: ClassVar[NullShortableProvider]
    Instance: ClassVar[NullShortableProvider]


NullShortableProvider.INSTANCE = NullShortableProvider.Instance = NullShortableProvider()


class LocalDiskShortableProvider(ShortableProvider):
    """Looks up what a brokerage could lend on a day in the data source.

    Parameters
    ----------
    brokerage
        The brokerage's name in the data, such as ``interactivebrokers``.
    """

    def __init__(self, brokerage: str) -> None:
        self._brokerage = brokerage.lower()
        self._source: DataSource | None = None
        self._days: dict[Symbol, Mapping[int, ShortableDay]] = {}

    def bind(self, source: DataSource | None) -> None:
        """Say where the provider may look things up."""
        self._source = source

    def _on(self, symbol: Symbol, local_time: datetime) -> ShortableDay | None:
        if self._source is None:
            return None
        if symbol not in self._days:
            self._days[symbol] = self._source.shortable(symbol, self._brokerage)
        return self._days[symbol].get(day_of_date(local_time.date()))

    def shortable_quantity(self, symbol: Symbol, local_time: datetime) -> int | None:
        """Return the units that can be sold short; ``None`` if it is not known."""
        found = self._on(symbol, local_time)
        return None if found is None else found.quantity

    def fee_rate(self, symbol: Symbol, local_time: datetime) -> Decimal | float:
        """Return the yearly rate that borrowing costs; 0 if it is not known."""
        found = self._on(symbol, local_time)
        return ZERO if found is None else found.fee_rate

    def rebate_rate(self, symbol: Symbol, local_time: datetime) -> Decimal | float:
        """Return the yearly rate that is paid back; 0 if it is not known."""
        found = self._on(symbol, local_time)
        return ZERO if found is None else found.rebate_rate


class InteractiveBrokersShortableProvider(LocalDiskShortableProvider):
    """What Interactive Brokers could lend."""

    def __init__(self) -> None:
        super().__init__("interactivebrokers")
