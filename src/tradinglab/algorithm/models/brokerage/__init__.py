"""The rules of brokerages: what they take, what it costs, how much may be bought.

To add one, derive from :class:`RuledBrokerageModel`, set what differs, and enter it in ``catalogue.py``; the checks of
``tests/contract/test_brokerage_models.py`` then apply to it.
"""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.models.brokerage.base import (
        BrokerageModel,
        DefaultBrokerageModel,
        submit_verdict,
        update_verdict,
        verdict,
    )
    from tradinglab.algorithm.models.brokerage.binance import (
        BinanceBrokerageModel,
        BinanceCoinFuturesBrokerageModel,
        BinanceFuturesBrokerageModel,
        BinanceUSBrokerageModel,
    )
    from tradinglab.algorithm.models.brokerage.catalogue import (
        brokerage_model_type,
        brokerage_name,
        create_brokerage_model,
    )
    from tradinglab.algorithm.models.brokerage.crypto import (
        BitfinexBrokerageModel,
        BybitBrokerageModel,
        CoinbaseBrokerageModel,
        FTXBrokerageModel,
        FTXUSBrokerageModel,
        GDAXBrokerageModel,
        KrakenBrokerageModel,
        dYdXBrokerageModel,
    )
    from tradinglab.algorithm.models.brokerage.equities import (
        AlpacaBrokerageModel,
        AlphaStreamsBrokerageModel,
        AxosClearingBrokerageModel,
        BloombergFixBrokerageModel,
        CharlesSchwabBrokerageModel,
        ExanteBrokerageModel,
        EzeBrokerageModel,
        PublicBrokerageModel,
        RBIBrokerageModel,
        TastytradeBrokerageModel,
        TDAmeritradeBrokerageModel,
        TerminalLinkBrokerageModel,
        TradeStationBrokerageModel,
        WebullBrokerageModel,
        WolverineBrokerageModel,
    )
    from tradinglab.algorithm.models.brokerage.interactive_brokers import (
        InteractiveBrokersBrokerageModel,
        InteractiveBrokersFixModel,
    )
    from tradinglab.algorithm.models.brokerage.markets import (
        FxcmBrokerageModel,
        OandaBrokerageModel,
        SamcoBrokerageModel,
        TradingTechnologiesBrokerageModel,
        ZerodhaBrokerageModel,
    )
    from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent, BrokerageMessageType
    from tradinglab.algorithm.models.brokerage.ruled import RuledBrokerageModel
    from tradinglab.algorithm.models.brokerage.tradier import TradierBrokerageModel

__all__ = [
    "AlpacaBrokerageModel",
    "AlphaStreamsBrokerageModel",
    "AxosClearingBrokerageModel",
    "BinanceBrokerageModel",
    "BinanceCoinFuturesBrokerageModel",
    "BinanceFuturesBrokerageModel",
    "BinanceUSBrokerageModel",
    "BitfinexBrokerageModel",
    "BloombergFixBrokerageModel",
    "brokerage_model_type",
    "brokerage_name",
    "BrokerageMessageEvent",
    "BrokerageMessageType",
    "BrokerageModel",
    "BybitBrokerageModel",
    "CharlesSchwabBrokerageModel",
    "CoinbaseBrokerageModel",
    "create_brokerage_model",
    "DefaultBrokerageModel",
    "dYdXBrokerageModel",
    "ExanteBrokerageModel",
    "EzeBrokerageModel",
    "FTXBrokerageModel",
    "FTXUSBrokerageModel",
    "FxcmBrokerageModel",
    "GDAXBrokerageModel",
    "InteractiveBrokersBrokerageModel",
    "InteractiveBrokersFixModel",
    "KrakenBrokerageModel",
    "OandaBrokerageModel",
    "PublicBrokerageModel",
    "RBIBrokerageModel",
    "RuledBrokerageModel",
    "SamcoBrokerageModel",
    "TastytradeBrokerageModel",
    "TDAmeritradeBrokerageModel",
    "TerminalLinkBrokerageModel",
    "TradeStationBrokerageModel",
    "TradierBrokerageModel",
    "TradingTechnologiesBrokerageModel",
    "submit_verdict",
    "update_verdict",
    "verdict",
    "WebullBrokerageModel",
    "WolverineBrokerageModel",
    "ZerodhaBrokerageModel",
]
