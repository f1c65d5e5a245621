"""Alpha models that expect the prices of two securities to come back to each other."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.algorithm.framework.alpha_models import AlphaModel
from tradinglab.algorithm.indicators import ConstantIndicator, ExponentialMovingAverage, Identity
from tradinglab.algorithm.indicators.extensions import IndicatorExtensions
from tradinglab.algorithm.insights import Insight
from tradinglab.algorithm.names import Extensions
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import second_spelling
from tradinglab.core.enums import InsightDirection, Resolution

if TYPE_CHECKING:
    from datetime import timedelta

    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.algorithm.slice import Slice
    from tradinglab.core.symbol import Symbol

UP, DOWN = InsightDirection.UP, InsightDirection.DOWN
_MEAN_BARS = 500


class _Pair:
    """Two securities, with the mean of the ratio of their prices."""

    def __init__(
        self, algorithm: QCAlgorithm, first: Symbol, second: Symbol, period: timedelta, threshold: Decimal
    ) -> None:
        self._algorithm = algorithm
        self._period = period
        self.symbols = (first, second)
        self._consolidators: list[tuple[Symbol, Any]] = []
        one, two = self._price(first), self._price(second)
        self._ratio = IndicatorExtensions.over(one, two)
        self._mean = IndicatorExtensions.of(ExponentialMovingAverage(_MEAN_BARS), self._ratio)
        self._upper = IndicatorExtensions.times(self._mean, ConstantIndicator("ct", 1 + threshold / 100))
        self._lower = IndicatorExtensions.times(self._mean, ConstantIndicator("ct", 1 - threshold / 100))
        self._state = 0

    def _price(self, symbol: Symbol) -> Identity:
        """Return an indicator of a security's price at the finest of its resolutions."""
        algorithm = self._algorithm
        service = algorithm.subscription_manager.subscription_data_config_service
        resolution = min(config.resolution for config in service.get_subscription_data_configs(symbol))
        identity = Identity(algorithm.create_indicator_name(symbol, "close", resolution))
        consolidator = algorithm.resolve_consolidator(symbol, resolution)
        algorithm.register_indicator(symbol, identity, consolidator)
        self._consolidators.append((symbol, consolidator))
        return identity

    def let_go(self) -> None:
        """Feed the indicators no more."""
        for symbol, consolidator in self._consolidators:
            self._algorithm.subscription_manager.remove_consolidator(symbol, consolidator)

    def insights(self) -> list[Insight]:
        """Return two insights, in a group, when the ratio has left its mean on the other side than last."""
        if not self._mean.is_ready:
            return []
        ratio = self._ratio.current.value
        if self._state <= 0 and ratio > self._upper.current.value:
            self._state, directions = 1, (DOWN, UP)
        elif self._state >= 0 and ratio < self._lower.current.value:
            self._state, directions = -1, (UP, DOWN)
        else:
            return []
        return Insight.group(
            *(Insight.price(symbol, self._period, way) for symbol, way in zip(self.symbols, directions, strict=True))
        )


