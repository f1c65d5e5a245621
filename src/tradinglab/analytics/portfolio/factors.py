"""What a return owes to factors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import NAN, TRADING_DAYS, Floats, SampleError, as_series, finite, positive
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRegression:
    """Returns explained by factors, by ordinary least squares.

    Attributes
    ----------
    alpha
        The mean that no factor explains, annualised: times the periods of a year.
    betas
        The exposure to each factor, by its name.
    alpha_t, beta_t
        Each over its standard error: beyond two, in size, it is hardly chance.
    r_squared, adjusted_r_squared
        How much of the variance the factors explain; the second allows for their number.
    residual_volatility
        The annualised standard deviation of what they do not explain.
    contributions
        The annualised return that each factor brought: beta times its mean.
    periods
        Returns that the figures are of.
    """

    alpha: float
    betas: dict[str, float]
    alpha_t: float
    beta_t: dict[str, float]
    r_squared: float
    adjusted_r_squared: float
    residual_volatility: float
    contributions: dict[str, float]
    periods: int


def factor_regression(
    returns: npt.ArrayLike,
    factors: Mapping[str, npt.ArrayLike],
    risk_free: float = 0.0,
    periods_per_year: float = TRADING_DAYS,
) -> FactorRegression:
    """Return the regression ``r - risk_free = α + Σ β f + ε``; periods in which one of them is missing are left out.

    Parameters
    ----------
    returns
        One series, shape (periods,).
    factors
        The returns of each factor by its name, such as ``{"market": …, "value": …}``, shape (periods,) each; those of
        portfolios without capital (long and short alike) as they are, others in excess of the risk-free rate.
    risk_free
        Per period.
    periods_per_year
        What annualises.

    Raises
    ------
    SampleError
        If lengths differ, there are no factors, not more returns than factors and one, or the factors depend on each
        other.
    """
    finite(risk_free, "risk_free")
    positive(periods_per_year, "periods_per_year")
    sample = as_series(returns)
    if not factors:
        raise SampleError("factors must name one at least; there was none")
    columns = {name: as_series(factor, name) for name, factor in factors.items()}
    for name, column in columns.items():
        if len(column) != len(sample):
            raise SampleError(f"{name} must be as long as returns, {len(sample)}; it was {len(column)}")
    table = np.column_stack(list(columns.values()))
    known = ~(np.isnan(sample) | np.isnan(table).any(axis=1))
    sample, table = sample[known] - risk_free, table[known]
    least = table.shape[1] + 2
    if len(sample) < least:
        raise SampleError(f"there must be {least} returns for {len(columns)} factors; there were {len(sample)}")
    return _regression(sample, table, list(factors), periods_per_year)


def _regression(sample: Floats, table: Floats, names: list[str], periods_per_year: float) -> FactorRegression:
    periods, count = table.shape
    design = np.column_stack([np.ones(periods), table])
    # Columns of one size, so that the rank does not depend on the factors' units.
    sizes = np.sqrt((design**2).sum(axis=0))
    if not (sizes > 0).all() or np.linalg.matrix_rank(design / sizes) <= count:
        raise SampleError("factors must not depend on each other, nor be constant: their betas would not be known")
    with np.errstate(all="ignore"):
        root, upper = np.linalg.qr(design / sizes)
        coefficients = np.linalg.solve(upper, root.T @ sample) / sizes
        residuals = sample - design @ coefficients
        freedom = periods - count - 1
        variance = float(residuals @ residuals) / freedom
        inverse = np.linalg.inv(upper)
        errors = np.sqrt(variance * (inverse**2).sum(axis=1)) / sizes
        t = coefficients / errors
        centred = sample - sample.mean()
        total = float(centred @ centred) if np.ptp(sample) > 0 else 0.0
    explained = 1 - variance * freedom / total if total else NAN
    contributions = coefficients[1:] * table.mean(axis=0) * periods_per_year

    def number(value: float) -> float:
        return float(value) if np.isfinite(value) else NAN

    return FactorRegression(
        alpha=number(coefficients[0] * periods_per_year),
        betas=dict(zip(names, map(number, coefficients[1:]), strict=True)),
        alpha_t=number(t[0]),
        beta_t=dict(zip(names, map(number, t[1:]), strict=True)),
        r_squared=number(explained),
        adjusted_r_squared=number(1 - (1 - explained) * (periods - 1) / freedom),
        residual_volatility=number(np.sqrt(variance * periods_per_year)),
        contributions=dict(zip(names, map(number, contributions), strict=True)),
        periods=periods,
    )
