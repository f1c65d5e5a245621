"""Risk management models: what has the last word about targets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.members import checked_model, listed, member_of
from tradinglab.algorithm.names import ArgumentException
from tradinglab.core.dual import Derivable

if TYPE_CHECKING:
    from tradinglab.algorithm.portfolio_target import PortfolioTarget
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.security_changes import SecurityChanges

#: What every risk management model has.
RISK_METHODS = ("manage_risk", "on_securities_changed")


class RiskManagementModel(Derivable):
    """Overrides targets where the risk is too high. Derive from it and write ``manage_risk``."""

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Iterable[PortfolioTarget]:
        """Return the targets that go before others of the same securities.

        Parameters
        ----------
        targets
            Those that are new at this step, which may be none.
        """
        raise NotImplementedError(f"{type(self).__name__} has to say what it overrides: write manage_risk.")

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Take note of securities that were added or removed."""


class NullRiskManagementModel(RiskManagementModel):
    """Overrides nothing."""

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Iterable[PortfolioTarget]:
        """Return none."""
        return []


class CompositeRiskManagementModel(RiskManagementModel):
    """Asks several models; each sees the targets as the one before left them."""

    def __init__(self, *risk_management_models: Any) -> None:
        given = risk_management_models
        if len(given) == 1 and isinstance(given[0], (list, tuple)):
            given = tuple(given[0])
        if not given:
            raise ArgumentException("A CompositeRiskManagementModel consists of at least one model; none was given.")
        self._models: list[Any] = []
        for model in given:
            self.add_risk_management(model)

    def add_risk_management(self, risk_management_model: Any) -> None:
        """Add a model, as the last."""
        self._models.append(checked_model("a risk management model", risk_management_model, RISK_METHODS))

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> list[PortfolioTarget]:
        """Return the targets as all models leave them."""
        for model in self._models:
            manage = member_of(model, "manage_risk")
            assert manage is not None
            targets = overridden(listed(manage(algorithm, targets)), targets)
        return targets

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Tell all models."""
        for model in self._models:
            changed = member_of(model, "on_securities_changed")
            assert changed is not None
            changed(algorithm, changes)


def overridden(overrides: list[PortfolioTarget], targets: list[PortfolioTarget]) -> list[PortfolioTarget]:
    """Return the targets, one for each security: an override goes before others, the first before later ones."""
    found: dict[object, PortfolioTarget] = {}
    for target in (*overrides, *targets):
        found.setdefault(target.symbol, target)
    return list(found.values())
