"""What can be said of a backtest from what it has left, where its strategy cannot be run again."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from tradinglab.core.clock import DAY_NS, to_ns
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.errors import TradingLabError
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.data.source import DataSource, open_source
from tradinglab.doctor.checks.fills import large_fills
from tradinglab.doctor.diagnosis import OUTCOME_CHECKS, by_weight
from tradinglab.doctor.facts import ClosedTrade, DayFact, Facts, TradedBars
from tradinglab.doctor.findings import BarPlace, Finding, FindingCode, Severity
from tradinglab.server.backtests.data_sources import data_source_list, data_source_usual
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import table_collect, table_read
from tradinglab.server.errors import NotFoundError

_log = logging.getLogger(__name__)
_NS_PER_US: Final = 1_000
_MOST_TICKERS: Final = 200
#: What only a run of the strategy shows.
_OF_RUNS: Final = (
    FindingCode.LOOK_AHEAD, FindingCode.NOT_REPEATABLE, FindingCode.OUTSIDE_DATA, FindingCode.REFUSED_ORDERS,
    FindingCode.MARGIN_REFUSALS, FindingCode.LEVERAGE, FindingCode.WARM_UP_ORDERS, FindingCode.UNREADY_INDICATORS,
    FindingCode.STALE_FILLS, FindingCode.DATA_GAPS, FindingCode.MADE_UP_DATA, FindingCode.OPEN_PROFIT,
)  # fmt: skip


class StoredFindings(NamedTuple):
    """What was found, and what could not be looked for."""

    findings: list[dict[str, Any]]
    left_out: list[dict[str, Any]]


class StoredFill(NamedTuple):
    """A fill, as it is stored."""

    symbol: Symbol
    utc_ns: int
    fill_quantity: float


def stored_findings(*, test: Backtest, why: str) -> StoredFindings:
    """Return what the tables and figures of a backtest give reason to doubt.

    Parameters
    ----------
    why
        Why the strategy cannot be run again.
    """
    events = _table(test, "order_events", ("time", "symbol", "status", "fill_quantity", "message"))
    fills = events.filter(pl.col("fill_quantity") != 0)
    found = _no_orders(test, events, fills)
    facts = _facts(test, fills)
    found += [finding for check in OUTCOME_CHECKS for finding in check(facts)]
    left_out = [{"codes": [str(code) for code in _OF_RUNS], "reason": why}]
    volumes = _StoredFills(test, fills)
    found += large_fills(volumes)
    if not volumes.is_known:
        reason = "There are no daily bars here of what was traded, with which volumes could be compared."
        left_out.append({"codes": [str(FindingCode.LARGE_FILLS)], "reason": reason})
    return StoredFindings([finding.as_json() for finding in by_weight(found)], left_out)


def _table(test: Backtest, name: str, columns: tuple[str, ...]) -> pl.DataFrame:
    return table_collect(table_read(test=test, name=name).select(columns))


def _no_orders(test: Backtest, events: pl.DataFrame, fills: pl.DataFrame) -> list[Finding]:
    if fills.height:
        return []
    orders = test.total_orders or 0
    messages = Counter(text for text in events["message"].to_list() if text)
    why = "No order was sent." if not orders else f"{orders:,} orders were sent, and none was filled."
    if messages:
        text, count = messages.most_common(1)[0]
        why += f" {count:,} times it was said: {text}"
    return [
        Finding(
            code=FindingCode.NO_ORDERS,
            severity=Severity.ERROR,
            sentence=f"Nothing was traded. {why}",
            advice="Run the version here: the funnel from bars to orders says where it ends.",
            evidence={"orders": float(orders)},
        )
    ]


def _facts(test: Backtest, fills: pl.DataFrame) -> Facts:
    trades = _table(test, "trades", ("symbol", "entry_time", "profit_loss", "total_fees"))
    days = _days(test)
    start, end = test.start_equity, test.end_equity
    if start is None or end is None:
        start, end = (days[0].value, days[-1].value) if days else (0.0, 0.0)
    first, last = (test.first_day or test.start), (test.last_day or test.end)
    return Facts(
        fill_count=fills.height,
        net_profit=end - start,
        starting_cash=start,
        unrealized_profit=None,
        start=_midnight(first),
        end=_midnight(last) + timedelta(days=1, seconds=-1),
        trades=[
            ClosedTrade(symbol=symbol, entry_ns=_ns(entry), profit=profit - fees)
            for symbol, entry, profit, fees in trades.drop_nulls().iter_rows()
        ],
        days=days,
        place=lambda ticker, utc_ns: BarPlace(symbol=ticker, utc_ns=utc_ns),
    )


def _days(test: Backtest) -> list[DayFact]:
    try:
        rows = _table(test, "days", ("time", "equity", "benchmark")).drop_nulls(("time", "equity"))
    except NotFoundError:
        return []
    return [DayFact(time_ns=_ns(moment), value=value, benchmark=mark) for moment, value, mark in rows.iter_rows()]


def _midnight(day: Any) -> datetime:
    return datetime.combine(day or datetime.now(UTC).date(), time())


def _ns(moment: datetime) -> int:
    return to_ns(moment.astimezone(UTC).replace(tzinfo=None))


class _StoredFills:
    """The fills of a backtest, beside the daily bars that there are here of what was traded."""

    def __init__(self, test: Backtest, fills: pl.DataFrame) -> None:
        self._rows = list(fills.select("symbol", "time", "fill_quantity").drop_nulls().iter_rows())
        self._source = _source(test)
        self._bars: dict[str, TradedBars | None] = {}

    @property
    def is_known(self) -> bool:
        """Whether there are bars of something that was traded, or nothing was."""
        return not self._rows or any(self.bars(ticker) is not None for ticker, _, _ in self._rows)

    def traded(self) -> Iterator[tuple[StoredFill, TradedBars]]:
        """Yield the fills whose bars are known, with these."""
        for ticker, moment, quantity in self._rows:
            bars = self.bars(ticker)
            if bars is not None:
                yield StoredFill(bars.symbol, _ns(moment), quantity), bars

    def place(self, ticker: str, utc_ns: int) -> BarPlace:
        """Return the bar of a fill."""
        bars = self.bars(ticker)
        return BarPlace(symbol=ticker, utc_ns=utc_ns, row=None if bars is None else bars.row_at(utc_ns))

    def bars(self, ticker: str) -> TradedBars | None:
        """Return the daily bars of an American share; ``None`` if there are none here."""
        if ticker not in self._bars:
            known = None if self._source is None or len(self._bars) >= _MOST_TICKERS else self._read(ticker)
            self._bars[ticker] = known
        return self._bars[ticker]

    def _read(self, ticker: str) -> TradedBars | None:
        source = self._source
        assert source is not None
        try:
            symbol = source.resolve_symbol(ticker, SecurityType.EQUITY, Market.USA)
            times = [_ns(moment) for name, moment, _ in self._rows if name == ticker]
            columns = source.bars(symbol, Resolution.DAILY, TickType.TRADE, min(times) - DAY_NS, max(times) + DAY_NS)
            hours = source.market_hours.get_exchange_hours(symbol.id.market, symbol, symbol.security_type)
        except (TradingLabError, LookupError, ValueError) as problem:
            _log.info("there are no bars of %s to compare volumes with: %s", ticker, problem)
            return None
        columns = columns.take(np.arange(len(columns)))
        return TradedBars(symbol=symbol, columns=columns, span_ns=DAY_NS, hours=hours) if len(columns) else None


def _source(test: Backtest) -> DataSource | None:
    """Return the data with which volumes are compared: that of the backtest, or what is usual here."""
    named = next((each for each in data_source_list() if each.name == test.data), None) or data_source_usual()
    try:
        return open_source(named.spec)
    except TradingLabError as problem:
        _log.warning("the data source %s cannot be opened: %s", named.name, problem)
        return None
