"""Portfolio optimizers: what makes weights of the returns of the past."""

from __future__ import annotations

from typing import Any

import numpy as np

from tradinglab.algorithm.framework.quadratic import Conditions, Floats, least
from tradinglab.algorithm.names import ArgumentException
from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.dual import Derivable

#: What every optimizer has.
OPTIMIZER_METHODS = ("optimize",)
_MOST_ASSETS = 1000


class IPortfolioOptimizer(Derivable):
    """Makes weights of returns. Derive from it, or write any class that has ``optimize``."""

    def optimize(self, historical_returns: Any, expected_returns: Any = None, covariance: Any = None) -> Floats:
        """Return the weights of assets, in the order of the columns.

        Parameters
        ----------
        historical_returns
            Returns of the past as fractions: a row for each time, a column for each asset.
        expected_returns
            One for each asset; by default the means of those of the past.
        covariance
            Of the assets' returns; by default that of those of the past (divided by one less than their number).
        """
        raise NotImplementedError(f"{type(self).__name__} has to say what the weights are: write optimize.")


class MinimumVariancePortfolioOptimizer(IPortfolioOptimizer):
    """Seeks the least variance at which the portfolio returns what is wanted, the weights making one in sum.

    The weights are then scaled so that their sizes make one. Without a solution they are all equal.

    Parameters
    ----------
    lower, upper
        Bounds of each weight before they are scaled.
    target_return
        What the portfolio is to return in the time that a row of returns is for.
    """

    def __init__(self, lower: float = -1, upper: float = 1, target_return: float = 0.02) -> None:
        self._lower, self._upper = float(lower), float(upper)
        self._target_return = float(target_return)

    def optimize(self, historical_returns: Any, expected_returns: Any = None, covariance: Any = None) -> Floats:
        """Return the weights of assets, in the order of the columns."""
        variances = _variances(historical_returns, covariance)
        size = len(variances)
        if not size:
            return np.empty(0)
        returns, unit = _returns(historical_returns, expected_returns), np.eye(size)
        conditions = Conditions(
            np.vstack([returns, np.ones(size), unit, -unit]),
            np.concatenate([[self._target_return, 1.0], np.full(size, self._lower), np.full(size, -self._upper)]),
            equalities=2,
        )
        found = least(variances, conditions)
        total = 0.0 if found is None else float(np.abs(found).sum())
        return _equal(size) if found is None or not total or not np.isfinite(total) else found / total


class MaximumSharpeRatioPortfolioOptimizer(IPortfolioOptimizer):
    """Seeks the highest return over the free one, for its standard deviation; without a solution weights are equal.

    Of all portfolios the one is sought whose excess return is one, at the least variance; its weights are then scaled
    to make one in sum.

    Parameters
    ----------
    lower, upper
        Bounds of each weight.
    risk_free_rate
        What is earned without risk in the time that a row of returns is for.
    """

    def __init__(self, lower: float = -1, upper: float = 1, risk_free_rate: float = 0.0) -> None:
        self._lower, self._upper = float(lower), float(upper)
        self._risk_free_rate = float(risk_free_rate)

    def optimize(self, historical_returns: Any, expected_returns: Any = None, covariance: Any = None) -> Floats:
        """Return the weights of assets, in the order of the columns."""
        variances = _variances(historical_returns, covariance)
        size = len(variances)
        if not size:
            return np.empty(0)
        excess = _returns(historical_returns, expected_returns) - self._risk_free_rate
        if not ((excess > 0).any() if self._lower >= 0 else (excess != 0).any()):
            return _equal(size)
        unit = np.eye(size)
        conditions = Conditions(
            np.vstack([excess, self._upper - unit, unit - self._lower]),
            np.concatenate([[1.0], np.zeros(2 * size)]),
            equalities=1,
        )
        found = least(variances, conditions)
        total = 0.0 if found is None else float(found.sum())
        return found / total if found is not None and total > 0 else _equal(size)


