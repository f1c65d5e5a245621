"""What the functions about portfolios take for input."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import Floats, SampleError, as_columns, as_series


def as_covariance(covariance: npt.ArrayLike) -> Floats:
    """Return a covariance matrix, shape (assets, assets).

    Raises
    ------
    SampleError
        If it is not square, symmetric and positive semi-definite, or an asset does not vary.
    """
    matrix = as_columns(covariance, "covariance")
    assets = len(matrix)
    if not assets or matrix.shape != (assets, assets):
        raise SampleError(f"covariance must be a square table; its shape was {np.shape(covariance)}")
    if np.isnan(matrix).any():
        raise SampleError("covariance must be known for every pair; one was missing")
    if (np.diag(matrix) <= 0).any():
        raise SampleError(f"every asset must vary; asset {int(np.argmin(np.diag(matrix)))} did not")
    size = float(np.abs(matrix).max())
    if np.abs(matrix - matrix.T).max() > 1e-8 * size:
        raise SampleError("covariance must be symmetric")
    matrix = (matrix + matrix.T) / 2
    lowest = float(np.linalg.eigvalsh(matrix / size)[0])
    if lowest < -1e-8:
        raise SampleError(f"covariance must be positive semi-definite; its lowest eigenvalue was {lowest * size:g}")
    return matrix


def as_vector(values: npt.ArrayLike, assets: int, name: str) -> Floats:
    """Return one known number for each asset, shape (assets,).

    Raises
    ------
    SampleError
        If there is another number of them, or one is missing.
    """
    vector = as_series(values, name)
    if len(vector) != assets:
        raise SampleError(f"{name} must be one number for each of the {assets} assets; there were {len(vector)}")
    if np.isnan(vector).any():
        raise SampleError(f"{name} must all be known; that of asset {int(np.argmax(np.isnan(vector)))} was missing")
    return vector


def as_side_by_side(returns: npt.ArrayLike) -> Floats:
    """Return the periods in which every asset has a return, shape (periods, assets).

    Raises
    ------
    SampleError
        If there are fewer than two of them.
    """
    table = as_columns(returns)
    table = table[~np.isnan(table).any(axis=1)]
    if len(table) < 2:
        raise SampleError(f"there must be two periods in which every asset has a return; there were {len(table)}")
    return table
