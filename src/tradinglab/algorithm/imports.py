"""What ``from AlgorithmImports import *`` brings: the modules and classes that LEAN's does."""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
import typing
from importlib import import_module

import numpy as np

from tradinglab.algorithm.lazy_module import LazyModule
from tradinglab.core.surface import AbsentClass, did_you_mean, is_lean_class

#: The modules of ours whose public names a strategy may use. Later ones win over earlier ones.
_MODULES = (
    "tradinglab.core.enums",
    "tradinglab.core.market",
    "tradinglab.core.time_zones",
    "tradinglab.core.symbol",
    "tradinglab.core.symbol_cache",
    "tradinglab.core.security_identifier",
    "tradinglab.core.currencies",
    "tradinglab.core.market_hours",
    "tradinglab.core.local_market_hours",
    "tradinglab.core.market_hours_database",
    "tradinglab.core.symbol_properties",
    "tradinglab.algorithm.base_data",
    "tradinglab.algorithm.bars",
    "tradinglab.algorithm.ticks",
    "tradinglab.algorithm.market_events",
    "tradinglab.algorithm.slice",
    "tradinglab.algorithm.settings",
    "tradinglab.algorithm.benchmark",
    "tradinglab.algorithm.charting",
    "tradinglab.algorithm.rolling_window",
    "tradinglab.algorithm.security_changes",
    "tradinglab.algorithm.portfolio_target",
    "tradinglab.algorithm.subscriptions",
    "tradinglab.algorithm.trade",
    "tradinglab.algorithm.performance",
    "tradinglab.algorithm.orders",
    "tradinglab.algorithm.securities",
    "tradinglab.algorithm.scheduling",
    "tradinglab.algorithm.consolidators",
    "tradinglab.algorithm.indicators",
    "tradinglab.algorithm.models.fees",
    "tradinglab.algorithm.models.fills",
    "tradinglab.algorithm.models.slippage",
    "tradinglab.algorithm.models.market_impact",
    "tradinglab.core.dotnet_random",
    "tradinglab.algorithm.models.buying_power",
    "tradinglab.algorithm.models.settlement",
    "tradinglab.algorithm.models.margin_interest",
    "tradinglab.algorithm.models.margin_call",
    "tradinglab.algorithm.models.volatility",
    "tradinglab.algorithm.models.shortable",
    "tradinglab.algorithm.models.interest_rate",
    "tradinglab.algorithm.models.security_initializer",
    "tradinglab.algorithm.models.brokerage",
    "tradinglab.algorithm.models.interfaces",
    "tradinglab.algorithm.names",
    "tradinglab.algorithm.qc_algorithm",
)
_LAZY = {"pd": "pandas", "pandas": "pandas"}


def _public(name: str) -> dict[str, object]:
    """Return the public names of a module: its ``__all__``, or the classes that it defines."""
    module = import_module(name)
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return {each: value for each in listed if isinstance(value := getattr(module, each), type)}
    return {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and isinstance(value, type) and value.__module__ == name
    }


def _namespace() -> dict[str, object]:
    found: dict[str, object] = {name: getattr(typing, name) for name in typing.__all__}
    for name in _MODULES:
        found.update(_public(name))
    found.update({alias: LazyModule(name) for alias, name in _LAZY.items()})
    found.update({name: getattr(dt, name) for name in ("date", "datetime", "time", "timedelta")})
    found.update(json=json, math=math, sys=sys, np=np, numpy=np)
    return found


_names = _namespace()
globals().update(_names)
__all__ = sorted(_names)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """Return a stand-in for a class that LEAN has and we have not.

    Raises
    ------
    ImportError
        If nobody has it.
    """
    if name.startswith("_"):
        raise AttributeError(name)
    if is_lean_class(name):
        return AbsentClass(name)
    raise ImportError(f"'AlgorithmImports' has no '{name}', here or in LEAN{did_you_mean(name, _names)}", name=name)
