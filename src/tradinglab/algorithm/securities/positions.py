"""Positions as groups whose margin is computed together: here each group is one security."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.core.symbol import Symbol


class Position(Spelled):
    """A quantity of a security."""

    __slots__ = ("exact_quantity", "exact_unit_quantity", "symbol")

    def __init__(self, security: Security) -> None:
        self.symbol: Symbol = security.symbol
        self.exact_quantity: Decimal = security.holdings.exact_quantity
        self.exact_unit_quantity: Decimal = security.symbol_properties.exact_lot_size

    @property
    def quantity(self) -> float:
        """Units held."""
        return float(self.exact_quantity)

    @property
    def unit_quantity(self) -> float:
        """Units in one lot."""
        return float(self.exact_unit_quantity)

    def __str__(self) -> str:
        return f"{self.symbol}: {self.exact_quantity}"

    to_string = __str__


class PositionGroup(Spelled):
    """Positions that are margined together."""

    __slots__ = ("positions", "security")

    def __init__(self, security: Security) -> None:
        self.security = security
        self.positions = [Position(security)]

    @property
    def count(self) -> int:
        """The number of positions."""
        return len(self.positions)

    @property
    def exact_quantity(self) -> Decimal:
        """``quantity`` as a decimal."""
        position = self.positions[0]
        return position.exact_quantity / position.exact_unit_quantity

    @property
    def quantity(self) -> float:
        """How many lots are held."""
        return float(self.exact_quantity)


class SecurityPositionGroupModel(Spelled):
    """Groups the positions of a portfolio: one group for each security that is held."""

    NULL: ClassVar[SecurityPositionGroupModel]
    Null: ClassVar[SecurityPositionGroupModel]

    def __init__(self, portfolio: SecurityPortfolioManager | None = None) -> None:
        self.portfolio = portfolio

    @property
    def groups(self) -> list[PositionGroup]:
        """The groups, in the order of the securities."""
        if self.portfolio is None:
            return []
        return [PositionGroup(security) for security in self.portfolio.securities.present() if security.invested]

    @property
    def is_only_default_groups(self) -> bool:
        """Whether every group is of one security: always."""
        return True

    @property
    def count(self) -> int:
        """The number of groups."""
        return len(self.groups)

    def get_or_create_default_group(self, security: Security) -> PositionGroup:
        """Return the group of a security, which may be empty."""
        return PositionGroup(security)


class NullSecurityPositionGroupModel(SecurityPositionGroupModel):
    """Never groups several securities: for securities without options, no difference."""


SecurityPositionGroupModel.NULL = SecurityPositionGroupModel.Null = NullSecurityPositionGroupModel()
