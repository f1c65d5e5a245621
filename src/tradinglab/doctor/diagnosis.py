"""All checks of a run, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.decimals import Number
from tradinglab.core.values import dataclass
from tradinglab.data.source import DataSource
from tradinglab.doctor.checks import fills, orders, outcomes
from tradinglab.doctor.examined import Examined, examine
from tradinglab.doctor.facts import Facts
from tradinglab.doctor.findings import Finding, FindingCode, Severity
from tradinglab.doctor.replay import look_ahead
from tradinglab.doctor.terms import Terms
from tradinglab.engine.errors import UsageError
from tradinglab.engine.result import BacktestResult

CUTS: Final = 5
#: The statistic by which two lists of orders are known to be the same.
HASH: Final = "OrderListHash"
_MOST_CUTS = 1000

#: What is looked for besides look-ahead, in the order in which it is told.
CHECKS: Final[tuple[Callable[[Examined], list[Finding]], ...]] = (
    orders.outside_data,
    orders.no_orders,
    orders.refused_orders,
    orders.margin_refusals,
    orders.warm_up_orders,
    orders.unready_indicators,
    orders.leverage,
    fills.stale_fills,
    fills.large_fills,
    fills.data_gaps,
    fills.made_up_data,
)
#: What is asked of what a run came to, whoever ran it.
OUTCOME_CHECKS: Final[tuple[Callable[[Facts], list[Finding]], ...]] = (
    outcomes.few_trades,
    outcomes.one_trade,
    outcomes.one_day,
    outcomes.one_symbol,
    outcomes.open_profit,
    outcomes.short_span,
    outcomes.no_benchmark,
)
_WEIGHTS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What the doctor found of a run, and the run; what weighs most comes first.

    Attributes
    ----------
    cuts
        At how many instants the data was cut.
    """

    result: BacktestResult
    findings: tuple[Finding, ...]
    cuts: int

    @property
    def has_errors(self) -> bool:
        """Whether something was found that makes the figures worthless."""
        return any(each.severity == Severity.ERROR for each in self.findings)


def diagnose(
    strategy: str | Path | type[QCAlgorithm],
    result: BacktestResult | None = None,
    data: str | DataSource = "sample",
    *,
    cuts: int = CUTS,
    start: date | str | None = None,
    end: date | str | None = None,
    cash: Number | None = None,
    parameters: Mapping[str, object] | None = None,
    import_paths: tuple[str | Path, ...] = (),
    class_name: str | None = None,
    timeout_s: float | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Run a strategy, and run it again on data that is cut, and say what to doubt of its result.

    Parameters
    ----------
    result
        What an earlier run on these terms came to; if this one comes to something else, that is a finding.
    cuts
        At how many instants the data is cut to look for look-ahead: each is a run of its own. 0 leaves it out.
    strategy, data, start, end, cash, parameters, import_paths, class_name, timeout_s, seed
        As :func:`tradinglab.backtest` takes them; the seed is always set, as runs are compared.

    Raises
    ------
    UsageError
        If an argument cannot be used.
    StrategyError
        If the strategy fails before its first bar.
    TimeLimitError
        If a run did not come back within ``timeout_s``.
    """
    if not 0 <= cuts <= _MOST_CUTS:
        raise UsageError(f"cuts: a whole number from 0 to {_MOST_CUTS} is expected, it was {cuts}")
    terms = Terms(
        strategy=strategy, data=data, start=start, end=end, cash=cash, parameters=parameters or {},
        import_paths=import_paths, class_name=class_name, timeout_s=timeout_s, seed=seed,
    )  # fmt: skip
    run = examine(terms)
    found = [] if result is None else other_result(run, result.statistics[HASH], result.total_orders)
    found += [*look_ahead(run, terms, cuts), *checked(run)]
    return Diagnosis(result=run.result, findings=by_weight(found), cuts=cuts)


def checked(run: Examined) -> list[Finding]:
    """Return what all checks find of a run; look-ahead is not looked for."""
    of_run = [finding for check in CHECKS for finding in check(run)]
    return of_run + [finding for check in OUTCOME_CHECKS for finding in check(run.facts)]


def by_weight(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in order, those first that weigh most."""
    return tuple(sorted(findings, key=lambda each: _WEIGHTS[each.severity]))


def other_result(run: Examined, hash_then: str, orders_then: int) -> list[Finding]:
    """Find that an earlier run on the same terms came to other orders, by their number and the hash of their list."""
    hash_now, orders_now = run.result.statistics[HASH], run.result.total_orders
    if hash_then == hash_now:
        return []
    return [
        Finding(
            code=FindingCode.NOT_REPEATABLE,
            severity=Severity.ERROR,
            sentence=f"The run came to other orders ({orders_now:,}) than the result that was given ({orders_then:,}), "
            "on the terms that were given.",
            advice="Give the same data, dates, cash, parameters and seed; if they are the same, the strategy's "
            "decisions depend on something else.",
            evidence={
                "orders_then": float(orders_then), "orders_now": float(orders_now),
                "hash_then": hash_then, "hash_now": hash_now,
            },
        )
    ]  # fmt: skip
