"""Models that look at the sectors of companies."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.risk_models import RiskManagementModel
from tradinglab.algorithm.framework.target_collection import PortfolioTargetCollection
from tradinglab.algorithm.framework.weightings import EqualWeightingPortfolioConstructionModel
from tradinglab.algorithm.names import ArgumentException
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import InsightDirection, Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.insights import Insight
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.core.symbol import Symbol


def no_sector(model: object, security: Security) -> NotImplementedError:
    """Return the error of a model that asks for a sector: no data here have one."""
    name = type(model).__name__
    return NotImplementedError(
        f"{name} needs the sector of {security.symbol.value}, and no data here have companies' figures. Derive from "
        f"{name} and write get_sector_code(security), which returns the sector as text, or '' for none."
    )


class SectorWeightingPortfolioConstructionModel(EqualWeightingPortfolioConstructionModel):
    """Gives every sector the same share of the portfolio, and each of its securities the same share of that.

    There are no data here that say in which sector a company is: derive from it and write ``get_sector_code``.

    Parameters
    ----------
    rebalance
        As in :class:`PortfolioConstructionModel`.
    """

    def __init__(self, rebalance: Any = Resolution.DAILY) -> None:
        super().__init__(rebalance)
        self._sectors: dict[Symbol, str] = {}

    def get_sector_code(self, security: Security) -> str:
        """Return the sector of a security; ``""`` if it has none, and is to be left out."""
        raise no_sector(self, security)

    def should_create_target_for_insight(self, insight: Insight) -> bool:
        """Return whether the security of an insight has a sector."""
        return insight.symbol in self._sectors

    def determine_target_percent(self, active_insights: list[Insight]) -> dict[Insight, float]:
        """Return the shares, long or short as the insights say; flat ones have none."""
        by_sector: dict[str, list[Insight]] = {}
        for insight in active_insights:
            if insight.direction != InsightDirection.FLAT:
                by_sector.setdefault(self._sectors[insight.symbol], []).append(insight)
        found = dict.fromkeys(active_insights, 0.0)
        for insights in by_sector.values():
            share = Decimal(1) / len(by_sector) / len(insights)
            found |= {insight: float(int(insight.direction) * share) for insight in insights}
        return found

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Take note of the sectors of added securities, and forget removed ones."""
        for security in changes.removed_securities:
            self._sectors.pop(security.symbol, None)
        for security in changes.added_securities:
            code = self.get_sector_code(security)
            if code:
                self._sectors[security.symbol] = code
        super().on_securities_changed(algorithm, changes)


class MaximumSectorExposureRiskManagementModel(RiskManagementModel):
    """Brings the positions of a sector down in proportion when they are too much of the portfolio's value.

    There are no data here that say in which sector a company is: derive from it and write ``get_sector_code``.

    Parameters
    ----------
    maximum_sector_exposure
        The fraction: 0.2 is twenty percent.
    """

    def __init__(self, maximum_sector_exposure: Number = Decimal("0.20")) -> None:
        self._most = to_decimal(maximum_sector_exposure)
        if self._most <= 0:
            raise ArgumentException(f"The maximum sector exposure is more than nothing; it was {self._most}.")
        self._targets = PortfolioTargetCollection()

    def get_sector_code(self, security: Security) -> str:
        """Return the sector of a security; ``""`` if it has none, and does not count."""
        raise no_sector(self, security)

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Iterator[PortfolioTarget]:
        """Return the targets of securities whose sector is too much, all brought down by the same ratio."""
        most = algorithm.portfolio.exact_total_portfolio_value * self._most
        self._targets.add_range(targets)
        sectors: dict[str, list[Security]] = {}
        for security in algorithm.securities.values():
            code = self.get_sector_code(security)
            if code:
                sectors.setdefault(code, []).append(security)
        for securities in sectors.values():
            ratio = sum((self._value(security) for security in securities), Decimal(0)) / most
            for security in securities if ratio > 1 else ():
                quantity = self._quantity(security)
                if quantity:
                    yield PortfolioTarget(security.symbol, quantity / ratio)

    def _quantity(self, security: Security) -> Decimal:
        """Return what is wanted of a security, or held if nothing was ever said."""
        _, target = self._targets.try_get_value(security.symbol)
        return security.holdings.exact_quantity if target is None else target.exact_quantity

    def _value(self, security: Security) -> Decimal:
        quantity = abs(self._quantity(security))
        multiplier = security.symbol_properties.exact_contract_multiplier
        return security.exact_price * quantity * multiplier * security.quote_currency.exact_conversion_rate
