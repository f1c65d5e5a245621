"""Which symbol a ticker stands for in a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, overload

from tradinglab.core.dual import Dual
from tradinglab.core.errors import UnknownTickerError
from tradinglab.core.security_identifier import SecurityIdentifier

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol


class SymbolCache(Dual):
    """Tickers of the securities that were added, without regard to case.

    There is one cache a process, as in LEAN; the engine clears it before a run.
    """

    _symbols: ClassVar[dict[str, Symbol | None]] = {}
    _tickers: ClassVar[dict[SecurityIdentifier, str]] = {}

    @classmethod
    def set(cls, ticker: str, symbol: Symbol) -> None:
        """Let *ticker* stand for *symbol*."""
        cls._symbols[ticker.upper()] = symbol
        cls._tickers[symbol.id] = ticker
        first, dot, _ = ticker.upper().partition(".")
        if dot and cls._symbols.get(first, symbol) is None:
            del cls._symbols[first]

    @classmethod
    def get_symbol(cls, ticker: str | Symbol) -> Symbol:
        """Return the symbol of a ticker or of the text of an identifier; of a symbol, as data frames have it, that.

        Raises
        ------
        UnknownTickerError
            If the ticker was not set, or is the beginning of several (``BTC`` of ``BTC.Bitcoin``).
        """
        found = cls._find(ticker) if isinstance(ticker, str) else ticker
        if found is None:
            raise UnknownTickerError(f"No security with the ticker '{ticker}' was added.")
        return found

    @overload
    @classmethod
    def try_get_symbol(cls, ticker: str) -> Symbol | None: ...

    @overload
    @classmethod
    def try_get_symbol(cls, ticker: str, out: None, /) -> tuple[bool, Symbol | None]: ...

    @classmethod
    def try_get_symbol(cls, ticker: str, *out: None) -> Symbol | tuple[bool, Symbol | None] | None:
        """Return the symbol of a ticker, None if it is not known or ambiguous.

        Called as LEAN's authors do, with a place for the symbol (``try_get_symbol("SPY", None)``),
        it returns whether the ticker is known, and the symbol.
        """
        try:
            found = cls._find(ticker)
        except UnknownTickerError:
            found = None
        return (found is not None, found) if out else found

    @classmethod
    def get_ticker(cls, symbol: Symbol) -> str:
        """Return the ticker under which a symbol was set, else the text of its identifier."""
        return cls._tickers.get(symbol.id) or str(symbol.id)

    @classmethod
    def try_get_ticker(cls, symbol: Symbol) -> str | None:
        """Return the ticker under which a symbol was set, None if it was not."""
        return cls._tickers.get(symbol.id)

    @classmethod
    def try_remove(cls, symbol: Symbol) -> bool:
        """Forget a symbol; return whether it was known."""
        ticker = cls._tickers.pop(symbol.id, None)
        return ticker is not None and cls._symbols.pop(ticker.upper(), None) is not None

    @classmethod
    def clear(cls) -> None:
        """Forget all tickers."""
        cls._symbols.clear()
        cls._tickers.clear()

    @classmethod
    def _find(cls, ticker: str) -> Symbol | None:
        key = ticker.upper()
        if key in cls._symbols:
            return cls._symbols[key]
        sid = SecurityIdentifier.try_parse(ticker)
        if sid is not None:
            from tradinglab.core.symbol import Symbol  # symbols compare through this cache

            return Symbol(sid, sid.symbol)
        matches = [name for name, symbol in cls._symbols.items() if name.startswith(key + ".") and symbol is not None]
        if len(matches) > 1:
            raise UnknownTickerError(f"The ticker '{ticker}' may mean any of {', '.join(sorted(matches))}.")
        # A miss is remembered too: it would else cost a search each time.
        cls._symbols[key] = cls._symbols[matches[0]] if matches else None
        return cls._symbols[key]
