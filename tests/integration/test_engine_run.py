"""A run from start to end over bars in memory: what is called when, and what one run leaves to the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tradinglab.algorithm.consolidators import TradeBarConsolidator
from tradinglab.algorithm.orders import MarketOnCloseOrder
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import OrderStatus, Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.data.memory import MemorySource
from tradinglab.engine.errors import StrategyError, UsageError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest

MONDAY, TUESDAY = datetime(2020, 3, 2), datetime(2020, 3, 3)
OPEN = np.array(["2020-03-02T14:30", "2020-03-03T14:30"], "datetime64[ns]")
MINUTES = 390


def minutes(base: float = 100.0) -> dict[str, Any]:
    """Return the minute bars of two days: each closes a cent above the one before."""
    times = (OPEN[:, None] + np.arange(MINUTES) * np.timedelta64(1, "m")).ravel()
    closes = base + np.arange(len(times)) / 100
    columns = {"open": closes - 0.01, "high": closes + 0.02, "low": closes - 0.02, "close": closes}
    return {"time": times, "volume": np.full(len(times), 1000.0), **columns}


@pytest.fixture
def source() -> MemorySource:
    made = MemorySource()
    made.add("ABC", Resolution.MINUTE, minutes())
    made.add("XYZ", Resolution.MINUTE, minutes(50))
    return made


class Noting(QCAlgorithm):
    """Notes what is called, with the algorithm's time; the tests say what else it does."""

    last: Noting
    first_day, last_day = MONDAY, TUESDAY

    def initialize(self) -> None:
        type(self).last = self
        self.set_start_date(self.first_day)
        self.set_end_date(self.last_day)
        self.set_benchmark(lambda time: 0)
        self.notes: list[tuple[datetime, str]] = []
        self.prepare()

    def prepare(self) -> None:
        self.add_equity("ABC")

    def note(self, what: str) -> None:
        self.notes.append((self.time, what))

    def at(self, hour: int, minute: int, day: datetime = MONDAY) -> list[str]:
        moment = day.replace(hour=hour, minute=minute)
        return [what for time, what in self.notes if time == moment]


def run(kind: type[Noting], source: MemorySource) -> tuple[Any, BacktestResult]:
    result = backtest(kind, data=source)
    return kind.last, result


# The order of a time step.


class Stepwise(Noting):
    def prepare(self) -> None:
        self.add_equity("ABC")
        ten = TradeBarConsolidator(timedelta(minutes=10))
        ten.data_consolidated += lambda sender, bar: self.note(f"consolidated {bar.close:.2f}")
        self.subscription_manager.add_consolidator("ABC", ten)
        self.average = self.sma("ABC", 3)
        self.average.updated += lambda sender, point: self.note("indicator")
        at = self.time_rules.at(9, 40)
        self.schedule.on(self.date_rules.every_day(), at, lambda: self.note("scheduled"))

    def on_data(self, slice: Any) -> None:
        self.note("on_data")
        if self.time == MONDAY.replace(hour=9, minute=39):
            self.limit_order("ABC", 5, 200)

    def on_order_event(self, order_event: Any) -> None:
        self.note(f"order {order_event.status.name.lower()}")

    def on_end_of_day(self, symbol: Any) -> None:
        self.note(f"end of day {symbol}")

    def on_warmup_finished(self) -> None:
        self.note("warm-up finished")

    def on_securities_changed(self, changes: Any) -> None:
        self.note("changed " + ",".join(sorted(each.symbol.value for each in changes.added_securities)))

    def on_end_of_algorithm(self) -> None:
        self.note("end")


def test_a_step_fills_orders_then_events_then_consolidators_then_on_data(source: MemorySource) -> None:
    strategy, _ = run(Stepwise, source)
    assert strategy.at(9, 39) == ["indicator", "on_data", "order submitted"]
    assert strategy.at(9, 40) == ["order filled", "scheduled", "consolidated 100.09", "indicator", "on_data"]


def test_a_run_begins_and_ends_with_its_own_calls(source: MemorySource) -> None:
    strategy, _ = run(Stepwise, source)
    first, second, *_ = [what for _, what in strategy.notes]
    assert (first, second) == ("warm-up finished", "changed ABC")
    assert strategy.notes[-1] == (TUESDAY.replace(hour=16), "end")


def test_a_day_ends_ten_minutes_before_the_close(source: MemorySource) -> None:
    strategy, _ = run(Stepwise, source)
    ends = [time for time, what in strategy.notes if what == "end of day ABC"]
    assert ends == [day.replace(hour=15, minute=50) for day in (MONDAY, TUESDAY)]


def test_on_data_comes_once_a_minute(source: MemorySource) -> None:
    strategy, result = run(Stepwise, source)
    times = [time for time, what in strategy.notes if what == "on_data"]
    assert len(times) == len(set(times)) == 2 * MINUTES
    assert times == sorted(times)
    assert result.status == "completed"


