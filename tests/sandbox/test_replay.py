"""An honest run is verified; what a run makes up is found."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.replay_kit import ClaimedRun, Tamper

from tradinglab.algorithm.framework import (
    ConstantAlphaModel,
    EqualWeightingPortfolioConstructionModel,
    ManualUniverseSelectionModel,
    ScheduledUniverseSelectionModel,
)
from tradinglab.algorithm.models.fees import FeeModel
from tradinglab.algorithm.models.fills import FillModel
from tradinglab.algorithm.orders import CashAmount, OrderFee, UpdateOrderFields
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.enums import (
    DataNormalizationMode,
    InsightDirection,
    InsightType,
    OrderStatus,
    Resolution,
    SecurityType,
)
from tradinglab.core.symbol import Symbol
from tradinglab.engine.result import BacktestResult
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.replay import FindingCode, Terms
from tradinglab.sandbox.request import Check, result_of
from tradinglab.templates import Template, all_templates

GOLDEN = Path(__file__).parents[1] / "golden" / "strategies"
PARAMETERS = {"ema-fast": 10, "ema-slow": 20}


@pytest.mark.slow
@pytest.mark.parametrize("template", all_templates(), ids=lambda each: each.name)
def test_a_template_is_verified(template: Template) -> None:
    run = ClaimedRun(template.path)
    result = run.checked()
    assert result.verification is not None
    assert result.verification.findings == ()
    assert result.statistics == run.honest.statistics
    assert result.runtime_statistics == run.honest.runtime_statistics


@pytest.mark.lean
@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.py")))
def test_a_strategy_on_leans_data_is_verified(lean_data: Path, name: str) -> None:
    run = ClaimedRun(GOLDEN / f"{name}.py", data=f"lean:{lean_data}", parameters=PARAMETERS)
    result = run.checked()
    assert result.verification is not None
    assert result.verification.findings == ()
    assert result.statistics == run.honest.statistics


class Busy(QCAlgorithm):
    """Orders of many kinds, some changed, some cancelled, some sent when told of another."""

    def initialize(self) -> None:
        self.set_start_date(2012, 1, 3)
        self.set_end_date(2012, 12, 31)
        self.set_cash(100_000)
        for ticker in ("IBM", "AAPL"):
            self.add_equity(ticker, Resolution.DAILY, data_normalization_mode=DataNormalizationMode.RAW)
        self.set_benchmark("IBM")
        self.resting: list[Any] = []
        self.schedule.on(self.date_rules.month_start("AAPL"), self.time_rules.at(11, 0), self.monthly)

    def monthly(self) -> None:
        self.market_order("AAPL", 10)

    def on_data(self, data: Any) -> None:
        price = self.securities["IBM"].price
        if not price:
            return
        day = self.time.timetuple().tm_yday
        if day % 20 == 5:
            self.market_order("IBM", 20)
            self.resting = [
                self.limit_order("IBM", -5, round(price * 1.01, 2)),
                self.stop_market_order("IBM", -5, round(price * 0.97, 2)),
                self.stop_limit_order("IBM", -3, round(price * 0.98, 2), round(price * 0.975, 2)),
                self.trailing_stop_order("IBM", -2, 0.05, True),
            ]
        if day % 20 == 12 and self.resting:
            fields = UpdateOrderFields()
            fields.limit_price = round(price * 1.002, 2)
            self.resting[0].update(fields)
        if day % 20 == 15:
            self.transactions.cancel_open_orders()
        if day % 60 == 50:
            self.market_on_open_order("IBM", -self.portfolio["IBM"].quantity)

    def on_order_event(self, order_event: Any) -> None:
        if order_event.status == OrderStatus.FILLED and order_event.fill_quantity < 0 and order_event.quantity == -5:
            self.market_order("AAPL", 1)


@pytest.fixture(scope="module")
def busy() -> ClaimedRun:
    return ClaimedRun(Busy)


def test_orders_of_all_kinds_are_verified(busy: ClaimedRun) -> None:
    verification = busy.verification()
    assert verification.findings == ()
    assert busy.honest.total_orders > 30
    phases = set(busy.answer()["declared"]["phases"])
    assert phases >= {"on_data", "a scheduled event", "on_order_event"}


class Chosen(QCAlgorithm):
    """Trades what universes choose, by framework models and by itself."""

    def initialize(self) -> None:
        self.set_start_date(2012, 3, 1)
        self.set_end_date(2012, 6, 29)
        self.universe_settings.resolution = Resolution.DAILY
        self.universe_settings.leverage = 3
        self.set_universe_selection(ManualUniverseSelectionModel(equity("MSFT")))
        self.add_universe_selection(
            ScheduledUniverseSelectionModel(self.date_rules.week_start(), self.time_rules.midnight, self.select)
        )
        self.add_universe("mine", lambda time: ["GOOG"] if time.month == 4 else [])
        self.set_alpha(ConstantAlphaModel(InsightType.PRICE, InsightDirection.UP, timedelta(days=20)))
        self.set_portfolio_construction(EqualWeightingPortfolioConstructionModel())

    def select(self, time: datetime) -> list[Symbol]:
        return [equity("IBM")] if time.day < 15 else [equity("IBM"), equity("AAPL")] if time.day < 24 else []

    def on_securities_changed(self, changes: Any) -> None:
        for security in changes.removed_securities:
            self.liquidate(security.symbol)


def equity(ticker: str) -> Symbol:
    return Symbol.create(ticker, SecurityType.EQUITY, "usa")


def test_what_universes_choose_is_verified() -> None:
    run = ClaimedRun(Chosen)
    assert run.verification().findings == ()
    assert run.honest.total_orders > 20
    assert {"a universe", "on_securities_changed", "a framework model"} <= set(run.answer()["declared"]["phases"])
    assert len(_requests(run.answer(), "remove")) > 2


def _filled(answer: dict[str, Any]) -> list[Any]:
    return next(order for order in answer["result"]["orders"] if order[2][2] == int(OrderStatus.FILLED))


def _set_in_json(order: list[Any], name: str, value: object) -> None:
    for at in (8, 9):
        if order[at] is not None:
            order[at] = json.dumps(json.loads(order[at]) | {name: value})


def _a_cent_off(answer: dict[str, Any]) -> None:
    order = _filled(answer)
    order[4] = str(Decimal(order[4]) - Decimal("0.01"))
    _set_in_json(order, "price", float(order[4]))


def _filled_early(answer: dict[str, Any]) -> None:
    order = _filled(answer)
    order[6] = order[5] - 86_400_000_000_000


def _filled_late(answer: dict[str, Any]) -> None:
    _filled(answer)[6] += 86_400_000_000_000


def _more_of_it(answer: dict[str, Any]) -> None:
    order = _filled(answer)
    order[3] = str(Decimal(order[3]) * 2)


def _phantom(answer: dict[str, Any]) -> None:
    orders = answer["result"]["orders"]
    order = list(orders[-1])
    order[0] += 1
    order[8], order[9] = json.dumps(json.loads(order[8]) | {"id": order[0]}), None
    orders.append(order)


def _hidden(answer: dict[str, Any]) -> None:
    answer["result"]["orders"].pop(0)


def _no_fees(answer: dict[str, Any]) -> None:
    answer["result"]["figures"]["total_fees"] = "0"


def _better_equity(answer: dict[str, Any]) -> None:
    candle = answer["result"]["samples"]["candles"][100]
    candle[1:] = [str(Decimal(each) + 100) for each in candle[1:]]


def _a_dividend(answer: dict[str, Any]) -> None:
    for candle in answer["result"]["samples"]["candles"][50:]:
        candle[1:] = [str(Decimal(each) + 25) for each in candle[1:]]


def _another_trade(answer: dict[str, Any]) -> None:
    trades = answer["result"]["trades"]
    trades.append(trades[-1])


def _more_money(answer: dict[str, Any]) -> None:
    answer["result"]["figures"]["starting_capital"] = "200000"


def _more_profit(answer: dict[str, Any]) -> None:
    answer["result"]["trades"][0][7][4] = "5000"


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (_a_cent_off, FindingCode.FILL_PRICE),
        (_filled_early, FindingCode.FILL_BEFORE_ORDER),
        (_filled_late, FindingCode.FILL_TIME),
        (_more_of_it, FindingCode.FILL_QUANTITY),
        (_phantom, FindingCode.ORDER_UNKNOWN),
        (_hidden, FindingCode.ORDER_MISSING),
        (_no_fees, FindingCode.FEES),
        (_better_equity, FindingCode.EQUITY),
        (_a_dividend, FindingCode.EQUITY),
        (_another_trade, FindingCode.TRADES),
        (_more_profit, FindingCode.TRADES),
        (_more_money, FindingCode.FIGURES),
    ],
)
def test_what_is_made_up_is_found_and_not_shown(busy: ClaimedRun, tamper: Tamper, code: FindingCode) -> None:
    result = busy.checked(tamper)
    assert result.verification is not None
    assert not result.verification.is_verified
    assert code in {finding.code for finding in result.verification.findings}
    assert result.statistics == busy.honest.statistics


def _requests(answer: dict[str, Any], letter: str) -> list[list[Any]]:
    return [entry for entry in answer["declared"]["entries"] if entry[3] == letter]


def _sent_at_night(answer: dict[str, Any]) -> None:
    _requests(answer, "submit")[0][0] += 3_600_000_000_000


def _sent_out_of_turn(answer: dict[str, Any]) -> None:
    entries = _requests(answer, "submit")
    entries[0][:], entries[-1][:] = entries[-1][:], entries[0][:]


def _never_added(answer: dict[str, Any]) -> None:
    answer["declared"]["entries"] = [each for each in answer["declared"]["entries"] if each[3] != "add"]


def _twice(answer: dict[str, Any]) -> None:
    first = _requests(answer, "submit")[0]
    entries = answer["declared"]["entries"]
    entries.insert(entries.index(first), first)


def _free_of_charge(answer: dict[str, Any]) -> None:
    for model in answer["declared"]["models"]:
        if model[0].startswith("models.fees"):
            model[:] = ["models.fees.base", "ConstantFeeModel", [["_fee", ["d", "0"]], ["_currency", ["s", "USD"]]]]


def _no_account(answer: dict[str, Any]) -> None:
    answer["declared"]["setup"] = None


@pytest.mark.parametrize(
    "tamper", [_sent_at_night, _sent_out_of_turn, _never_added, _twice, _free_of_charge, _no_account]
)
def test_a_false_declaration_is_found(busy: ClaimedRun, tamper: Tamper) -> None:
    assert not busy.verification(tamper).is_verified


def _better_prices(answer: dict[str, Any]) -> None:
    for model in answer["declared"]["models"]:
        if "Slippage" in model[1]:
            model[:] = ["models.slippage", "ConstantSlippageModel", [["_slippage_percent", ["d", "-0.5"]]]]


def _ended_early(answer: dict[str, Any]) -> None:
    entries = answer["declared"]["entries"]
    del entries[len(entries) // 2 :]
    entries.append([*entries[-1][:3], "stop", True])


def _of_another_year(answer: dict[str, Any]) -> None:
    answer["result"]["run"]["start"] = "2011-01-03T00:00:00"


@pytest.mark.parametrize("tamper", [_better_prices, _ended_early, _of_another_year])
def test_more_falsehoods_are_found(busy: ClaimedRun, tamper: Tamper) -> None:
    assert not busy.verification(tamper).is_verified


@pytest.mark.parametrize(
    "terms", [Terms(start=date(2011, 1, 3)), Terms(end=date(2012, 6, 29)), Terms(cash=Decimal(50_000))]
)
def test_a_run_is_held_to_what_it_was_told(busy: ClaimedRun, terms: Terms) -> None:
    told = busy.checked(terms=terms).verification
    assert told is not None
    assert [finding.code for finding in told.findings] == [FindingCode.CONFIGURATION]
    as_set = Terms(start=date(2012, 1, 3), end=date(2012, 12, 31), cash=Decimal(100_000))
    verified = busy.checked(terms=as_set).verification
    assert verified is not None
    assert verified.is_verified


class OwnModels(QCAlgorithm):
    """Fills and fees of its own: within the day's range, and not free."""

    def initialize(self) -> None:
        self.set_start_date(2012, 1, 3)
        self.set_end_date(2012, 6, 29)
        security = self.add_equity("IBM", Resolution.DAILY)
        security.set_fill_model(AtTheMiddle())
        security.set_fee_model(TwoDollars())

    def on_data(self, data: Any) -> None:
        if self.time.day % 5 == 0:
            self.limit_order("IBM", 10, 10_000)


