"""Indicators, defined as LEAN defines them.

One module per family; a class is loaded when it is first asked for::

    from tradinglab.algorithm.indicators import SimpleMovingAverage
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tradinglab.algorithm.indicators.registry import MODULES

__all__ = [*MODULES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    module = MODULES.get(name)
    if module is None:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
