"""Variants of rules over the same bars, measured as the engine measures a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.rules.checks import Changing, check_rules, check_values, parameter_values
from tradinglab.rules.errors import RuinedError, RulesInvalidError
from tradinglab.rules.market import load_bars
from tradinglab.rules.measures.closings import TRANSACTION_FIGURES, Closings
from tradinglab.rules.measures.curves import curve_figures
from tradinglab.rules.measures.frame import frame_of
from tradinglab.rules.measures.sampled import Sampled, grid_of, sampled
from tradinglab.rules.plans import can_be_ruined
from tradinglab.rules.results import chosen_fills, ends_in_ruin
from tradinglab.rules.simulation import prepare, walked
from tradinglab.rules.values import ArrayCache

if TYPE_CHECKING:
    from datetime import date

    from tradinglab.data.source import DataSource
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.results import Fills
    from tradinglab.rules.schema import Rules

#: The figures that a simulation comes to as a run of the engine does; the others take fills bar by bar.
SIMULATED: Final = frozenset({
    "start_equity", "end_equity", "net_profit", "compounding_annual_return", "drawdown", "drawdown_recovery",
    "longest_drawdown", "sharpe_ratio", "sortino_ratio", "probabilistic_sharpe_ratio", "calmar_ratio",
    "information_ratio", "treynor_ratio", "alpha", "beta", "annual_standard_deviation", "annual_variance",
    "tracking_error", "ulcer_index", "value_at_risk_95", "value_at_risk_99", "conditional_value_at_risk_95",
    "win_rate", "loss_rate", "average_win_rate", "average_loss_rate", "profit_loss_ratio", "profit_factor",
    "expectancy", "total_trades", "max_consecutive_losing_trades", "total_fees", "portfolio_turnover", "exposure",
    "time_in_market",
})  # fmt: skip
#: Bytes of indicators that are kept: what several variants need is computed once.
_KEPT_BYTES: Final = 96 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What a variant came to.

    Attributes
    ----------
    figures
        Those of :data:`SIMULATED` that are defined.
    days, equity
        The account's value at the end of each day.
    problem
        Why it was not simulated, if it was not.
    """

    figures: Mapping[str, float]
    days: tuple[date, ...] = ()
    equity: tuple[float, ...] = ()
    problem: str = ""


def rules_over(rules: Rules, *, start: date | None, end: date | None, cash: float | None) -> Rules:
    """Return rules with other days and other cash, where these are given.

    Raises
    ------
    RulesInvalidError
        If the last day is before the first one.
    """
    given = {"start": start, "end": end, "cash": cash}
    changed = rules.model_copy(update={name: value for name, value in given.items() if value is not None})
    if changed.end < changed.start:
        raise RulesInvalidError(f"the last day ({changed.end}) is before the first one ({changed.start})", path="end")
    return changed


class Variants:
    """Variants of rules over the bars of a source, which are read once.

    Raises
    ------
    RulesError
        If the rules contradict themselves, or there are no bars for them.
    """

    def __init__(self, rules: Rules, source: DataSource) -> None:
        check_rules(rules, parameter_values(rules))
        self._rules = rules
        self._bars = load_bars(rules, source)
        self._frame = frame_of(rules, source)
        self._grid = grid_of(self._frame, self._bars)
        self._cache = ArrayCache(_KEPT_BYTES)
        self._changing = Changing()
        self._can_be_ruined = can_be_ruined(rules)

    @property
    def bars(self) -> MarketBars:
        """What the rules are carried out over."""
        return self._bars

    @property
    def days(self) -> tuple[date, ...]:
        """The days at whose ends an account's value is told; the same for all variants."""
        return self._frame.dates

    @property
    def days_per_year(self) -> int:
        """How many trading days a year has."""
        return self._frame.trading_days

    def measure(self, parameters: Mapping[str, float], *, wants_days: bool = False) -> Variant:
        """Return what a variant comes to; one that cannot be simulated says why."""
        rules = self._rules
        try:
            values = parameter_values(rules, parameters)
            check_values(rules, values, self._changing)
        except RulesInvalidError as problem:
            return Variant(figures={}, problem=str(problem))
        prepared = prepare(rules, self._bars, values, self._cache)
        fills, _ = walked(prepared)
        if self._can_be_ruined and ends_in_ruin(prepared, self._bars, fills):
            return Variant(figures={}, problem=str(RuinedError()))
        fills = chosen_fills(fills, np.lexsort((fills.number, fills.step)))
        account = sampled(fills, self._bars, self._grid, rules.cash)
        figures = self._figures(fills, account)
        days = self._days(account) if wants_days else ()
        return Variant(figures=figures, days=self._frame.dates if wants_days else (), equity=days)

    def figures(self, fills: Fills) -> dict[str, float]:
        """Return the figures of a simulation over these bars, from its fills in the order of time."""
        return self._figures(fills, sampled(fills, self._bars, self._grid, self._rules.cash))

    def _figures(self, fills: Fills, account: Sampled) -> dict[str, float]:
        cash = self._rules.cash
        closings = Closings(fills, self._bars)
        is_measured = self._frame.is_measured
        return {
            **curve_figures(self._frame, account, cash),
            **(closings.transaction_figures(cash) if is_measured else dict.fromkeys(TRANSACTION_FIGURES, 0.0)),
            **closings.trade_figures(),
            "total_fees": float(fills.fee.sum()),
        }

    def _days(self, account: Sampled) -> tuple[float, ...]:
        return tuple(account.days[self._frame.daily].tolist())
