"""Whether bars can be trusted: checks, a report with a grade, policies and repairs that keep the originals."""

from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.checks import CHECKS, Check, Rule, Severity
from tradinglab.data.quality.cleaning import Cleaned, clean
from tradinglab.data.quality.errors import PolicyError, RejectedBarsError, UncheckedError
from tradinglab.data.quality.grading import Grade
from tradinglab.data.quality.inspecting import Inspection, Inspector, inspect, inspect_bars
from tradinglab.data.quality.limits import Limits
from tradinglab.data.quality.policy import Policy
from tradinglab.data.quality.repairs import Repairs
from tradinglab.data.quality.report import Example, Finding, Month, QualityReport

__all__ = [
    "CHECKS",
    "Bars",
    "Check",
    "Cleaned",
    "Example",
    "Finding",
    "Grade",
    "Inspection",
    "Inspector",
    "Limits",
    "Month",
    "Policy",
    "PolicyError",
    "QualityReport",
    "RejectedBarsError",
    "Repairs",
    "Rule",
    "SeriesFacts",
    "Severity",
    "UncheckedError",
    "clean",
    "inspect",
    "inspect_bars",
]
