"""What a report shows, free of where it came from."""

from __future__ import annotations

from datetime import date, datetime

from tradinglab.core.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One closed trade; money in the account's currency, *change* as a fraction of what was put in."""

    symbol: str
    direction: str
    quantity: float
    entry_time: datetime
    entry_price: float
    exit_time: datetime
    exit_price: float
    profit: float
    fees: float
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlottedSeries:
    """One series that the strategy plotted; *kind* is ``line``, ``bar`` or ``scatter``."""

    name: str
    kind: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlottedChart:
    """One chart that the strategy plotted."""

    name: str
    series: tuple[PlottedSeries, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One message; *level* is ``debug``, ``log`` or ``error``."""

    time: datetime | None
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """All that a report shows of one run.

    Attributes
    ----------
    title
        Name of the strategy.
    facts
        Short facts for the line below the title, such as the period and the starting cash.
    status, problem
        How the run ended, and the error's text if it failed.
    days, equity, benchmark
        One value a trading day; *benchmark* has the same length, starts at the same money, or is empty.
    periods_per_year
        How many of these days make a year.
    currency_symbol
        Put before amounts of money.
    headline
        The figures at the top: label, value, and ``up``, ``down`` or nothing for the colour.
    statistics
        Every statistic, in order.
    trades, charts, logs
        Closed trades, the strategy's own charts, its messages.
    unverified
        What a replay outside the sandbox could not explain.
    warnings
        Why the result may not be what it seems.
    funnel, explanation
        From bars to orders, each with a count, and in words: why a run traded nothing.
    """

    title: str
    facts: tuple[str, ...]
    status: str
    problem: str = ""
    days: tuple[date, ...]
    equity: tuple[float, ...]
    benchmark: tuple[float, ...] = ()
    benchmark_name: str = "Benchmark"
    periods_per_year: float = 252.0
    currency_symbol: str = "$"
    headline: tuple[tuple[str, str, str], ...] = ()
    statistics: tuple[tuple[str, str], ...] = ()
    trades: tuple[TradeRow, ...] = ()
    charts: tuple[PlottedChart, ...] = field(default=())
    logs: tuple[LogLine, ...] = ()
    unverified: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    funnel: tuple[tuple[str, int], ...] = ()
    explanation: str = ""
