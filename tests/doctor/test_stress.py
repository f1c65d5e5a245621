"""Worse assumptions: what each does to fills and costs, by arithmetic of its own, and where nothing is earned."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.doctor.kit import bars, every, planned, source_of, wave

from tradinglab import backtest
from tradinglab.algorithm.securities.security_models import SecurityModels
from tradinglab.cli.main import main
from tradinglab.core.enums import OrderStatus, Resolution
from tradinglab.data.memory import MemorySource
from tradinglab.doctor import stress
from tradinglab.doctor.assumptions import Assumption, assuming
from tradinglab.doctor.stress import StressRow, scenarios
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult

RISING = [100 + 0.2 * place for place in range(250)]
Fills = list[tuple[int, float, float, float]]


@pytest.fixture(scope="module")
def waving() -> MemorySource:
    return source_of(ABC=bars(wave(120)))


def under(assumption: Assumption, source: MemorySource, strategy: Any = None, **terms: Any) -> BacktestResult:
    with assuming(assumption):
        return backtest(strategy or planned(every(3, 100), fee=1.5), data=source, **terms)


def fills_of(result: BacktestResult) -> Fills:
    return [
        (each.utc_ns, each.fill_price, each.fill_quantity, float(each.order_fee))
        for each in result.record.order_events
        if each.status == OrderStatus.FILLED
    ]


def test_nothing_assumed_changes_nothing(waving: MemorySource) -> None:
    plain = backtest(planned(every(3, 100), fee=1.5), data=waving)
    assert under(Assumption(), waving).statistics == plain.statistics
    assert SecurityModels.replacing is None


@pytest.mark.parametrize("times", [0, 2, 3])
def test_fees_are_multiplied(waving: MemorySource, times: int) -> None:
    plain, changed = (fills_of(under(Assumption(fee_times=Decimal(each)), waving)) for each in (1, times))
    assert [each[3] * times for each in plain] == [each[3] for each in changed]
    assert [each[:3] for each in plain] == [each[:3] for each in changed]


def test_slippage_makes_each_price_worse(waving: MemorySource) -> None:
    plain, changed = (fills_of(under(Assumption(slippage_bps=Decimal(each)), waving)) for each in (0, 10))
    assert len(plain) == len(changed) > 30
    for (_, before, quantity, _), (_, after, _, _) in zip(plain, changed, strict=True):
        # The last price is that of the bar that fills; the fill is at its opening.
        assert (after - before) * (1 if quantity > 0 else -1) == pytest.approx(before * 0.001, rel=0.1)


def test_a_cost_is_a_share_of_the_order_s_value(waving: MemorySource) -> None:
    plain, changed = (fills_of(under(Assumption(cost_bps=Decimal(each)), waving)) for each in (0, 20))
    for (_, price, quantity, fee), (_, _, _, dearer) in zip(plain, changed, strict=True):
        assert dearer - fee == pytest.approx(abs(quantity) * price * 0.002, rel=0.1)


def test_prices_are_those_of_the_next_bar(waving: MemorySource) -> None:
    plain, late = (fills_of(under(Assumption(is_delayed=each), waving)) for each in (False, True))
    rows = bars(wave(120))
    assert len(plain) == len(late) > 30
    for (utc_ns, price, *_), (late_ns, late_price, *_) in zip(plain[:30], late[:30], strict=True):
        assert utc_ns == late_ns
        row = int(rows["time"].searchsorted(utc_ns)) - 1
        assert price == rows["open"][row]
        assert late_price == pytest.approx(rows["open"][row + 1])


def test_prices_of_minutes_are_the_next_close() -> None:
    source = source_of(True, ABC=bars(wave(100), minute=True))
    strategy = planned(every(3, 100, until=100), resolution=Resolution.MINUTE, days=0)
    plain, late = (fills_of(under(Assumption(is_delayed=each), source, strategy)) for each in (False, True))
    closes = wave(100)
    assert [each[1] for each in plain[:33]] == closes[:99:3]
    assert [each[1] for each in late[:33]] == pytest.approx(closes[1::3])


def test_a_limit_names_its_price(waving: MemorySource) -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        self.limit_order("ABC", 1 if bar % 2 else -1, slice["ABC"].close)

    harsh = Assumption(is_delayed=True, slippage_bps=Decimal(50))
    plain, changed = (fills_of(under(each, waving, planned(act))) for each in (Assumption(), harsh))
    assert [each[1] for each in plain] == [each[1] for each in changed]


def test_missed_fills_are_drawn_by_the_seed(waving: MemorySource) -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        self.market_order("ABC", 1)

    def missed(share: float, seed: int) -> list[int]:
        result = under(Assumption(missed=share, seed=seed), waving, planned(act))
        return [each.id for each in result.record.orders if each.status == OrderStatus.CANCELED]

    some = missed(0.2, 1)
    assert some == missed(0.2, 1)
    assert some != missed(0.2, 2)
    assert 10 < len(some) < 70
    assert missed(0, 1) == []
    assert len(missed(1, 1)) > 100


def test_models_that_are_set_late_are_changed_too(waving: MemorySource) -> None:
    from tradinglab.algorithm.models.fees import ConstantFeeModel

    def act(self: Any, bar: int, slice: Any) -> None:
        if bar == 10:
            self.securities["ABC"].set_fee_model(ConstantFeeModel(7))
        every(3, 100)(self, bar, slice)

    fees = {each[3] for each in fills_of(under(Assumption(fee_times=Decimal(2)), waving, planned(act, fee=1.5)))}
    assert fees == {3.0, 14.0}


def test_an_author_s_own_models_are_changed(waving: MemorySource) -> None:
    class Fees:
        def GetOrderFee(self, parameters: Any) -> Any:
            from tradinglab.algorithm.orders import CashAmount, OrderFee

            return OrderFee(CashAmount(4, "USD"))

    class Slippage:
        def GetSlippageApproximation(self, asset: Any, order: Any) -> float:
            return 0.5

    def prepare(self: Any) -> None:
        self.securities["ABC"].set_fee_model(Fees())
        self.securities["ABC"].set_slippage_model(Slippage())

    strategy = planned(every(3, 100), prepare=prepare)
    plain, changed = (
        fills_of(under(each, waving, strategy))
        for each in (Assumption(), Assumption(fee_times=Decimal(2), slippage_bps=Decimal(10)))
    )
    assert {each[3] for each in plain} == {4.0}
    assert {each[3] for each in changed} == {8.0}
    assert all(abs(b[1] - a[1]) > 0.05 for a, b in zip(plain, changed, strict=True))


def test_the_break_even_cost_is_what_arithmetic_says() -> None:
    """Fixed quantities: each order's cost is its value times the cost, so that the profit falls in a line."""
    source = source_of(ABC=bars(RISING))
    found = stress(planned(every(3, 100)), source)
    plain = found.rows[0]
    traded = sum(abs(quantity) * price for _, price, quantity, _ in fills_of(under(Assumption(), source,
                                                                                  planned(every(3, 100)))))  # fmt: skip
    assert plain.net_profit is not None
    cost = found.break_even.cost_bps
    assert cost == pytest.approx(plain.net_profit / traded * 10_000, rel=0.01)
    assert found.break_even.traded == pytest.approx(traded)
    assert cost is not None
    above = under(Assumption(cost_bps=Decimal(repr(cost * 1.01))), source, planned(every(3, 100)))
    assert above.record.account.value < 100_000
    assert found.break_even.net_profit is not None
    assert 0 < found.break_even.net_profit < plain.net_profit / 100


