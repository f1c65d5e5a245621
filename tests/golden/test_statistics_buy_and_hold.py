"""Buying SPY once, accounted by hand: sampler, capacity estimate and statistics against LEAN's own figures.

The account here is a few lines; prices come straight from LEAN's files. The figures are those that LEAN's
BasicTemplateAlgorithm declares (SPY at minute resolution, 2013-10-07 to 2013-10-11, all of the cash).
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from tradinglab.core.clock import DAY_NS, MINUTE_NS, day_of_date, to_ns, zone
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import OrderStatus, SecurityType
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.engine.capacity import CapacityEstimate
from tradinglab.engine.capacity_window import CapacityBar
from tradinglab.engine.sampling import HoldingSample, ResultSampler
from tradinglab.engine.statistics import StatisticsInput, build_statistics

SPY = Symbol(SecurityIdentifier.parse("SPY R735QTJ8XC9X"), "SPY")
NEW_YORK = zone("America/New_York")
FIRST, LAST = date(2013, 10, 7), date(2013, 10, 11)
SHARES = Decimal(688)
FEE = Decimal("3.44")

EXPECTED = {
    "Total Orders": "1",
    "Average Win": "0%",
    "Average Loss": "0%",
    "Compounding Annual Return": "271.453%",
    "Drawdown": "2.200%",
    "Expectancy": "0",
    "Start Equity": "100000",
    "End Equity": "101691.92",
    "Net Profit": "1.692%",
    "Sharpe Ratio": "8.854",
    "Sortino Ratio": "0",
    "Probabilistic Sharpe Ratio": "67.459%",
    "Loss Rate": "0%",
    "Win Rate": "0%",
    "Profit-Loss Ratio": "0",
    "Alpha": "-0.005",
    "Beta": "0.996",
    "Annual Standard Deviation": "0.222",
    "Annual Variance": "0.049",
    "Information Ratio": "-14.565",
    "Tracking Error": "0.001",
    "Treynor Ratio": "1.97",
    "Total Fees": "$3.44",
    "Estimated Strategy Capacity": "$56000000.00",
    "Lowest Capacity Asset": "SPY R735QTJ8XC9X",
    "Portfolio Turnover": "19.93%",
    "Drawdown Recovery": "3",
}


class Bar(NamedTuple):
    end_ns: int
    close: Decimal
    volume: Decimal


class Fill(NamedTuple):
    symbol: Symbol
    utc_ns: int
    exact_fill_price: Decimal
    exact_fill_quantity: Decimal
    status: OrderStatus = OrderStatus.FILLED


def read(path: Path) -> list[list[str]]:
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    return list(csv.reader(io.StringIO(text)))


def factor_on(data: Path, day: date) -> Decimal:
    rows = csv.reader((data / "equity/usa/factor_files/spy.csv").read_text().splitlines())
    key = f"{day:%Y%m%d}"
    row = next(row for row in rows if row[0] >= key)
    return Decimal(row[1]) * Decimal(row[2])


def regular_minutes(data: Path, day: date, kind: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the end of each regular minute and its row."""
    for row in read(data / f"equity/usa/minute/spy/{day:%Y%m%d}_{kind}.zip"):
        minute = int(row[0]) // 60_000
        if 570 <= minute < 960:
            yield NEW_YORK.utc_ns(day_of_date(day) * DAY_NS + (minute + 1) * MINUTE_NS), row


def trade_bars(data: Path, day: date) -> list[Bar]:
    factor = factor_on(data, day)
    return [
        Bar(end_ns, Decimal(int(row[4])) * Decimal("0.0001") * factor, Decimal(row[5]) / factor)
        for end_ns, row in regular_minutes(data, day, "trade")
    ]