class AtTheMiddle(FillModel):
    def limit_fill(self, asset: Any, order: Any) -> Any:
        bar = asset.get_last_data()
        event = FillModel.limit_fill(self, asset, order)
        if event.status == OrderStatus.FILLED:
            event.fill_price = round((bar.high + bar.low) / 2, 2)
        return event


class TwoDollars(FeeModel):
    def get_order_fee(self, parameters: Any) -> OrderFee:
        return OrderFee(CashAmount(2, "USD"))


@pytest.fixture(scope="module")
def own_models() -> ClaimedRun:
    return ClaimedRun(OwnModels)


def test_models_of_the_authors_own_are_taken_at_their_word_and_noted(own_models: ClaimedRun) -> None:
    verification = own_models.verification()
    assert verification.findings == ()
    assert own_models.honest.funnel.filled > 5
    assert any("AtTheMiddle" in note for note in verification.notes)
    assert any("TwoDollars" in note for note in verification.notes)


def _below_the_low(answer: dict[str, Any]) -> None:
    answer["declared"]["fills"][0][3] = "100"


def _more_than_ordered(answer: dict[str, Any]) -> None:
    answer["declared"]["fills"][0][4] = "11"


def _paid_for_trading(answer: dict[str, Any]) -> None:
    for fill in answer["declared"]["fills"]:
        fill[5] = "-1"


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (_below_the_low, FindingCode.FILL_PRICE),
        (_more_than_ordered, FindingCode.FILL_QUANTITY),
        (_paid_for_trading, FindingCode.FEES),
    ],
)
def test_their_word_is_bounded(own_models: ClaimedRun, tamper: Tamper, code: FindingCode) -> None:
    assert code in {finding.code for finding in own_models.verification(tamper).findings}


