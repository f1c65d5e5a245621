"""The class that a strategy derives from."""

from __future__ import annotations

from tradinglab.algorithm.api.charting import ChartingMethods
from tradinglab.algorithm.api.commands import CommandMethods
from tradinglab.algorithm.api.framework import FrameworkMethods
from tradinglab.algorithm.api.history import HistoryMethods
from tradinglab.algorithm.api.identifiers import IdentifierMethods
from tradinglab.algorithm.api.insights import InsightMethods
from tradinglab.algorithm.api.securities import SecurityMethods
from tradinglab.algorithm.api.targets import TargetMethods
from tradinglab.algorithm.api.universes import UniverseMethods
from tradinglab.algorithm.consolidate_methods import ConsolidateMethods
from tradinglab.algorithm.indicator_methods import IndicatorMethods
from tradinglab.core.dual import pascal_case, second_spelling

#: What an algorithm keeps as a plain attribute.
PLAIN_ATTRIBUTES = (
    "algorithm_id", "benchmark", "brokerage_message_handler", "brokerage_model", "date_rules",
    "default_order_properties", "market_hours_database", "name", "portfolio", "project_id",
    "risk_free_interest_rate_model", "runtime_statistics", "schedule", "securities", "security_initializer",
    "settings", "status", "subscription_manager", "symbol_properties_database", "tags", "time_keeper", "time_rules",
    "trade_builder", "transactions", "universe_manager", "universe_settings",
)  # fmt: skip


class QCAlgorithm(
    TargetMethods,
    SecurityMethods,
    IdentifierMethods,
    HistoryMethods,
    ChartingMethods,
    CommandMethods,
    InsightMethods,
    FrameworkMethods,
    UniverseMethods,
    IndicatorMethods,
    ConsolidateMethods,
):
    """A trading algorithm, in QuantConnect's Python API.

    Derive from it, set dates, cash and securities in ``initialize``, trade in ``on_data``. Every
    member answers to both of its spellings: ``set_holdings`` and ``SetHoldings``.
    """


for _name in PLAIN_ATTRIBUTES:
    if not hasattr(QCAlgorithm, pascal_case(_name)):
        setattr(QCAlgorithm, pascal_case(_name), second_spelling(_name))
