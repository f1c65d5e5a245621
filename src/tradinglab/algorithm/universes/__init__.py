"""Universes: sets of securities that are chosen as time goes by."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.universes.manager import UniverseManager
    from tradinglab.algorithm.universes.timed import (
        CustomUniverse,
        ManualUniverse,
        ScheduledUniverse,
        UserDefinedUniverse,
    )
    from tradinglab.algorithm.universes.universe import Universe

__all__ = [
    "CustomUniverse",
    "ManualUniverse",
    "ScheduledUniverse",
    "Universe",
    "UniverseManager",
    "UserDefinedUniverse",
]
