"""The exchanges that orders can be routed to and that ticks come from."""

from __future__ import annotations

from typing import ClassVar

from tradinglab.core.dual import Dual, DualType
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market

_EQUITY = (SecurityType.EQUITY,)
_OPTION = (SecurityType.OPTION,)
_OPTIONS = (SecurityType.OPTION, SecurityType.INDEX_OPTION)
_FUTURE = (SecurityType.FUTURE,)
_FUTURES = (SecurityType.FUTURE, SecurityType.FUTURE_OPTION)


class Exchange(Dual, metaclass=DualType):
    """A venue: name, the code that its ticks carry, market, and what is traded there."""

    __slots__ = ("_code", "_description", "_market", "_name", "_security_types")

    UNKNOWN: ClassVar[Exchange]

    def __init__(self, name: str, code: str, description: str, market: str, *security_types: SecurityType) -> None:
        self._name = name
        self._code = code or name
        self._description = description
        self._market = market
        self._security_types = list(security_types)

    @property
    def name(self) -> str:
        """Short name."""
        return self._name

    @property
    def code(self) -> str:
        """Code in market data."""
        return self._code

    @property
    def description(self) -> str:
        """Full name."""
        return self._description

    @property
    def market(self) -> str:
        """The market that the venue belongs to."""
        return self._market

    @property
    def security_types(self) -> list[SecurityType]:
        """What is traded there."""
        return list(self._security_types)

    def _key(self) -> tuple[str, str, frozenset[SecurityType]]:
        return self._code, self._market, frozenset(self._security_types)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Exchange):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"Exchange({self._name!r})"

    def to_string(self) -> str:
        """Return the name."""
        return self._name


