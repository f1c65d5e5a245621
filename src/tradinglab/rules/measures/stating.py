"""Figures of a simulation, written as the engine writes its statistics."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

#: What the engine calls each figure, its name here, and how many decimals it has; a rate is written in percent.
_STATED: Final = (
    ("Compounding Annual Return", "compounding_annual_return", 3, True),
    ("Drawdown", "drawdown", 3, True),
    ("Sharpe Ratio", "sharpe_ratio", 3, False),
    ("Sortino Ratio", "sortino_ratio", 3, False),
    ("Probabilistic Sharpe Ratio", "probabilistic_sharpe_ratio", 3, True),
    ("Win Rate", "win_rate", 0, True),
    ("Expectancy", "expectancy", 3, False),
    ("Annual Standard Deviation", "annual_standard_deviation", 3, False),
)
_DECIMALS: Final = frozenset({"Expectancy"})


def stated(figures: Mapping[str, float]) -> dict[str, str]:
    """Return the figures by the engine's names; one that is not defined is ``0``, as there."""
    return {label: _written(label, figures.get(name, 0.0), places, rate) for label, name, places, rate in _STATED}


def _written(label: str, value: float, places: int, is_rate: bool) -> str:
    exact = Decimal(repr(float(value))) * (100 if is_rate else 1)
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    if not value:
        return "0%" if is_rate else "0"
    if is_rate:
        return f"{rounded}%"
    # The engine has decimals of some figures, which keep their zeros, and floats of others, which have none.
    is_decimal = label in _DECIMALS and exact != exact.to_integral_value()
    return f"{rounded:f}" if is_decimal else f"{rounded.normalize():f}"
