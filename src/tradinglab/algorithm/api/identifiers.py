"""What securities are called in the industry: CUSIP, composite FIGI, SEDOL, ISIN, CIK."""

from __future__ import annotations

from datetime import date, datetime

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.core.clock import day_of_date
from tradinglab.core.security_definitions import SecurityDefinition, SecurityDefinitions
from tradinglab.core.symbol import Symbol


class IdentifierMethods(AlgorithmCore):
    """Finds the identifier of a symbol, and the symbol of an identifier under its ticker of a day."""

    def cusip(self, symbol: Symbol | str, trading_date: date | None = None) -> str | Symbol | None:
        """Return the CUSIP of a symbol, or the symbol of a CUSIP; ``None`` if it is not known."""
        return symbol.cusip if isinstance(symbol, Symbol) else self._first_with("cusip", symbol, trading_date)

    def composite_figi(self, symbol: Symbol | str, trading_date: date | None = None) -> str | Symbol | None:
        """Return the composite FIGI of a symbol, or the symbol of one; ``None`` if it is not known."""
        if isinstance(symbol, Symbol):
            return symbol.composite_figi
        return self._first_with("composite_figi", symbol, trading_date)

    def sedol(self, symbol: Symbol | str, trading_date: date | None = None) -> str | Symbol | None:
        """Return the SEDOL of a symbol, or the symbol of a SEDOL; ``None`` if it is not known."""
        return symbol.sedol if isinstance(symbol, Symbol) else self._first_with("sedol", symbol, trading_date)

    def isin(self, symbol: Symbol | str, trading_date: date | None = None) -> str | Symbol | None:
        """Return the ISIN of a symbol, or the symbol of an ISIN; ``None`` if it is not known."""
        return symbol.isin if isinstance(symbol, Symbol) else self._first_with("isin", symbol, trading_date)

    def cik(self, symbol: Symbol | int, trading_date: date | None = None) -> int | list[Symbol] | None:
        """Return the CIK of a symbol's company (``None`` if it is not known), or all symbols of a CIK."""
        return symbol.cik if isinstance(symbol, Symbol) else self._all_with("cik", symbol, trading_date)

    def _first_with(self, field: str, value: object, trading_date: date | None) -> Symbol | None:
        return next(iter(self._all_with(field, value, trading_date)), None)

    def _all_with(self, field: str, value: object, trading_date: date | None) -> list[Symbol]:
        today = self.time.date()
        day = trading_date.date() if isinstance(trading_date, datetime) else trading_date or today
        if day > today:
            raise ValueError(f"The trading date {day} is after the algorithm's, {today}.")
        found = SecurityDefinitions.current().find(field, value)
        symbols = (self._symbol_of(each, day_of_date(day)) for each in found)
        return [symbol for symbol in symbols if symbol is not None]

    def _symbol_of(self, definition: SecurityDefinition, day: int) -> Symbol | None:
        """Return the security under its ticker of a day, later under its last; ``None`` without a map file."""
        sid = definition.security_identifier
        tickers = self.lab_context.source.map_file(Symbol(sid, sid.symbol))
        if tickers is None or not tickers.rows:
            return None
        return Symbol(sid, tickers.ticker_on(day) or tickers.rows[-1].ticker)