def _nonsense_settings(answer: dict[str, Any]) -> None:
    for pair in answer["declared"]["setup"]["settings"]:
        if pair[0] == "minimum_order_margin_portfolio_percentage":
            pair[1] = ["s", "nonsense"]


def _nowhere(answer: dict[str, Any]) -> None:
    answer["declared"]["setup"]["time_zone"] = "Nowhere/Land"


def _another_currency(answer: dict[str, Any]) -> None:
    answer["declared"]["setup"]["currency"] = "XXX"


@pytest.mark.parametrize("tamper", [_nonsense_settings, _nowhere, _another_currency])
def test_nonsense_is_a_finding_and_no_error(busy: ClaimedRun, tamper: Tamper) -> None:
    assert not busy.verification(tamper).is_verified


def test_as_json(busy: ClaimedRun) -> None:
    told = busy.verification(_a_cent_off).as_json()
    assert told["is_verified"] is False
    assert json.loads(json.dumps(told)) == told
    findings: Any = told["findings"]
    assert {"code", "text", "order_id", "symbol", "time_ns", "claimed", "expected"} == set(findings[0])
    assert busy.verification().as_json()["is_verified"] is True


@pytest.mark.parametrize(
    ("place", "value"), [(5, "9" * 40), (5, "1E99"), (8, [["IBM", 1, "1E99", "1E99"]])], ids=["long", "large", "held"]
)
def test_samples_that_no_chart_can_show(busy: ClaimedRun, place: int, value: object) -> None:
    """They are a finding where a replay gives others, which are shown; without one there is no result."""
    answer = busy.answer()
    answer["result"]["samples"]["days"][5][place] = value

    def result(check: Check | None) -> BacktestResult:
        return result_of(
            json.dumps({"kind": "finished", **answer}).encode(), limits=Limits(), data_name=busy.data, check=check
        )

    check = Check(data=busy.data)
    found = result(check)
    assert found.verification is not None
    assert {each.code for each in found.verification.findings} == {FindingCode.EQUITY}
    assert found.charts == busy.checked().charts
    answer["declared"] = None
    for given in (check, None):
        with pytest.raises(BadAnswerError, match="describes no result"):
            result(given)
