"""The sampler's rhythm and its rules of acceptance; the capacity estimate's windows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pytest

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, to_ns
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.core.enums import OrderStatus, SecurityType
from tradinglab.core.symbol import Symbol
from tradinglab.engine.capacity import NEVER_NS, CapacityEstimate
from tradinglab.engine.capacity_window import CapacityBar
from tradinglab.engine.sampling import HoldingSample, ResultSampler, resample_period_ns

START = to_ns(datetime(2020, 1, 1))
SPY = Symbol.create("SPY", SecurityType.EQUITY, "usa")
IBM = Symbol.create("IBM", SecurityType.EQUITY, "usa")


class Fill(NamedTuple):
    symbol: Symbol
    utc_ns: int
    exact_fill_price: Decimal = Decimal(100)
    exact_fill_quantity: Decimal = Decimal(10)
    status: OrderStatus = OrderStatus.FILLED


class Account:
    """Whatever a test sets."""

    def __init__(self) -> None:
        self.is_warming_up = False
        self.value = Decimal("1000.00")
        self.benchmark: Decimal | float = Decimal(50)
        self.sold = ZERO
        self.held: list[HoldingSample] = []
        self.bars: dict[Symbol, CapacityBar] = {}
        self.invested = True

    def portfolio_value(self) -> Decimal:
        return self.value

    def benchmark_value(self, utc_ns: int) -> Decimal | float:
        return self.benchmark

    def sale_volume(self) -> Decimal:
        return self.sold

    def sales_by_name(self) -> list[tuple[str, Decimal]]:
        return [("IBM", ZERO), ("SPY", self.sold)]

    def security_types(self) -> list[SecurityType]:
        return [SecurityType.EQUITY]

    def holdings(self) -> list[HoldingSample]:
        return self.held

    def stream(self, symbol: Symbol) -> None:
        return None

    def bar(self, symbol: Symbol) -> CapacityBar | None:
        return self.bars.get(symbol)

    def conversion_rate(self, symbol: Symbol) -> Decimal:
        return Decimal(1)

    def contract_multiplier(self, symbol: Symbol) -> Decimal:
        return Decimal(1)

    def used_buying_power(self, symbol: Symbol) -> Decimal:
        return Decimal(500) if self.invested else ZERO

    def is_invested(self, symbol: Symbol) -> bool:
        return self.invested


def make(days: int = 10) -> tuple[Account, ResultSampler]:
    account = Account()
    end = START + days * DAY_NS - 100
    capacity = CapacityEstimate(account, START, end)
    sampler = ResultSampler(account, capacity, start_ns=START, end_ns=end, start_utc_ns=START,
                            starting_portfolio_value=account.value)  # fmt: skip
    return account, sampler


@pytest.mark.parametrize(("days", "minutes"), [(5, 4.0), (11, 4.0), (12, 4.32), (365, 131.4)])
def test_a_run_has_about_four_thousand_equity_samples(days: int, minutes: float) -> None:
    period = resample_period_ns(START, START + days * DAY_NS - 100)
    assert period / MINUTE_NS == pytest.approx(minutes, abs=1e-6)
    assert period % 100 == 0


def test_a_step_is_sampled_only_after_the_period() -> None:
    _, sampler = make()
    for minute in range(11):
        now = START + minute * MINUTE_NS
        assert (now >= sampler.next_sample_ns) == (minute % 5 == 0)
        sampler.process_synchronous_events(now)
    assert [(candle.time_ns - START) // MINUTE_NS for candle in sampler.candles] == [0, 5, 10]


def test_candles_span_what_was_seen() -> None:
    account, sampler = make()
    sampler.process_synchronous_events(START)
    for value in ("1010", "990.00005", "1001"):
        account.value = Decimal(value)
        sampler.update_equity()
    sampler.process_synchronous_events(START + HOUR_NS)
    assert sampler.candles[1][1:] == (Decimal(1000), Decimal(1010), Decimal("990.0000"), Decimal(1001))


def test_candles_can_be_refined_after_the_run() -> None:
    account, sampler = make()
    sampler.process_synchronous_events(START)
    account.value = Decimal(1005)
    sampler.process_synchronous_events(START + HOUR_NS)
    times = START + np.array([0, 1, 2, 60]) * MINUTE_NS
    sampler.refine_candles(times, np.array([1000.0, 1001.5, 980.25, 1005.0]))
    assert sampler.candles[0].high == 1000
    assert sampler.candles[1][1:] == (Decimal("1001.5"), Decimal(1005), Decimal("980.25"), Decimal(1005))


@pytest.mark.parametrize("is_mixed", [False, True])
def test_floats_of_a_benchmark_are_the_decimals_that_each_becomes(is_mixed: bool) -> None:
    values: list[Decimal | float] = [100.0, 101.5, 100 / 3, 1234.56789012345678, 0.0, 1e-20, 99.99999999999999]
    values += [-2 / 3, 1e15, 0.1 + 0.2, *([Decimal("12.50")] if is_mixed else [])]
    charted = []
    for exact in (False, True):
        account, sampler = make()
        for day, value in enumerate(values):
            account.benchmark = to_decimal(value) if exact else value
            sampler.sample(START + day * DAY_NS)
        assert [day.benchmark.as_tuple() for day in sampler.days] == [to_decimal(value).as_tuple() for value in values]
        charted.append([(time, value.as_tuple()) for time, value in sampler.benchmark_points()])
    assert charted[0] == charted[1]


def test_a_sample_is_in_percent_of_the_one_before() -> None:
    account, sampler = make()
    sampler.sample(START)
    account.value = Decimal("1100.00")
    sampler.sample(START + DAY_NS)
    account.value = Decimal("1045.00")
    sampler.sample(START + 2 * DAY_NS)
    assert [float(value) for _, value in sampler.performance_points()] == [0.0, 10.0, -5.0]
    assert [day.drawdown for day in sampler.days] == [0, 0, Decimal("-5.00")]


def test_points_must_be_newer_but_the_turnover_is_replaced() -> None:
    account, sampler = make()
    sampler.sample(START)  # no turnover before the first day is over
    account.sold = Decimal(500)
    sampler.sample(START + DAY_NS)
    account.sold = Decimal(750)
    sampler.sample(START + DAY_NS)
    account.sold = Decimal(1750)
    sampler.sample(START + 2 * DAY_NS)
    assert len(sampler.days) == len(sampler.candles) == 3
    assert [float(value) for _, value in sampler.turnover_points()] == [0.75, 1.0]


def test_the_warm_up_is_not_sampled_and_sets_the_start() -> None:
    account, sampler = make()
    account.is_warming_up = True
    sampler.sample(START)
    account.value = Decimal("2000.0")
    sampler.process_synchronous_events(START + HOUR_NS)
    account.is_warming_up = False
    sampler.on_warmup_finished()
    assert sampler.starting_portfolio_value == 2000
    assert not sampler.candles
    assert not sampler.days
    sampler.sample(START + DAY_NS)
    assert sampler.performance_points()[0][1] == 0


def test_a_warm_up_that_changes_nothing_keeps_the_scale() -> None:
    account, sampler = make()
    account.value = Decimal(1000)
    sampler.on_warmup_finished()
    assert str(sampler.starting_portfolio_value) == "1000.00"


def test_exposure_and_margin() -> None:
    account, sampler = make()
    account.held = [
        HoldingSample("SPY", SecurityType.EQUITY, Decimal(600), Decimal(300)),
        HoldingSample("IBM", SecurityType.EQUITY, Decimal(-250), Decimal("83.3333333")),
    ]
    account.sold = Decimal(850)
    sampler.sample(START)
    day = sampler.days[0]
    assert day.exposure[(SecurityType.EQUITY, True)] == Decimal("0.6")
    assert day.exposure[(SecurityType.EQUITY, False)] == Decimal("-0.25")
    assert [(name, float(value)) for name, value in day.margins] == [("SPY", 30.0), ("IBM", 8.333)]
    assert day.sales == [("SPY", Decimal(850))]


def test_the_last_samples() -> None:
    account, sampler = make()
    sampler.sample(START)
    sampler.finish(START + DAY_NS)
    account.value = Decimal(1)
    assert [candle.time_ns for candle in sampler.candles] == [START, START + DAY_NS]
    assert len(sampler.days) == 2


# Capacity.


def capture(account: Account, volume: int, period_ns: int, symbol: Symbol = SPY) -> None:
    account.bars[symbol] = CapacityBar(Decimal(100), Decimal(volume), period_ns)


def test_without_fills_nothing_is_due() -> None:
    _, sampler = make()
    assert sampler.capacity.next_snapshot_ns == NEVER_NS
    assert not sampler.is_busy
    sampler.capacity.update(START, force=True)
    assert sampler.capacity.capacity == 0


def test_a_minute_window_closes_after_the_time_that_the_volume_needs() -> None:
    account, sampler = make()
    capture(account, 20_000, MINUTE_NS)  # two million dollars a minute, so the window is three minutes
    sampler.on_order_event(Fill(SPY, START))
    open_minutes = 0
    for minute in range(20):
        if minute == 1:
            capture(account, 10_000, MINUTE_NS)  # from now on 10,000 and the bar before's 10,000 a minute
        sampler.capacity.update(START + minute * MINUTE_NS)
        open_minutes += sampler.is_busy
    assert open_minutes == 4
    sampler.capacity.update(START + HOUR_NS, force=True)
    # 5 million dollars were captured (2 + 3 times 1), a fifth of it counts, all of it is ours.
    assert sampler.capacity.capacity == 1_000_000
    assert sampler.capacity.lowest_capacity_asset == SPY


def test_the_smallest_market_bounds_the_capacity() -> None:
    account, sampler = make()
    account.invested = False
    capture(account, 1000, HOUR_NS)
    capture(account, 10, HOUR_NS, IBM)
    sampler.on_order_event(Fill(SPY, START, exact_fill_quantity=Decimal(-30)))
    sampler.on_order_event(Fill(IBM, START))
    sampler.capacity.update(START)
    sampler.capacity.update(START + 8 * DAY_NS)
    assert sampler.capacity.lowest_capacity_asset == IBM
    # 1,000 dollars at a scale of 0.05, for a quarter of what was traded: 200, which rounds to nothing.
    assert sampler.capacity.capacity == 0


def test_frequent_fills_count_less_and_snapshots_blend() -> None:
    account, sampler = make()
    capture(account, 1_000_000, HOUR_NS)
    sampler.on_order_event(Fill(SPY, START))
    sampler.capacity.update(START)
    sampler.on_order_event(Fill(SPY, START + HOUR_NS))  # 60 of 390 minutes: 2 * 60 / 390 of the bar
    sampler.capacity.update(START + HOUR_NS, force=True)
    first = Decimal(100_000_000) * Decimal("0.05") * (1 + Decimal(120) / 390) / 2
    assert sampler.capacity.capacity == pytest.approx(first, abs=500)
    sampler.capacity.update(START + 2 * HOUR_NS, force=True)  # half of the account is held, nothing was sold
    assert sampler.capacity.capacity == pytest.approx(first * (2 * Decimal("0.33") + Decimal("0.66")), abs=500)


def test_snapshots_are_a_week_apart_or_the_run_less_a_day() -> None:
    _, sampler = make(days=30)
    sampler.on_order_event(Fill(SPY, START))
    assert sampler.capacity.next_snapshot_ns == START + 7 * DAY_NS
    _, short = make(days=3)
    short.on_order_event(Fill(SPY, START))
    assert short.capacity.next_snapshot_ns == START + 2 * DAY_NS


def test_other_order_events_do_not_count() -> None:
    _, sampler = make()
    sampler.on_order_event(Fill(SPY, START, status=OrderStatus.SUBMITTED))
    assert not sampler.is_busy


class Streamed(Account):
    """An account whose bars can be read later."""

    def __init__(self, ends_ns: list[int], bars: list[CapacityBar]) -> None:
        super().__init__()
        self.all = bars
        self.ends_ns = ends_ns
        self.starts_ns = [end - bar.period_ns for end, bar in zip(ends_ns, bars, strict=True)]
        self.closes = [float(bar.close) for bar in bars]
        self.volumes = [float(bar.volume) for bar in bars]
        self.has_short_closes = self.has_short_volumes = True
        self.now = -1

    def stream(self, symbol: Symbol) -> Streamed:  # type: ignore[override]
        return self

    def last_row(self) -> int:
        return self.now

    def bar(self, row: object) -> CapacityBar | None:
        return self.all[row if isinstance(row, int) else self.now]


def random_bars(rng: np.random.Generator, count: int, period_ns: int, kind: str) -> list[CapacityBar]:
    """Return bars whose dollars in a minute often are just what closes a window, and often not."""
    volumes = rng.integers(0, 3, count) * rng.integers(1, 20_000, count)
    if kind == "whole":
        return [CapacityBar(Decimal(100 + row % 7), Decimal(int(volumes[row])), period_ns) for row in range(count)]
    if kind == "edges":  # six million dollars, or a hundred thousand, over a number of minutes
        minutes = rng.integers(1, 125, count)
        return [CapacityBar(Decimal(100), Decimal(120_000) / int(each), period_ns) for each in minutes]
    prices = rng.integers(1, 2_000_000, count)
    places, parts = (4, 1) if kind == "ticks" else (6, 8)
    return [
        CapacityBar(Decimal(int(price)).scaleb(-places), Decimal(int(volume)) / parts, period_ns)
        for price, volume in zip(prices, volumes, strict=True)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["whole", "ticks", "fractions", "edges"])
@pytest.mark.parametrize("is_short", [True, False])
@pytest.mark.parametrize("period_ns", [SECOND_NS, MINUTE_NS, HOUR_NS, DAY_NS])
def test_bars_that_are_read_later_give_the_same_capacity(seed: int, kind: str, is_short: bool, period_ns: int) -> None:
    rng = np.random.default_rng(seed)
    count = 3000
    bars = random_bars(rng, count, period_ns, kind)
    if period_ns < HOUR_NS:  # one in ten is missing
        ends = START + np.sort(rng.choice(count * 10 // 9, count, replace=False)) * period_ns
    else:
        ends = START + np.arange(count) * period_ns
    ends_ns = [int(each) for each in ends]
    end_ns = ends_ns[-1] + DAY_NS
    filled = {int(row) for row in rng.integers(0, count, 200)}
    captures = 0
    live, later = Account(), Streamed(ends_ns, bars)
    later.has_short_closes, later.has_short_volumes = is_short, is_short or seed == 2
    estimates = [CapacityEstimate(each, START, end_ns) for each in (live, later)]
    for row, bar in enumerate(bars):
        live.bars[SPY], later.now = bar, row
        now = ends_ns[row]
        for estimate in estimates:
            if row in filled:
                estimate.on_fill(Fill(SPY, now, Decimal("100.25") + row % 3))
        estimates[0].update(now)
        if now >= estimates[1].next_snapshot_ns or estimates[1].is_capturing:
            estimates[1].update(now)
        if row == count // 2:
            estimates[1].on_streams_changing()
        if row % 97 == 0:
            captures += have_captured_the_same(*estimates)
    for estimate in estimates:
        estimate.update(end_ns, force=True)
    assert estimates[0].capacity == estimates[1].capacity
    assert captures > 10


def have_captured_the_same(live: CapacityEstimate, later: CapacityEstimate) -> bool:
    """Compare what is captured at a moment; return whether that is anything."""
    for each in later._by_symbol.values():
        each.catch_up()
    sums = [[each.captured for each in estimate._by_symbol.values()] for estimate in (live, later)]
    for one, other in zip(*sums, strict=True):
        assert abs(one - other) <= abs(one) * Decimal("1e-22")
    return any(sums[0])
