"""What can go wrong when bars are consolidated."""

from __future__ import annotations

from tradinglab.algorithm.runtime import AlgorithmError


class ConsolidationError(AlgorithmError, ValueError):
    """A consolidator cannot be made as asked, or got data that it cannot take."""

    code = "consolidation"
