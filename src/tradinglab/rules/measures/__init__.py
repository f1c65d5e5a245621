"""Simulations measured as the engine measures its runs, so that figures of both can stand side by side."""

from tradinglab.rules.measures.stating import stated
from tradinglab.rules.measures.variants import SIMULATED, Variant, Variants, rules_over

__all__ = ["SIMULATED", "Variant", "Variants", "rules_over", "stated"]
