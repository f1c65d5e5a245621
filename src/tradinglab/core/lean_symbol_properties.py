"""Reads LEAN's symbol properties database, a market at a time: the file has ten thousand lines."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tradinglab.core.decimals import ONE
from tradinglab.core.enums import SecurityType
from tradinglab.core.errors import SymbolPropertiesError
from tradinglab.core.security_database import SecurityDatabaseKey, security_type_of
from tradinglab.core.symbol_properties import SymbolProperties

_COLUMNS = 8  # the rest may be missing


class LeanSymbolProperties:
    """The properties of one file.

    Raises
    ------
    SymbolPropertiesError
        If the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SymbolPropertiesError(f"The symbol properties database '{path}' cannot be read: {error}") from error
        self._lines = lines
        self._markets: dict[str, dict[SecurityDatabaseKey, int]] = {}

    def build(self, key: SecurityDatabaseKey) -> SymbolProperties | None:
        """Return the properties of exactly this key, None if there are none."""
        row = self._market(key.market.lower()).get(key)
        return None if row is None else self._parse(row)

    def keys(self, market: str) -> Iterator[SecurityDatabaseKey]:
        """Return the keys of a market, in the order of the file."""
        return iter(self._market(market.lower()))

    def market_of(self, symbol: str, security_type: SecurityType) -> str | None:
        """Return the first market that has a symbol of a type, None if none has."""
        wanted = symbol.lower(), str(security_type).lower()
        for line in self._lines:
            parts = line.lower().split(",", 3)
            if tuple(parts[1:3]) == wanted and not line.startswith("#"):
                return line.partition(",")[0]
        return None

    def _market(self, market: str) -> dict[SecurityDatabaseKey, int]:
        """Return in which row of the file each symbol of a market stands."""
        if market not in self._markets:
            rows: dict[SecurityDatabaseKey, int] = {}
            prefix = market + ","
            for row, line in enumerate(self._lines):
                if not line.lower().startswith(prefix):
                    continue
                parts = line.split(",", 3)
                kind = security_type_of(parts[2]) if len(parts) > 2 else None
                if kind is None:
                    continue
                key = SecurityDatabaseKey(parts[0], parts[1], kind)
                if key in rows:
                    raise SymbolPropertiesError(f"{self._path}, line {row + 1}: '{key}' occurs twice.")
                rows[key] = row
            self._markets[market] = rows
        return self._markets[market]

    def _parse(self, row: int) -> SymbolProperties:
        parts = self._lines[row].split(",")
        if len(parts) < _COLUMNS:
            raise SymbolPropertiesError(f"{self._path}, line {row + 1}: {_COLUMNS} columns are needed.")
        parts += [""] * (12 - len(parts))
        try:
            return SymbolProperties(
                description=parts[3],
                quote_currency=parts[4],
                contract_multiplier=_number(parts[5]),
                minimum_price_variation=_number(parts[6]),
                lot_size=_number(parts[7]),
                market_ticker=parts[8],
                minimum_order_size=_number(parts[9]) if parts[9] else None,
                price_magnifier=_number(parts[10]) if parts[10] else ONE,
                strike_multiplier=_number(parts[11]) if parts[11] else ONE,
            )
        except (InvalidOperation, SymbolPropertiesError) as error:
            line = self._lines[row]
            raise SymbolPropertiesError(f"{self._path}, line {row + 1}: not valid: '{line}' ({error})") from error


def _number(text: str) -> Decimal:
    """Return a decimal with the digits of its text, ``1e-05`` written out."""
    value = Decimal(text.strip())
    exponent = value.as_tuple().exponent
    return value.quantize(ONE) if isinstance(exponent, int) and exponent > 0 else value
