"""A strategy run again under worse assumptions, and the cost at which it earns nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.decimals import Number
from tradinglab.core.values import dataclass
from tradinglab.data.source import DataSource
from tradinglab.doctor.assumptions import Assumption, assuming
from tradinglab.doctor.terms import Terms
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.engine.result import BacktestResult

FEES: Final = (0, 2, 3)
SLIPPAGE_BPS: Final = (1, 2, 5, 10, 20)
MISSED: Final = (0.05, 0.1, 0.2)
CASH: Final = 10
#: The search for the break-even cost ends at this width, in basis points or as a share, or after so many runs.
_NARROW_BPS, _NARROW_SHARE = 0.01, 0.001
_MOST_RUNS = 24
_MOST_BPS = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StressRow:
    """What a run came to under one assumption.

    Attributes
    ----------
    name
        The assumption in words.
    net_profit
        In the account's currency, open positions and fees included; ``None`` if the run failed: ``problem`` says why.
    net_return
        The same as a fraction of the starting cash.
    """

    name: str
    net_profit: float | None = None
    net_return: float | None = None
    sharpe: float | None = None
    drawdown: float | None = None
    orders: int = 0
    fees: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The cost at which a strategy's net profit is nothing.

    Attributes
    ----------
    cost_bps
        What each order would have to cost on top of the strategy's own fees and slippage, in basis points of its value;
        ``None`` if there is no such cost, for a reason that ``sentence`` tells.
    net_profit
        What the run with that cost came to.
    traded
        The value of all that was traded without it, in the account's currency.
    runs
        How many runs were made to find it.
    """

    cost_bps: float | None
    sentence: str
    net_profit: float | None = None
    traded: float = 0.0
    runs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """What other assumptions do to a result; the first row is the run as it is."""

    name: str
    rows: tuple[StressRow, ...]
    break_even: BreakEven


def stress(
    strategy: str | Path | type[QCAlgorithm],
    data: str | DataSource = "sample",
    *,
    start: date | str | None = None,
    end: date | str | None = None,
    cash: Number | None = None,
    parameters: Mapping[str, object] | None = None,
    import_paths: tuple[str | Path, ...] = (),
    class_name: str | None = None,
    timeout_s: float | None = None,
    seed: int = 0,
    on_row: Callable[[StressRow], None] | None = None,
) -> Stress:
    """Run a strategy under worse assumptions, without a change of its text.

    Parameters
    ----------
    on_row
        Called with each row when it is there.
    strategy, data, start, end, cash, parameters, import_paths, class_name, timeout_s, seed
        As :func:`tradinglab.backtest` takes them; the seed also says which fills are missed.

    Raises
    ------
    UsageError
        If an argument cannot be used.
    StrategyError
        If the strategy fails as it is; of failures under an assumption the row tells.
    TimeLimitError
        If a run did not come back within ``timeout_s``.
    """
    terms = Terms(
        strategy=strategy, data=data, start=start, end=end, cash=cash, parameters=parameters or {},
        import_paths=import_paths, class_name=class_name, timeout_s=timeout_s, seed=seed,
    )  # fmt: skip
    source = terms.source()
    plain = terms.run(source)
    rows = [_row("as it is", plain)]
    if on_row is not None:
        on_row(rows[0])
    for name, assumption in scenarios(seed):
        rows.append(_tried(terms, source, name, assumption, plain))
        if on_row is not None:
            on_row(rows[-1])
    return Stress(name=plain.name, rows=tuple(rows), break_even=_break_even(terms, source, plain))


def scenarios(seed: int) -> list[tuple[str, Assumption]]:
    """Return the assumptions that are tried, with their names."""
    return [
        *((f"fees times {each}", Assumption(fee_times=Decimal(each))) for each in FEES),
        *((f"slippage of {each} bp more", Assumption(slippage_bps=Decimal(each))) for each in SLIPPAGE_BPS),
        ("prices one bar later", Assumption(is_delayed=True)),
        *((f"{each:.0%} of fills missed", Assumption(missed=each, seed=seed)) for each in MISSED),
        (f"cash times {CASH}", Assumption(cash_times=CASH)),
    ]


