"""Which securities were added and which removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security


class SecurityChanges(Dual):
    """Securities that came and went in a time step."""

    def __init__(self, added: Sequence[Security] = (), removed: Sequence[Security] = ()) -> None:
        self._added = sorted(added, key=lambda security: security.symbol.value)
        self._removed = sorted(removed, key=lambda security: security.symbol.value)

    @property
    def added_securities(self) -> list[Security]:
        """Securities that were added, by ticker."""
        return list(self._added)

    @property
    def removed_securities(self) -> list[Security]:
        """Securities that were removed, by ticker."""
        return list(self._removed)

    @property
    def count(self) -> int:
        """How many there are of both."""
        return len(self._added) + len(self._removed)

    def __bool__(self) -> bool:
        return bool(self._added or self._removed)

    def __str__(self) -> str:
        added = ", ".join(str(security.symbol) for security in self._added)
        removed = ", ".join(str(security.symbol) for security in self._removed)
        return f"SecurityChanges: Added: {added} Removed: {removed}"
