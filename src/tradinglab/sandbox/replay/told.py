"""What universes told an author of, and how a replay finds the securities that are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import GroupOrderManager
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.symbol import Symbol


class NotPossibleError(Exception):
    """A request that no strategy could have made in this way."""


def security_of(algorithm: QCAlgorithm, symbol: Symbol) -> Security:
    """Return the security of a symbol that was added before."""
    security = algorithm.securities.get(symbol)
    if security is None:
        raise NotPossibleError(f"{symbol.value} was not added before it was traded")
    return security


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The end of a choice of universes: the securities of which the author was told that they came or went."""

    added: tuple[Symbol, ...]
    removed: tuple[Symbol, ...]

    def repeat(self, algorithm: QCAlgorithm, groups: dict[int, GroupOrderManager]) -> None:
        """Tell of them again."""
        added, removed = ([security_of(algorithm, symbol) for symbol in told] for told in (self.added, self.removed))
        algorithm.universe_manager.lab_tell(added, removed)
