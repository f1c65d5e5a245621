"""Universe selection models: which securities an algorithm has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.members import checked_model, listed, member_of
from tradinglab.algorithm.names import ArgumentException, Time
from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.algorithm.universes.timed import (
    CustomUniverse,
    ManualUniverse,
    ScheduledUniverse,
    checked_selector,
    universe_symbol,
)
from tradinglab.algorithm.universes.universe import UnchangedUniverse, Universe
from tradinglab.core.dual import Derivable
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.settings import UniverseSettings

#: What every universe selection model has.
UNIVERSE_METHODS = ("create_universes",)
_ONE_DAY = timedelta(days=1)


class UniverseSelectionModel(Derivable):
    """Makes the universes of an algorithm, after ``initialize``. Derive from it and write ``create_universes``."""

    def create_universes(self, algorithm: QCAlgorithm) -> Iterable[Universe]:
        """Return the universes."""
        raise NotImplementedError(f"{type(self).__name__} has to say what its universes are: write create_universes.")

    def get_next_refresh_time_utc(self) -> datetime:
        """Return when universes are to be made again: never."""
        return Time.END_OF_TIME


class NullUniverseSelectionModel(UniverseSelectionModel):
    """Selects nothing: the algorithm has the securities that it adds."""

    def create_universes(self, algorithm: QCAlgorithm) -> list[Universe]:
        """Return none."""
        return []


class CompositeUniverseSelectionModel(UniverseSelectionModel):
    """Has the universes of several models."""

    def __init__(self, *universe_selection_models: Any) -> None:
        if not universe_selection_models:
            raise ArgumentException("A CompositeUniverseSelectionModel consists of at least one model; none was given.")
        self._models: list[Any] = []
        for model in universe_selection_models:
            self.add_universe_selection(model)

    def add_universe_selection(self, universe_selection_model: Any) -> None:
        """Add a model, as the last."""
        self._models.append(checked_model("a universe selection model", universe_selection_model, UNIVERSE_METHODS))

    def create_universes(self, algorithm: QCAlgorithm) -> Iterator[Universe]:
        """Return the universes of all models."""
        for model in self._models:
            create = member_of(model, "create_universes")
            assert create is not None
            yield from listed(create(algorithm))


class ManualUniverseSelectionModel(UniverseSelectionModel):
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
        self._settings = universe_settings
        found: list[Any] = []
        for each in given:
            found.extend([each] if isinstance(each, (Symbol, str)) else each)
        self._symbols: list[Symbol] = found
        for symbol in found:
            if not isinstance(symbol, Symbol):
                raise AlgorithmError(
                    f"ManualUniverseSelectionModel takes Symbols, it was given {symbol!r}; write "
                    "Symbol.create('SPY', SecurityType.EQUITY, Market.USA)."
                )
            SymbolCache.set(symbol.value, symbol)

    def create_universes(self, algorithm: QCAlgorithm) -> Iterator[Universe]:
        """Return a universe for each market and kind of security."""
        groups: dict[tuple[str, SecurityType], list[Symbol]] = {}
        for symbol in self._symbols:
            groups.setdefault((symbol.id.market, symbol.security_type), []).append(symbol)
        for (market, security_type), symbols in groups.items():
            name = (
                f"manual-universe-selection-model-{security_type}-{market}-{'-'.join(each.value for each in symbols)}"
            )
            called = universe_symbol(name, security_type, market)
            yield ManualUniverse(called, self._settings or algorithm.universe_settings, symbols)


class ScheduledUniverseSelectionModel(UniverseSelectionModel):
    """Calls a function for the securities at the times of a date rule and a time rule.

    ``ScheduledUniverseSelectionModel([time_zone,] date_rule, time_rule, selector, [settings])``, as
    :class:`ScheduledUniverse`.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        ScheduledUniverse(*args, **named)  # says what is wrong, before the run
        self._args, self._named = args, named

    def create_universes(self, algorithm: QCAlgorithm) -> list[Universe]:
        """Return the universe."""
        return [ScheduledUniverse(*self._args, **self._named)]


class CustomUniverseSelectionModel(UniverseSelectionModel):
    """Calls a function for tickers, by default at the start and at each midnight before the market opens.

    ``CustomUniverseSelectionModel(name, selector)`` takes US shares. ``(security_type, name, market, selector,
    universe_settings, interval)`` takes others, or chooses at other times. Instead of giving a function one may derive
    from it and write ``select``.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        names: tuple[str, ...] = ("name", "selector")
        if (args and not isinstance(args[0], str)) or "security_type" in named:
            names = ("security_type", "name", "market", "selector", "universe_settings", "interval")
        given: dict[str, Any] = dict(zip(names, args, strict=False)) | named
        if len(args) > len(names) or "name" not in given or set(given) - {*names, "selector"}:
            raise TypeError(
                f"{type(self).__name__} takes (name, selector), or (security_type, name, market, selector, "
                "universe_settings, interval)."
            )
        self._security_type = SecurityType(given.get("security_type", SecurityType.EQUITY))
        self._market = str(given.get("market", Market.USA))
        self._name = str(given["name"])
        self._settings: UniverseSettings | None = given.get("universe_settings")
        self._interval: timedelta = given.get("interval") or _ONE_DAY
        selector = given.get("selector")
        self._selector = None if selector is None else checked_selector(type(self).__name__, selector)

    def create_universes(self, algorithm: QCAlgorithm) -> list[Universe]:
        """Return the universe."""
        called = universe_symbol(str(self), self._security_type, self._market)
        settings = self._settings or algorithm.universe_settings
        return [CustomUniverse(called, settings, self._interval, lambda date: self.select(algorithm, date))]

    def select(self, algorithm: QCAlgorithm, date: datetime) -> Iterable[str] | UnchangedUniverse:
        """Return the tickers from a time on, or ``Universe.UNCHANGED``; the time is that of the market."""
        if self._selector is None:
            raise NotImplementedError(
                f"{type(self).__name__} has to say what it chooses: give a selector, or write select."
            )
        return self._selector(date)  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return f"{self._name}-{self._security_type}-{self._market}"


class InceptionDateUniverseSelectionModel(CustomUniverseSelectionModel):
    """Takes each ticker from its day on.

    Parameters
    ----------
    name
        What the universe is called.
    tickers_by_date
        The days by ticker, the earliest first.
    """

    def __init__(self, name: str, tickers_by_date: Mapping[str, datetime]) -> None:
        super().__init__(name)
        self._waiting = deque(tickers_by_date.items())
        self._tickers: list[str] = []

    def select(self, algorithm: QCAlgorithm, date: datetime) -> Iterable[str] | UnchangedUniverse:
        """Return the tickers whose day has come."""
        before = len(self._tickers)
        while self._waiting and self._waiting[0][1] <= date:
            self._tickers.append(self._waiting.popleft()[0])
        return Universe.UNCHANGED if len(self._tickers) == before else list(self._tickers)