# Warm-up.


class Warming(Noting):
    first_day = TUESDAY

    def prepare(self) -> None:
        self.add_equity("ABC")
        self.average = self.sma("ABC", 300)
        self.set_warm_up(timedelta(days=1))
        self.refused: Any = None

    def on_data(self, slice: Any) -> None:
        if self.is_warming_up and self.refused is None:
            self.refused = self.market_order("ABC", 1)
        self.note("warming" if self.is_warming_up else "running")

    def on_warmup_finished(self) -> None:
        self.note(f"finished {self.average.samples}")


def test_warm_up_feeds_bars_and_takes_no_orders(source: MemorySource) -> None:
    strategy, result = run(Warming, source)
    names = [what for _, what in strategy.notes]
    assert names == ["warming"] * MINUTES + [f"finished {MINUTES}"] + ["running"] * MINUTES
    assert strategy.refused.status == OrderStatus.INVALID
    assert result.total_orders == 0
    assert result.start == TUESDAY


class WarmingByCount(Warming):
    def prepare(self) -> None:
        super().prepare()
        self.set_warm_up(7)


def test_warm_up_by_count_is_of_so_many_bars_and_of_the_one_before(source: MemorySource) -> None:
    """As in LEAN, a bar that ends at the moment from which bars are read is among them."""
    strategy, _ = run(WarmingByCount, source)
    assert next(time for time, what in strategy.notes if what == "warming") == MONDAY.replace(hour=15, minute=53)
    assert [what for _, what in strategy.notes].count("warming") == 8


# Securities that come and go.


class Changing(Noting):
    """Removes a security at noon, while it is held, and adds it again an hour later."""

    def prepare(self) -> None:
        self.add_equity("ABC")
        self.add_equity("XYZ")
        self.limit: Any = None

    def on_data(self, slice: Any) -> None:
        self.note(",".join(sorted(each.key.value for each in slice.bars)))
        moment = (self.time.day, self.time.hour, self.time.minute)
        if moment == (2, 11, 0):
            self.market_order("XYZ", 10)
            self.limit = self.limit_order("XYZ", 10, 1)
        elif moment == (2, 12, 0):
            self.remove_security("XYZ")
        elif moment == (2, 13, 0):
            self.add_equity("XYZ")


def test_a_removed_security_is_sold_and_comes_back_when_added(source: MemorySource) -> None:
    strategy, _ = run(Changing, source)
    assert strategy.at(12, 0) == ["ABC,XYZ"]
    assert strategy.at(12, 1) == ["ABC"]
    assert strategy.at(13, 0) == ["ABC", "XYZ"], "what is added comes in a step of its own, without what was there"
    assert strategy.at(13, 1) == ["ABC,XYZ"]
    assert strategy.at(16, 0, TUESDAY) == ["ABC,XYZ"]
    assert strategy.limit.status == OrderStatus.CANCELED
    assert not strategy.portfolio["XYZ"].invested


class Absent(Noting):
    def prepare(self) -> None:
        self.add_equity("ABC")
        self.add_equity("NIL")
        self.refused: Any = None

    def on_data(self, slice: Any) -> None:
        assert "NIL" not in slice.bars
        assert not self.securities["NIL"].has_data
        if self.refused is None:
            self.refused = self.market_order("NIL", 1)


def test_a_security_without_bars_is_never_traded_and_is_named(source: MemorySource) -> None:
    strategy, result = run(Absent, source)
    assert strategy.refused.status == OrderStatus.INVALID
    assert any("no minute bars of NIL" in line for line in result.logs)
    (warning,) = (each for each in result.warnings if each.no_bars_of)
    assert (warning.kind, warning.no_bars_of) == ("data", "NIL")
    assert "no minute bars of NIL" in warning.text
    assert result.status == "completed"


class Negative(Noting):
    """Asks for prices that there are not."""

    def prepare(self) -> None:
        self.add_equity("ABC")

    def on_data(self, slice: Any) -> None:
        if (self.time.hour, self.time.minute) in ((10, 0), (11, 0)):
            self.limit_order("ABC", 1, -5)
            self.stop_limit_order("ABC", -1, -2.5, 3)
            self.trailing_stop_order("ABC", -1, -0.1, True)


def test_a_negative_price_is_warned_of_once(source: MemorySource) -> None:
    _, result = run(Negative, source)
    told = [each.text.partition(", below 0")[0] for each in result.warnings if "below 0" in each.text]
    assert told == [
        "limit_price of a Limit order for ABC is -5",
        "stop_price of a StopLimit order for ABC is -2.5",
        "trailing_amount of a TrailingStop order for ABC is -0.1",
    ]
    assert result.total_orders > 3


