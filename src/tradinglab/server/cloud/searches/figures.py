"""The numbers that QuantConnect lists of a trial, as figures and as the texts of LEAN's statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple


class _Place(NamedTuple):
    """What stands at a place of the list: our figure, LEAN's name, and how the number is written."""

    figure: str
    name: str
    unit: str = ""


#: By LEAN's numbers of them. Percentages are listed as such; here they are fractions.
_PLACES: Final[Mapping[str, _Place]] = {
    str(number): place
    for number, place in enumerate(
        (
            _Place("alpha", "Alpha"),
            _Place("annual_standard_deviation", "Annual Standard Deviation"),
            _Place("annual_variance", "Annual Variance"),
            _Place("average_loss_rate", "Average Loss", "%"),
            _Place("average_win_rate", "Average Win", "%"),
            _Place("beta", "Beta"),
            _Place("compounding_annual_return", "Compounding Annual Return", "%"),
            _Place("drawdown", "Drawdown", "%"),
            _Place("capacity", "Estimated Strategy Capacity", "$"),
            _Place("expectancy", "Expectancy"),
            _Place("information_ratio", "Information Ratio"),
            _Place("loss_rate", "Loss Rate", "%"),
            _Place("net_profit", "Net Profit", "%"),
            _Place("probabilistic_sharpe_ratio", "Probabilistic Sharpe Ratio", "%"),
            _Place("profit_loss_ratio", "Profit-Loss Ratio"),
            _Place("sharpe_ratio", "Sharpe Ratio"),
            _Place("total_fees", "Total Fees", "$"),
            _Place("total_orders", "Total Orders"),
            _Place("tracking_error", "Tracking Error"),
            _Place("treynor_ratio", "Treynor Ratio"),
            _Place("win_rate", "Win Rate", "%"),
            _Place("sortino_ratio", "Sortino Ratio"),
            _Place("start_equity", "Start Equity"),
            _Place("end_equity", "End Equity"),
            _Place("drawdown_recovery", "Drawdown Recovery"),
        )
    )
}
_WHOLE: Final = ("total_orders", "drawdown_recovery")
_LARGEST_WHOLE: Final = (1 << 31) - 1


def trial_columns(listed: Mapping[str, float | None]) -> dict[str, object]:
    """Return what of a backtest's row such a list says; what it does not have, or is no number, is left out."""
    figures: dict[str, object] = {}
    texts: dict[str, str] = {}
    for number, value in listed.items():
        place = _PLACES.get(number)
        if place is None or value is None or not math.isfinite(value):
            continue
        texts[place.name] = _text(value, place.unit)
        if place.figure not in _WHOLE:
            figures[place.figure] = value / 100 if place.unit == "%" else value
        elif 0 <= value <= _LARGEST_WHOLE:
            figures[place.figure] = int(value)
    return {**figures, "statistics": texts} if texts else {}


def _text(value: float, unit: str) -> str:
    number = str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return f"${number}" if unit == "$" else f"{number}{unit}"
