"""Targets by security."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tradinglab.algorithm.portfolio_target import PortfolioTarget, order_targets_by_margin_impact
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.core.symbol import Symbol


class PortfolioTargetCollection(Dual):
    """Targets, one for each security: a later one takes the place of the earlier."""

    def __init__(self) -> None:
        self._targets: dict[Symbol, PortfolioTarget] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._targets)

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self._targets

    @property
    def keys(self) -> list[Symbol]:
        """The securities."""
        return list(self._targets)

    @property
    def values(self) -> list[PortfolioTarget]:
        """The targets."""
        return list(self._targets.values())

    def add(self, target: PortfolioTarget | None) -> None:
        """Take in a target; ``None`` is none."""
        if target is not None:
            self._targets[target.symbol] = target

    def add_range(self, targets: Iterable[PortfolioTarget]) -> None:
        """Take in several targets."""
        for target in targets:
            self.add(target)

    def remove(self, target: PortfolioTarget | Symbol) -> bool:
        """Remove a target, or that of a security; return whether it was there."""
        if not isinstance(target, PortfolioTarget):
            return self._targets.pop(target, None) is not None
        is_there = self._targets.get(target.symbol) is target
        if is_there:
            del self._targets[target.symbol]
        return is_there

    def clear(self) -> None:
        """Remove all targets."""
        self._targets.clear()

    def clear_fulfilled(self, algorithm: QCAlgorithm) -> None:
        """Remove the targets whose positions are there, up to less than a lot."""
        for target in self.values:
            security = algorithm.securities[target.symbol]
            if abs(target.exact_quantity - security.holdings.exact_quantity) < (
                security.symbol_properties.exact_lot_size
            ):
                del self._targets[target.symbol]

    def contains(self, target: PortfolioTarget | None) -> bool:
        """Whether there is a target for the same security."""
        return target is not None and target.symbol in self._targets

    def contains_key(self, symbol: Symbol) -> bool:
        """Whether there is a target for a security."""
        return symbol in self._targets

    def try_get_value(self, symbol: Symbol, out: None = None) -> tuple[bool, PortfolioTarget | None]:
        """Return whether there is a target for a security, and that."""
        found = self._targets.get(symbol)
        return found is not None, found

    def order_by_margin_impact(self, algorithm: QCAlgorithm) -> list[PortfolioTarget]:
        """Return the targets in the order in which to send their orders: those first that free margin.

        Those that are within less than a lot are left out, and so are securities that cannot be traded.
        """
        return order_targets_by_margin_impact(self._targets.values(), algorithm)

    def __iter__(self) -> Iterator[PortfolioTarget]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self._targets)

    def __contains__(self, item: object) -> bool:
        return (item.symbol if isinstance(item, PortfolioTarget) else item) in self._targets

    def __getitem__(self, symbol: Symbol) -> PortfolioTarget:
        if symbol not in self._targets:
            raise KeyError(f"There is no target for {symbol}; ask contains_key before.")
        return self._targets[symbol]

    def __setitem__(self, symbol: Symbol, target: PortfolioTarget) -> None:
        self._targets[symbol] = target
