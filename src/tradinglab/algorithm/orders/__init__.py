"""Orders: their types, tickets, events, requests, properties, fees, JSON and hash."""

from tradinglab.algorithm.orders.brokerage_properties import (
    AlpacaOrderProperties,
    BinanceOrderProperties,
    BitfinexOrderProperties,
    BloombergFixOrderProperties,
    BybitOrderProperties,
    CharlesSchwabOrderProperties,
    CoinbaseOrderProperties,
    EzeOrderProperties,
    FixOrderProperties,
    FTXOrderProperties,
    GDAXOrderProperties,
    IndiaOrderProperties,
    InteractiveBrokersFixOrderProperties,
    InteractiveBrokersOrderProperties,
    KrakenOrderProperties,
    PublicOrderProperties,
    RBIOrderProperties,
    TastytradeOrderProperties,
    TDAmeritradeOrderProperties,
    TerminalLinkOrderProperties,
    TradeStationOrderProperties,
    TradierOrderProperties,
    TradingTechnologiesOrderProperties,
    WebullOrderProperties,
    WolverineOrderProperties,
    dYdXOrderProperties,
)
from tradinglab.algorithm.orders.combo import (
    ComboLegLimitOrder,
    ComboLimitOrder,
    ComboMarketOrder,
    ComboOrder,
    GroupOrderCacheManager,
    GroupOrderExtensions,
    GroupOrderManager,
    Leg,
    group_orders,
    group_quantity,
    insufficient_buying_power_text,
    leg_quantity,
    leg_ratio,
)
from tradinglab.algorithm.orders.event_serialization import order_event_json
from tradinglab.algorithm.orders.fee import (
    NULL_CURRENCY,
    CashAmount,
    ModifiedFillQuantityOrderFee,
    OrderFee,
)
from tradinglab.algorithm.orders.order import (
    Order,
    direction_of,
)
from tradinglab.algorithm.orders.order_event import (
    OrderEvent,
)
from tradinglab.algorithm.orders.order_extensions import (
    OrderError,
    OrderExtensions,
    is_closed,
    is_fill,
    is_open,
)
from tradinglab.algorithm.orders.order_sizing import OrderSizing, adjust_by_lot_size
from tradinglab.algorithm.orders.order_types import (
    LimitIfTouchedOrder,
    LimitOrder,
    MarketOnCloseOrder,
    MarketOnOpenOrder,
    MarketOrder,
    OptionExerciseOrder,
    StopLimitOrder,
    StopMarketOrder,
)
from tradinglab.algorithm.orders.properties import (
    OrderProperties,
)
from tradinglab.algorithm.orders.requests import (
    CancelOrderRequest,
    OrderRequest,
    SubmitOrderRequest,
    UpdateOrderFields,
    UpdateOrderRequest,
)
from tradinglab.algorithm.orders.responses import (
    OrderResponse,
)
from tradinglab.algorithm.orders.serialization import (
    number_json,
    order_json,
    order_list_hash,
)
from tradinglab.algorithm.orders.submission import (
    OrderSubmissionData,
)
from tradinglab.algorithm.orders.text import (
    Moment,
    instant_ns,
)
from tradinglab.algorithm.orders.ticket import (
    OrderTicket,
)
from tradinglab.algorithm.orders.time_in_force import (
    DayTimeInForce,
    GoodTilCanceledTimeInForce,
    GoodTilDateTimeInForce,
    TimeInForce,
)
from tradinglab.algorithm.orders.trailing_stop import TrailingStopOrder
from tradinglab.algorithm.orders.venue import (
    Exchange,
)

__all__ = [
    "GroupOrderExtensions",
    "OrderError",
    "OrderSizing",
    "adjust_by_lot_size",
    "order_event_json",
    "AlpacaOrderProperties",
    "BinanceOrderProperties",
    "BitfinexOrderProperties",
    "BloombergFixOrderProperties",
    "BybitOrderProperties",
    "CancelOrderRequest",
    "CashAmount",
    "CharlesSchwabOrderProperties",
    "CoinbaseOrderProperties",
    "ComboLegLimitOrder",
    "ComboLimitOrder",
    "ComboMarketOrder",
    "ComboOrder",
    "DayTimeInForce",
    "Exchange",
    "EzeOrderProperties",
    "FTXOrderProperties",
    "FixOrderProperties",
    "GDAXOrderProperties",
    "GoodTilCanceledTimeInForce",
    "GoodTilDateTimeInForce",
    "GroupOrderCacheManager",
    "GroupOrderManager",
    "IndiaOrderProperties",
    "InteractiveBrokersFixOrderProperties",
    "InteractiveBrokersOrderProperties",
    "KrakenOrderProperties",
    "Leg",
    "LimitIfTouchedOrder",
    "LimitOrder",
    "MarketOnCloseOrder",
    "MarketOnOpenOrder",
    "MarketOrder",
    "ModifiedFillQuantityOrderFee",
    "Moment",
    "NULL_CURRENCY",
    "OptionExerciseOrder",
    "Order",
    "OrderEvent",
    "OrderExtensions",
    "OrderFee",
    "OrderProperties",
    "OrderRequest",
    "OrderResponse",
    "OrderSubmissionData",
    "OrderTicket",
    "PublicOrderProperties",
    "RBIOrderProperties",
    "StopLimitOrder",
    "StopMarketOrder",
    "SubmitOrderRequest",
    "TDAmeritradeOrderProperties",
    "TastytradeOrderProperties",
    "TerminalLinkOrderProperties",
    "TimeInForce",
    "TradeStationOrderProperties",
    "TradierOrderProperties",
    "TradingTechnologiesOrderProperties",
    "TrailingStopOrder",
    "UpdateOrderFields",
    "UpdateOrderRequest",
    "WebullOrderProperties",
    "WolverineOrderProperties",
    "dYdXOrderProperties",
    "direction_of",
    "group_orders",
    "group_quantity",
    "instant_ns",
    "insufficient_buying_power_text",
    "is_closed",
    "is_fill",
    "is_open",
    "leg_quantity",
    "leg_ratio",
    "number_json",
    "order_json",
    "order_list_hash",
]
