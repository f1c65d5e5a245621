"""Universe selection models: which securities an algorithm has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.dual import Dual
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.settings import UniverseSettings


class ManualUniverseSelectionModel(Dual):
    """Takes securities that the author lists.

    Parameters
    ----------
    symbols
        Symbols one by one, or lists of them.
    universe_settings
        What the securities get; those of the algorithm by default.
    """

    def __init__(self, *symbols: Any, universe_settings: UniverseSettings | None = None) -> None:
        given = list(symbols)
        if given and not isinstance(given[-1], Symbol) and hasattr(given[-1], "minimum_time_in_universe"):
            universe_settings = given.pop()
        self.universe_settings = universe_settings
        found: list[Any] = []
        for each in given:
            found.extend([each] if isinstance(each, (Symbol, str)) else each)
        self.symbols: list[Symbol] = found
        for symbol in found:
            if not isinstance(symbol, Symbol):
                raise AlgorithmError(
                    f"ManualUniverseSelectionModel takes Symbols, it was given {symbol!r}; write "
                    "Symbol.create('SPY', SecurityType.EQUITY, Market.USA)."
                )

    def lab_add_securities(self, algorithm: QCAlgorithm) -> None:
        """Add the securities that the algorithm has not added itself."""
        settings = self.universe_settings or algorithm.universe_settings
        for symbol in self.symbols:
            algorithm.lab_add_symbol(
                symbol,
                settings.resolution,
                settings.fill_forward,
                settings.leverage,
                settings.extended_market_hours,
                settings.data_normalization_mode,
            )


class NullUniverseSelectionModel(Dual):
    """Selects nothing: the algorithm has the securities that it adds."""

    def lab_add_securities(self, algorithm: QCAlgorithm) -> None:
        """Do nothing."""
