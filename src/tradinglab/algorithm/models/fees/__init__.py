"""Fee models: what an order costs.

To add one, derive from :class:`FeeModel`, override ``get_order_fee``, and add it to the list in
``tests/contract/test_fee_models.py``, whose checks every fee model passes.
"""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.models.fees.base import (
        ConstantFeeModel,
        FeeModel,
        OrderFeeParameters,
    )
    from tradinglab.algorithm.models.fees.base import (
        adapt_fee_model as adapt_fee_model,
    )
    from tradinglab.algorithm.models.fees.base import (
        fee_of as fee_of,
    )
    from tradinglab.algorithm.models.fees.brokers import (
        AlphaStreamsFeeModel,
        AxosFeeModel,
        CharlesSchwabFeeModel,
        ExanteFeeModel,
        EzeFeeModel,
        FxcmFeeModel,
        PublicFeeModel,
        RBIFeeModel,
        TastytradeFeeModel,
        TDAmeritradeFeeModel,
        TradeStationFeeModel,
        WolverineFeeModel,
    )
    from tradinglab.algorithm.models.fees.coinbase import (
        CoinbaseFeeModel,
        GDAXFeeModel,
    )
    from tradinglab.algorithm.models.fees.crypto import (
        AlpacaFeeModel,
        BinanceCoinFuturesFeeModel,
        BinanceFeeModel,
        BinanceFuturesFeeModel,
        BitfinexFeeModel,
        BybitFeeModel,
        BybitFuturesFeeModel,
        FTXFeeModel,
        FTXUSFeeModel,
        KrakenFeeModel,
        MakerTakerFeeModel,
        dYdXFeeModel,
    )
    from tradinglab.algorithm.models.fees.india import (
        IndiaFeeModel,
        SamcoFeeModel,
        ZerodhaFeeModel,
    )
    from tradinglab.algorithm.models.fees.interactive_brokers import (
        InteractiveBrokersFeeModel,
    )
    from tradinglab.algorithm.models.fees.webull import (
        WebullFeeModel,
    )

__all__ = [
    "AlpacaFeeModel",
    "AlphaStreamsFeeModel",
    "AxosFeeModel",
    "BinanceCoinFuturesFeeModel",
    "BinanceFeeModel",
    "BinanceFuturesFeeModel",
    "BitfinexFeeModel",
    "BybitFeeModel",
    "BybitFuturesFeeModel",
    "CharlesSchwabFeeModel",
    "CoinbaseFeeModel",
    "ConstantFeeModel",
    "ExanteFeeModel",
    "EzeFeeModel",
    "FTXFeeModel",
    "FTXUSFeeModel",
    "FeeModel",
    "FxcmFeeModel",
    "GDAXFeeModel",
    "IndiaFeeModel",
    "InteractiveBrokersFeeModel",
    "KrakenFeeModel",
    "MakerTakerFeeModel",
    "OrderFeeParameters",
    "PublicFeeModel",
    "RBIFeeModel",
    "SamcoFeeModel",
    "TDAmeritradeFeeModel",
    "TastytradeFeeModel",
    "TradeStationFeeModel",
    "WebullFeeModel",
    "WolverineFeeModel",
    "ZerodhaFeeModel",
    "dYdXFeeModel",
]
