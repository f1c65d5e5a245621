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
    from tradinglab.algorithm.framework.black_litterman import (
        BlackLittermanOptimizationPortfolioConstructionModel,
    )
    from tradinglab.algorithm.framework.constant_alpha import (
        ConstantAlphaModel,
    )
    from tradinglab.algorithm.framework.execution_models import (
        ExecutionModel,
        ImmediateExecutionModel,
        NullExecutionModel,
    )
    from tradinglab.algorithm.framework.fundamental_models import (
        CoarseFundamentalUniverseSelectionModel,
        FineFundamentalUniverseSelectionModel,
        FundamentalUniverseSelectionModel,
    )
    from tradinglab.algorithm.framework.indicator_alphas import (
        EmaCrossAlphaModel,
        HistoricalReturnsAlphaModel,
        MacdAlphaModel,
        RsiAlphaModel,
    )
    from tradinglab.algorithm.framework.optimized_portfolios import (
        MeanVarianceOptimizationPortfolioConstructionModel,
        RiskParityPortfolioConstructionModel,
    )
    from tradinglab.algorithm.framework.optimizers import (
        IPortfolioOptimizer,
        MaximumSharpeRatioPortfolioOptimizer,
        MinimumVariancePortfolioOptimizer,
        RiskParityPortfolioOptimizer,
        UnconstrainedMeanVariancePortfolioOptimizer,
    )
    from tradinglab.algorithm.framework.pairs_alphas import (
        BasePairsTradingAlphaModel,
        PearsonCorrelationPairsTradingAlphaModel,
    )
    from tradinglab.algorithm.framework.past_returns import (
        ReturnsSymbolData,
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
    from tradinglab.algorithm.framework.sectors import (
        MaximumSectorExposureRiskManagementModel,
        SectorWeightingPortfolioConstructionModel,
    )
    from tradinglab.algorithm.framework.target_collection import (
        PortfolioTargetCollection,
    )
    from tradinglab.algorithm.framework.universe_models import (
        CompositeUniverseSelectionModel,
        CustomUniverseSelectionModel,
        InceptionDateUniverseSelectionModel,
        ManualUniverseSelectionModel,
        NullUniverseSelectionModel,
        ScheduledUniverseSelectionModel,
        UniverseSelectionModel,
    )
    from tradinglab.algorithm.framework.weightings import (
        ConfidenceWeightedPortfolioConstructionModel,
        EqualWeightingPortfolioConstructionModel,
        InsightWeightingPortfolioConstructionModel,
    )

__all__ = [
    "AccumulativeInsightPortfolioConstructionModel",
    "AlphaModel",
    "BasePairsTradingAlphaModel",
    "BlackLittermanOptimizationPortfolioConstructionModel",
    "CoarseFundamentalUniverseSelectionModel",
    "CompositeAlphaModel",
    "CompositeRiskManagementModel",
    "CompositeUniverseSelectionModel",
    "ConfidenceWeightedPortfolioConstructionModel",
    "ConstantAlphaModel",
    "CustomUniverseSelectionModel",
    "EmaCrossAlphaModel",
    "EqualWeightingPortfolioConstructionModel",
    "ExecutionModel",
    "FineFundamentalUniverseSelectionModel",
    "FundamentalUniverseSelectionModel",
    "HistoricalReturnsAlphaModel",
    "IPortfolioOptimizer",
    "ImmediateExecutionModel",
    "InceptionDateUniverseSelectionModel",
    "InsightWeightingPortfolioConstructionModel",
    "MacdAlphaModel",
    "ManualUniverseSelectionModel",
    "MaximumDrawdownPercentPerSecurity",
    "MaximumDrawdownPercentPortfolio",
    "MaximumSectorExposureRiskManagementModel",
    "MaximumSharpeRatioPortfolioOptimizer",
    "MaximumUnrealizedProfitPercentPerSecurity",
    "MeanVarianceOptimizationPortfolioConstructionModel",
    "MinimumVariancePortfolioOptimizer",
    "NullAlphaModel",
    "NullExecutionModel",
    "NullPortfolioConstructionModel",
    "NullRiskManagementModel",
    "NullUniverseSelectionModel",
    "PearsonCorrelationPairsTradingAlphaModel",
    "PortfolioConstructionModel",
    "PortfolioTargetCollection",
    "ReturnsSymbolData",
    "RiskManagementModel",
    "RiskParityPortfolioConstructionModel",
    "RiskParityPortfolioOptimizer",
    "RsiAlphaModel",
    "ScheduledUniverseSelectionModel",
    "SectorWeightingPortfolioConstructionModel",
    "SpreadExecutionModel",
    "StandardDeviationExecutionModel",
    "TrailingStopRiskManagementModel",
    "UnconstrainedMeanVariancePortfolioOptimizer",
    "UniverseSelectionModel",
    "VolumeWeightedAveragePriceExecutionModel",
]
