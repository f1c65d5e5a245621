"""The universes of an algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.securities.mapping import ExtendedDictionary
from tradinglab.algorithm.universes.universe import Universe
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradinglab.algorithm.securities import Security, SecurityManager


class UniverseManager(ExtendedDictionary[Symbol, Universe]):
    """The universes of an algorithm, by what they are called."""

    __slots__ = ("_securities", "_universes", "lab_added", "lab_pending", "lab_removed")

    def __init__(self, securities: SecurityManager) -> None:
        self._securities = securities
        self._universes: dict[Symbol, Universe] = {}
        #: Universes of which the engine has not heard yet.
        self.lab_pending: list[Universe] = []
        #: Securities of which the author is to be told that they came, or went.
        self.lab_added: dict[Security, None] = {}
        self.lab_removed: dict[Security, None] = {}

    def _table(self) -> dict[Symbol, Universe]:
        return self._universes

    @property
    def active_securities(self) -> SecurityManager:
        """The securities that are in a universe, or were added by hand."""
        return self._securities

    def lab_tell(self, added: Iterable[Security], removed: Iterable[Security]) -> None:
        """Let the author be told of securities, besides those whose streams begin or end."""
        self.lab_added |= dict.fromkeys(added)
        self.lab_removed |= dict.fromkeys(removed)

    def add(self, key: Symbol, value: Universe) -> None:
        """Add a universe; one that is called as another is left out."""
        if key not in self._universes:
            self._universes[key] = value
            self.lab_pending.append(value)

    def remove(self, key: object) -> bool:
        """Let a universe go, and its securities when it would choose next; return whether it was there."""
        found = self._find(key)
        if found is not None:
            found.dispose()
        return found is not None
