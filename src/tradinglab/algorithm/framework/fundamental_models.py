"""Universe selection models that choose by companies' figures, of which there are no data here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from tradinglab.algorithm.framework.universe_models import UniverseSelectionModel
from tradinglab.algorithm.settings import UniverseSettings
from tradinglab.algorithm.universes.timed import universe_symbol
from tradinglab.algorithm.universes.universe import UnchangedUniverse, Universe, chosen_symbols
from tradinglab.core.clock import DAY_NS, NEW_YORK_ZONE, to_ns, zone
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.core.market_hours_database import MarketHoursDatabase

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.core.symbol import Symbol


class NoFundamentals:
    """Stands where a selector gets companies' figures: whoever looks at them is told that there are none."""

    def _refuse(self, *_: object) -> NoReturn:
        raise NotImplementedError(
            "The selection looks at companies' figures (fundamentals), which no data here have. Choose by other means: "
            "list the securities with ManualUniverseSelectionModel, or return symbols without looking at the figures."
        )

    __iter__ = __len__ = __getitem__ = __contains__ = __bool__ = _refuse


class FundamentalUniverse(Universe):
    """Calls a function at the start, and at the midnight in New York after each day of trading."""

    def __init__(self, symbol: Symbol, settings: UniverseSettings | None, selector: Callable[[], object]) -> None:
        super().__init__(symbol, settings)
        self._selector = selector

    @property
    def lab_resolution(self) -> Resolution:
        """Chooses after those of finer bars."""
        return Resolution.DAILY

    def select_symbols(self, utc_time: datetime) -> Iterable[Symbol] | UnchangedUniverse:
        """Return what the function returns."""
        return chosen_symbols(
            f"The selection of {self._symbol.value}", self._selector(), self.market, self.security_type
        )

    def lab_triggers(self, start_ns: int, end: datetime) -> Iterator[int]:
        """Return the instants; that after the last day is one too, at which nothing is chosen any more."""
        hours = MarketHoursDatabase.from_data_folder().get_exchange_hours(self.market, None, self.security_type)
        new_york = zone(NEW_YORK_ZONE)
        first, last = new_york.local_ns(start_ns) // DAY_NS, new_york.local_ns(to_ns(end)) // DAY_NS
        yield start_ns
        for day in range(first, last + 1):
            at_ns = new_york.utc_ns((day + 1) * DAY_NS)
            if hours.is_day_open(day) and at_ns > start_ns:
                yield at_ns


class FundamentalUniverseSelectionModel(UniverseSelectionModel):
    """Lets a function choose after each day of trading, which LEAN gives the figures of all companies.

    There are none here: one that looks at them is told so, one that does not may choose.

    ``FundamentalUniverseSelectionModel([market,] [selector,] [universe_settings])``; instead of giving a function one
    may derive from it and write ``select``.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        self._market: str = Market.USA
        self._selectors: list[Callable[[Any], Any]] = []
        self._settings: UniverseSettings | None = None
        for each in (*args, *named.values()):
            if isinstance(each, str):
                self._market = each
            elif isinstance(each, UniverseSettings):
                self._settings = each
            elif callable(each):
                self._selectors.append(each)
            elif each is not None and not isinstance(each, bool):
                raise TypeError(f"{type(self).__name__} takes a market, functions and settings; it was given {each!r}.")

    def create_universes(self, algorithm: QCAlgorithm) -> list[Universe]:
        """Return the universe."""
        called = universe_symbol(f"{type(self).__name__}-{self._market}", SecurityType.EQUITY, self._market)
        settings = self._settings or algorithm.universe_settings
        return [FundamentalUniverse(called, settings, lambda: self.select(algorithm, NoFundamentals()))]

    def select(self, algorithm: QCAlgorithm, fundamental: Any) -> Any:
        """Return the symbols, or ``Universe.UNCHANGED``."""
        if not self._selectors:
            raise NotImplementedError(
                f"{type(self).__name__} has to say what it chooses: give a selector, or write select."
            )
        found = None
        for selector in self._selectors:  # the second one looks more closely at what the first chose
            found = selector(fundamental)
        return found


class CoarseFundamentalUniverseSelectionModel(FundamentalUniverseSelectionModel):
    """The same by an older name: ``CoarseFundamentalUniverseSelectionModel(coarse_selector, [universe_settings])``."""


class FineFundamentalUniverseSelectionModel(FundamentalUniverseSelectionModel):
    """The same in two steps: ``FineFundamentalUniverseSelectionModel(coarse_selector, fine_selector, [settings])``."""
