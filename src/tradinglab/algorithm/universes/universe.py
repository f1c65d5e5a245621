"""What a universe is: a choice of securities, made anew at certain times, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.clock import from_ns, span_ns
from tradinglab.core.dual import Derivable, Dual
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.settings import UniverseSettings

_ROUNDED_TO = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))


class UnchangedUniverse(Dual):
    """What a selection returns that leaves everything as it is."""

    def __iter__(self) -> Iterator[Symbol]:
        return iter(())

    def __repr__(self) -> str:
        return "Universe.UNCHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A security in a universe, and since when."""

    security: Security
    added_ns: int


class Universe(Derivable):
    """A choice of securities.

    Parameters
    ----------
    symbol
        What the universe is called; no security has it.
    universe_settings
        What its securities get; those of the algorithm by default.

    Attributes
    ----------
    selected
        The securities that were chosen last.
    members
        Those that are in the universe: one that is chosen no more stays for the least time, and while it is held.
    """

    UNCHANGED: ClassVar[UnchangedUniverse] = UnchangedUniverse()
    Unchanged: ClassVar[UnchangedUniverse] = UNCHANGED
    #: Whether a security that is subscribed to keeps its subscriptions, whatever the settings say.
    lab_keeps_subscriptions: ClassVar[bool] = False

    @property
    def lab_listed(self) -> Iterable[Symbol]:
        """The securities that are in it before the first bar, as an author has listed them."""
        return ()

    def __init__(self, symbol: Symbol, universe_settings: UniverseSettings | None = None) -> None:
        self._symbol = symbol
        self._settings = universe_settings
        self._previous: frozenset[Symbol] = frozenset()
        self.lab_members: dict[Symbol, Member] = {}
        self._selected: dict[Symbol, None] = {}
        self._is_disposed = False

    @property
    def symbol(self) -> Symbol:
        """What the universe is called."""
        return self._symbol

    @property
    def security_type(self) -> SecurityType:
        """The kind of its securities."""
        return self._symbol.security_type

    @property
    def market(self) -> str:
        """The market of its securities."""
        return self._symbol.id.market

    @property
    def universe_settings(self) -> UniverseSettings | None:
        """What its securities get."""
        return self._settings

    @universe_settings.setter
    def universe_settings(self, value: UniverseSettings) -> None:
        self._settings = value

    @property
    def selected(self) -> list[Symbol]:
        """The securities that were chosen last."""
        return list(self._selected)

    @property
    def members(self) -> dict[Symbol, Security]:
        """The securities that are in the universe."""
        return {symbol: member.security for symbol, member in self.lab_members.items()}

    @property
    def dispose_requested(self) -> bool:
        """Whether the universe is to let go its securities."""
        return self._is_disposed

    @property
    def lab_resolution(self) -> Resolution:
        """The resolution by which universes that choose at the same time have their order."""
        return Resolution.DAILY if self._settings is None else self._settings.resolution

    def contains_member(self, symbol: Symbol) -> bool:
        """Whether a security is in the universe."""
        return symbol in self.lab_members

    def dispose(self) -> None:
        """Let go of all securities when the universe would choose next."""
        self._is_disposed = True

    def select_symbols(self, utc_time: datetime) -> Iterable[Symbol] | UnchangedUniverse:
        """Return the securities of the universe from a time on."""
        raise NotImplementedError(f"{type(self).__name__} has to say what it chooses: write select_symbols.")

    def lab_triggers(self, start_ns: int, end: datetime) -> Iterator[int]:
        """Return the instants at which the universe chooses, from one on; *end* is UTC."""
        raise NotImplementedError(f"{type(self).__name__} does not say when it chooses.")

    def lab_select(self, utc_ns: int) -> bool:
        """Choose; return whether that changed anything."""
        found = () if self._is_disposed else self.select_symbols(from_ns(utc_ns))
        if isinstance(found, UnchangedUniverse):
            return False
        selected = dict.fromkeys(found)
        if self._previous == selected.keys():
            return False
        self._previous = frozenset(selected)
        self._selected = selected
        return True

    def lab_can_remove(self, member: Member, utc_ns: int) -> bool:
        """Return whether a member has been in the universe for as long as the settings say."""
        if self._is_disposed or member.security.is_delisted or self._settings is None:
            return True
        least = self._settings.minimum_time_in_universe
        unit = next((span for span in _ROUNDED_TO if least >= span), least)
        spent = utc_ns - member.added_ns
        if unit:
            spent = round(spent / span_ns(unit)) * span_ns(unit)
        return spent >= span_ns(least)


def chosen_symbols(what: str, found: object, market: str, security_type: SecurityType) -> Iterable[Symbol]:
    """Return what an author's function chose as symbols; a ticker is that of a security of the universe's kind.

    Raises
    ------
    AlgorithmError
        If it returned something else, for example nothing.
    """
    if isinstance(found, UnchangedUniverse):
        return found
    if isinstance(found, (str, Symbol)) or not isinstance(found, Iterable):
        raise AlgorithmError(
            f"{what} returned {found!r}; it returns a list of symbols, or Universe.UNCHANGED to leave all as it is."
        )
    return [_symbol(what, each, market, security_type) for each in found]


def _symbol(what: str, given: object, market: str, security_type: SecurityType) -> Symbol:
    if isinstance(given, Symbol):
        return given
    if not isinstance(given, str):
        raise AlgorithmError(f"{what} returned {given!r} among the symbols; give symbols, or tickers as text.")
    known = SymbolCache.try_get_symbol(given)
    if known is not None and known.id.market == market and known.security_type == security_type:
        return known
    return Symbol.create(given, security_type, market)
