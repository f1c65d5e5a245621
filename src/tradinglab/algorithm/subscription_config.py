"""A subscription: one stream of data of one security."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.bar_spans import SPANS
from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.consolidators.pump import ConsolidatorSet
from tradinglab.algorithm.ticks import OpenInterest, Tick
from tradinglab.core.clock import Zone
from tradinglab.core.decimals import ONE, ZERO
from tradinglab.core.dual import Dual
from tradinglab.core.enums import DataMappingMode, DataNormalizationMode, Resolution, SecurityType, TickType

if TYPE_CHECKING:
    from datetime import timedelta
    from decimal import Decimal

    from tradinglab.core.symbol import Symbol


_TRADES = (TickType.TRADE,)
_QUOTES = (TickType.QUOTE,)
_TRADES_AND_QUOTES = (TickType.TRADE, TickType.QUOTE)
_DERIVATIVE = (TickType.QUOTE, TickType.TRADE, TickType.OPEN_INTEREST)

AVAILABLE_DATA_TYPES: dict[SecurityType, tuple[TickType, ...]] = {
    SecurityType.BASE: _TRADES,
    SecurityType.INDEX: _TRADES,
    SecurityType.COMMODITY: _TRADES,
    SecurityType.FOREX: _QUOTES,
    SecurityType.CFD: _QUOTES,
    SecurityType.EQUITY: _TRADES_AND_QUOTES,
    SecurityType.CRYPTO: _TRADES_AND_QUOTES,
    SecurityType.CRYPTO_FUTURE: _TRADES_AND_QUOTES,
    SecurityType.OPTION: _DERIVATIVE,
    SecurityType.FUTURE: _DERIVATIVE,
    SecurityType.FUTURE_OPTION: _DERIVATIVE,
    SecurityType.INDEX_OPTION: _DERIVATIVE,
}
"""The tick types that a security of each type is subscribed to, in LEAN's order."""

_COMMON = (Tick, TradeBar, QuoteBar, OpenInterest)


def is_common_data_type(data_type: type) -> bool:
    """Return whether a type is one of LEAN's own for prices: tick, trade bar, quote bar, open interest."""
    return data_type in _COMMON


def data_type_of(resolution: Resolution, tick_type: TickType) -> type[BaseData]:
    """Return the type of the data points of a subscription."""
    if resolution == Resolution.TICK:
        return Tick
    if tick_type == TickType.OPEN_INTEREST:
        return OpenInterest
    return QuoteBar if tick_type == TickType.QUOTE else TradeBar


def tick_type_of(data_type: type, security_type: SecurityType) -> TickType:
    """Return the tick type that a type of data points means for a security."""
    if data_type is QuoteBar:
        return TickType.QUOTE
    if data_type is OpenInterest:
        return TickType.OPEN_INTEREST
    if data_type is Tick and security_type in (SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO):
        return TickType.QUOTE
    return TickType.TRADE


