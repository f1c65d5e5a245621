"""A strategy run again with its parameters a little off: what is good by luck stands alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import numpy as np

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.decimals import Number
from tradinglab.core.values import dataclass
from tradinglab.data.source import DataSource
from tradinglab.doctor.stress import tried
from tradinglab.doctor.terms import Terms
from tradinglab.engine.errors import StrategyError, UsageError

LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_TRIALS: Final = 10_000
#: So many draws in vain, and there are no further variants.
_MOST_IN_VAIN: Final = 200


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


def jittered(parameters: Mapping[str, str], *, share: float, trials: int, seed: int = 0) -> list[dict[str, str]]:
    """Return variants of parameters, each number moved by up to a *share* of its size, none twice and none as it was.

    Whole numbers stay whole, move by one at least, and do not change their sign; texts stay as they are. There may be
    fewer variants than *trials*.

    Raises
    ------
    UsageError
        If no parameter is a number other than zero, or a setting has no meaning.
    """
    if not 0 < share < 1:
        raise UsageError(f"The parameters are moved by a share between 0 and 1; it was {share}.")
    if not 1 <= trials <= MOST_TRIALS:
        raise UsageError(f"1 to {MOST_TRIALS:,} variants are tried; it was {trials}.")
    numbers = {name: number for name, text in parameters.items() if (number := _number(text))}
    if not numbers:
        raise UsageError("No parameter is a number other than 0 that could be moved; give some, such as fast=20.")
    generator = np.random.default_rng(seed)
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    known = {tuple(sorted((name, _text(number)) for name, number in numbers.items()))}
    in_vain = 0
    while len(found) < trials and in_vain < _MOST_IN_VAIN:
        moved = {name: _moved(number, share, generator) for name, number in numbers.items()}
        key = tuple(sorted(moved.items()))
        if key in known or key in found:
            in_vain += 1
            continue
        found[key] = {**parameters, **moved}
        in_vain = 0
    return list(found.values())


def jitter(
    strategy: str | Path | type[QCAlgorithm],
    data: str | DataSource = "sample",
    *,
    parameters: Mapping[str, object],
    share: float = 0.1,
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
    share
        By how much of its size a parameter is moved at most.
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
    variants = jittered(texts, share=share, trials=trials, seed=seed)
    source = terms.source()
    plain = terms.run(source)
    outcome = tried(plain)
    chosen = Jittered(
        parameters=texts,
        net_return=outcome.net_profit / outcome.starting_cash,
        sharpe=outcome.sharpe,
        drawdown=outcome.drawdown,
    )
    rows: list[Jittered] = []
    for each in variants:
        rows.append(_row(replace(terms, parameters=each), each, source))
        if on_row is not None:
            on_row(rows[-1])
    bands, ranks = _bands(chosen, rows)
    return Jitter(name=plain.name, chosen=chosen, rows=tuple(rows), levels=LEVELS, bands=bands, ranks=ranks)


def _row(terms: Terms, parameters: Mapping[str, str], source: DataSource) -> Jittered:
    try:
        found = tried(terms.run(source))
    except StrategyError as error:
        return Jittered(parameters=parameters, problem=str(error))
    return Jittered(
        parameters=parameters,
        net_return=found.net_profit / found.starting_cash,
        sharpe=found.sharpe,
        drawdown=found.drawdown,
    )


def _bands(chosen: Jittered, rows: Sequence[Jittered]) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    bands: dict[str, tuple[float, ...]] = {}
    ranks: dict[str, float] = {}
    for name, is_more_better in (("net_return", True), ("sharpe", True), ("drawdown", False)):
        values = np.array([value for each in rows if (value := getattr(each, name)) is not None], np.float64)
        if not len(values):
            continue
        bands[name] = tuple(np.quantile(values, LEVELS).tolist())
        own = float(getattr(chosen, name))
        ranks[name] = float(np.mean(values < own if is_more_better else values > own))
    return bands, ranks


def _number(text: str) -> Decimal | None:
    """Return a number that can be moved; ``None`` for texts, zero, and what has no end."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number else None


def _moved(number: Decimal, share: float, generator: np.random.Generator) -> str:
    if number == number.to_integral_value():
        reach = max(1, round(abs(float(number)) * share))
        moved = int(number) + int(generator.integers(-reach, reach, endpoint=True))
        return str(moved) if moved and (moved > 0) == (number > 0) else _text(number)
    moved_by = 1 + generator.uniform(-share, share)
    return _text(Decimal(f"{float(number) * moved_by:.6g}"))


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
