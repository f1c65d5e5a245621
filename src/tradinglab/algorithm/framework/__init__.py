"""The algorithm framework: models that make insights, targets and orders of data."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.framework.accumulative_insights import (
        AccumulativeInsightPortfolioConstructionModel,
    )
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
    from tradinglab.algorithm.framework.indicator_alphas import (
        EmaCrossAlphaModel,
        HistoricalReturnsAlphaModel,
        MacdAlphaModel,
        RsiAlphaModel,
    )
    from tradinglab.algorithm.framework.patient_executions import (
        SpreadExecutionModel,
        StandardDeviationExecutionModel,
        VolumeWeightedAveragePriceExecutionModel,
    )
    from tradinglab.algorithm.framework.portfolio_models import (
        NullPortfolioConstructionModel,
        PortfolioConstructionModel,
    )
    from tradinglab.algorithm.framework.risk_limits import (
        MaximumDrawdownPercentPerSecurity,
        MaximumDrawdownPercentPortfolio,
        MaximumUnrealizedProfitPercentPerSecurity,
        TrailingStopRiskManagementModel,
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
    "AccumulativeInsightPortfolioConstructionModel",
    "AlphaModel",
    "CompositeAlphaModel",
    "CompositeRiskManagementModel",
    "ConfidenceWeightedPortfolioConstructionModel",
    "ConstantAlphaModel",
    "EmaCrossAlphaModel",
    "EqualWeightingPortfolioConstructionModel",
    "ExecutionModel",
    "HistoricalReturnsAlphaModel",
    "ImmediateExecutionModel",
    "InsightWeightingPortfolioConstructionModel",
    "MacdAlphaModel",
    "ManualUniverseSelectionModel",
    "MaximumDrawdownPercentPerSecurity",
    "MaximumDrawdownPercentPortfolio",
    "MaximumUnrealizedProfitPercentPerSecurity",
    "NullAlphaModel",
    "NullExecutionModel",
    "NullPortfolioConstructionModel",
    "NullRiskManagementModel",
    "NullUniverseSelectionModel",
    "PortfolioConstructionModel",
    "PortfolioTargetCollection",
    "RiskManagementModel",
    "RsiAlphaModel",
    "SpreadExecutionModel",
    "StandardDeviationExecutionModel",
    "TrailingStopRiskManagementModel",
    "VolumeWeightedAveragePriceExecutionModel",
]
