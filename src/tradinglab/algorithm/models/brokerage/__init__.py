"""The rules of brokerages: what they take, what it costs, how much may be bought.

To add one, derive from :class:`RuledBrokerageModel`, set what differs, and enter it in ``_MODELS``; the checks of
``tests/contract/test_brokerage_models.py`` then apply to it.
"""

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
from tradinglab.core.enums import AccountType, BrokerageName

_MODELS: dict[BrokerageName, type[DefaultBrokerageModel]] = {
    BrokerageName.DEFAULT: DefaultBrokerageModel,
    BrokerageName.INTERACTIVE_BROKERS_BROKERAGE: InteractiveBrokersBrokerageModel,
    BrokerageName.INTERACTIVE_BROKERS_FIX: InteractiveBrokersFixModel,
    BrokerageName.TRADIER_BROKERAGE: TradierBrokerageModel,
    BrokerageName.OANDA_BROKERAGE: OandaBrokerageModel,
    BrokerageName.FXCM_BROKERAGE: FxcmBrokerageModel,
    BrokerageName.BITFINEX: BitfinexBrokerageModel,
    BrokerageName.BINANCE: BinanceBrokerageModel,
    BrokerageName.BINANCE_US: BinanceUSBrokerageModel,
    BrokerageName.BINANCE_FUTURES: BinanceFuturesBrokerageModel,
    BrokerageName.BINANCE_COIN_FUTURES: BinanceCoinFuturesBrokerageModel,
    BrokerageName.GDAX: GDAXBrokerageModel,
    BrokerageName.COINBASE: CoinbaseBrokerageModel,
    BrokerageName.ALPACA: AlpacaBrokerageModel,
    BrokerageName.ALPHA_STREAMS: AlphaStreamsBrokerageModel,
    BrokerageName.ZERODHA: ZerodhaBrokerageModel,
    BrokerageName.SAMCO: SamcoBrokerageModel,
    BrokerageName.TRADING_TECHNOLOGIES: TradingTechnologiesBrokerageModel,
    BrokerageName.KRAKEN: KrakenBrokerageModel,
    BrokerageName.FTX: FTXBrokerageModel,
    BrokerageName.FTXUS: FTXUSBrokerageModel,
    BrokerageName.EXANTE: ExanteBrokerageModel,
    BrokerageName.WOLVERINE: WolverineBrokerageModel,
    BrokerageName.TD_AMERITRADE: TDAmeritradeBrokerageModel,
    BrokerageName.RBI: RBIBrokerageModel,
    BrokerageName.BYBIT: BybitBrokerageModel,
    BrokerageName.EZE: EzeBrokerageModel,
    BrokerageName.AXOS: AxosClearingBrokerageModel,
    BrokerageName.TRADE_STATION: TradeStationBrokerageModel,
    BrokerageName.TERMINAL_LINK: TerminalLinkBrokerageModel,
    BrokerageName.CHARLES_SCHWAB: CharlesSchwabBrokerageModel,
    BrokerageName.TASTYTRADE: TastytradeBrokerageModel,
    BrokerageName.DYDX: dYdXBrokerageModel,
    BrokerageName.WEBULL: WebullBrokerageModel,
    BrokerageName.PUBLIC: PublicBrokerageModel,
    BrokerageName.BLOOMBERG_FIX: BloombergFixBrokerageModel,
}


def create_brokerage_model(
    name: BrokerageName, account_type: AccountType = AccountType.MARGIN
) -> DefaultBrokerageModel:
    """Return the rules of a brokerage.

    Raises
    ------
    ValueError
        If there are no rules of that name, or the brokerage has no such account.
    """
    model = _MODELS.get(name)
    if model is None:
        raise ValueError(f"The brokerage {name} has no rules. Use another name, or a model of your own.")
    return model(account_type)


def brokerage_name(model: DefaultBrokerageModel) -> BrokerageName:
    """Return the name of a model's brokerage; of a strategy's own model, that of the one it derives from."""
    for cls in type(model).__mro__:
        for name, known in _MODELS.items():
            if known is cls:
                return name
    return BrokerageName.DEFAULT


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
