"""Whether the result rests on much: on many trades, many days, a long span, a benchmark."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from math import ceil
from typing import Final

from tradinglab.doctor.facts import Facts
from tradinglab.doctor.findings import BarPlace, Finding, FindingCode, Severity, counted

#: Fewer closed trades than this tell nothing of skill.
FEW_TRADES: Final = 30
#: The share of the net profit in one trade, day or symbol from which on it carries the result.
CONCENTRATED: Final = 0.5
_FEW_TO_COMPARE = 3
#: Spans up to this are multiplied by two or more when they are annualised.
SHORT_SPAN: Final = timedelta(days=182)
_YEAR = timedelta(days=365.25)


def few_trades(run: Facts) -> list[Finding]:
    """Find that there are too few closed trades to judge by."""
    count = len(run.trades)
    if not run.fill_count or count >= FEW_TRADES:
        return []
    return [
        Finding(
            code=FindingCode.FEW_TRADES,
            severity=Severity.WARNING,
            sentence=f"Only {count} {'trade was' if count == 1 else 'trades were'} closed: win rate, profit factor and "
            "expectancy are mostly chance.",
            advice=f"Run over a longer span or more securities, until there are {FEW_TRADES} trades or many more.",
            evidence={"closed_trades": float(count), "enough": float(FEW_TRADES)},
        )
    ]


def one_trade(run: Facts) -> list[Finding]:
    """Find that one trade carries the profit."""
    trades = run.trades
    total = run.net_profit
    if len(trades) < _FEW_TO_COMPARE or total <= 0:
        return []
    best = max(trades, key=lambda trade: trade.profit)
    gain = best.profit
    if gain / total <= CONCENTRATED:
        return []
    return [
        Finding(
            code=FindingCode.ONE_TRADE,
            severity=Severity.WARNING,
            sentence=f"One of {len(trades):,} trades, of {best.symbol}, made {gain / total:.0%} of the profit.",
            advice="Leave that trade out and look at what remains: does the idea still earn anything?",
            evidence={"share": gain / total, "profit": gain, "net_profit": total, "trades": float(len(trades))},
            place=run.place(best.symbol, best.entry_ns),
        )
    ]


def one_day(run: Facts) -> list[Finding]:
    """Find that one day carries the profit."""
    days = run.days
    total = run.net_profit
    if len(days) <= _FEW_TO_COMPARE or total <= 0:
        return []
    gain, time_ns = max((after.value - before.value, after.time_ns) for before, after in pairwise(days))
    if gain / total <= CONCENTRATED:
        return []
    return [
        Finding(
            code=FindingCode.ONE_DAY,
            severity=Severity.WARNING,
            sentence=f"One of {len(days) - 1:,} days made {gain / total:.0%} of the profit.",
            advice="Look at what happened that day: a fault in the data, a gap, or one piece of news is no strategy.",
            evidence={"share": gain / total, "profit": gain, "net_profit": total, "days": float(len(days) - 1)},
            place=BarPlace(utc_ns=time_ns),
        )
    ]


def one_symbol(run: Facts) -> list[Finding]:
    """Find that one of several symbols carries the profit of the closed trades."""
    by_symbol: defaultdict[str, float] = defaultdict(float)
    for trade in run.trades:
        by_symbol[trade.symbol] += trade.profit
    total = sum(by_symbol.values())
    if len(by_symbol) < _FEW_TO_COMPARE or total <= 0:
        return []
    name, gain = max(by_symbol.items(), key=lambda item: item[1])
    if gain / total <= CONCENTRATED:
        return []
    return [
        Finding(
            code=FindingCode.ONE_SYMBOL,
            severity=Severity.WARNING,
            sentence=f"Of {len(by_symbol):,} symbols, {name} made {gain / total:.0%} of what closed trades earned.",
            advice="Was it known at the start that this one would be chosen? Run on the others, too, and on those that "
            "are no longer listed.",
            evidence={"share": gain / total, "profit": gain, "closed_profit": total, "symbols": float(len(by_symbol))},
        )
    ]


def open_profit(run: Facts) -> list[Finding]:
    """Find that positions that are still open at the end carry the profit."""
    total = run.net_profit
    gain = run.unrealized_profit
    if total <= 0 or gain is None or gain / total <= CONCENTRATED:
        return []
    return [
        Finding(
            code=FindingCode.OPEN_PROFIT,
            severity=Severity.NOTE,
            sentence=f"{gain / total:.0%} of the net profit is in positions that are open at the end: no exit was "
            "tested on it.",
            advice="The result hangs on the day on which the run ends. Let it end earlier and later, or close "
            "everything in on_end_of_algorithm to see the cost.",
            evidence={"share": gain / total, "unrealized": gain, "net_profit": total},
        )
    ]


def short_span(run: Facts) -> list[Finding]:
    """Find that annual figures are multiplied from a short span."""
    span = run.end - run.start
    if not run.fill_count or span > SHORT_SPAN:
        return []
    # A run ends just before the midnight of its last day, which counts.
    days = max(ceil(span / timedelta(days=1)), 1)
    factor = _YEAR / timedelta(days=days)
    earned = run.net_profit / run.starting_cash if run.starting_cash else 0.0
    return [
        Finding(
            code=FindingCode.SHORT_SPAN,
            severity=Severity.WARNING,
            sentence=f"{counted(days, 'calendar day')}, annualised: the compounding annual return is a return of "
            f"{earned:.2%} taken {factor:.0f} times over, and the Sharpe ratio rests on as few days.",
            advice="Do not quote annual figures of less than half a year; run over years with good and bad markets.",
            evidence={"days": float(days), "factor": factor, "return": earned},
        )
    ]


def no_benchmark(run: Facts) -> list[Finding]:
    """Find that there was nothing to compare with."""
    values = {day.benchmark for day in run.days if day.benchmark is not None}
    if not run.fill_count or len(values) != 1:
        return []
    return [
        Finding(
            code=FindingCode.NO_BENCHMARK,
            severity=Severity.NOTE,
            sentence="The benchmark never moved: alpha, beta, information ratio and tracking error mean nothing.",
            advice="Name one that the data has: self.set_benchmark('SPY').",
            evidence={"benchmark": next(iter(values))},
        )
    ]
