"""The readable form of rules: text to rules, and rules to text."""

from tradinglab.rules.text.printing import condition_text, operand_text, rules_text
from tradinglab.rules.text.reading import read_rules

__all__ = ["condition_text", "operand_text", "read_rules", "rules_text"]
