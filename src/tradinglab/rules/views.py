"""Shares between what the market's weights imply and what an investor expects: Black and Litterman's.

The generator writes the functions with arrays into the strategies that need them; they stand by themselves beside those
of :mod:`tradinglab.rules.weighing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tradinglab.rules.expressions import Number, Reference
from tradinglab.rules.market import RESOLUTIONS, bars_per_year
from tradinglab.rules.weighing import Floats, covariance, tangent

if TYPE_CHECKING:
    from tradinglab.rules.portfolios import BlackLittermanShares
    from tradinglab.rules.schema import Rules

#: Where securities stand in the universe.
Places: TypeAlias = list[int]
#: The place of a security, that of the one which it is to earn more than, the return a bar, and how sure that is.
Views: TypeAlias = list[tuple[int, int | None, float, float]]


def black_litterman(returns: Floats, places: Places, market: Floats, views: Views, delta: float, tau: float) -> Floats:
    """Return the long weights of the highest mean over deviation once views count.

    Those count of which all securities are among *places*. A view is as uncertain as the prior
    is about it, times (1 - confidence) / confidence. Black and Litterman (1992), Idzorek (2005).
    """
    matrix, weights = covariance(returns[:, places]), market[places]
    means = delta * matrix @ (weights / weights.sum())
    seen = [each for each in views if each[0] in places and (each[1] is None or each[1] in places)]
    if seen:
        picks = np.zeros((len(seen), len(places)))
        for row, (one, other, _, _) in zip(picks, seen, strict=True):
            row[places.index(one)] = 1.0
            if other is not None:
                row[places.index(other)] = -1.0
        expected, confidence = np.array([each[2:] for each in seen]).T
        spread = tau * matrix @ picks.T
        inner = picks @ spread
        doubt = np.diag(inner) * (1 - confidence) / confidence
        gain = np.linalg.solve(inner + np.diag(doubt), spread.T).T
        means = means + gain @ (expected - picks @ means)
        matrix = (1 + tau) * matrix - gain @ spread.T
    return tangent(matrix, means)


def views_of(rules: Rules, values: Mapping[str, float]) -> Views:
    """Return the views of rules, a bar's returns in place of a year's."""
    per_year = bars_per_year(rules.universe[0].type, RESOLUTIONS[rules.resolution])
    places = {each.ticker.upper(): place for place, each in enumerate(rules.universe)}
    return [
        (
            places[each.ticker.upper()],
            None if each.over is None else places[each.over.upper()],
            _number(each.percent, values) / 100 / per_year,
            _number(each.confidence, values) / 100,
        )
        for each in rules.views
    ]


def market_of(rules: Rules, values: Mapping[str, float]) -> Floats:
    """Return the market's weights, shape (securities,): alike if none are given."""
    given = {each.ticker.upper(): _number(each.weight, values) for each in rules.market_weights}
    return np.array([given.get(each.ticker.upper(), 1.0) for each in rules.universe])


def shares_by_views(
    weighting: BlackLittermanShares, rules: Rules, values: Mapping[str, float], returns: Floats, places: Places
) -> Floats:
    """Return the shares of the securities at some places of the universe."""
    return black_litterman(
        returns,
        places,
        market_of(rules, values),
        views_of(rules, values),
        _number(weighting.risk_aversion, values),
        _number(weighting.tau, values),
    )


def _number(given: Number, values: Mapping[str, float]) -> float:
    return values[given.parameter] if isinstance(given, Reference) else given
