"""Orders: their types, tickets, events, requests, properties, fees, JSON and hash."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
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
    )
    from tradinglab.algorithm.orders.combo import (
        group_quantity as group_quantity,
    )
    from tradinglab.algorithm.orders.combo import (
        insufficient_buying_power_text as insufficient_buying_power_text,
    )
    from tradinglab.algorithm.orders.combo import (
        leg_quantity as leg_quantity,
    )
    from tradinglab.algorithm.orders.combo import (
        leg_ratio as leg_ratio,
    )
    from tradinglab.algorithm.orders.event_serialization import order_event_json as order_event_json
    from tradinglab.algorithm.orders.fee import (
        NULL_CURRENCY as NULL_CURRENCY,
    )
    from tradinglab.algorithm.orders.fee import (
        CashAmount,
        ModifiedFillQuantityOrderFee,
        OrderFee,
    )
    from tradinglab.algorithm.orders.order import (
        Order,
    )
    from tradinglab.algorithm.orders.order import (
        direction_of as direction_of,
    )
    from tradinglab.algorithm.orders.order_event import (
        OrderEvent,
    )
    from tradinglab.algorithm.orders.order_extensions import (
        OrderError,
        OrderExtensions,
    )
    from tradinglab.algorithm.orders.order_extensions import (
        group_orders as group_orders,
    )
    from tradinglab.algorithm.orders.order_extensions import (
        is_closed as is_closed,
    )
    from tradinglab.algorithm.orders.order_extensions import (
        is_fill as is_fill,
    )
    from tradinglab.algorithm.orders.order_extensions import (
        is_open as is_open,
    )
    from tradinglab.algorithm.orders.order_sizing import OrderSizing
    from tradinglab.algorithm.orders.order_sizing import adjust_by_lot_size as adjust_by_lot_size
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
        number_json as number_json,
    )
    from tradinglab.algorithm.orders.serialization import (
        order_json as order_json,
    )
    from tradinglab.algorithm.orders.serialization import (
        order_list_hash as order_list_hash,
    )
    from tradinglab.algorithm.orders.submission import (
        OrderSubmissionData,
    )
    from tradinglab.algorithm.orders.text import (
        Moment as Moment,
    )
    from tradinglab.algorithm.orders.text import (
        instant_ns as instant_ns,
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
]
