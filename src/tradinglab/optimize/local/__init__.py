"""Optimizations on this machine, without a server: trials in processes side by side, outcomes in a journal."""

from tradinglab.optimize.local.confined import Confinement
from tradinglab.optimize.local.journal import Journal, JournalError
from tradinglab.optimize.local.optimization import (
    Optimization,
    OptimizationProgress,
    OptimizationResult,
    Search,
    search_document,
)
from tradinglab.optimize.local.trials import Done, Measure, Measured, RunTerms, Task, processors
from tradinglab.optimize.local.walking import Walk, WalkProgress, walk_document
from tradinglab.optimize.local.workers import Workers

__all__ = [
    "Confinement",
    "Done",
    "Journal",
    "JournalError",
    "Measure",
    "Measured",
    "Optimization",
    "OptimizationProgress",
    "OptimizationResult",
    "RunTerms",
    "Search",
    "Task",
    "Walk",
    "WalkProgress",
    "Workers",
    "processors",
    "search_document",
    "walk_document",
]
