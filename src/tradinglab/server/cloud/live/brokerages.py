"""The brokerages and data providers that QuantConnect deploys with, and what each has to be told.

Their names, and those of their settings, are the ones of QuantConnect's own models of ``live/create``.
"""

from __future__ import annotations

from typing import Final

from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Something that a brokerage or data provider has to be told.

    Attributes
    ----------
    choices
        What it may be; empty for any text.
    paper
        The choices by which no real money is traded with.
    """

    name: str
    is_required: bool = True
    is_secret: bool = False
    is_number: bool = False
    choices: tuple[str, ...] = ()
    paper: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The settings that belong together; a brokerage with several exchanges has one for each."""

    settings: tuple[Setting, ...] = ()

    def choice(self, name: str) -> tuple[str, ...]:
        """Return what a setting may be in this form."""
        return next((each.choices for each in self.settings if each.name == name), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokerage:
    """What trades.

    Attributes
    ----------
    forms
        Its settings; of several forms, *chooser* is the setting that says which.
    has_cash, has_holdings
        Whether the account's cash and positions are told, as QuantConnect cannot ask for them.
    """

    id: str
    title: str
    forms: tuple[Form, ...]
    chooser: str = ""
    has_cash: bool = False
    has_holdings: bool = False
    needs_cash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataProvider:
    """Where prices come from; *id* is how QuantConnect calls it within, *name* among the providers."""

    name: str
    id: str
    title: str
    forms: tuple[Form, ...]
    chooser: str = ""


def _text(*names: str) -> tuple[Setting, ...]:
    return tuple(Setting(name=each) for each in names)


def _secret(*names: str) -> tuple[Setting, ...]:
    return tuple(Setting(name=each, is_secret=True) for each in names)


def _choice(name: str, *choices: str, paper: tuple[str, ...] = ()) -> tuple[Setting, ...]:
    return (Setting(name=name, choices=choices, paper=paper),)


def _number(name: str) -> tuple[Setting, ...]:
    return (Setting(name=name, is_number=True),)


def _optional(name: str) -> tuple[Setting, ...]:
    return (Setting(name=name, is_required=False),)


def _live_or_paper(name: str) -> tuple[Setting, ...]:
    return _choice(name, "live", "paper", paper=("paper",))


def _forms(*settings: tuple[Setting, ...]) -> tuple[Form, ...]:
    return (Form(settings=tuple(each for group in settings for each in group)),)


#: QuantConnect's own: paper trading, and its data.
PAPER: Final = "QuantConnectBrokerage"
_EXCHANGE: Final = "binance-exchange-name"
_BINANCE_KEYS: Final = _secret("binance-api-key", "binance-api-secret")
_INTERACTIVE: Final = _forms(
    _text("ib-user-name", "ib-account"), _secret("ib-password"), _text("ib-weekly-restart-utc-time"),
    _optional("ib-financial-advisors-group-filter"),
)  # fmt: skip
_TRADIER: Final = _forms(
    _text("tradier-account-id"), _secret("tradier-access-token"), _live_or_paper("tradier-environment")
)
_BITFINEX: Final = _forms(_secret("bitfinex-api-key", "bitfinex-api-secret"))
_COINBASE: Final = _forms(_text("coinbase-api-name"), _secret("coinbase-api-private-key"))
_BINANCE: Final = (
    *_forms(_choice(_EXCHANGE, "Binance"), _BINANCE_KEYS, _live_or_paper("binance-use-testnet")),
    *_forms(_choice(_EXCHANGE, "BinanceUS"), _secret("binanceus-api-key", "binanceus-api-secret")),
    *_forms(_choice(_EXCHANGE, "Binance-USDM-Futures"), _BINANCE_KEYS),
    *_forms(_choice(_EXCHANGE, "Binance-COIN-Futures"), _BINANCE_KEYS),
)
_KRAKEN: Final = _forms(
    _secret("kraken-api-key", "kraken-api-secret"),
    _choice("kraken-verification-tier", "Starter", "Intermediate", "Pro"),
)
_BYBIT: Final = _forms(
    _secret("bybit-api-key", "bybit-api-secret"),
    _choice(
        "bybit-vip-level", "VIP0", "VIP1", "VIP2", "VIP3", "VIP4", "VIP5", "SupremeVIP", "Pro1", "Pro2", "Pro3", "Pro4",
        "Pro5",
    ),
)  # fmt: skip
_OANDA: Final = _forms(
    _text("oanda-account-id"), _secret("oanda-access-token"),
    _choice("oanda-environment", "Practice", "Trade", paper=("Practice",)),
)  # fmt: skip
_TRADE_STATION: Final = _forms(
    _text("trade-station-client-id", "trade-station-account-id"), _secret("trade-station-refresh-token"),
    _live_or_paper("trade-station-environment"),
)  # fmt: skip
_TASTYTRADE: Final = _forms(_number("tastytrade-account-number"), _secret("tastytrade-refresh-token"))
_SCHWAB: Final = _forms(_text("charles-schwab-account-number"))

BROKERAGES: Final = {
    each.id: each
    for each in (
        Brokerage(id=PAPER, title="Paper trading", forms=_forms(), has_cash=True, has_holdings=True),
        Brokerage(id="InteractiveBrokersBrokerage", title="Interactive Brokers", forms=_INTERACTIVE),
        Brokerage(id="TradierBrokerage", title="Tradier", forms=_TRADIER),
        Brokerage(id="BitfinexBrokerage", title="Bitfinex", forms=_BITFINEX),
        Brokerage(id="CoinbaseBrokerage", title="Coinbase", forms=_COINBASE, has_holdings=True),
        Brokerage(id="BinanceBrokerage", title="Binance", forms=_BINANCE, chooser=_EXCHANGE, has_holdings=True),
        Brokerage(id="KrakenBrokerage", title="Kraken", forms=_KRAKEN),
        Brokerage(id="BybitBrokerage", title="Bybit", forms=_BYBIT, has_holdings=True),
        Brokerage(id="OandaBrokerage", title="OANDA", forms=_OANDA),
        Brokerage(
            id="AlpacaBrokerage", title="Alpaca",
            forms=_forms(_secret("alpaca-access-token"), _live_or_paper("alpaca-environment")),
        ),
        Brokerage(id="TradeStationBrokerage", title="TradeStation", forms=_TRADE_STATION),
        Brokerage(id="TastytradeBrokerage", title="Tastytrade", forms=_TASTYTRADE),
        Brokerage(id="CharlesSchwabBrokerage", title="Charles Schwab", forms=_SCHWAB),
        Brokerage(
            id="TradingTechnologiesBrokerage", title="Trading Technologies", has_cash=True, needs_cash=True,
            forms=_forms(
                _text("tt-user-name"), _secret("tt-session-password"), _text("tt-account-name"),
                _secret("tt-rest-app-key", "tt-rest-app-secret"),
                _choice("tt-rest-environment", "live", "uat", paper=("uat",)),
                _text("tt-order-routing-sender-comp-id"),
            ),
        ),
        Brokerage(
            id="WolverineBrokerage", title="Wolverine", has_cash=True, has_holdings=True,
            forms=_forms(_text("wolverine-on-behalf-of-comp-id", "wolverine-account")),
        ),
        Brokerage(
            id="TerminalLinkBrokerage", title="Bloomberg Terminal Link", has_cash=True, has_holdings=True,
            forms=_forms(
                _choice("terminal-link-connection-type", "SAPI"), _secret("terminal-link-server-auth-id"),
                _choice("terminal-link-environment", "Production", "Beta", paper=("Beta",)),
                _text("terminal-link-server-host"), _number("terminal-link-server-port"),
                _text("terminal-link-emsx-broker", "terminal-link-emsx-account"),
                _secret("terminal-link-openfigi-api-key"), _optional("terminal-link-emsx-team"),
            ),
        ),
        Brokerage(
            id="RBIBrokerage", title="RBI", has_cash=True, has_holdings=True,
            forms=_forms(_text("rbi-on-behalf-of-comp-id", "rbi-account")),
        ),
    )
}  # fmt: skip

DATA_PROVIDERS: Final = {
    each.name: each
    for each in (
        DataProvider(name=PAPER, id=PAPER, title="QuantConnect", forms=_forms()),
        DataProvider(name="PolygonDataFeed", id="Polygon", title="Polygon", forms=_forms(_secret("polygon-api-key"))),
        DataProvider(
            name="AlpacaBrokerage", id="AlpacaBrokerage", title="Alpaca",
            forms=_forms(_secret("alpaca-api-key", "alpaca-api-secret")),
        ),
        *(
            DataProvider(name=name, id=name, title=BROKERAGES[name].title, forms=forms, chooser=chooser)
            for name, forms, chooser in (
                ("InteractiveBrokersBrokerage", _INTERACTIVE, ""), ("TradierBrokerage", _TRADIER, ""),
                ("BitfinexBrokerage", _BITFINEX, ""), ("CoinbaseBrokerage", _COINBASE, ""),
                ("BinanceBrokerage", _BINANCE, _EXCHANGE), ("KrakenBrokerage", _KRAKEN, ""),
                ("BybitBrokerage", _BYBIT, ""), ("OandaBrokerage", _OANDA, ""),
                ("CharlesSchwabBrokerage", _SCHWAB, ""), ("TradeStationBrokerage", _TRADE_STATION, ""),
                ("TastytradeBrokerage", _TASTYTRADE, ""),
            )
        ),
    )
}  # fmt: skip
