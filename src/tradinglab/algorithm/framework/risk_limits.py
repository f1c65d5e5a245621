"""Risk management models that close what has lost, or gained, too much."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.framework.risk_models import RiskManagementModel
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.core.decimals import Number, to_decimal

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.symbol import Symbol

_FIVE_PERCENT = Decimal("0.05")


def _invested(algorithm: QCAlgorithm) -> list[Security]:
    return [security for security in algorithm.securities.values() if security.invested]


def _closing(algorithm: QCAlgorithm, symbol: Symbol) -> PortfolioTarget:
    """Let the insights of a security close, and return the target that closes its position."""
    algorithm.insights.cancel([symbol])
    return PortfolioTarget(symbol, 0)


class MaximumDrawdownPercentPerSecurity(RiskManagementModel):
    """Closes a position whose unrealized loss is more than a fraction of its cost.

    Parameters
    ----------
    maximum_drawdown_percent
        The fraction: 0.05 is five percent.
    """

    def __init__(self, maximum_drawdown_percent: Number = _FIVE_PERCENT) -> None:
        self._lowest = -abs(to_decimal(maximum_drawdown_percent))

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Iterator[PortfolioTarget]:
        """Return the targets that close positions."""
        for security in _invested(algorithm):
            if security.holdings.exact_unrealized_profit_percent < self._lowest:
                yield _closing(algorithm, security.symbol)


class MaximumUnrealizedProfitPercentPerSecurity(RiskManagementModel):
    """Closes a position whose unrealized profit is more than a fraction of its cost.

    Parameters
    ----------
    maximum_unrealized_profit_percent
        The fraction: 0.05 is five percent.
    """

    def __init__(self, maximum_unrealized_profit_percent: Number = _FIVE_PERCENT) -> None:
        self._highest = abs(to_decimal(maximum_unrealized_profit_percent))

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Iterator[PortfolioTarget]:
        """Return the targets that close positions."""
        for security in _invested(algorithm):
            if security.holdings.exact_unrealized_profit_percent > self._highest:
                yield _closing(algorithm, security.symbol)


class MaximumDrawdownPercentPortfolio(RiskManagementModel):
    """Turns new targets to zero when the portfolio has lost more than a fraction of its value.

    Parameters
    ----------
    maximum_drawdown_percent
        The fraction: 0.05 is five percent.
    is_trailing
        Whether the loss is from the portfolio's highest value rather than from its first.
    """

    def __init__(self, maximum_drawdown_percent: Number = _FIVE_PERCENT, is_trailing: bool = False) -> None:
        self._lowest = -abs(to_decimal(maximum_drawdown_percent))
        self._is_trailing = is_trailing
        self._high: Decimal | None = None

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Iterator[PortfolioTarget]:
        """Return the targets that close positions; the loss counts anew from then on."""
        value = algorithm.portfolio.exact_total_portfolio_value
        high = value if self._high is None else self._high
        if self._is_trailing and high < value:
            self._high = value
            return
        self._high = high
        if not targets or value / high - 1 >= self._lowest:
            return
        self._high = None
        for target in targets:
            yield _closing(algorithm, target.symbol)


class TrailingStopRiskManagementModel(RiskManagementModel):
    """Closes a position that has fallen by a fraction from the best value that it had.

    Parameters
    ----------
    maximum_drawdown_percent
        The fraction: 0.05 is five percent.
    """

    def __init__(self, maximum_drawdown_percent: Number = _FIVE_PERCENT) -> None:
        self._most = abs(to_decimal(maximum_drawdown_percent))
        self._best: dict[Symbol, tuple[bool, Decimal]] = {}

    def manage_risk(self, algorithm: QCAlgorithm, targets: list[PortfolioTarget]) -> Iterator[PortfolioTarget]:
        """Return the targets that close positions."""
        for symbol, security in algorithm.securities.items():
            if not security.invested:
                self._best.pop(symbol, None)
            elif self._is_over(symbol, security):
                del self._best[symbol]
                yield _closing(algorithm, symbol)

    def _is_over(self, symbol: Symbol, security: Security) -> bool:
        """Take note of the best value of a position, and return whether it has fallen too far from that."""
        holding = security.holdings
        is_long, value = holding.is_long, abs(holding.exact_holdings_value)
        known = self._best.get(symbol)
        if known is None or known[0] != is_long:
            known = (is_long, abs(holding.exact_holdings_cost))
        best = known[1]
        is_better = best < value if is_long else best > value
        self._best[symbol] = (is_long, value) if is_better else known
        return not is_better and self._most < abs((best - value) / best)
