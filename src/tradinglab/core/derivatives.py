"""How derivatives are named: which type is an option on which, and the tickers of contracts."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.enums import OptionRight, OptionStyle, SecurityType

if TYPE_CHECKING:
    from tradinglab.core.security_identifier import SecurityIdentifier
    from tradinglab.core.symbol import Symbol

DEFAULT_DATE = datetime(1899, 12, 30)
"""The date of what has none: where .NET's OLE dates begin. A canonical contract expires then."""

OPTION_TYPE_OF = {
    SecurityType.EQUITY: SecurityType.OPTION,
    SecurityType.FUTURE: SecurityType.FUTURE_OPTION,
    SecurityType.INDEX: SecurityType.INDEX_OPTION,
}
UNDERLYING_TYPE_OF = {option: underlying for underlying, option in OPTION_TYPE_OF.items()}
IS_OPTION = frozenset(UNDERLYING_TYPE_OF)

MONTH_CODES = "FGHJKMNQUVXZ"

# Futures whose contract month lies so many months after the month in which they expire.
_MONTHS_AFTER_EXPIRY = {
    "B": 2,
    "BZ": 2,
    **dict.fromkeys(("AE5", "A9N", "CL", "MCL", "RB", "HO", "AYV", "NG", "HH", "HP", "HTT", "HCL", "SB", "YO"), 1),
}
_SAME_WITH_AN_O = (
    "EH",
    "KE",
    "TN",
    "UB",
    "YM",
    "YG",
    "ZB",
    "ZC",
    "ZF",
    "ZG",
    "ZI",
    "ZL",
    "ZM",
    "ZN",
    "ZO",
    "ZS",
    "ZT",
    "ZW",
)
_OPTION_TICKER_OF_FUTURE = {
    **{ticker: "O" + ticker for ticker in _SAME_WITH_AN_O},
    "CL": "LO", "GC": "OG", "HCL": "HCO", "HG": "HXE", "HO": "OH", "NG": "ON",
    "PA": "PAO", "PL": "PO", "RB": "OB", "RTY": "RTO", "SI": "SO",
    "6A": "ADU", "6B": "GBU", "6C": "CAU", "6E": "EUU", "6J": "JPU", "6S": "CHU",
}  # fmt: skip
_FUTURE_OF_OPTION_TICKER = {option: future for future, option in _OPTION_TICKER_OF_FUTURE.items()}
_INDEX_OF_OPTION_TICKER = {"RUTW": "RUT", "SPXW": "SPX", "VIXW": "VIX", "NDXP": "NDX", "NQX": "NDX"}
_OSI = re.compile(r"([A-Z0-9.]+)\s*(\d{6})([CP])(\d{8})", re.IGNORECASE)


def default_option_style(security_type: SecurityType) -> OptionStyle:
    """Return how options of a type are exercised unless said otherwise: on indices European, else American."""
    european = security_type in (SecurityType.INDEX, SecurityType.INDEX_OPTION)
    return OptionStyle.EUROPEAN if european else OptionStyle.AMERICAN


def future_option_ticker(future: str) -> str:
    """Return the ticker of options on a future: ``OG`` for gold's ``GC``."""
    future = future.upper()
    return _OPTION_TICKER_OF_FUTURE.get(future, future)


def future_of_option(option: str) -> str:
    """Return the future on which options of a ticker are: ``GC`` for ``OG``."""
    option = option.upper()
    return _FUTURE_OF_OPTION_TICKER.get(option, option)


def underlying_ticker(option: str, option_type: SecurityType) -> str:
    """Return the ticker of what options of a ticker and type derive from: ``SPX`` for ``SPXW``."""
    if option_type is SecurityType.FUTURE_OPTION:
        return future_of_option(option)
    if option_type is SecurityType.INDEX_OPTION:
        return _INDEX_OF_OPTION_TICKER.get(option.upper(), option)
    return option


def future_ticker(underlying: str, expiry: datetime) -> str:
    """Return the ticker of a future: ``ES18Z20`` expires on the 18th, its contract month is December 2020."""
    months = expiry.month - 1 + _MONTHS_AFTER_EXPIRY.get(underlying, 0)
    year = expiry.year % 100 + months // 12
    return f"{underlying}{expiry.day:02d}{MONTH_CODES[months % 12]}{year}"


def option_ticker(underlying: str, right: OptionRight, strike: Decimal, expiry: datetime) -> str:
    """Return the ticker of an option in the OSI form: ``SPY   150918P00195500``."""
    if len(underlying) > 5:
        underlying += " "
    return f"{underlying:<6}{expiry:%y%m%d}{'PC'[right is OptionRight.CALL]}{int(strike * 1000):08d}"


def contract_ticker(sid: SecurityIdentifier, underlying: Symbol | None) -> str | None:
    """Return the ticker that follows from an identifier: of options and futures; None for others."""
    if sid.security_type is SecurityType.FUTURE:
        return f"/{sid.symbol}" if sid.date == DEFAULT_DATE else future_ticker(sid.symbol, sid.date)
    if sid.security_type not in IS_OPTION or underlying is None:
        return None
    # Where the option is named unlike its underlying (OG on GC), its own name counts.
    ticker = underlying.value if sid.symbol == underlying.id.symbol else sid.symbol
    if sid.date == DEFAULT_DATE:
        return f"?{ticker.upper()}"
    if len(ticker) > 5:
        ticker += " "
    return option_ticker(ticker, sid.option_right, sid.exact_strike_price, sid.date)


def parse_option_ticker(ticker: str) -> tuple[str, datetime, OptionRight, Decimal] | None:
    """Return underlying ticker, expiry, right and strike of an OSI ticker, None if it is not one."""
    match = _OSI.fullmatch(ticker)
    if match is None:
        return None
    underlying, day, right, strike = match.groups()
    chosen = OptionRight.CALL if right.upper() == "C" else OptionRight.PUT
    return underlying, datetime.strptime(day, "%y%m%d"), chosen, Decimal(int(strike)) / 1000
