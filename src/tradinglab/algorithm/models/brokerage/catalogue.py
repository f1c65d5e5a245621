"""Which brokerage has which rules: a class is imported when its brokerage is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.models import brokerage
from tradinglab.core.enums import AccountType, BrokerageName

if TYPE_CHECKING:
    from tradinglab.algorithm.models.brokerage.base import DefaultBrokerageModel

#: The class of each brokerage, in this package.
MODELS = {
    BrokerageName.DEFAULT: "DefaultBrokerageModel",
    BrokerageName.INTERACTIVE_BROKERS_BROKERAGE: "InteractiveBrokersBrokerageModel",
    BrokerageName.INTERACTIVE_BROKERS_FIX: "InteractiveBrokersFixModel",
    BrokerageName.TRADIER_BROKERAGE: "TradierBrokerageModel",
    BrokerageName.OANDA_BROKERAGE: "OandaBrokerageModel",
    BrokerageName.FXCM_BROKERAGE: "FxcmBrokerageModel",
    BrokerageName.BITFINEX: "BitfinexBrokerageModel",
    BrokerageName.BINANCE: "BinanceBrokerageModel",
    BrokerageName.BINANCE_US: "BinanceUSBrokerageModel",
    BrokerageName.BINANCE_FUTURES: "BinanceFuturesBrokerageModel",
    BrokerageName.BINANCE_COIN_FUTURES: "BinanceCoinFuturesBrokerageModel",
    BrokerageName.GDAX: "GDAXBrokerageModel",
    BrokerageName.COINBASE: "CoinbaseBrokerageModel",
    BrokerageName.ALPACA: "AlpacaBrokerageModel",
    BrokerageName.ALPHA_STREAMS: "AlphaStreamsBrokerageModel",
    BrokerageName.ZERODHA: "ZerodhaBrokerageModel",
    BrokerageName.SAMCO: "SamcoBrokerageModel",
    BrokerageName.TRADING_TECHNOLOGIES: "TradingTechnologiesBrokerageModel",
    BrokerageName.KRAKEN: "KrakenBrokerageModel",
    BrokerageName.FTX: "FTXBrokerageModel",
    BrokerageName.FTXUS: "FTXUSBrokerageModel",
    BrokerageName.EXANTE: "ExanteBrokerageModel",
    BrokerageName.WOLVERINE: "WolverineBrokerageModel",
    BrokerageName.TD_AMERITRADE: "TDAmeritradeBrokerageModel",
    BrokerageName.RBI: "RBIBrokerageModel",
    BrokerageName.BYBIT: "BybitBrokerageModel",
    BrokerageName.EZE: "EzeBrokerageModel",
    BrokerageName.AXOS: "AxosClearingBrokerageModel",
    BrokerageName.TRADE_STATION: "TradeStationBrokerageModel",
    BrokerageName.TERMINAL_LINK: "TerminalLinkBrokerageModel",
    BrokerageName.CHARLES_SCHWAB: "CharlesSchwabBrokerageModel",
    BrokerageName.TASTYTRADE: "TastytradeBrokerageModel",
    BrokerageName.DYDX: "dYdXBrokerageModel",
    BrokerageName.WEBULL: "WebullBrokerageModel",
    BrokerageName.PUBLIC: "PublicBrokerageModel",
    BrokerageName.BLOOMBERG_FIX: "BloombergFixBrokerageModel",
}
_NAMES = {kind: name for name, kind in MODELS.items()}


def brokerage_model_type(name: BrokerageName) -> type[DefaultBrokerageModel]:
    """Return the class of the rules of a brokerage.

    Raises
    ------
    ValueError
        If there are no rules of that name.
    """
    if name not in MODELS:
        raise ValueError(f"The brokerage {name} has no rules. Use another name, or a model of your own.")
    found: type[DefaultBrokerageModel] = getattr(brokerage, MODELS[name])
    return found


def create_brokerage_model(
    name: BrokerageName, account_type: AccountType = AccountType.MARGIN
) -> DefaultBrokerageModel:
    """Return the rules of a brokerage.

    Raises
    ------
    ValueError
        If there are no rules of that name, or the brokerage has no such account.
    """
    return brokerage_model_type(name)(account_type)


def brokerage_name(model: DefaultBrokerageModel) -> BrokerageName:
    """Return the name of a model's brokerage; of a strategy's own model, that of the one it derives from."""
    for cls in type(model).__mro__:
        if cls.__name__ in _NAMES and cls.__module__.startswith(f"{__package__}."):
            return _NAMES[cls.__name__]
    return BrokerageName.DEFAULT
