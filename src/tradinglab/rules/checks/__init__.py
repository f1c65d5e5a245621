"""What rules must not say: contradictions, and values that nothing can come of."""

from tradinglab.rules.checks.nodes import Changing
from tradinglab.rules.checks.whole import asked_values, check_rules, check_values, parameter_values

__all__ = ["Changing", "asked_values", "check_rules", "check_values", "parameter_values"]
