"""How the securities of a portfolio share its money: functions of their returns, ``[bar, security]``.

The generator writes these very functions into the strategies that need them, so they stand by themselves: numpy, SciPy
for trees, no other module of the house.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def covariance(returns: Floats) -> Floats:
    """Return the covariance of returns, with a trace on its diagonal that keeps it invertible."""
    count = returns.shape[1]
    matrix: Floats = np.cov(returns, rowvar=False).reshape(count, count)
    softened: Floats = matrix + np.eye(count) * (np.trace(matrix) / count * 1e-10)
    return softened


def nonnegative(matrix: Floats, target: Floats) -> Floats:
    """Return the x >= 0 of the least x' matrix x / 2 - target' x (Lawson and Hanson)."""
    found, free = np.zeros(len(target)), np.zeros(len(target), dtype=bool)
    least = np.abs(target).max() * 1e-10
    for _ in range(3 * len(target) + 10):
        slope = np.where(free, -np.inf, target - matrix @ found)
        if slope.max() <= least:
            break
        free[np.argmax(slope)] = True
        while free.any():
            trial = np.zeros(len(target))
            trial[free] = np.linalg.solve(matrix[np.ix_(free, free)], target[free])
            falling = free & (trial <= 0)
            if not falling.any():
                found = trial
                break
            # Go as far as the first one that would fall below zero, and fix it there.
            parts = found[falling] / np.maximum(found[falling] - trial[falling], 1e-300)
            found = found + parts.min() * (trial - found)
            free &= found > found.max() * 1e-12
            found[~free] = 0.0
    return found


def minimum_variance(returns: Floats) -> Floats:
    """Return the long weights of the lowest variance (Markowitz)."""
    matrix = covariance(returns)
    found = nonnegative(matrix / np.diag(matrix).mean(), np.ones(len(matrix)))
    weights: Floats = found / found.sum()
    return weights


def maximum_sharpe(returns: Floats) -> Floats:
    """Return the long weights of the highest mean over deviation that the returns had."""
    return tangent(covariance(returns), returns.mean(axis=0))


def tangent(matrix: Floats, means: Floats) -> Floats:
    """Return the long weights of the highest mean over deviation; none if no mean is positive."""
    if means.max() <= 0:
        return np.zeros(len(means))
    found = nonnegative(matrix / np.diag(matrix).mean(), means / means.max())
    weights: Floats = found / found.sum()
    return weights


def risk_parity(returns: Floats) -> Floats:
    """Return the long weights that all contribute alike to the variance, found one by one."""
    matrix = covariance(returns)
    deviations = np.sqrt(np.diag(matrix))
    matrix = matrix / np.outer(deviations, deviations)
    found = np.full(len(matrix), len(matrix) ** -0.5)
    for _ in range(1000):
        before = found.copy()
        for each in range(len(found)):
            others = matrix[each] @ found - found[each]
            found[each] = (np.sqrt(others * others + 4 / len(found)) - others) / 2
        if np.abs(found - before).max() < 1e-13:
            break
    found = found / deviations
    weights: Floats = found / found.sum()
    return weights


def hierarchical_risk_parity(returns: Floats) -> Floats:
    """Return the weights of Lopez de Prado's tree: its halves share by inverse variance."""
    matrix = covariance(returns)
    weights = np.ones(len(matrix))
    groups = [tree_order(matrix)]
    while groups:
        halves = [np.split(each, [len(each) // 2]) for each in groups if len(each) > 1]
        for left, right in halves:
            risks = []
            for half in (left, right):
                part = matrix[np.ix_(half, half)]
                inverse = 1 / np.diag(part)
                inverse = inverse / inverse.sum()
                risks.append(inverse @ part @ inverse)
            share = risks[1] / (risks[0] + risks[1])
            weights[left] *= share
            weights[right] *= 1 - share
        groups = [half for both in halves for half in both]
    return weights


def tree_order(matrix: Floats) -> npt.NDArray[np.intp]:
    """Return the places of a covariance so that those that move alike stand together."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import pdist

    if len(matrix) == 1:
        return np.arange(1)
    deviations = np.sqrt(np.diag(matrix))
    alike = np.clip(matrix / np.outer(deviations, deviations), -1, 1)
    distance = np.sqrt((1 - alike) / 2)
    np.fill_diagonal(distance, 0)
    return np.asarray(leaves_list(linkage(pdist(distance), "single")), dtype=np.intp)
