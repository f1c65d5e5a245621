"""How securities are looked up in tables of market hours and of symbol properties."""

from __future__ import annotations

from tradinglab.core.derivatives import future_of_option
from tradinglab.core.dual import Dual
from tradinglab.core.enums import SecurityType
from tradinglab.core.symbol import Symbol

WILDCARD = "[*]"


class SecurityDatabaseKey(Dual):
    """Market, symbol and security type, without regard to case; ``[*]`` stands for any symbol."""

    __slots__ = ("_folded", "market", "security_type", "symbol")

    WILDCARD = WILDCARD

    def __init__(self, market: str | None, symbol: str | None, security_type: SecurityType) -> None:
        self.market = market or WILDCARD
        self.symbol = symbol or WILDCARD
        self.security_type = security_type
        self._folded = (self.market.lower(), self.symbol.lower(), int(security_type))

    @classmethod
    def parse(cls, text: str) -> SecurityDatabaseKey:
        """Return the key of a text such as ``Equity-usa-[*]``.

        Raises
        ------
        ValueError
            If the text has another form.
        """
        parts = text.split("-")
        kind = security_type_of(parts[0])
        if len(parts) != 3 or kind is None:
            raise ValueError(f"A key has the form Type-market-symbol; it was '{text}'.")
        return cls(parts[1], parts[2], kind)

    def create_common_key(self) -> SecurityDatabaseKey:
        """Return the key that stands for all symbols of this market and type."""
        return SecurityDatabaseKey(self.market, None, self.security_type)

    @property
    def future_key(self) -> str | None:
        """The future whose entry serves an option on it that has none, None for all else."""
        return future_of_option(self.symbol) if self.security_type is SecurityType.FUTURE_OPTION else None

    def __eq__(self, other: object) -> bool:
        return self._folded == other._folded if isinstance(other, SecurityDatabaseKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._folded)

    def __str__(self) -> str:
        return f"{self.security_type}-{self.market}-{self.symbol}"

    def __repr__(self) -> str:
        return str(self)


_TYPES = {str(kind).lower(): kind for kind in SecurityType}


def security_type_of(text: str) -> SecurityType | None:
    """Return the security type of a name in any case, None if there is none."""
    return _TYPES.get(text.strip().lower())


def database_symbol_key(symbol: Symbol | str | None) -> str | None:
    """Return the name under which a security stands in the tables."""
    if symbol is None or isinstance(symbol, str):
        return symbol
    kind = symbol.security_type
    if kind is SecurityType.OPTION:
        return symbol.underlying.value if symbol.underlying is not None else None
    if kind in (SecurityType.INDEX_OPTION, SecurityType.FUTURE_OPTION):
        return symbol.id.symbol if symbol.has_underlying else None
    if kind in (SecurityType.BASE, SecurityType.FUTURE):
        return symbol.id.symbol
    return symbol.value
