"""What rules must not say: contradictions, and values that nothing can come of."""

from tradinglab.rules.checks.whole import check_rules, parameter_values

__all__ = ["check_rules", "parameter_values"]
