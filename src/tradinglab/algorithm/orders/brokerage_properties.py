"""What single brokers understand besides the time in force.

Backtests read few of these (``post_only`` makes a limit order pay the maker's fee); the others are kept with
the order, in its JSON and its hash, and mean something to a live broker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tradinglab.algorithm.orders.order import Order
from tradinglab.algorithm.orders.properties import OrderProperties, setting
from tradinglab.algorithm.orders.venue import Exchange
from tradinglab.core.dual import DualEnum
from tradinglab.core.enums import OrderPosition


class AlpacaOrderProperties(OrderProperties):
    """Instructions for Alpaca."""

    outside_regular_trading_hours: bool = setting(False)


class BinanceOrderProperties(OrderProperties):
    """Instructions for Binance."""

    post_only: bool = setting(False)


class BitfinexOrderProperties(OrderProperties):
    """Instructions for Bitfinex."""

    post_only: bool = setting(False)
    hidden: bool = setting(False)


class BybitOrderProperties(OrderProperties):
    """Instructions for Bybit."""

    post_only: bool = setting(False)
    reduce_only: bool | None = setting(None)


class CharlesSchwabOrderProperties(OrderProperties):
    """Instructions for Charles Schwab."""

    extended_regular_trading_hours: bool = setting(False)


class CoinbaseOrderProperties(OrderProperties):
    """Instructions for Coinbase."""

    post_only: bool = setting(False)
    self_trade_prevention_id: bool = setting(False)


class GDAXOrderProperties(CoinbaseOrderProperties):
    """Old name of the instructions for Coinbase."""


class FTXOrderProperties(OrderProperties):
    """Instructions for FTX."""

    post_only: bool = setting(False)
    reduce_only: bool = setting(False)


def _fee_in(other: str) -> Callable[[OrderProperties, bool], bool]:
    def check(owner: OrderProperties, value: bool) -> bool:
        if value:
            owner.settings[other] = False
            return True
        return bool(owner.settings.get("fee_in_base" if other == "fee_in_quote" else "fee_in_quote", False))

    return check


class KrakenOrderProperties(OrderProperties):
    """Instructions for Kraken; the two currencies of the fee exclude each other."""

    post_only: bool = setting(False)
    fee_in_base: bool = setting(False, check=_fee_in("fee_in_quote"))
    fee_in_quote: bool = setting(False, check=_fee_in("fee_in_base"))
    no_market_price_protection: bool = setting(False)
    conditional_order: Order | None = setting(None)


class InteractiveBrokersOrderProperties(OrderProperties):
    """Instructions for Interactive Brokers, among them those of financial advisors."""

    account: str | None = setting(None)
    fa_group: str | None = setting(None)
    fa_method: str | None = setting(None)
    fa_percentage: int = setting(0)
    fa_profile: str | None = setting(None)
    outside_regular_trading_hours: bool = setting(False)


class InteractiveBrokersFixOrderProperties(OrderProperties):
    """Instructions for Interactive Brokers over FIX."""

    account: str | None = setting(None)


class PublicOrderProperties(OrderProperties):
    """Instructions for Public.com."""

    outside_regular_trading_hours: bool = setting(False)
    use_margin: bool | None = setting(None)


class RBIOrderProperties(OrderProperties):
    """Instructions for RBI."""


class TDAmeritradeOrderProperties(OrderProperties):
    """Instructions for TD Ameritrade."""


class TastytradeOrderProperties(OrderProperties):
    """Instructions for tastytrade."""


class TradeStationOrderProperties(OrderProperties):
    """Instructions for TradeStation."""

    all_or_none: bool = setting(False)
    outside_regular_trading_hours: bool = setting(False)
    post_only: bool = setting(False)


class TradierOrderProperties(OrderProperties):
    """Instructions for Tradier."""

    outside_regular_trading_hours: bool = setting(False)


class WebullOrderProperties(OrderProperties):
    """Instructions for Webull."""

    outside_regular_trading_hours: bool = setting(False)


class WolverineOrderProperties(OrderProperties):
    """Instructions for Wolverine."""

    exchange_post_fix: str | None = setting(None)
    locate_broker: str | None = setting(None)
    position_side: OrderPosition | None = setting(None)


class EzeOrderProperties(OrderProperties):
    """Instructions for Eze."""

    route: str | None = setting(None)
    account: str | None = setting(None)
    notes: str | None = setting(None)
    account_type: str | None = setting(None)

    def __init__(
        self,
        route: str | None = None,
        account: str | None = None,
        notes: str | None = None,
        account_type: str | None = None,
    ) -> None:
        super().__init__()
        self.route, self.account, self.notes, self.account_type = route, account, notes, account_type


class FixOrderProperties(OrderProperties):
    """Instructions for brokers that are reached over FIX."""

    AUTOMATED_EXECUTION_ORDER_PRIVATE: ClassVar[str] = "1"
    AUTOMATED_EXECUTION_ORDER_PUBLIC: ClassVar[str] = "2"
    MANUAL_ORDER: ClassVar[str] = "3"

    additional_properties: dict[str, str] = setting(dict)
    handle_instruction: str | None = setting(None)
    notes: str | None = setting(None)


class TradingTechnologiesOrderProperties(FixOrderProperties):
    """Instructions for Trading Technologies."""


class BloombergFixOrderProperties(FixOrderProperties):
    """Instructions for Bloomberg over FIX; locates are held as FIX tags."""

    @property
    def locate_broker(self) -> str | None:
        """Broker that stock was located at."""
        return self.additional_properties.get("5700")

    @locate_broker.setter
    def locate_broker(self, value: str | None) -> None:
        self._tag("5700", value)

    @property
    def locate_reqd(self) -> str | None:
        """Whether a locate is required."""
        return self.additional_properties.get("114")

    @locate_reqd.setter
    def locate_reqd(self, value: str | None) -> None:
        self._tag("114", value)

    def _tag(self, tag: str, value: str | None) -> None:
        if value is None:
            self.additional_properties.pop(tag, None)
        else:
            self.additional_properties[tag] = value


class TerminalLinkOrderProperties(OrderProperties):
    """Instructions for Bloomberg's Terminal Link."""

    additional_properties: dict[str, str] = setting(dict)
    notes: str | None = setting(None)
    handling_instruction: str | None = setting(None)
    execution_instruction: str | None = setting(None)
    custom_notes_1: str | None = setting(None, "CustomNotes1")
    custom_notes_2: str | None = setting(None, "CustomNotes2")
    custom_notes_3: str | None = setting(None, "CustomNotes3")
    custom_notes_4: str | None = setting(None, "CustomNotes4")
    custom_notes_5: str | None = setting(None, "CustomNotes5")
    account: str | None = setting(None)
    broker: str | None = setting(None)
    locate_broker: str | None = setting(None)
    locate_id: str | None = setting(None)
    automatic_position_sides: bool = setting(False)
    position_side: OrderPosition | None = setting(None)


