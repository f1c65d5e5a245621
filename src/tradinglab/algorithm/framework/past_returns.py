"""The returns of securities over the last bars, as optimizers take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.base_data import IndicatorDataPoint
from tradinglab.algorithm.framework.members import checked_model
from tradinglab.algorithm.framework.optimizers import OPTIMIZER_METHODS
from tradinglab.algorithm.indicators import RateOfChange
from tradinglab.algorithm.rolling_window import RollingWindow
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.framework.quadratic import Floats
    from tradinglab.core.symbol import Symbol


class ReturnsSymbolData(Dual):
    """Keeps the last returns of a security.

    Parameters
    ----------
    lookback
        How many bars a return is over.
    period
        How many returns are kept.
    """

    def __init__(self, symbol: Symbol, lookback: int, period: int) -> None:
        self._symbol = symbol
        self._window: RollingWindow[IndicatorDataPoint] = RollingWindow(period)
        self.roc = RateOfChange(f"{symbol}.ROC({lookback})", lookback)
        self.roc.updated += self._on_updated
        self.ROC = self.roc

    @property
    def returns(self) -> dict[datetime, float]:
        """The returns by the ends of their bars, the last first."""
        return {each.end_time: float(each.value) for each in self._window}

    def add(self, time: datetime, value: float) -> None:
        """Take a return that is expected; a second one for the same time is none."""
        self._take(IndicatorDataPoint(self._symbol, time, float(value)))

    def update(self, time: datetime, value: float) -> bool:
        """Take a price; return whether there are returns by now."""
        return bool(self.roc.update(time, value))

    def reset(self) -> None:
        """Forget all returns, and take no more prices."""
        self.roc.updated -= self._on_updated
        self.roc.reset()
        self._window.reset()

    def _on_updated(self, _: object, point: IndicatorDataPoint) -> None:
        if self.roc.is_ready:
            self._take(point)

    def _take(self, point: IndicatorDataPoint) -> None:
        if self._window.samples and self._window[0].end_time == point.end_time:
            return
        self._window.add(point)


def returns_matrix(known: Mapping[Symbol, ReturnsSymbolData], symbols: Iterable[Symbol]) -> Floats:
    """Return the returns of securities, a row for each time, the last first, and a column for each security.

    Times are matched if no security has fewer than there are, else the last returns are taken together, and so on. Rows
    that lack a return, or are nothing but zeros, are left out.
    """
    columns = [known[symbol].returns for symbol in symbols if symbol in known]
    times = list(dict.fromkeys(time for column in columns for time in column))
    most = max((len(each.returns) for each in known.values()), default=0)
    if most == len(times):
        rows = [[column.get(time, np.nan) for column in columns] for time in times]
    else:
        by_place = [list(column.values()) for column in columns]
        rows = [[values[row] if row < len(values) else np.nan for values in by_place] for row in range(most)]
    found = np.array(rows, float).reshape(len(rows), len(columns))
    sizes = np.abs(found).sum(axis=1)
    return np.asarray(found[np.isfinite(sizes) & (sizes != 0)])


def checked_optimizer(what: str, optimizer: Any, otherwise: Any) -> Any:
    """Return an optimizer of the author's, if it is one, or ours if there is none."""
    return otherwise if optimizer is None else checked_model(what, optimizer, OPTIMIZER_METHODS)