class UnconstrainedMeanVariancePortfolioOptimizer(IPortfolioOptimizer):
    """Weights assets by the inverse of their covariance, applied to their returns: the best without any bounds."""

    def optimize(self, historical_returns: Any, expected_returns: Any = None, covariance: Any = None) -> Floats:
        """Return the weights of assets, in the order of the columns.

        Raises
        ------
        AlgorithmError
            If an asset's returns follow from those of others, or there are too few.
        """
        variances = _variances(historical_returns, covariance)
        if not len(variances):
            return np.empty(0)
        try:
            return np.asarray(_returns(historical_returns, expected_returns) @ np.linalg.inv(variances))
        except np.linalg.LinAlgError:
            raise AlgorithmError(
                f"{type(self).__name__}: the covariance of {len(variances)} assets cannot be inverted: the returns of "
                "one follow from those of others, or there are fewer returns than assets. Take a longer period."
            ) from None


class RiskParityPortfolioOptimizer(IPortfolioOptimizer):
    """Lets each asset bring the same share of the portfolio's risk, or one that is given.

    The weights are those that make half the variance less the sum of ``budget * log(weight)`` least, found by Newton's
    method, and scaled to make one in sum (F. Spinu: An algorithm for computing risk parity weights, 2013).

    Parameters
    ----------
    lower, upper
        Bounds that weights are brought to in the end; 0.00001 and none by default.
    """

    def __init__(self, lower: float | None = None, upper: float | None = None) -> None:
        self._lower = 1e-05 if lower is None else float(lower)
        self._upper = np.inf if upper is None else float(upper)

    def optimize(self, historical_returns: Any, expected_returns: Any = None, covariance: Any = None) -> Floats:
        """Return the weights of assets; ``expected_returns`` are the shares of risk, by default equal ones."""
        variances = _variances(historical_returns, covariance)
        size = len(variances)
        if not size:
            return np.empty(0)
        budget = _equal(size) if expected_returns is None else np.asarray(expected_returns, float)
        found = self.risk_parity_newton_method_optimization(size, variances, budget)
        return np.asarray(np.clip(found / found.sum(), self._lower, self._upper))

    def risk_parity_newton_method_optimization(
        self,
        number_of_variables: int,
        covariance: Any,
        budget: Any,
        tolerance: float = 1e-11,
        maximum_iteration: int = 15000,
    ) -> Floats:
        """Return the weights before they are scaled.

        Raises
        ------
        ArgumentException
            If there is none, or more than a thousand.
        """
        if not 1 <= number_of_variables <= _MOST_ASSETS:
            raise ArgumentException(
                f"The risk of 1 to {_MOST_ASSETS} assets can be shared; there were {number_of_variables}."
            )
        if number_of_variables == 1:
            return np.ones(1)
        variances, shares = np.asarray(covariance, float), np.asarray(budget, float)
        weights, before, now = _equal(number_of_variables), np.inf, -np.inf
        for _ in range(maximum_iteration):
            before = now
            slope = variances @ weights - shares / weights
            bend = variances + np.diag(shares / weights**2)
            weights = weights - np.linalg.solve(bend, slope)
            with np.errstate(invalid="ignore", divide="ignore"):  # a step too far makes no number, and ends the search
                now = float(0.5 * weights @ variances @ weights - shares @ np.log(weights))
            if not abs(now - before) > tolerance:
                break
        return weights


def _returns(historical_returns: Any, expected_returns: Any) -> Floats:
    """Return expected returns: those given, else the means of those of the past."""
    if expected_returns is not None:
        return np.asarray(expected_returns, float)
    return np.asarray(np.asarray(historical_returns, float).mean(axis=0))


def _variances(historical_returns: Any, covariance: Any) -> Floats:
    """Return a covariance: that given, else that of the returns of the past."""
    if covariance is not None:
        return np.asarray(covariance, float)
    return covariance_of(np.asarray(historical_returns, float))


def covariance_of(returns: Floats) -> Floats:
    """Return the covariance of columns, divided by one less than their rows; of one row it is not a number."""
    centred = returns - returns.mean(axis=0)
    with np.errstate(all="ignore"):
        return np.asarray(centred.T @ centred / np.float64(len(returns) - 1))


def _equal(size: int) -> Floats:
    return np.full(size, 1.0 / size)
