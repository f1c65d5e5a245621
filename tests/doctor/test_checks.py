"""Each check, with a run that shows what it looks for and one that does not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.doctor.kit import FIRST, MINUTE_NS, bars, every, found, of, planned, source_of, wave

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.symbol_properties import SymbolProperties
from tradinglab.data.memory import MemorySource
from tradinglab.doctor import Finding, FindingCode, Severity, diagnose
from tradinglab.doctor.diagnosis import CHECKS, OUTCOME_CHECKS

Code = FindingCode


def nothing(self: Any, bar: int, slice: Any) -> None:
    """Trade nothing."""


def once(quantity: int) -> Any:
    """Return an act that buys at the first bar and holds."""

    def act(self: Any, bar: int, slice: Any) -> None:
        if bar == 0:
            self.market_order("ABC", quantity)

    return act


#: A strategy that trades often, on bars with nothing the matter.
SOUND = planned(every(3, 100))


@pytest.fixture(scope="module")
def plain() -> MemorySource:
    return source_of(ABC=bars(wave(250)))


def without(rows: dict[str, Any], *gone: int) -> dict[str, Any]:
    return {name: np.delete(column, gone) for name, column in rows.items()}


@pytest.mark.parametrize(
    "code",
    [each for each in Code if each not in (Code.LOOK_AHEAD, Code.NOT_REPEATABLE, Code.ONE_TRADE, Code.ONE_DAY,
                                           Code.OPEN_PROFIT)],
)  # fmt: skip
def test_a_sound_run_has_no_finding(code: FindingCode, plain: MemorySource) -> None:
    assert found(SOUND, plain, code) is None


def test_the_table_has_every_check() -> None:
    from tradinglab.doctor.checks import fills, orders, outcomes

    there = {
        value
        for module in (fills, orders, outcomes)
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    }
    assert there == {*CHECKS, *OUTCOME_CHECKS}


# Orders.


def test_no_signals(plain: MemorySource) -> None:
    finding = found(planned(nothing), plain, Code.NO_ORDERS)
    assert finding is not None
    assert finding.severity == Severity.ERROR
    assert finding.evidence["orders asked for"] == 0
    assert finding.evidence["bars delivered to the strategy"] == 250


def test_no_bars() -> None:
    finding = found(planned(nothing, tickers=("XYZ",), is_compared=False), source_of(ABC=bars(wave(5))), Code.NO_ORDERS)
    assert finding is not None
    assert "No bar" in finding.sentence


def test_all_orders_refused(plain: MemorySource) -> None:
    finding = found(planned(once(10**9)), plain, Code.NO_ORDERS)
    assert finding is not None
    assert "refused" in finding.sentence


def test_more_than_the_account_can_carry(plain: MemorySource) -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        self.market_order("ABC", 10**9 if bar == 7 else 1)

    finding = found(planned(act), plain, Code.MARGIN_REFUSALS)
    assert finding is not None
    assert finding.evidence["refused"] == 1
    assert finding.place is not None
    assert finding.place.row in (7, 8)


def test_other_refusals(plain: MemorySource) -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        self.market_order("ABC", 1 if bar % 2 else 0.2)

    finding = found(planned(act), plain, Code.REFUSED_ORDERS)
    assert finding is not None
    assert finding.evidence["refused"] == 125
    assert found(planned(act), plain, Code.MARGIN_REFUSALS) is None


def test_orders_in_the_warm_up(plain: MemorySource) -> None:
    def prepare(self: Any) -> None:
        self.set_start_date(2019, 3, 1)
        self.set_warm_up(10)

    finding = found(planned(every(1, 5), prepare=prepare), plain, Code.WARM_UP_ORDERS)
    assert finding is not None
    assert finding.evidence["refused"] == 10


def prepared(self: Any) -> None:
    self.average = self.sma("ABC", 20)


def test_orders_before_an_indicator_is_ready(plain: MemorySource) -> None:
    finding = found(planned(every(1, 5), prepare=prepared), plain, Code.UNREADY_INDICATORS)
    assert finding is not None
    assert finding.evidence["orders"] == 19
    assert "SMA(20" in str(finding.evidence["indicators"])
    assert finding.place is not None
    assert finding.place.row == 0


def test_who_waits_for_an_indicator_is_not_told_of_it(plain: MemorySource) -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        if self.average.is_ready:
            every(3, 5)(self, bar, slice)

    assert found(planned(act, prepare=prepared), plain, Code.UNREADY_INDICATORS) is None


def test_another_symbol_s_indicator_is_none_of_an_order_s() -> None:
    def prepare(self: Any) -> None:
        self.average = self.sma("DEF", 200)

    source = source_of(ABC=bars(wave(100)), DEF=bars(wave(100)))
    strategy = planned(every(3, 5), prepare=prepare, tickers=("ABC", "DEF"))
    assert found(strategy, source, Code.UNREADY_INDICATORS) is None


def test_leverage(plain: MemorySource) -> None:
    finding = found(planned(once(1800)), plain, Code.LEVERAGE)
    assert finding is not None
    assert float(finding.evidence["leverage"]) == pytest.approx(1.8, rel=0.05)
    assert found(planned(once(950)), plain, Code.LEVERAGE) is None


def test_leverage_counts_every_position_with_what_a_unit_of_it_is_worth() -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        if bar in (0, 4):
            self.market_order("ABC", 90)  # 90 units of ten times 100: 90,000 each time
        if bar == 2:
            self.market_order("DEF", -300)  # short of 20 each: 6,000
        if bar == 8:
            self.liquidate()

    source = source_of(ABC=bars([100.0] * 20), DEF=bars([20.0] * 20))
    tenfold = SymbolProperties("", "USD", 10, Decimal("0.01"), 1, "")
    source.symbol_properties.set_entry("usa", "ABC", SecurityType.EQUITY, tenfold)
    finding = found(planned(act, tickers=("ABC", "DEF")), source, Code.LEVERAGE)
    assert finding is not None
    assert finding.evidence["leverage"] == 1.86  # (2 x 90,000 + 6,000) / 100,000


# Fills.


def test_a_fill_at_an_old_price() -> None:
    rows = without(bars(wave(120), minute=True), *range(20, 100))

    def prepare(self: Any) -> None:
        self.schedule.on(self.date_rules.today, self.time_rules.at(10, 40), lambda: self.market_order("ABC", 10))

    members: dict[str, Any] = {"resolution": Resolution.MINUTE, "days": 0, "prepare": prepare}
    finding = found(planned(nothing, **members), source_of(True, ABC=rows), Code.STALE_FILLS)
    assert finding is not None
    assert finding.evidence["fills"] == 1
    assert float(finding.evidence["age_seconds"]) == pytest.approx(50 * 60)
    whole = source_of(True, ABC=bars(wave(120), minute=True))
    assert found(planned(nothing, **members), whole, Code.STALE_FILLS) is None


@pytest.mark.parametrize("minute", [False, True])
def test_a_fill_above_a_share_of_the_volume(minute: bool) -> None:
    members: dict[str, Any] = {"resolution": Resolution.MINUTE, "days": 0} if minute else {}
    thin = source_of(minute, ABC=bars(wave(100), volume=1000, minute=minute))
    finding = found(planned(every(3, 51, until=100), **members), thin, Code.LARGE_FILLS)
    assert finding is not None
    assert float(finding.evidence["largest_share"]) == pytest.approx(0.051)
    assert found(planned(every(3, 50, until=100), **members), thin, Code.LARGE_FILLS) is None


def test_a_bar_without_any_volume() -> None:
    rows = bars(wave(100))
    rows["volume"][1] = 0
    finding = found(planned(every(3, 1)), source_of(ABC=rows), Code.LARGE_FILLS)
    assert finding is not None
    assert finding.evidence["largest_share"] == "no volume"
    rows["volume"][:] = 0
    assert found(planned(every(3, 1)), source_of(ABC=rows), Code.LARGE_FILLS) is None


def test_missing_days() -> None:
    finding = found(planned(every(3, 1)), source_of(ABC=without(bars(wave(100)), 40, 41)), Code.DATA_GAPS)
    assert finding is not None
    assert finding.evidence == {"gaps": 1, "missing_sessions": 2}
    assert finding.sentence.startswith(
        "The data has 1 gap within 5 bars of a fill; the longest, of ABC, lacks 2 sessions"
    )
    assert finding.place is not None
    assert finding.place.row == 39


def test_a_missing_stretch_of_a_session() -> None:
    members: dict[str, Any] = {"resolution": Resolution.MINUTE, "days": 0}
    rows = bars(wave(200), minute=True)
    finding = found(planned(every(3, 1), **members), source_of(True, ABC=without(rows, *range(50, 90))), Code.DATA_GAPS)
    assert finding is not None
    assert finding.evidence["missing_bars"] == 40
    few = source_of(True, ABC=without(rows, *range(50, 60)))
    assert found(planned(every(3, 1), **members), few, Code.DATA_GAPS) is None


def test_nights_are_no_gaps() -> None:
    rows = bars(wave(60), minute=True)
    rows["time"] = rows["time"] + np.where(np.arange(60) < 30, 360 * MINUTE_NS, 1410 * MINUTE_NS)
    strategy = planned(every(3, 1, until=60), resolution=Resolution.MINUTE, days=2)
    diagnosis = diagnose(strategy, data=source_of(True, ABC=rows), cuts=0)
    fills = [fill.utc_ns for fill in diagnosis.result.record.order_events if fill.fill_quantity]
    for first in (0, 30):
        assert any(rows["time"][first] < each <= rows["time"][first + 29] + MINUTE_NS for each in fills)
    assert of(diagnosis, Code.DATA_GAPS) is None


def test_a_gap_that_no_fill_is_near() -> None:
    rows = without(bars(wave(100)), 60, 61)
    assert found(planned(once(1)), source_of(ABC=rows), Code.DATA_GAPS) is None


def test_made_up_bars() -> None:
    class MadeUp(MemorySource):
        def is_synthetic(self, *which: object) -> bool:
            return True

    source = MadeUp()
    source.add("ABC", Resolution.DAILY, bars(wave(100)))
    assert found(planned(every(3, 1)), source, Code.MADE_UP_DATA) is not None


# Outcomes.


def test_few_trades(plain: MemorySource) -> None:
    finding = found(planned(every(50, 10)), plain, Code.FEW_TRADES)
    assert finding is not None
    assert finding.evidence["closed_trades"] == 2


def jump(at: int, by: float, count: int = 200) -> list[float]:
    """Return prices that go up a little, and once by much."""
    return [100 + 0.01 * place + (by if place >= at else 0) for place in range(count)]


def test_one_trade_and_one_day_carry_the_profit() -> None:
    source = source_of(ABC=bars(jump(98, 30)))
    trade = found(planned(every(3, 10)), source, Code.ONE_TRADE)
    day = found(planned(every(3, 10)), source, Code.ONE_DAY)
    assert trade is not None
    assert day is not None
    for finding in (trade, day):
        assert float(finding.evidence["share"]) > 0.9
        assert finding.place is not None


def test_profit_from_many_trades_and_days() -> None:
    source = source_of(ABC=bars([100 + 0.1 * place for place in range(200)]))
    for code in (Code.ONE_TRADE, Code.ONE_DAY, Code.OPEN_PROFIT):
        assert found(planned(every(3, 10)), source, code) is None


def test_one_of_several_symbols_carries_the_profit() -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        if bar % 5 in (0, 3):
            for ticker in self.tickers:
                self.market_order(ticker, 10 if bar % 5 == 0 else -10)

    rising, flat = [100 + 0.5 * place for place in range(200)], [100 + 0.01 * place for place in range(200)]
    strategy = planned(act, tickers=("ABC", "DEF", "GHI"))
    lucky = source_of(ABC=bars(rising), DEF=bars(flat), GHI=bars(flat))
    finding = found(strategy, lucky, Code.ONE_SYMBOL)
    assert finding is not None
    assert "ABC" in finding.sentence
    even = source_of(ABC=bars(flat), DEF=bars(flat), GHI=bars(flat))
    assert found(strategy, even, Code.ONE_SYMBOL) is None


def test_profit_that_was_never_taken() -> None:
    finding = found(planned(once(100)), source_of(ABC=bars(jump(50, 10))), Code.OPEN_PROFIT)
    assert finding is not None
    assert finding.evidence["share"] == pytest.approx(1)


def test_a_short_span(plain: MemorySource) -> None:
    finding = found(planned(every(3, 10)), plain, Code.SHORT_SPAN, end="2019-03-01")
    assert finding is not None
    assert finding.evidence["days"] == 30 + 28 + 1, "from 2 January to 1 March, both included"
    two_days = found(
        planned(every(3, 10)), plain, Code.SHORT_SPAN, end=str(FIRST + timedelta(days=1)), start=str(FIRST)
    )
    assert two_days is not None
    assert two_days.evidence["factor"] == pytest.approx(365.25 / 2)


def test_a_benchmark_that_never_moves(plain: MemorySource) -> None:
    finding = found(planned(every(3, 10), is_compared=False), plain, Code.NO_BENCHMARK)
    assert finding is not None
    assert finding.severity == Severity.NOTE


def test_findings_are_plain_json(plain: MemorySource) -> None:
    import json

    finding = found(planned(every(50, 10)), plain, Code.FEW_TRADES)
    assert isinstance(finding, Finding)
    assert json.loads(json.dumps(finding.as_json()))["code"] == "few-trades"
