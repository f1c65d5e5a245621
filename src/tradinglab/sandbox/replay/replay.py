"""The replay itself: the engine, outside, over the requests, the models and the data that a run declared.

What comes of it owes nothing to the strategy's process but the requests: prices, fees, splits, dividends, interest,
margin calls, samples, trades and statistics are made anew from the bars by the engine's own models.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.errors import TradingLabError
from tradinglab.core.values import dataclass
from tradinglab.data.source import open_source
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest
from tradinglab.engine.verification import Finding, FindingCode, Verification
from tradinglab.sandbox.replay.comparing import compare
from tradinglab.sandbox.replay.models import NotReplayableError
from tradinglab.sandbox.replay.script import Script, algorithm_of

if TYPE_CHECKING:
    from tradinglab.data.source import DataSource
    from tradinglab.engine.statistics import StatisticsInput
    from tradinglab.sandbox.replay.declared import Declared

_MOST_FINDINGS = 100


class Replay(NamedTuple):
    """What a replay came to: the verdict, and the result as rebuilt, if there is one."""

    verification: Verification
    rebuilt: BacktestResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """First and last day and starting cash, where they were set over the strategy's own choice."""

    start: date | None = None
    end: date | None = None
    cash: Decimal | None = None


def replay(
    result: BacktestResult,
    declared: Declared | None,
    *,
    data: str | DataSource,
    terms: Terms | None = None,
    timeout_s: float | None = None,
) -> Replay:
    """Check a result against the bars, by doing again what its run declares that it asked for.

    Parameters
    ----------
    result
        What the run claims.
    declared
        How the run says that it was set up, and its requests; ``None`` if it does not say.
    data
        The data that the run was given.
    terms
        What the caller of the run had set over the strategy's own choice.
    timeout_s
        Seconds after which the replay is given up, and the result with it; only in the main thread of a process.
    """
    began = time.perf_counter()
    findings, rebuilt, script = _Findings(), None, None
    try:
        if declared is None:
            raise NotReplayableError("a run that does not say how it was set up")
        _refuse_own(declared)
        findings.extend(_not_as_asked(declared, terms or Terms()))
        script = Script(declared)
        rebuilt = _rebuilt(result, script, data, timeout_s, findings)
        if rebuilt is not None and script.claims.has_own_fees:
            rebuilt = _with_closing_costs_of(result, rebuilt)
    except _TooLongError as problem:
        findings.add(Finding(code=FindingCode.REPLAY_TIMED_OUT, text=str(problem)))
    except NotReplayableError as problem:
        findings.add(_not_replayable(str(problem)))
    if script is not None:
        findings.extend(iter(script.claims.findings))
    if rebuilt is not None:
        findings.extend(compare(result, rebuilt))
    verification = Verification(
        findings=tuple(findings.found),
        notes=() if script is None else tuple(_notes(script, result)),
        left_out=findings.left_out,
        seconds=time.perf_counter() - began,
    )
    return Replay(verification, rebuilt)


def verified(
    result: BacktestResult,
    declared: Declared | None,
    *,
    data: str | DataSource,
    terms: Terms | None = None,
    timeout_s: float | None = None,
) -> BacktestResult:
    """Return a result with its verification, and with figures, orders and trades as the replay gives them.

    What the author's code alone makes (name, logs, insights, charts, its own figures) stays as the run says it.
    """
    verification, rebuilt = replay(result, declared, data=data, terms=terms, timeout_s=timeout_s)
    if rebuilt is None:
        return BacktestResult(result.record, verification)
    claimed, made = result.record, rebuilt.record
    record = replace(
        claimed,
        start=made.start,
        end=made.end,
        time_zone=made.time_zone,
        statistics_input=_with_rates(made.statistics_input, claimed.statistics_input),
        sampler=made.sampler,
        orders=made.orders,
        order_events=made.order_events,
        account=made.account,
    )
    return BacktestResult(record, verification)


def _with_closing_costs_of(claimed: BacktestResult, rebuilt: BacktestResult) -> BacktestResult:
    """Return the replay's result with the claimed unrealized profit: it is less what closing would cost."""
    account = replace(rebuilt.record.account, unrealized_profit=claimed.record.account.unrealized_profit)
    return BacktestResult(replace(rebuilt.record, account=account))


