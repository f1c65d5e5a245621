"""Strategies without code: rules as data and text, a vectorised simulator, and a generator of QuantConnect source."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.errors import RulesDataError, RulesError, RulesInvalidError, RulesSyntaxError
    from tradinglab.rules.generator import algorithm_source
    from tradinglab.rules.loading import load_rules, rules_from_json
    from tradinglab.rules.market import load_bars
    from tradinglab.rules.results import SimulatedRun
    from tradinglab.rules.schema import Rules, json_schema
    from tradinglab.rules.simulation import simulate
    from tradinglab.rules.sweep import Sweep, simulate_many
    from tradinglab.rules.text import read_rules, rules_text
    from tradinglab.rules.trades import ClosedTrade

__all__ = [
    "ClosedTrade",
    "MarketBars",
    "Rules",
    "RulesDataError",
    "RulesError",
    "RulesInvalidError",
    "RulesSyntaxError",
    "SimulatedRun",
    "Sweep",
    "algorithm_source",
    "json_schema",
    "load_bars",
    "load_rules",
    "read_rules",
    "rules_from_json",
    "rules_text",
    "simulate",
    "simulate_many",
]