def _run(terms: Terms, source: DataSource, assumption: Assumption, plain: BacktestResult) -> BacktestResult:
    cash = None
    if assumption.cash_times != 1:
        cash = plain.record.sampler.starting_portfolio_value * assumption.cash_times
    with assuming(assumption):
        return terms.run(source, cash=cash)


def _tried(terms: Terms, source: DataSource, name: str, assumption: Assumption, plain: BacktestResult) -> StressRow:
    try:
        return _row(name, _run(terms, source, assumption, plain))
    except TimeLimitError:
        raise
    except StrategyError as problem:
        return StressRow(name=name, problem=str(problem))


def _net_profit(result: BacktestResult) -> float:
    return float(result.record.account.value - result.record.sampler.starting_portfolio_value)


def _row(name: str, result: BacktestResult) -> StressRow:
    figures = result.statistics_results.total_performance.portfolio_statistics
    start = float(result.record.sampler.starting_portfolio_value)
    return StressRow(
        name=name,
        net_profit=_net_profit(result),
        net_return=_net_profit(result) / start if start else 0.0,
        sharpe=float(figures.sharpe_ratio),
        drawdown=float(figures.drawdown),
        orders=result.total_orders,
        fees=float(result.record.account.fees),
    )


def _break_even(terms: Terms, source: DataSource, plain: BacktestResult) -> BreakEven:
    """Return the cost at which nothing is earned: between one that leaves a profit and one that does not."""
    profit, traded = _net_profit(plain), float(plain.record.account.sale_volume)
    if not traded:
        return BreakEven(cost_bps=None, sentence="Nothing was traded: there is no cost at which it would break even.")
    if profit <= 0:
        return BreakEven(cost_bps=None, sentence="It earns nothing even without further costs.", traded=traded)
    search = _Search(terms, source, plain)
    try:
        found = search.between(profit, min(2 * profit / traded * 10_000, _MOST_BPS))
    except TimeLimitError:
        raise
    except StrategyError as problem:
        ended = f"The search for the break-even cost ended, as the strategy failed: {problem}"
        return BreakEven(cost_bps=None, sentence=ended, traded=traded, runs=search.runs)
    if found is None:
        hardly = "It earns something even if each order costs all of its value: it hardly trades."
        return BreakEven(cost_bps=None, sentence=hardly, traded=traded, runs=search.runs)
    cost, left = found
    sentence = f"It breaks even if each order costs {cost:.2f} basis points of its value more."
    return BreakEven(cost_bps=cost, sentence=sentence, net_profit=left, traded=traded, runs=search.runs)


class _Search:
    """Finds where the net profit of runs with more and more costs crosses zero."""

    def __init__(self, terms: Terms, source: DataSource, plain: BacktestResult) -> None:
        self._terms, self._source, self._plain = terms, source, plain
        self.runs = 0

    def between(self, profit: float, guess_bps: float) -> tuple[float, float] | None:
        """Return the largest cost found that leaves a profit, and this; ``None`` if every cost leaves one.

        Regula falsi, of the Illinois kind: an end that stays twice counts half.
        """
        low, low_profit, high = 0.0, profit, guess_bps
        high_profit = self._profit(high)
        while high_profit > 0:
            if high >= _MOST_BPS:
                return None
            low, low_profit, high = high, high_profit, min(2 * high, _MOST_BPS)
            high_profit = self._profit(high)
        kept, low_weight, high_weight = low_profit, low_profit, high_profit
        while high - low > max(_NARROW_BPS, _NARROW_SHARE * high) and self.runs < _MOST_RUNS:
            middle = (low * high_weight - high * low_weight) / (high_weight - low_weight)
            # Lots are whole: where the profit jumps, halves are surer.
            if not low < middle < high or self.runs % 3 == 0:
                middle = (low + high) / 2
            found = self._profit(middle)
            if found > 0:
                low, kept, low_weight, high_weight = middle, found, found, high_weight / 2
            else:
                high, high_weight, low_weight = middle, found, low_weight / 2
        return low, kept

    def _profit(self, cost_bps: float) -> float:
        self.runs += 1
        assumption = Assumption(cost_bps=Decimal(repr(cost_bps)))
        return _net_profit(_run(self._terms, self._source, assumption, self._plain))