class SubscriptionDataConfig(Dual):
    """One stream of data of one security.

    Two configurations are equal when they mean the same stream; how its prices are adjusted is
    not part of that.
    """

    def __init__(
        self,
        object_type: type[BaseData],
        symbol: Symbol,
        resolution: Resolution,
        data_time_zone: Zone,
        exchange_time_zone: Zone,
        fill_forward: bool = True,
        extended_hours: bool = False,
        is_internal_feed: bool = False,
        is_custom: bool = False,
        tick_type: TickType | None = None,
        is_filtered_subscription: bool = True,
        data_normalization_mode: DataNormalizationMode = DataNormalizationMode.ADJUSTED,
        data_mapping_mode: DataMappingMode = DataMappingMode.OPEN_INTEREST,
        contract_depth_offset: int = 0,
    ) -> None:
        self._type = object_type
        self._symbol = symbol
        self._resolution = Resolution(resolution)
        self._data_time_zone = data_time_zone
        self._exchange_time_zone = exchange_time_zone
        self._fill_data_forward = fill_forward and resolution != Resolution.TICK
        self._extended_market_hours = extended_hours
        self._is_internal_feed = is_internal_feed
        self._is_custom_data = is_custom
        self._tick_type = tick_type_of(object_type, symbol.security_type) if tick_type is None else tick_type
        self._is_filtered_subscription = is_filtered_subscription
        self._data_normalization_mode = data_normalization_mode
        self._data_mapping_mode = data_mapping_mode
        self._contract_depth_offset = contract_depth_offset
        self._consolidators = ConsolidatorSet()
        self._mapped_symbol: str | None = None
        self._price_scale_factor = ONE
        self._sum_of_dividends = ZERO
        self._key = (
            symbol.id, object_type, self._tick_type, self._resolution, self._fill_data_forward, extended_hours,
            is_internal_feed, is_custom, data_time_zone, exchange_time_zone, data_mapping_mode,
            contract_depth_offset, is_filtered_subscription,
        )  # fmt: skip
        self._hash = hash(self._key)

    def with_changes(
        self,
        *,
        tick_type: TickType | None = None,
        resolution: Resolution | None = None,
        fill_forward: bool | None = None,
        extended_hours: bool | None = None,
        is_internal_feed: bool | None = None,
        data_normalization_mode: DataNormalizationMode | None = None,
    ) -> SubscriptionDataConfig:
        """Return a configuration that differs in what is given; the data type follows."""
        chosen = self._resolution if resolution is None else Resolution(resolution)
        kind = self._tick_type if tick_type is None else tick_type
        mode = self._data_normalization_mode if data_normalization_mode is None else data_normalization_mode
        return SubscriptionDataConfig(
            data_type_of(chosen, kind) if is_common_data_type(self._type) else self._type,
            self._symbol,
            chosen,
            self._data_time_zone,
            self._exchange_time_zone,
            self._fill_data_forward if fill_forward is None else fill_forward,
            self._extended_market_hours if extended_hours is None else extended_hours,
            self._is_internal_feed if is_internal_feed is None else is_internal_feed,
            self._is_custom_data,
            kind,
            self._is_filtered_subscription,
            mode,
            self._data_mapping_mode,
            self._contract_depth_offset,
        )

    @property
    def type(self) -> type[BaseData]:
        """The type of the data points."""
        return self._type

    @property
    def symbol(self) -> Symbol:
        """The security."""
        return self._symbol

    @property
    def security_type(self) -> SecurityType:
        """The class of the security."""
        return self._symbol.security_type

    @property
    def market(self) -> str:
        """The market of the security."""
        return self._symbol.id.market

    @property
    def tick_type(self) -> TickType:
        """Trades or quotes."""
        return self._tick_type

    @property
    def resolution(self) -> Resolution:
        """The time that one bar spans."""
        return self._resolution

    @property
    def increment(self) -> timedelta:
        """The time that one bar spans, as a timedelta; zero for ticks."""
        return SPANS[self._resolution]

    @property
    def fill_data_forward(self) -> bool:
        """Whether a missing bar repeats the one before. Never for ticks."""
        return self._fill_data_forward

    @property
    def extended_market_hours(self) -> bool:
        """Whether bars outside regular hours are included."""
        return self._extended_market_hours

    @property
    def is_internal_feed(self) -> bool:
        """Whether the engine needs the data and the author does not see it."""
        return self._is_internal_feed

    @property
    def is_custom_data(self) -> bool:
        """Whether the data has a type of the author's own."""
        return self._is_custom_data

    @property
    def is_filtered_subscription(self) -> bool:
        """Whether data outside market hours is filtered out."""
        return self._is_filtered_subscription

    @property
    def data_time_zone(self) -> Zone:
        """The time zone that the data is stamped in."""
        return self._data_time_zone

    @property
    def exchange_time_zone(self) -> Zone:
        """The time zone of the exchange."""
        return self._exchange_time_zone

    @property
    def data_mapping_mode(self) -> DataMappingMode:
        """When a continuous future changes to the next contract."""
        return self._data_mapping_mode

    @property
    def contract_depth_offset(self) -> int:
        """Which contract after the front one a continuous future follows."""
        return self._contract_depth_offset

    @property
    def data_normalization_mode(self) -> DataNormalizationMode:
        """How splits and dividends change prices."""
        return self._data_normalization_mode

    @data_normalization_mode.setter
    def data_normalization_mode(self, value: DataNormalizationMode) -> None:
        self._data_normalization_mode = value

    @property
    def mapped_symbol(self) -> str:
        """The ticker that the security has at present."""
        return self._symbol.value if self._mapped_symbol is None else self._mapped_symbol

    @mapped_symbol.setter
    def mapped_symbol(self, value: str) -> None:
        self._mapped_symbol = value

    @property
    def price_scale_factor(self) -> float:
        """What raw prices are multiplied with at present."""
        return float(self._price_scale_factor)

    @property
    def exact_price_scale_factor(self) -> Decimal:
        """``price_scale_factor`` as a decimal."""
        return self._price_scale_factor

    @property
    def sum_of_dividends(self) -> float:
        """The dividends so far that total-return prices include."""
        return float(self._sum_of_dividends)

    @property
    def consolidators(self) -> ConsolidatorSet:
        """The consolidators that the data is fed to."""
        return self._consolidators

    def set_price_scale(self, factor: Decimal, sum_of_dividends: Decimal) -> None:
        """Note the adjustment at present."""
        self._price_scale_factor, self._sum_of_dividends = factor, sum_of_dividends

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return self._key == other._key if isinstance(other, SubscriptionDataConfig) else NotImplemented

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return ",".join(
            [
                self._symbol.value, f"#{self._contract_depth_offset}", self.mapped_symbol, str(self._resolution),
                self._type.__name__, str(self._tick_type), str(self._data_normalization_mode),
                str(self._data_mapping_mode), *(["Internal"] if self._is_internal_feed else []),
            ]
        )  # fmt: skip