_USA = Market.USA
_VENUES: tuple[tuple[str, str, str, str, str, tuple[SecurityType, ...]], ...] = (
    ("UNKNOWN", "", "", "UNKNOWN", "", ()),
    ("MEMX", "MEMX", "MM", "The Members Exchange", _USA, _EQUITY),
    ("LTSE", "LTSE", "L", "The Long-Term Stock Exchange", _USA, _EQUITY),
    ("NASDAQ", "NASDAQ", "Q", "National Association of Securities Dealers Automated Quotation", _USA, _EQUITY),
    ("NASDAQ_SC", "NASDAQ_SC", "S", "NASDAQ Small Cap", _USA, _EQUITY),
    ("NASDAQ_OPTIONS", "XNDQ", "XNDQ", "NASDAQ options market", _USA, _OPTIONS),
    ("BATS", "BATS", "Z", "Bats Global Markets, Better Alternative Trading System", _USA, _EQUITY),
    ("ARCA", "ARCA", "P", "New York Stock Archipelago Exchange", _USA, _EQUITY),
    ("ARCA_OPTIONS", "ARCX", "ARCX", "NYSE Arca Options", _USA, _OPTION),
    ("NYSE", "NYSE", "N", "New York Stock Exchange", _USA, _EQUITY),
    ("SMART", "SMART", "SMART", "SMART Exchange", _USA, _EQUITY),
    ("OTCX", "OTCX", "OTCX", "Over the Counter Exchange", _USA, _EQUITY),
    ("IEX", "IEX", "IEX", "Investors Exchange", _USA, _EQUITY),
    ("NSX", "NSE", "C", "National Stock Exchange", _USA, _EQUITY),
    ("FINRA", "FINRA", "D", "The Financial Industry Regulatory Authority", _USA, _EQUITY),
    ("ISE", "ISE", "I", "Nasdaq International Securities Exchange", _USA, _EQUITY),
    ("CSE", "CSE", "M", "Chicago Stock Exchange", _USA, _EQUITY),
    ("CBOE", "CBOE", "W", "The Chicago Board Options Exchange", _USA, (*_EQUITY, *_OPTIONS)),
    ("C2", "C2", "W", "CBOE Options Exchange", _USA, _OPTION),
    ("NASDAQ_BX", "NASDAQ_BX", "B", "National Association of Securities Dealers Automated Quotation BX", _USA, _EQUITY),
    ("SIAC", "SIAC", "SIAC", "The Securities Industry Automation Corporation", _USA, _EQUITY),
    ("EDGA", "EDGA", "J", "CBOE EDGA U.S. equities Exchange", _USA, _EQUITY),
    ("EDGX", "EDGX", "K", "CBOE EDGX U.S. equities Exchange", _USA, _EQUITY),
    ("EDGO", "EDGO", "EDGO", "CBOE EDGX OPTIONS EXCHANGE.", _USA, _OPTIONS),
    ("NASDAQ_PSX", "NASDAQ_PSX", "X", "National Association of Securities Dealers Automated Quotation PSX", _USA,
     _EQUITY),
    ("BATS_Y", "BATS_Y", "Y", "Bats Global Markets, Better Alternative Trading System", _USA, _EQUITY),
    ("BOSTON", "BOSTON", "BB", "The Boston Stock Exchange", _USA, _EQUITY),
    ("BOX", "BOX", "B", "The Boston Option Exchange", _USA, _OPTIONS),
    ("AMEX", "AMEX", "A", "The American Stock Exchange", _USA, _EQUITY),
    ("BSE", "BSE", "BSE", "Bombay Stock Exchange", Market.INDIA, _EQUITY),
    ("NSE", "NSE", "NSE", "National Stock Exchange of India", Market.INDIA, _EQUITY),
    ("AMEX_OPTIONS", "AMEX", "A", "The American Options Exchange", _USA, _OPTION),
    ("OPRA", "OPRA", "O", "The Options Price Reporting Authority", _USA, _OPTION),
    ("MIAX", "MIAX", "M", "Miami International Securities Options Exchange", _USA, _OPTION),
    ("MIAX_PEARL", "MIAX_PEARL", "MP", "MIAX PEARL", _USA, (*_OPTION, *_EQUITY)),
    ("MIAX_EMERALD", "MIAX_EMERALD", "ME", "MIAX EMERALD", _USA, _OPTION),
    ("MIAX_SAPPHIRE", "MIAX_SAPPHIRE", "SPHR", "Miax Sapphire, LLC", _USA, _OPTIONS),
    ("ISE_GEMINI", "ISE_GEMINI", "H", "International Securities Options Exchange GEMINI", _USA, _OPTION),
    ("ISE_MERCURY", "ISE_MERCURY", "J", "International Securities Options Exchange MERCURY", _USA, _OPTION),
    ("CME", "CME", "CME", "Futures and Options Chicago Mercantile Exchange", Market.CME, _FUTURES),
    ("EUREX", "EUREX", "EUREX", "European Derivatives Exchange", Market.EUREX, (*_FUTURE, SecurityType.INDEX)),
    ("CBOT", "CBOT", "CBOT", " Chicago Board of Trade Commodity Exchange", Market.CBOT, _FUTURES),
    ("CFE", "CFE", "CFE", "CFE Futures Exchange", Market.CFE, _FUTURE),
    ("COMEX", "COMEX", "COMEX", "COMEX Futures Exchange", Market.COMEX, _FUTURE),
    ("ICE", "ICE", "ICE", "The Intercontinental Exchange", Market.ICE, _FUTURE),
    ("NYMEX", "NYMEX", "NYMEX", "New York Mercantile Exchange", Market.NYMEX, _FUTURES),
    ("NYSELIFFE", "NYSELIFFE", "NYSELIFFE", "London International Financial Futures and Options Exchange",
     Market.NYSELIFFE, _FUTURES),
    ("CSFB", "CSFB", "CSFB", "Credit Suisse First Boston", _USA, _EQUITY),
    ("PHLX", "PHLX", "X", "NASDAQ OMX PHLX", _USA, _OPTIONS),
)  # fmt: skip

for _constant, _name, _code, _description, _market, _types in _VENUES:
    setattr(Exchange, _constant, Exchange(_name, _code, _description, _market, *_types))