class Misspelling(Noting):
    """Orders a ticker that it did not add, at every bar."""

    def prepare(self) -> None:
        self.add_equity("ABC")

    def on_data(self, slice: Any) -> None:
        self.market_order("ABBC", 1)


def test_a_ticker_that_an_order_added_is_told_once(source: MemorySource) -> None:
    strategy, result = run(Misspelling, source)
    told = [line for line in result.record.logs if "ABBC" in line]
    assert len(told) == 2, "that it was added, and that orders for it are refused"
    assert told[0].endswith(
        "Warning: an order for ABBC added it as Equity of the market usa with minute bars: the strategy had not added "
        "it. Did you mean: 'ABC'? The source memory has no minute bars of ABBC, so its orders are refused."
    )
    assert "does not have an accurate price" in told[1]
    assert "ABBC" in strategy.securities, "LEAN adds it too"
    assert result.funnel.rejected == result.funnel.requests > 100
    assert any("an order for ABBC added it" in each.text for each in result.warnings)


# Order events.


class Ordering(Noting):
    def on_data(self, slice: Any) -> None:
        if self.time == MONDAY.replace(hour=10):
            self.market_order("ABC", 10)
            self.limit_order("ABC", -10, 500).cancel()
            self.stop_market_order("ABC", -4, 50)

    def on_order_event(self, order_event: Any) -> None:
        held = self.portfolio["ABC"].quantity
        self.note(f"{order_event.order_id} {order_event.status.name} holding {held:g}")


def test_order_events_come_in_order_after_the_account_changed(source: MemorySource) -> None:
    strategy, _ = run(Ordering, source)
    assert strategy.at(10, 0) == [
        "1 SUBMITTED holding 0", "1 FILLED holding 10", "2 SUBMITTED holding 10", "2 CANCEL_PENDING holding 10",
        "2 CANCELED holding 10", "3 SUBMITTED holding 10",
    ]  # fmt: skip
    assert len(strategy.notes) == 6


class Reentrant(Noting):
    """Answers each fill with an order until it holds five shares."""

    def on_data(self, slice: Any) -> None:
        if self.time == MONDAY.replace(hour=10):
            self.market_order("ABC", 1)

    def on_order_event(self, order_event: Any) -> None:
        if order_event.status == OrderStatus.FILLED and self.portfolio["ABC"].quantity < 5:
            self.market_order("ABC", 1)


def test_orders_may_be_sent_from_order_events(source: MemorySource) -> None:
    strategy, result = run(Reentrant, source)
    assert (result.total_orders, strategy.portfolio["ABC"].quantity) == (5, 5)


# What goes wrong in the author's code.


def _failing(hook: str) -> type[Noting]:
    def fail(self: Any, *arguments: Any) -> None:
        raise ValueError(f"no luck in {hook}")

    class Failing(Noting):
        def prepare(self) -> None:
            super().prepare()
            at = self.time_rules.at(10, 0)
            if hook == "scheduled":
                self.schedule.on(self.date_rules.every_day(), at, lambda: fail(self))
            if hook == "consolidated":
                self.consolidate("ABC", timedelta(minutes=5), lambda bar: fail(self))
            if hook == "initialize":
                fail(self)

        def on_data(self, slice: Any) -> None:
            if not self.portfolio.invested:
                self.market_order("ABC", 1)

    if hook.startswith("on_"):
        setattr(Failing, hook, fail)
    return Failing


@pytest.mark.parametrize(
    ("hook", "phase", "time"),
    [
        ("initialize", "initialize", "2020-03-02 00:00:00"),
        ("on_data", "on_data", "2020-03-02 09:31:00"),
        ("on_order_event", "on_order_event", "2020-03-02 09:31:00"),
        ("on_securities_changed", "on_securities_changed", "2020-03-02 00:00:00"),
        ("on_warmup_finished", "on_warmup_finished", "2020-03-02 00:00:00"),
        ("on_end_of_day", "a scheduled event", "2020-03-02 15:50:00"),
        ("on_end_of_algorithm", "on_end_of_algorithm", "2020-03-03 16:00:00"),
        ("scheduled", "a scheduled event", "2020-03-02 10:00:00"),
        ("consolidated", "a consolidator", "2020-03-02 09:35:00"),
    ],
)
def test_an_exception_names_its_hook_and_time(source: MemorySource, hook: str, phase: str, time: str) -> None:
    with pytest.raises(StrategyError, match=f"ValueError: no luck in {hook}") as caught:
        backtest(_failing(hook), data=source)
    assert (caught.value.phase, caught.value.time) == (phase, time)
    assert "test_engine_run.py" in caught.value.trace
    assert "tradinglab/engine" not in caught.value.trace
    if hook in ("on_end_of_day", "on_end_of_algorithm"):
        assert caught.value.result is not None
        assert caught.value.result.status == "failed"
        assert caught.value.result.total_orders == 1


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ({"start": "1899-12-31"}, "set_start_date: 1899-12-31 is before 1900-01-01"),
        ({"start": "9999-01-01"}, "set_start_date: 9999-01-01 is after 2199-12-31"),
        ({"end": "2200-01-01"}, "set_end_date: 2200-01-01 is after 2199-12-31"),
    ],
)
def test_days_out_of_all_range_are_refused(source: MemorySource, days: dict[str, str], says: str) -> None:
    with pytest.raises(StrategyError, match=says):
        backtest(Noting, data=source, **days)