class _IndiaProductType(DualEnum):
    """How a position in India is carried."""

    MIS = 0
    CNC = 1
    NRML = 2

    def __str__(self) -> str:
        return self.name


class IndiaOrderProperties(OrderProperties):
    """Instructions for brokers in India."""

    IndiaProductType: ClassVar[type[_IndiaProductType]] = _IndiaProductType

    product_type: str | None = setting(None)

    def __init__(self, exchange: Exchange, product_type: _IndiaProductType | None = None) -> None:
        super().__init__(exchange)
        if product_type is not None:
            self.product_type = str(product_type)


def _alone(other: str) -> Callable[[OrderProperties, bool], bool]:
    def check(owner: OrderProperties, value: bool) -> bool:
        if value and owner.settings.get(other, False):
            raise ValueError(f"post_only and ioc exclude each other, and {other} is set. Set only one of them.")
        return value

    return check


class dYdXOrderProperties(OrderProperties):  # noqa: N801 - the name is QuantConnect's
    """Instructions for dYdX."""

    post_only: bool = setting(False, check=_alone("ioc"))
    ioc: bool = setting(False, "IOC", check=_alone("post_only"))
    gas_limit: int = setting(1_000_000)
    reduce_only: bool = setting(False)
    good_til_block_offset: int = setting(20)
