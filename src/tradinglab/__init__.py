"""TradingLab: a self-hosted lab for algorithmic trading.

Examples
--------
>>> from tradinglab import backtest
>>> result = backtest("main.py", data="sample")
>>> result.statistics["Sharpe Ratio"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult as BacktestResult
    from tradinglab.engine.run import backtest as backtest

__version__ = "0.1.0"

_HOMES = {"backtest": "tradinglab.engine.run", "BacktestResult": "tradinglab.engine.result"}
__all__ = ["BacktestResult", "__version__", "backtest"]


def __getattr__(name: str) -> object:
    """Import on first use: ``import tradinglab`` itself loads nothing heavy."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'tradinglab' has no attribute '{name}'")