def test_the_table() -> None:
    source, seen = source_of(ABC=bars(RISING)), list[StressRow]()
    found = stress(planned(every(3, 100), fee=1), source, on_row=seen.append)
    assert [each.name for each in found.rows] == ["as it is", *(each.name for each in scenarios(0))]
    assert list(found.rows) == seen
    by_name = {each.name: each for each in found.rows}
    profits = [by_name[f"slippage of {each} bp more"].net_profit or 0 for each in (1, 2, 5, 10, 20)]
    assert profits == sorted(profits, reverse=True)
    assert (by_name["fees times 0"].net_profit or 0) > (by_name["fees times 3"].net_profit or 0)
    ten, one = by_name["cash times 10"], by_name["as it is"]
    assert ten.net_profit == one.net_profit
    assert (ten.net_return or 0) * 10 == pytest.approx(one.net_return)


def test_what_never_earned_or_never_traded_has_no_break_even_cost() -> None:
    falling = source_of(ABC=bars(RISING[::-1]))
    assert "even without" in stress(planned(every(3, 100)), falling).break_even.sentence
    assert "Nothing was traded" in stress(planned(lambda self, bar, data: None), falling).break_even.sentence


def test_a_failure_under_an_assumption_is_told_in_its_row() -> None:
    def act(self: Any, bar: int, slice: Any) -> None:
        assert self.portfolio.cash < 200_000, "so much"
        every(3, 100)(self, bar, slice)

    rows = stress(planned(act), source_of(ABC=bars(RISING))).rows
    assert [each.name for each in rows if each.problem] == ["cash times 10"]
    assert rows[-1].net_profit is None


def test_a_strategy_that_fails_as_it_is_is_refused(waving: MemorySource) -> None:
    with pytest.raises(StrategyError):
        stress(planned(lambda self, bar, data: 1 / 0), waving)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "buy-and-hold", "--end", "2003-01-01", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["rows"]) == 1 + len(scenarios(0))
    assert main(["stress", "nowhere.py"]) == 2
