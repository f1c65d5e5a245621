"""Commissions of Interactive Brokers for a contract of a future or of an option on one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import CashAmount
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.algorithm.securities import Security

_REGULATORY_FEE = Decimal("0.02")
_KOREA_RATE = Decimal("0.00004")
_HONG_KONG_RATES = {"CNH": Decimal(13), "HKD": Decimal(20), "USD": Decimal("2.40")}
_HONG_KONG_EXCHANGE_FACTOR = Decimal("1.5")
_MICRO = ("MYM", "M2K", "MES", "MNQ", "2YY", "5YY", "10Y", "30Y", "MCL", "MGC", "SIL")
_E_MINI = ("ES", "NQ", "YM", "RTY", "EMD")
_MICRO_FX = ("M6E", "M6A", "M6B", "MCD", "MJY", "MSF", "M6J", "MIR", "M6C", "M6S", "MNH")
_E_MINI_FX = ("E7", "J7")


def _table(*groups: tuple[tuple[str, ...], str]) -> dict[str, Decimal]:
    return {ticker: Decimal(rate) for tickers, rate in groups for ticker in tickers}


# Per contract: commission of the broker, and fee of the exchange.
_US_FUTURES = _table(
    (_MICRO, "0.25"), (("BTC",), "5"), (("MBT", "MIB"), "2.25"), (("ETH",), "3"), (("MET", "MRB"), "0.20"),
    (_E_MINI_FX, "0.50"), (_MICRO_FX, "0.15"),
)  # fmt: skip
_US_FUTURES_EXCHANGE = _table(
    (_E_MINI, "1.28"), (_MICRO, "0.30"), (("BTC",), "6"), (("MBT", "MIB"), "2.5"), (("ETH",), "4"),
    (("MET", "MRB"), "0.20"), (_E_MINI_FX, "0.85"), (_MICRO_FX, "0.24"),
)  # fmt: skip
_US_OPTIONS = _table(
    (_MICRO, "0.25"), (("BTC",), "5"), (("MBT", "MIB"), "1.25"), (("ETH",), "3"), (("MET", "MRB"), "0.10"),
)  # fmt: skip
_US_OPTIONS_EXCHANGE = _table(
    (_E_MINI, "0.55"), (_MICRO, "0.20"), (("BTC",), "5"), (("MBT", "MIB"), "2.5"), (("ETH",), "4"),
    (("MET", "MRB"), "0.20"),
)  # fmt: skip
_US_DEFAULT, _US_DEFAULT_EXCHANGE = Decimal("0.85"), Decimal("1.60")
_EUREX_DEFAULT = Decimal("1.00")

_US_MARKETS = frozenset(
    {
        Market.GLOBEX, Market.NYMEX, Market.CBOT, Market.ICE, Market.CFE, Market.COMEX, Market.CME, Market.NYSELIFFE,
        Market.USA,
    }
)  # fmt: skip


def contract_fee(security: Security) -> CashAmount:
    """Return the fee for one contract.

    Raises
    ------
    ValueError
        If the market's fees are not known.
    """
    market = security.symbol.id.market
    if market in _US_MARKETS:
        return _united_states(security)
    rule = _RULES.get(market)
    if rule is None:
        raise ValueError(f"InteractiveBrokersFeeModel(): unexpected future Market {market}")
    return rule(security)


def _united_states(security: Security) -> CashAmount:
    symbol = security.symbol
    if symbol.security_type == SecurityType.FUTURE_OPTION and symbol.underlying is not None:
        ticker, rates, exchange = symbol.underlying.id.symbol, _US_OPTIONS, _US_OPTIONS_EXCHANGE
    else:
        ticker, rates, exchange = symbol.id.symbol, _US_FUTURES, _US_FUTURES_EXCHANGE
    fee = rates.get(ticker, _US_DEFAULT) + exchange.get(ticker, _US_DEFAULT_EXCHANGE) + _REGULATORY_FEE
    return CashAmount(fee, "USD")


def _hong_kong(security: Security) -> CashAmount:
    if security.symbol.id.symbol.upper() == "HSI":
        return CashAmount(Decimal(40), "HKD")
    currency = security.quote_currency.symbol
    if currency not in _HONG_KONG_RATES:
        raise ValueError(f"Unexpected quote currency {currency} for Hong Kong futures exchange")
    return CashAmount(_HONG_KONG_RATES[currency] * _HONG_KONG_EXCHANGE_FACTOR, currency)


def _korea(security: Security) -> CashAmount:
    value = security.exact_price * security.symbol_properties.exact_contract_multiplier
    return CashAmount(_KOREA_RATE * value, security.quote_currency.symbol)


def _eurex(security: Security) -> CashAmount:
    return CashAmount(_EUREX_DEFAULT + _REGULATORY_FEE, "EUR")


_RULES: dict[str, Callable[[Security], CashAmount]] = {
    Market.HKFE: _hong_kong,
    Market.KRX: _korea,
    Market.EUREX: _eurex,
}
