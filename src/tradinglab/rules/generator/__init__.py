"""Rules written out as the source of a ``QCAlgorithm``."""

from tradinglab.rules.generator.source import algorithm_source

__all__ = ["algorithm_source"]
