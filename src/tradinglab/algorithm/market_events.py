"""What happens to a security besides trading: splits, dividends, delistings, new tickers, funding."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.base_data import BaseData
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import DelistingType, MarketDataType, SplitType

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol


class Split(BaseData):
    """A stock split: ``split_factor`` is old shares for each new one (0.5 when one becomes two)."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, price: Number, split_factor: Number, type: SplitType) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, date, price
        self._split_factor = to_decimal(split_factor)
        self._type = type

    @property
    def type(self) -> SplitType:
        """Warning of a split, or the split itself."""
        return self._type

    @property
    def split_factor(self) -> float:
        """New price over old price."""
        return float(self._split_factor)

    @property
    def exact_split_factor(self) -> Decimal:
        """``split_factor`` as a decimal."""
        return self._split_factor

    @property
    def reference_price(self) -> float:
        """The closing price before the split."""
        return self.value

    @property
    def exact_reference_price(self) -> Decimal:
        """``reference_price`` as a decimal."""
        return self.exact_value


class Dividend(BaseData):
    """A cash dividend: ``distribution`` per share."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, distribution: Number, reference_price: Number) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, date, distribution
        self._reference_price = to_decimal(reference_price)

    @property
    def distribution(self) -> float:
        """Cash for each share."""
        return self.value

    @property
    def exact_distribution(self) -> Decimal:
        """``distribution`` as a decimal."""
        return self.exact_value

    @property
    def reference_price(self) -> float:
        """The closing price before the dividend."""
        return float(self._reference_price)


class Delisting(BaseData):
    """A delisting, or the warning of it a day ahead."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, price: Number, type: DelistingType) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, date, price
        self._type = type
        self._ticket: Any = None

    @property
    def type(self) -> DelistingType:
        """Warning of a delisting, or the delisting itself."""
        return self._type

    @property
    def ticket(self) -> Any:
        """The ticket of the order that closed the position, if one did."""
        return self._ticket

    def set_order_ticket(self, ticket: Any) -> None:
        """Remember the order that closed the position."""
        self._ticket = ticket


class SymbolChangedEvent(BaseData):
    """A change of ticker."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, date: datetime, old_symbol: str, new_symbol: str) -> None:
        super().__init__()
        self._symbol, self._time = symbol, date
        self._old_symbol, self._new_symbol = old_symbol, new_symbol

    @property
    def old_symbol(self) -> str:
        """The ticker before the change."""
        return self._old_symbol

    @property
    def new_symbol(self) -> str:
        """The ticker after the change."""
        return self._new_symbol


class MarginInterestRate(BaseData):
    """The funding rate of a perpetual future: a fraction of the position's value."""

    data_type = MarketDataType.AUXILIARY

    def __init__(self, symbol: Symbol, time: datetime, interest_rate: Number) -> None:
        super().__init__()
        self._symbol, self._time, self._value = symbol, time, to_decimal(interest_rate)

    @property
    def interest_rate(self) -> float:
        """The rate."""
        return self.value
