"""Rules with their parameters a little off: simulated as whole arrays, hundreds of variants at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.data.source import DataSource, open_source
from tradinglab.doctor.jitter import LEVELS, Jitter, Jittered, bands_of
from tradinglab.doctor.moving import ParameterRange, jittered
from tradinglab.engine.errors import StrategyError

if TYPE_CHECKING:
    from tradinglab.rules import Rules
    from tradinglab.rules.measures import Variants


def jitter_rules(
    rules: Rules | str | Path,
    data: str | DataSource = "sample",
    *,
    parameters: Mapping[str, object] | None = None,
    share: float | None = None,
    steps: int | None = None,
    trials: int = 300,
    start: date | None = None,
    end: date | None = None,
    cash: float | None = None,
    seed: int = 0,
    on_row: Callable[[Jittered], None] | None = None,
) -> Jitter:
    """Simulate rules with their parameters moved a little, many times; as :func:`tradinglab.doctor.jitter`.

    Parameters
    ----------
    rules
        Rules, or the file that holds them.
    parameters
        In place of the defaults.
    share, steps
        By how much a parameter moves: a share of its size (a tenth, if nothing is said), or so many of its declared
        steps. It stays in its declared range.
    trials
        How many variants are simulated.

    Raises
    ------
    RulesError
        If the rules cannot be carried out, or there are no bars for them.
    UsageError
        If no parameter can be moved.
    StrategyError
        If the rules cannot be carried out with the parameters as they are.
    """
    from tradinglab.rules import Rules, load_rules
    from tradinglab.rules.checks import asked_values
    from tradinglab.rules.measures import Variants, rules_over

    read = rules if isinstance(rules, Rules) else load_rules(Path(rules))
    over = rules_over(read, start=start, end=end, cash=cash)
    values = asked_values(over, {name: str(value) for name, value in (parameters or {}).items()})
    texts = {name: _text(value) for name, value in values.items()}
    declared = {
        name: ParameterRange(minimum=each.minimum, maximum=each.maximum, step=each.step)
        for name, each in over.parameters.items()
    }
    if share is None and steps is None:
        share = 0.1
    moved = jittered(texts, share=share, steps=steps, ranges=declared, trials=trials, seed=seed)
    variants = Variants(over, open_source(data) if isinstance(data, str) else data)
    chosen = _simulated(variants, texts)
    if chosen.problem:
        raise StrategyError(chosen.problem, phase="", time="", trace="")
    rows = []
    for each in moved:
        rows.append(_simulated(variants, each))
        if on_row is not None:
            on_row(rows[-1])
    bands, ranks = bands_of(chosen, rows)
    return Jitter(name=over.name, chosen=chosen, rows=tuple(rows), levels=LEVELS, bands=bands, ranks=ranks)


def simulated_row(parameters: Mapping[str, str], figures: Mapping[str, float], problem: str) -> Jittered:
    """Return what a simulation came to; one without a Sharpe ratio never traded, and has one of zero."""
    if problem:
        return Jittered(parameters=parameters, problem=problem)
    return Jittered(
        parameters=parameters,
        net_return=figures.get("net_profit", 0.0),
        sharpe=figures.get("sharpe_ratio", 0.0),
        drawdown=figures.get("drawdown", 0.0),
    )


def _simulated(variants: Variants, parameters: Mapping[str, str]) -> Jittered:
    found = variants.measure({name: float(text) for name, text in parameters.items()})
    return simulated_row(parameters, found.figures, found.problem)


def _text(value: float) -> str:
    return f"{value:.15g}"