@dataclass
class Account:
    """Cash and shares of SPY."""

    price: Decimal
    cash: Decimal = Decimal(100_000)
    shares: Decimal = ZERO
    sold: Decimal = ZERO
    now: Bar | None = None
    is_warming_up: bool = False

    def portfolio_value(self) -> Decimal:
        return self.cash + self.shares * self.price

    def benchmark_value(self, utc_ns: int) -> Decimal:
        return self.price

    def sale_volume(self) -> Decimal:
        return self.sold

    def sales_by_name(self) -> list[tuple[str, Decimal]]:
        return [("SPY", self.sold)]

    def security_types(self) -> list[SecurityType]:
        return [SecurityType.EQUITY]

    def holdings(self) -> list[HoldingSample]:
        value = self.shares * self.price
        return [HoldingSample("SPY", SecurityType.EQUITY, value, value / 2)] if value else []

    def stream(self, symbol: Symbol) -> None:
        return None

    def bar(self, symbol: Symbol) -> CapacityBar | None:
        return None if self.now is None else CapacityBar(self.now.close, self.now.volume, MINUTE_NS)

    def conversion_rate(self, symbol: Symbol) -> Decimal:
        return Decimal(1)

    def contract_multiplier(self, symbol: Symbol) -> Decimal:
        return Decimal(1)

    def used_buying_power(self, symbol: Symbol) -> Decimal:
        return self.shares * self.price

    def is_invested(self, symbol: Symbol) -> bool:
        return bool(self.shares)


def buy(account: Account, sampler: ResultSampler, ask: Decimal, utc_ns: int) -> None:
    account.cash -= SHARES * ask + FEE
    account.shares = SHARES
    account.sold += SHARES * ask
    sampler.on_order_event(Fill(SPY, utc_ns, ask, SHARES))


def simulate(data: Path) -> ResultSampler:
    account = Account(trade_bars(data, date(2013, 10, 4))[-1].close)
    start, end = to_ns(datetime(2013, 10, 7)), to_ns(datetime(2013, 10, 12)) - 100
    start_utc = NEW_YORK.utc_ns(start)
    capacity = CapacityEstimate(account, start, end)
    sampler = ResultSampler(account, capacity, start_ns=start, end_ns=end, start_utc_ns=start_utc,
                            starting_portfolio_value=account.cash)  # fmt: skip
    sampler.sample(start_utc)
    sampler.process_synchronous_events(start_utc)
    last = start_utc
    for offset in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=offset)
        if offset:
            sampler.sample(NEW_YORK.utc_ns(day_of_date(day) * DAY_NS))
        for account.now in trade_bars(data, day):
            account.price, last = account.now.close, account.now.end_ns
            if not account.shares:
                _, quote = next(regular_minutes(data, day, "quote"))
                buy(account, sampler, Decimal(int(quote[9])) * Decimal("0.0001") * factor_on(data, day), last)
            if last >= sampler.next_sample_ns or sampler.is_busy:
                sampler.process_synchronous_events(last)
    sampler.finish(last)
    return sampler


def interest_rate(data: Path, when: datetime) -> Decimal:
    rate = Decimal("0.01")
    for line in (data / "alternative/interest-rate/usa/interest-rate.csv").read_text().splitlines()[1:]:
        day, percent = line.split(",")
        if day > f"{when:%Y-%m-%d}":
            break
        rate = Decimal(percent) / 100
    return rate


def source_of(sampler: ResultSampler, data: Path) -> StatisticsInput:
    asset = sampler.capacity.lowest_capacity_asset
    assert asset is not None
    return StatisticsInput(
        equity=sampler.equity_points(),
        performance=sampler.performance_points(),
        benchmark=sampler.benchmark_points(),
        turnover=sampler.turnover_points(),
        starting_capital=sampler.starting_portfolio_value,
        total_fees=FEE,
        total_orders=1,
        capacity=sampler.capacity.capacity,
        lowest_capacity_asset=str(asset.id),
        risk_free_rate=lambda when: interest_rate(data, when),
    )


@pytest.mark.lean
def test_buy_and_hold_has_leans_statistics(lean_data: Path) -> None:
    sampler = simulate(lean_data)
    statistics = build_statistics(source_of(sampler, lean_data))
    assert statistics.summary == EXPECTED
    # Of the week, the first window is cut at nothing: it is the whole run.
    windows = statistics.rolling_performances
    assert list(windows) == ["M1_20131011", "M3_20131011", "M6_20131011", "M12_20131011"]
    assert windows["M1_20131011"].portfolio_statistics.to_json() == (
        statistics.total_performance.portfolio_statistics.to_json()
    )


@pytest.mark.lean
def test_the_loop_is_left_alone_between_samples(lean_data: Path) -> None:
    sampler = simulate(lean_data)
    gaps = Counter(later.time_ns - earlier.time_ns for earlier, later in pairwise(sampler.candles))
    assert gaps.most_common(1)[0][0] == 5 * MINUTE_NS  # the first step after four minutes
    assert len(sampler.candles) < 5 * 390 / 4
