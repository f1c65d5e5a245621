"""The algorithm framework: models that make insights, targets and orders of data."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.framework.alpha_models import (
        AlphaModel,
        CompositeAlphaModel,
        NullAlphaModel,
    )
    from tradinglab.algorithm.framework.constant_alpha import (
        ConstantAlphaModel,
    )
    from tradinglab.algorithm.framework.execution_models import (
        ExecutionModel,
        ImmediateExecutionModel,
        NullExecutionModel,
    )
    from tradinglab.algorithm.framework.portfolio_models import (
        NullPortfolioConstructionModel,
        PortfolioConstructionModel,
    )
    from tradinglab.algorithm.framework.risk_models import (
        CompositeRiskManagementModel,
        NullRiskManagementModel,
        RiskManagementModel,
    )
    from tradinglab.algorithm.framework.target_collection import (
        PortfolioTargetCollection,
    )
    from tradinglab.algorithm.framework.universe_models import (
        ManualUniverseSelectionModel,
        NullUniverseSelectionModel,
    )
    from tradinglab.algorithm.framework.weightings import (
        ConfidenceWeightedPortfolioConstructionModel,
        EqualWeightingPortfolioConstructionModel,
        InsightWeightingPortfolioConstructionModel,
    )

__all__ = [
    "AlphaModel",
    "CompositeAlphaModel",
    "CompositeRiskManagementModel",
    "ConfidenceWeightedPortfolioConstructionModel",
    "ConstantAlphaModel",
    "EqualWeightingPortfolioConstructionModel",
    "ExecutionModel",
    "ImmediateExecutionModel",
    "InsightWeightingPortfolioConstructionModel",
    "ManualUniverseSelectionModel",
    "NullAlphaModel",
    "NullExecutionModel",
    "NullPortfolioConstructionModel",
    "NullRiskManagementModel",
    "NullUniverseSelectionModel",
    "PortfolioConstructionModel",
    "PortfolioTargetCollection",
    "RiskManagementModel",
]
