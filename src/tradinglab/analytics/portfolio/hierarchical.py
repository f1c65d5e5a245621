"""Hierarchical risk parity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats, floats
from tradinglab.analytics.portfolio.inputs import as_covariance
from tradinglab.analytics.portfolio.limits import LONG_ONLY, Limits, within


def hierarchical_risk_parity(covariance: npt.ArrayLike, limits: Limits = LONG_ONLY) -> Floats:
    """Return weights that share risk along a tree of assets that move alike; no matrix is inverted.

    Source: López de Prado (2016), "Building Diversified Portfolios that Outperform Out of Sample", Journal of Portfolio
    Management 42(4). With the distance ``d = sqrt((1 - ρ) / 2)``, assets are clustered by single linkage on the
    Euclidean distances between the columns of d, put in the order of the tree, and halved again and again: the two
    halves share their weight in inverse proportion to the variance of each half's inverse-variance portfolio.

    Parameters
    ----------
    covariance
        Shape (assets, assets).
    limits
        Bounds for the weights; within those that the weights are outside of, the nearest ones are returned.
    """
    matrix = as_covariance(covariance)
    assets = len(matrix)
    weights = np.ones(assets)
    groups = [tree_order(matrix)]
    while groups:
        halves = [(each[: len(each) // 2], each[len(each) // 2 :]) for each in groups if len(each) > 1]
        for left, right in halves:
            risk, other = _variance(matrix, left), _variance(matrix, right)
            share = other / (risk + other)
            weights[left] *= share
            weights[right] *= 1 - share
        groups = [half for both in halves for half in both]
    return within(limits.total * weights, limits)


def tree_order(covariance: Floats) -> npt.NDArray[np.intp]:
    """Return the assets in the order of their tree, so that those that move alike stand together."""
    from scipy.cluster.hierarchy import leaves_list, linkage  # slow to import
    from scipy.spatial.distance import pdist

    if len(covariance) == 1:
        return np.zeros(1, np.intp)
    deviations = np.sqrt(np.diag(covariance))
    correlation = np.clip(covariance / np.outer(deviations, deviations), -1.0, 1.0)
    distance = np.sqrt((1 - correlation) / 2)
    np.fill_diagonal(distance, 0.0)
    return np.asarray(leaves_list(linkage(pdist(distance), "single")), np.intp)


def _variance(covariance: Floats, assets: npt.NDArray[np.intp]) -> float:
    part = covariance[np.ix_(assets, assets)]
    inverse = floats(1 / np.diag(part))
    weights = inverse / inverse.sum()
    return float(weights @ part @ weights)