def _with_rates(made: StatisticsInput, claimed: StatisticsInput) -> StatisticsInput:
    """Return what statistics are made from, with the risk-free rate of the author's own model, if there is one."""
    if claimed.rate_table is not None:
        return made
    known = {moment: claimed.risk_free_rate(moment) for moment in (from_ns(time_ns) for time_ns, _ in claimed.equity)}
    return replace(made, rate_table=None, risk_free_rate=lambda moment: known.get(moment, ZERO))


class _TooLongError(Exception):
    """A replay was given up."""


class _Findings:
    """Collects findings, as many as anybody will read."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.left_out = 0

    def add(self, finding: Finding) -> None:
        if len(self.found) < _MOST_FINDINGS:
            self.found.append(finding)
        else:
            self.left_out += 1

    def extend(self, findings: Iterator[Finding]) -> None:
        for finding in islice(findings, 100 * _MOST_FINDINGS):
            self.add(finding)


def _not_replayable(what: str) -> Finding:
    return Finding(code=FindingCode.NOT_REPLAYABLE, text=f"This run cannot be replayed: {what}.")


def _rebuilt(
    result: BacktestResult,
    script: Script,
    data: str | DataSource,
    timeout_s: float | None,
    findings: _Findings,
) -> BacktestResult | None:
    """Return what the replay gives; what goes wrong on the way is a finding."""
    days = {day.time_ns: day.noted_benchmark for day in result.record.sampler.days}
    source = open_source(data) if isinstance(data, str) else data
    rebuilt: BacktestResult | None
    try:
        rebuilt = backtest(algorithm_of(script, days), data=source, timeout_s=timeout_s)
    except TimeLimitError:
        text = f"The replay took longer than {timeout_s:,.0f} s and was given up: the figures are the run's own word."
        raise _TooLongError(text) from None
    except StrategyError as problem:
        rebuilt = problem.result
        cause = problem.__cause__
        if isinstance(cause, NotReplayableError):
            raise cause from None
        findings.add(_went_wrong(script, str(problem)))
    except Exception as problem:  # a declaration may set up what the engine never meets
        text = str(problem) if isinstance(problem, TradingLabError) else f"{type(problem).__name__}: {problem}"
        raise NotReplayableError(text[:500]) from None
    if script.problem is None and script.left:
        findings.add(_not_reached(script))
    return rebuilt


def _refuse_own(declared: Declared) -> None:
    if declared.setup.has_own_trade_builder:
        raise NotReplayableError("a trade builder of the author's own")


def _not_as_asked(declared: Declared, terms: Terms) -> Iterator[Finding]:
    """Yield where a run says that it was set up otherwise than it was told to."""
    setup = declared.setup
    cash = {name: amount for name, amount, _ in setup.cash if amount}
    for name, said, wanted in (
        ("start", setup.start.date(), terms.start),
        ("end", setup.end.date(), terms.end),
        ("starting cash", cash, None if terms.cash is None else {setup.currency: terms.cash}),
    ):
        if wanted is not None and said != wanted:
            text = f"The run was told to use another {name} than it says that it did."
            yield Finding(code=FindingCode.CONFIGURATION, text=text, claimed=str(said), expected=str(wanted))


def _notes(script: Script, result: BacktestResult) -> Iterator[str]:
    """Yield what was taken as the run declared it."""
    setup = script.declared.setup
    if setup.has_own_brokerage:
        yield (
            f"The brokerage model is the author's own ({setup.brokerage_class}): orders were held against the rules of "
            f"{setup.brokerage}."
        )
    if setup.benchmark is None:
        yield "The benchmark is a function of the author's own: its values are those of the run."
    if result.record.statistics_input.rate_table is None:
        yield "The risk-free rate is the author's own: its values are those of the run."
    yield from script.claims.notes


def _went_wrong(script: Script, problem: str) -> Finding:
    if script.problem is None:
        return _not_replayable(problem)
    action, text = script.problem
    return Finding(
        code=FindingCode.REQUEST_NOT_POSSIBLE,
        text=f"What the run says that it asked for at {from_ns(action.utc_ns):%Y-%m-%d %H:%M:%S} UTC could not be: "
        f"{text}.",
        order_id=getattr(action.asked, "order_id", None),
        time_ns=action.utc_ns,
    )


def _not_reached(script: Script) -> Finding:
    action = script.left[0]
    return Finding(
        code=FindingCode.REQUEST_NOT_POSSIBLE,
        text=f"{len(script.left)} requests of the run come at no time at which it could have made them, the first at "
        f"{from_ns(action.utc_ns):%Y-%m-%d %H:%M:%S} UTC in {action.phase}.",
        order_id=getattr(action.asked, "order_id", None),
        time_ns=action.utc_ns,
    )
