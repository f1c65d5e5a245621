"""The slippage model of Almgren, Thum, Hauptmann and Li, "Direct Estimation of Equity Market Impact" (2005)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from math import cos, log, pi, sqrt
from typing import TYPE_CHECKING

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.models.slippage import SlippageModel
from tradinglab.algorithm.rolling_window import RollingWindow
from tradinglab.core.decimals import ONE, ZERO, to_decimal
from tradinglab.core.dotnet_random import Random
from tradinglab.core.enums import Resolution, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security

_HISTORY = timedelta(days=370)
_DAYS_OF_PRICES, _DAYS_OF_VOLUMES = 252, 10
_TICKS_OF_A_SECOND, _TICKS_OF_A_DAY = 10_000_000, 864_000_000_000


class MarketImpactSlippageModel(SlippageModel):
    """Temporary and permanent impact of an order, with noise, scaled by volatility and average volume.

    Parameters
    ----------
    algorithm
        Whose history is read.
    non_negative
        Whether slippage can only hurt.
    latency
        Seconds between submission and fill.
    impact_time
        Seconds until the impact has faded.
    alpha, beta, gamma, eta, delta
        Exponents of the permanent and the temporary impact, their coefficients, and the exponent of liquidity.
    random_seed
        Seed of the noise.

    Raises
    ------
    ValueError
        If latency or impact time is not positive.
    """

    lab_changes = True  # it draws noise

    def __init__(
        self,
        algorithm: QCAlgorithm,
        non_negative: bool = True,
        latency: float = 0.075,
        impact_time: float = 1800.0,
        alpha: float = 0.891,
        beta: float = 0.600,
        gamma: float = 0.314,
        eta: float = 0.142,
        delta: float = 0.267,
        random_seed: int = 50,
    ) -> None:
        if latency <= 0:
            raise ValueError(f"The latency must be more than 0 seconds, it was {latency}.")
        if impact_time <= 0:
            raise ValueError(f"The impact time must be more than 0 seconds, it was {impact_time}.")
        self._algorithm = algorithm
        self._non_negative = non_negative
        self._latency, self._impact_time = latency, impact_time
        self._alpha, self._beta, self._gamma, self._eta, self._delta = alpha, beta, gamma, eta, delta
        self._random = Random(random_seed)
        self._market: _Market | None = None

    def exact_slippage(self, asset: Security, order: Order) -> Decimal:
        """Return the slippage of one unit.

        Raises
        ------
        ValueError
            If the asset has no volumes.
        """
        if asset.type in (SecurityType.FOREX, SecurityType.CFD):
            raise ValueError(f"MarketImpactSlippageModel needs volumes, which assets of type {asset.type} have not.")
        if self._market is None:
            self._market = _Market(self._algorithm, asset, self._latency, self._impact_time)
        market = self._market
        if market.average_volume == 0:
            return ZERO
        share = float(order.exact_absolute_quantity) / market.execution_days / market.average_volume
        noise = market.sigma * sqrt(market.impact_days)
        lasting = market.sigma * market.execution_days * (self._gamma * share**self._alpha) * self._liquidity(asset)
        permanent = lasting + self._gaussian() * noise
        temporary = market.sigma * (self._eta * share**self._beta) + self._gaussian() * noise
        impact = temporary + permanent * 0.5
        # The part of the impact that the order meets is random; it is at most the whole price.
        fraction = min(to_decimal(impact * self._random.next_double()), ONE)
        if self._non_negative:
            fraction = max(ZERO, fraction)
        return fraction * asset.exact_price

    def _liquidity(self, asset: Security) -> float:
        """Return the factor for the float of a share, 1 if its number of shares is not known."""
        assert self._market is not None
        fundamentals = getattr(asset, "fundamentals", None)
        if fundamentals is None or not fundamentals.has_fundamental_data:
            return 1.0
        shares = float(fundamentals.company_profile.shares_outstanding)
        return float((shares / self._market.average_volume) ** self._delta) if shares else 1.0

    def _gaussian(self) -> float:
        first, second = 1 - self._random.next_double(), 1 - self._random.next_double()
        return sqrt(-2.0 * log(first)) * cos(2.0 * pi * second)


class _Market:
    """Volatility and volume of the last days, kept up to date."""

    def __init__(self, algorithm: QCAlgorithm, asset: Security, latency: float, impact_time: float) -> None:
        from tradinglab.algorithm.consolidators import TradeBarConsolidator

        self.sigma = self.average_volume = 0.0
        self._volumes: RollingWindow[Decimal] = RollingWindow(_DAYS_OF_VOLUMES)
        self._prices: RollingWindow[Decimal] = RollingWindow(_DAYS_OF_PRICES)
        consolidator = TradeBarConsolidator(timedelta(days=1))
        consolidator.data_consolidated += lambda _, bar: self._take(bar)
        algorithm.subscription_manager.add_consolidator(asset.symbol, consolidator)
        for bar in algorithm.history[TradeBar](
            asset.symbol, algorithm.time - _HISTORY, algorithm.time, Resolution.DAILY
        ):
            consolidator.update(bar)
        day = _days(asset.exchange.hours.regular_market_duration.total_seconds())
        self.execution_days = _days(latency) / day
        self.impact_days = self.execution_days + _days(impact_time) / day

    def _take(self, bar: TradeBar) -> None:
        self._prices.add(bar.exact_close)
        self._volumes.add(bar.exact_volume)
        prices = list(self._prices)
        if len(prices) < 2:
            return
        returns = [float((later - earlier) / earlier) if earlier else 0.0 for later, earlier in pairwise(prices)]
        self.sigma = sqrt(_variance(returns))
        volumes = list(self._volumes)
        self.average_volume = float(sum(volumes, ZERO) / len(volumes))


def _days(seconds: float) -> float:
    """Return seconds as days, in whole steps of 100 ns."""
    return round(seconds * _TICKS_OF_A_SECOND) / _TICKS_OF_A_DAY


def _variance(samples: list[float]) -> float:
    """Return the sample variance, summed up as Math.NET does; 0 of a single sample."""
    total, variance = samples[0], 0.0
    for index, sample in enumerate(samples[1:], 1):
        total += sample
        difference = (index + 1) * sample - total
        variance += difference * difference / ((index + 1.0) * index)
    return variance / (len(samples) - 1) if len(samples) > 1 else 0.0
