"""Consolidators that follow the price and not the time: classic Renko and range bars."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.base import ConsolidatorBase
from tradinglab.algorithm.consolidators.brick_bars import ExactTradeBar, RangeBar, RenkoBar
from tradinglab.algorithm.consolidators.errors import ConsolidationError
from tradinglab.algorithm.events import EventMember
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import RenkoType
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase

if TYPE_CHECKING:
    from datetime import datetime

B = TypeVar("B", bound=ExactTradeBar)

Selector = Callable[[Any], Number]

_SMALLEST = Decimal("1e-28")


class BaseTimelessConsolidator(ConsolidatorBase, Generic[B]):
    """Base of the consolidators that make a bar when the value has moved enough.

    *selector* gives the value of a data point (``value``, unless another is given),
    *volume_selector* its volume (that of a trade bar, the quantity of a tick, else 0).
    """

    data_consolidated = EventMember("Raised with sender and bar when a bar is made, before the engine is told.")

    _current: B | None = None
    _output_class: type[ExactTradeBar] = ExactTradeBar

    def __init__(self, selector: Selector | None = None, volume_selector: Selector | None = None) -> None:
        for name, given in (("selector", selector), ("volume_selector", volume_selector)):
            if given is not None and not callable(given):
                raise ConsolidationError(f"The {name} is a function of a data point; it was {given!r}.")
        self._value_of = _exact_value if selector is None else _exactly(selector)
        self._volume_of = _exact_volume if volume_selector is None else _exactly(volume_selector)

    @property
    def current_bar(self) -> B | None:
        """The bar that is being made."""
        return self._current

    @property
    def working_data(self) -> BaseData | None:
        """The bar that is being made, as a copy; ``None`` if there is none."""
        return None if self._current is None else self._current.clone()

    @property
    def output_type(self) -> type:
        """The type of data that is made."""
        return self._output_class

    def update(self, data: BaseData) -> None:
        """Take a data point in."""
        value, volume = self._value_of(data), self._volume_of(data)
        if self._current is not None:
            self.update_bar(data.time, value, volume)
        if self._current is None:
            self.create_new_bar(data, value, volume)

    def update_bar(self, time: datetime, current_value: Decimal, volume: Decimal) -> None:
        """Take a value into the current bar, and hand it out when it is finished."""
        bar: Any = self._current
        bar.update(time, current_value, volume)
        if bar.is_closed:
            self._close(bar)

    def _close(self, bar: B) -> None:
        self.on_data_consolidated(bar)
        self._current = None

    def create_new_bar(self, data: BaseData, current_value: Decimal, volume: Decimal) -> None:
        """Begin a bar."""
        raise NotImplementedError

    def _tell_author_first(self, consolidated: BaseData | None) -> None:
        self.data_consolidated(self, consolidated)

    def dispose(self) -> None:
        """Let go of all listeners."""
        self.data_consolidated.clear()
        super().dispose()

    def reset(self) -> None:
        """Forget everything but who listens."""
        self._current = None
        super().reset()


class ClassicRenkoConsolidator(BaseTimelessConsolidator[RenkoBar]):
    """Bars that close one brick above or below their open; a bar opens where the one before closed.

    Parameters
    ----------
    bar_size
        The size of a brick.
    selector, volume_selector
        The value and the volume of a data point.
    even_bars
        Whether the first bar opens at a multiple of the size: true unless said otherwise.
    """

    _output_class = RenkoBar
    _last_close: Decimal | None = None

    def __init__(
        self,
        bar_size: Number,
        selector: Selector | bool | RenkoType | None = None,
        volume_selector: Selector | None = None,
        even_bars: bool = True,
    ) -> None:
        value_selector: Selector | None = None
        if isinstance(selector, RenkoType):
            if selector != RenkoType.CLASSIC:
                raise ConsolidationError("For wicked Renko bars use RenkoConsolidator.")
        elif isinstance(selector, bool):
            even_bars = selector
        else:
            value_selector = selector
        super().__init__(value_selector, volume_selector)
        self._bar_size = to_decimal(bar_size)
        self._even_bars = even_bars
        if self._bar_size < _SMALLEST:
            raise ConsolidationError(f"The bar size of a Renko consolidator must be positive; it was {bar_size}.")

    @property
    def type(self) -> RenkoType:
        """The kind of the bars."""
        return RenkoType.CLASSIC

    def create_new_bar(self, data: BaseData, current_value: Decimal, volume: Decimal) -> None:
        """Begin a bar."""
        start = current_value if self._last_close is None else self._last_close
        if self._even_bars and self._last_close is None:
            start = (start / self._bar_size).to_integral_value(ROUND_CEILING) * self._bar_size
        self._current = RenkoBar.classic(data.symbol, data.time, self._bar_size, start, volume)

    def _close(self, bar: RenkoBar) -> None:
        self._last_close = bar.exact_close
        super()._close(bar)

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._last_close = None


class RangeConsolidator(BaseTimelessConsolidator[RangeBar]):
    """Bars that close when the value has moved by more than *range* of the least price variations.

    A move over several ranges makes several bars.
    """

    _output_class = RangeBar

    def __init__(self, range: int, selector: Selector | None = None, volume_selector: Selector | None = None) -> None:
        super().__init__(selector, volume_selector)
        self._range = int(range)
        self._tick = ZERO
        self._range_size = ZERO

    @property
    def range(self) -> int:
        """How many of the least price variations a bar spans."""
        return self._range

    @property
    def range_size(self) -> float:
        """How far high and low of a bar are apart; 0 before the first data point."""
        return float(self._range_size)

    def update_bar(self, time: datetime, current_value: Decimal, volume: Decimal) -> None:
        """Take a value into the current bar, and hand out the bars that it finishes."""
        bar = self._current
        assert bar is not None
        is_rising = current_value > bar.exact_high
        bar.update(time, current_value, volume)
        while bar.is_closed:
            self.on_data_consolidated(bar)
            start = bar.exact_high + self._tick if is_rising else bar.exact_low - self._tick
            self._current = bar = RangeBar(bar.symbol, bar.end_time, self._range_size, start)
            is_passed_over = abs(bar.exact_low - current_value) > self._range_size
            bar.update(time, current_value, ZERO if is_passed_over else volume)

    def create_new_bar(self, data: BaseData, current_value: Decimal, volume: Decimal) -> None:
        """Begin a bar."""
        start = current_value
        if not self._range_size:
            symbol = data.symbol
            known = SymbolPropertiesDatabase.from_data_folder()
            properties = known.get_symbol_properties(symbol.id.market, symbol, symbol.security_type, "USD")
            self._tick = properties.exact_minimum_price_variation
            self._range_size = self._tick * self._range
            start = (start / self._range_size).to_integral_value(ROUND_CEILING) * self._range_size
        self._current = RangeBar(data.symbol, data.time, self._range_size, start, volume)

    def reset(self) -> None:
        """Forget everything but who listens."""
        super().reset()
        self._tick = self._range_size = ZERO


class ClassicRangeConsolidator(RangeConsolidator):
    """Range bars of which a move makes one at most; the next opens at the next value."""

    def update_bar(self, time: datetime, current_value: Decimal, volume: Decimal) -> None:
        """Take a value into the current bar, and hand it out when it is finished."""
        BaseTimelessConsolidator.update_bar(self, time, current_value, volume)


def _exact_value(data: Any) -> Decimal:
    value: Decimal = data.exact_value
    return value


def _exact_volume(data: Any) -> Decimal:
    if isinstance(data, TradeBar):
        return data.exact_volume
    return data.exact_quantity if isinstance(data, Tick) else ZERO


def _exactly(selector: Selector) -> Callable[[Any], Decimal]:
    return lambda data: to_decimal(selector(data))