class BasePairsTradingAlphaModel(AlphaModel):
    """Expects the ratio of two prices to come back to its mean when it is further off than a threshold.

    The mean is the exponential one of 500 bars. Every two securities are a pair, unless ``has_passed_test``, which one
    may override, says otherwise.

    Parameters
    ----------
    lookback, resolution
        How many bars an insight holds, and of which resolution.
    threshold
        How far the ratio may be off, in percent of the mean.
    """

    Securities = second_spelling("securities")

    def __init__(
        self, lookback: int = 1, resolution: Resolution = Resolution.DAILY, threshold: Number = Decimal(1)
    ) -> None:
        self._lookback, self._resolution = lookback, Resolution(resolution)
        self._threshold = to_decimal(threshold)
        self._period: timedelta = Extensions.to_time_span(self._resolution) * lookback
        self._pairs: dict[tuple[Symbol, Symbol], _Pair] = {}
        self._members: dict[Symbol, Security] = {}
        text = format(self._threshold.normalize(), "f")
        self.name = f"BasePairsTradingAlphaModel({lookback},{self._resolution},{text})"

    @property
    def securities(self) -> list[Security]:
        """The securities that pairs are made of."""
        return list(self._members.values())

    def update(self, algorithm: QCAlgorithm, data: Slice) -> list[Insight]:
        """Return two insights for each pair whose ratio has left its mean."""
        return [insight for pair in self._pairs.values() for insight in pair.insights()]

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Make pairs of the securities that there are now, and let go those that lack one."""
        self._follow(changes)
        symbols = list(self._members)
        for place, first in enumerate(symbols):
            for second in symbols[place + 1 :]:
                is_known = (first, second) in self._pairs or (second, first) in self._pairs
                if not is_known and self.has_passed_test(algorithm, first, second):
                    self._pairs[first, second] = _Pair(algorithm, first, second, self._period, self._threshold)
        for security in changes.removed_securities:
            for key in [key for key in self._pairs if security.symbol in key]:
                self._pairs.pop(key).let_go()

    def has_passed_test(self, algorithm: QCAlgorithm, asset1: Symbol, asset2: Symbol) -> bool:
        """Return whether two securities are a pair."""
        return True

    def _follow(self, changes: SecurityChanges) -> None:
        for security in changes.added_securities:
            self._members[security.symbol] = security
        for security in changes.removed_securities:
            self._members.pop(security.symbol, None)


class PearsonCorrelationPairsTradingAlphaModel(BasePairsTradingAlphaModel):
    """Trades the two securities whose returns go together most; a pair that was once the best stays one.

    Parameters
    ----------
    lookback, resolution
        How many bars correlations are over and an insight holds, and of which resolution.
    threshold
        How far the ratio may be off, in percent of the mean.
    minimum_correlation
        Below which no two securities are a pair.
    """

    def __init__(
        self,
        lookback: int = 15,
        resolution: Resolution = Resolution.MINUTE,
        threshold: Number = Decimal(1),
        minimum_correlation: float = 0.5,
    ) -> None:
        super().__init__(lookback, resolution, threshold)
        self._minimum = float(minimum_correlation)
        self._best: tuple[Symbol, Symbol] | None = None

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Look for the best pair among the securities that there are now."""
        self._follow(changes)
        self._best = self._find(algorithm) or self._best
        super().on_securities_changed(algorithm, changes)

    def has_passed_test(self, algorithm: QCAlgorithm, asset1: Symbol, asset2: Symbol) -> bool:
        """Return whether two securities are the best pair."""
        return self._best == (asset1, asset2)

    def _find(self, algorithm: QCAlgorithm) -> tuple[Symbol, Symbol] | None:
        """Return the two securities whose returns correlate most; ``None`` if no two do enough."""
        symbols = list(self._members)
        returns = self._log_returns(algorithm, symbols)
        if len(symbols) < 2:
            return None
        if not len(returns):
            algorithm.debug(
                f"{type(self).__name__}: the last {self._lookback} bars of {', '.join(map(str, symbols))} have no "
                "times in common; take a longer lookback."
            )
            return None
        with np.errstate(all="ignore"):  # a price that does not move has no correlation
            found = np.corrcoef(returns, rowvar=False)
        best: tuple[float, int, int] | None = None
        for first, second in zip(*np.triu_indices(len(symbols), 1), strict=True):
            value = float(found[first, second])
            if abs(value) < 1 and value >= self._minimum and (best is None or value > best[0]):
                best = value, int(first), int(second)
        return None if best is None else (symbols[best[1]], symbols[best[2]])

    def _log_returns(self, algorithm: QCAlgorithm, symbols: list[Symbol]) -> np.ndarray[Any, Any]:
        """Return the changes of the logarithms of prices at the times that all have, by day if zones differ."""
        zones = {security.exchange.hours.time_zone for security in self._members.values()}
        by_day = self._resolution == Resolution.DAILY and len(zones) > 1
        prices: dict[object, dict[Symbol, float]] = {}
        for piece in algorithm.lab_history_by_count(symbols, self._lookback, self._resolution):
            row = prices.setdefault(piece.time.date() if by_day else piece.utc_time, {})
            for symbol, data in piece.items():
                row[symbol] = float((data[-1] if isinstance(data, list) else data).price)
        logs = [[np.log(row[symbol]) for symbol in symbols] for row in prices.values() if len(row) == len(symbols)]
        if len(logs) < 2:
            return np.empty((0, len(symbols)))
        changes = np.diff(np.array(logs), axis=0)
        # LEAN counts the first change twice.
        return np.vstack([changes[:1], changes])