def test_a_run_after_a_failed_one_is_as_without_it(source: MemorySource) -> None:
    _, before = run(Ordering, source)
    with pytest.raises(StrategyError):
        backtest(_failing("on_data"), data=source)
    _, after = run(Ordering, source)
    assert after.statistics == before.statistics


# One run and the next.


class Buffering(Noting):
    def prepare(self) -> None:
        super().prepare()
        MarketOnCloseOrder.SubmissionTimeBuffer = timedelta(minutes=3)  # type: ignore[attr-defined]
        self.universe_settings.leverage = 7
        self.settings.free_portfolio_value_percentage = 0.5
        self.default_order_properties.time_in_force = None
        self.market_hours_database.set_entry_always_open("usa", "QQQQ", 1, self.time_zone)


def test_what_a_strategy_sets_ends_with_its_run(source: MemorySource) -> None:
    _, before = run(Ordering, source)
    run(Buffering, source)
    assert MarketOnCloseOrder.submission_time_buffer == MarketOnCloseOrder.DEFAULT_SUBMISSION_TIME_BUFFER
    strategy, after = run(Ordering, source)
    assert after.statistics == before.statistics
    assert strategy.settings.free_portfolio_value_percentage == 0.0025
    assert strategy.default_order_properties.time_in_force is not None


def test_order_numbers_begin_anew(source: MemorySource) -> None:
    first, second = run(Ordering, source)[1], run(Ordering, source)[1]
    assert list(first.orders.index) == list(second.orders.index) == [1, 2, 3]


def test_a_strategy_may_quit(source: MemorySource) -> None:
    class Quitting(Noting):
        def on_data(self, slice: Any) -> None:
            self.note("on_data")
            if len(self.notes) == 3:
                self.quit("enough")

    strategy, result = run(Quitting, source)
    assert len(strategy.notes) == 3
    assert result.status == "completed"


# The caller's options.


def test_the_callers_dates_and_cash_go_before_the_strategys(source: MemorySource) -> None:
    result = backtest(Ordering, data=source, start="2020-03-03", end="20200303", cash=5000)
    assert result.start == TUESDAY
    assert result.statistics["Start Equity"] == "5000"
    assert result.total_orders == 0


@pytest.mark.parametrize("options", [{"start": "03.02.2020"}, {"start": "2020-03-03", "end": "2020-03-02"}])
def test_options_that_make_no_sense_are_refused(source: MemorySource, options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        backtest(Ordering, data=source, **options)  # type: ignore[arg-type]


def test_what_an_author_keeps_does_not_change() -> None:
    """Slices and values of indicators that nobody keeps are used again; those that somebody keeps are not."""

    class Keeper(QCAlgorithm):
        def initialize(self) -> None:
            self.set_time_zone("UTC")
            self.set_start_date(2020, 1, 6)
            self.set_end_date(2020, 1, 6)
            self.asset = self.add_crypto("BTCUSD", Resolution.MINUTE, Market.COINBASE).symbol
            self.average = self.sma(self.asset, 2)
            self.slices: list[Any] = []
            self.points: list[Any] = []
            self.seen: list[tuple[Any, float, float]] = []
            type(self).last = self

        def on_data(self, slice: Any) -> None:
            value = self.average.current.value
            if len(self.seen) % 3:
                self.slices.append((len(self.seen), slice))
                self.points.append((len(self.seen), self.average.current))
            self.seen.append((slice.time, slice[self.asset].close, value))

    source = MemorySource()
    close = 100.0 + np.arange(60) % 7
    bars = dict.fromkeys(("open", "high", "low", "close"), close)
    bars |= {"time": 1_578_268_800_000_000_000 + 60_000_000_000 * np.arange(60), "volume": np.full(60, 1e6)}
    source.add("BTCUSD", Resolution.MINUTE, bars, security_type=SecurityType.CRYPTO, market=Market.COINBASE)
    backtest(Keeper, data=source)
    strategy = Keeper.last  # type: ignore[attr-defined]
    assert len(strategy.slices) > 10
    for at, kept in strategy.slices:
        assert (kept.time, kept[strategy.asset].close) == strategy.seen[at][:2]
    assert all(point.value == strategy.seen[at][2] for at, point in strategy.points)
