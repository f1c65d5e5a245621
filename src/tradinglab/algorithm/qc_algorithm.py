"""The class that a strategy derives from."""

from __future__ import annotations

from tradinglab.algorithm.api.charting import ChartingMethods
from tradinglab.algorithm.api.history import HistoryMethods
from tradinglab.algorithm.api.securities import SecurityMethods
from tradinglab.algorithm.api.targets import TargetMethods
from tradinglab.algorithm.consolidate_methods import ConsolidateMethods
from tradinglab.algorithm.indicator_methods import IndicatorMethods


class QCAlgorithm(
    TargetMethods, SecurityMethods, HistoryMethods, ChartingMethods, IndicatorMethods, ConsolidateMethods
):
    """A trading algorithm, in QuantConnect's Python API.

    Derive from it, set dates, cash and securities in ``initialize``, trade in ``on_data``. Every
    member answers to both of its spellings: ``set_holdings`` and ``SetHoldings``.
    """
