"""A strategy run again with its parameters a little off: what is good by luck stands alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.decimals import Number
from tradinglab.core.values import dataclass
from tradinglab.data.source import DataSource
from tradinglab.doctor.moving import ParameterRange, jittered
from tradinglab.doctor.stress import Tried, tried
from tradinglab.doctor.terms import Terms
from tradinglab.engine.errors import StrategyError

LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
#: The figures of which bands are made, and whether more of them is better.
FIGURES: Final[Mapping[str, bool]] = {"net_return": True, "sharpe": True, "drawdown": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Jittered:
    """What a run with other parameters came to: ``problem`` says why it failed, if it did."""

    parameters: Mapping[str, str]
    net_return: float | None = None
    sharpe: float | None = None
    drawdown: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter:
    """What small changes of the parameters do to a result.

    Attributes
    ----------
    chosen
        The run with the parameters as they are.
    levels
        Quantiles of the bands.
    bands
        For each figure its value at each level, of the runs that did not fail; empty if all did.
    ranks
        For each figure the share of those runs that do worse than the chosen one: near one it stands out, by skill of
        the search or by luck.
    """

    name: str
    chosen: Jittered
    rows: tuple[Jittered, ...]
    levels: tuple[float, ...]
    bands: Mapping[str, tuple[float, ...]]
    ranks: Mapping[str, float]


def jitter(
    strategy: str | Path | type[QCAlgorithm],
    data: str | DataSource = "sample",
    *,
    parameters: Mapping[str, object],
    share: float | None = None,
    steps: int | None = None,
    ranges: Mapping[str, ParameterRange] | None = None,
    trials: int = 50,
    start: date | str | None = None,
    end: date | str | None = None,
    cash: Number | None = None,
    import_paths: tuple[str | Path, ...] = (),
    class_name: str | None = None,
    timeout_s: float | None = None,
    seed: int = 0,
    on_row: Callable[[Jittered], None] | None = None,
) -> Jitter:
    """Run a strategy with its parameters moved a little, many times.

    Parameters
    ----------
    parameters
        What was chosen; those that are numbers are moved.
    share, steps, ranges
        By how much of its size a parameter is moved at most, or by how many steps, within which ranges, as
        :func:`jittered` takes them; a tenth of the size, if nothing is said.
    trials
        How many variants are run.
    on_row
        Called with each variant when it was run.
    strategy, data, start, end, cash, import_paths, class_name, timeout_s, seed
        As :func:`tradinglab.backtest` takes them; the seed also says which variants are drawn.

    Raises
    ------
    UsageError
        If an argument cannot be used.
    StrategyError
        If the strategy fails with the parameters as they are.
    """
    terms = Terms(
        strategy=strategy, data=data, start=start, end=end, cash=cash, parameters=parameters,
        import_paths=import_paths, class_name=class_name, timeout_s=timeout_s, seed=seed,
    )  # fmt: skip
    texts = {name: str(value) for name, value in parameters.items()}
    if share is None and steps is None:
        share = 0.1
    variants = jittered(texts, share=share, steps=steps, ranges=ranges, trials=trials, seed=seed)
    source = terms.source()
    plain = terms.run(source)
    chosen = jittered_of(texts, tried(plain))
    rows: list[Jittered] = []
    for each in variants:
        rows.append(_row(replace(terms, parameters=each), each, source))
        if on_row is not None:
            on_row(rows[-1])
    bands, ranks = bands_of(chosen, rows)
    return Jitter(name=plain.name, chosen=chosen, rows=tuple(rows), levels=LEVELS, bands=bands, ranks=ranks)


def _row(terms: Terms, parameters: Mapping[str, str], source: DataSource) -> Jittered:
    try:
        found = tried(terms.run(source))
    except StrategyError as error:
        return Jittered(parameters=parameters, problem=str(error))
    return jittered_of(parameters, found)


def jittered_of(parameters: Mapping[str, str], found: Tried) -> Jittered:
    """Return what a run with other parameters came to."""
    return Jittered(
        parameters=parameters,
        net_return=found.net_profit / found.starting_cash,
        sharpe=found.sharpe,
        drawdown=found.drawdown,
    )


def bands_of(chosen: Jittered, rows: Sequence[Jittered]) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """Return the bands and ranks of :class:`Jitter`."""
    bands: dict[str, tuple[float, ...]] = {}
    ranks: dict[str, float] = {}
    for name, is_more_better in FIGURES.items():
        values = np.array([value for each in rows if (value := getattr(each, name)) is not None], np.float64)
        if not len(values):
            continue
        bands[name] = tuple(np.quantile(values, LEVELS).tolist())
        own = getattr(chosen, name)
        if own is None:
            continue
        ranks[name] = float(np.mean(values < own if is_more_better else values > own))
    return bands, ranks
