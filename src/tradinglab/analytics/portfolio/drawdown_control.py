"""A limit of drawdown: how much to hold so that an account does not fall further than that."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats, as_columns, as_numbers, defined, fraction
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownControl:
    """What a strategy comes to under a limit of drawdown; arrays of the shape of its returns.

    Attributes
    ----------
    exposure
        The share of the strategy that is held in each period, known at the end of the one before: between zero and one.
    returns
        ``exposure * returns``; what is not held earns nothing.
    """

    exposure: Floats
    returns: Floats


def limit_drawdown(returns: npt.ArrayLike, limit: float) -> DrawdownControl:
    """Return a strategy that is held the less the closer its account is to a drawdown of *limit*.

    With the account's drawdown D, a fraction above zero, the share held is ``(1 - (1 - limit) / (1 - D)) / limit``: all
    of it at a peak, none at the limit. Source: Grossman and Zhou (1993), "Optimal Investment Strategies for Controlling
    Drawdowns", Mathematical Finance 3(3). The account stays above the limit as long as no period's return is below
    ``-limit``.

    Parameters
    ----------
    returns
        Of the strategy held in full, shape (periods,) or (periods, series); nothing changes where one is missing.
    limit
        The deepest drawdown, a fraction between zero and one.
    """
    fraction(limit, "limit")
    given = as_numbers(returns)
    columns = as_columns(given)
    exposure, earned = np.empty(columns.shape), np.empty(columns.shape)
    wealth = np.ones(columns.shape[1])
    peak = wealth.copy()
    with np.errstate(all="ignore"):
        for period, row in enumerate(np.where(np.isnan(columns), 0.0, columns)):
            held = np.where(wealth > 0, (1 - (1 - limit) * peak / wealth) / limit, 0.0)
            exposure[period] = np.clip(held, 0.0, 1.0)
            earned[period] = exposure[period] * row
            wealth = wealth * (1 + earned[period])
            peak = np.maximum(peak, wealth)
    return DrawdownControl(
        exposure=defined(exposure.reshape(given.shape)), returns=defined(earned.reshape(given.shape))
    )
