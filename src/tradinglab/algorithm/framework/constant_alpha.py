"""An alpha model that always expects the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tradinglab.algorithm.framework.alpha_models import AlphaModel
from tradinglab.algorithm.insights import Insight
from tradinglab.core.clock import span_ns, span_text
from tradinglab.core.enums import InsightDirection, InsightType
from tradinglab.core.system_decimal import double_text

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.algorithm.slice import Slice
    from tradinglab.core.symbol import Symbol

_TICK_NS = 100


class ConstantAlphaModel(AlphaModel):
    """Emits the same insight for every security, and anew whenever the last one's period is over.

    Parameters
    ----------
    type, direction
        What is predicted, and which way it will go.
    period
        How long an insight holds.
    magnitude, confidence, weight
        How far it will go, how certain that is, and the share of the portfolio it should have, as fractions.
    """

    def __init__(
        self,
        type: InsightType,
        direction: InsightDirection,
        period: timedelta,
        magnitude: float | None = None,
        confidence: float | None = None,
        weight: float | None = None,
    ) -> None:
        self._type = InsightType(type)
        self._direction = InsightDirection(direction)
        self._period = period
        self._magnitude, self._confidence, self._weight = magnitude, confidence, weight
        self._securities: dict[Symbol, Security] = {}
        self._emitted: dict[Symbol, datetime] = {}
        told = [str(self._type), str(self._direction), span_text(span_ns(period) // _TICK_NS)]
        told += [double_text(float(each)) for each in (magnitude, confidence) if each is not None]
        self.name = f"ConstantAlphaModel({','.join(told)})"

    def update(self, algorithm: QCAlgorithm, data: Slice) -> Iterator[Insight]:
        """Return an insight for each security that has a price and none that holds."""
        for symbol, security in self._securities.items():
            if security.price and self.should_emit_insight(algorithm.utc_time, symbol):
                yield Insight(
                    symbol, self._period, self._type, self._direction, self._magnitude, self._confidence,
                    weight=self._weight,
                )  # fmt: skip

    def should_emit_insight(self, utc_time: datetime, symbol: Symbol) -> bool:
        """Return whether the last insight's period is over, and take note that there is a new one."""
        last = self._emitted.get(symbol)
        if last is not None and utc_time - last < self._period:
            return False
        self._emitted[symbol] = utc_time
        return True

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Take in and let go securities."""
        for security in changes.added_securities:
            self._securities[security.symbol] = security
        for security in changes.removed_securities:
            self._securities.pop(security.symbol, None)
            self._emitted.pop(security.symbol, None)
