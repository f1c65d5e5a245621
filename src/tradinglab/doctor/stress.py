"""A strategy run again under worse assumptions, and the cost at which it earns nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Final

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.decimals import Number
from tradinglab.core.values import dataclass
from tradinglab.data.source import DataSource
from tradinglab.doctor.assumptions import BASIS_POINTS, Assumption, assuming
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


class StressKind(StrEnum):
    """What is assumed otherwise."""

    FEES = "fees"
    SLIPPAGE = "slippage"
    DELAY = "delay"
    MISSED = "missed"
    CASH = "cash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """An assumption with its name, and how much of its kind it is: times, basis points, a share."""

    kind: StressKind
    name: str
    amount: float
    assumption: Assumption


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a run came to.

    Attributes
    ----------
    net_profit
        In the account's currency, open positions and fees included.
    traded
        The value of all that was traded.
    """

    net_profit: float
    starting_cash: float
    sharpe: float
    drawdown: float
    orders: int
    fees: float
    traded: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StressRow:
    """What a run came to under one assumption.

    Attributes
    ----------
    name
        The assumption in words.
    kind, amount
        What is assumed otherwise and how much of it; of the run as it is, empty and zero.
    net_profit
        In the account's currency, open positions and fees included; ``None`` if the run failed: ``problem`` says why.
    net_return
        The same as a fraction of the starting cash.
    sharpe, drawdown
        As the result's statistics have them: the Sharpe ratio a year, the deepest drawdown a fraction.
    fees
        What all orders cost, in the account's currency.
    """

    name: str
    kind: str = ""
    amount: float = 0.0
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

    def run(assumption: Assumption) -> Tried:
        cash = plain.record.sampler.starting_portfolio_value * assumption.cash_times
        with assuming(assumption):
            return tried(terms.run(source, cash=None if assumption.cash_times == 1 else cash))

    rows = stress_rows(tried(plain), run, scenarios(seed), on_row)
    return Stress(name=plain.name, rows=tuple(rows), break_even=break_even(tried(plain), run))


def scenarios(seed: int) -> list[Scenario]:
    """Return the assumptions that are tried."""
    return [
        *(_scenario(StressKind.FEES, f"fees times {each}", each, fee_times=Decimal(each)) for each in FEES),
        *(
            _scenario(StressKind.SLIPPAGE, f"slippage of {each} bp more", each, slippage_bps=Decimal(each))
            for each in SLIPPAGE_BPS
        ),
        _scenario(StressKind.DELAY, "prices one bar later", 1, is_delayed=True),
        *(_scenario(StressKind.MISSED, f"{each:.0%} of fills missed", each, missed=each, seed=seed) for each in MISSED),
        _scenario(StressKind.CASH, f"cash times {CASH}", CASH, cash_times=CASH),
    ]


def _scenario(kind: StressKind, name: str, amount: float, **assumed: object) -> Scenario:
    return Scenario(kind=kind, name=name, amount=amount, assumption=Assumption(**assumed))  # type: ignore[arg-type]


def tried(result: BacktestResult) -> Tried:
    """Return what a run came to."""
    figures = result.statistics_results.total_performance.portfolio_statistics
    account, start = result.record.account, result.record.sampler.starting_portfolio_value
    return Tried(
        net_profit=float(account.value - start),
        starting_cash=float(start),
        sharpe=float(figures.sharpe_ratio),
        drawdown=float(figures.drawdown),
        orders=result.total_orders,
        fees=float(account.fees),
        traded=float(account.sale_volume),
    )


def stress_rows(
    plain: Tried,
    run: Callable[[Assumption], Tried],
    wanted: Sequence[Scenario],
    on_row: Callable[[StressRow], None] | None = None,
) -> list[StressRow]:
    """Return the rows of the run as it is and of the scenarios that are wanted.

    Parameters
    ----------
    run
        Runs the strategy under an assumption.
    on_row
        Called with each row when it is there.
    """
    rows: list[StressRow] = []
    for row in chain([_row("as it is", plain)], (_tried(run, each) for each in wanted)):
        rows.append(row)
        if on_row is not None:
            on_row(row)
    return rows


def _tried(run: Callable[[Assumption], Tried], scenario: Scenario) -> StressRow:
    try:
        return _row(scenario.name, run(scenario.assumption), scenario)
    except TimeLimitError:
        raise
    except StrategyError as problem:
        kind = str(scenario.kind)
        return StressRow(name=scenario.name, kind=kind, amount=scenario.amount, problem=str(problem))


def _row(name: str, found: Tried, scenario: Scenario | None = None) -> StressRow:
    return StressRow(
        name=name,
        kind="" if scenario is None else str(scenario.kind),
        amount=0.0 if scenario is None else scenario.amount,
        net_profit=found.net_profit,
        net_return=found.net_profit / found.starting_cash if found.starting_cash else 0.0,
        sharpe=found.sharpe,
        drawdown=found.drawdown,
        orders=found.orders,
        fees=found.fees,
    )


def break_even(plain: Tried, run: Callable[[Assumption], Tried]) -> BreakEven:
    """Return the cost at which nothing is earned: between one that leaves a profit and one that does not."""
    profit, traded = plain.net_profit, plain.traded
    if not traded:
        return BreakEven(cost_bps=None, sentence="Nothing was traded: there is no cost at which it would break even.")
    if profit <= 0:
        return BreakEven(cost_bps=None, sentence="It earns nothing even without further costs.", traded=traded)
    search = _Search(run)
    try:
        # Without the effects of costs on sizes it would be the profit over what was traded; twice that is beyond it.
        found = search.between(profit, min(2 * profit / traded * float(BASIS_POINTS), _MOST_BPS))
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

    def __init__(self, run: Callable[[Assumption], Tried]) -> None:
        self._run = run
        self.runs = 0

    def between(self, profit: float, guess_bps: float) -> tuple[float, float] | None:
        """Return the largest cost found that leaves a profit, and that profit; ``None`` if every cost leaves one.

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
        return self._run(Assumption(cost_bps=Decimal(repr(cost_bps)))).net_profit
