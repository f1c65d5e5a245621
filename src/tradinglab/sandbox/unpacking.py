"""The other end of ``packing``: a result made anew from an answer that may have been forged.

Every value is read through a reader that refuses another form, and the statistics are computed here, from the samples,
before the result is handed out. That the samples, orders and trades are those that the bars would give is not checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from itertools import islice, pairwise
from typing import TypeVar

from tradinglab.algorithm.orders import CashAmount, OrderEvent, OrderFee
from tradinglab.algorithm.orders.written import WrittenOrder
from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import from_ns, zone
from tradinglab.core.enums import (
    OrderDirection,
    OrderStatus,
    OrderType,
    ScatterMarkerSymbol,
    SecurityType,
    SeriesType,
    TradeDirection,
)
from tradinglab.core.run_warnings import RunWarning, WarningKind
from tradinglab.data.interest import InterestRates
from tradinglab.engine.equity_curve import Candle
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.result_charts import ChartData, ChartValue, SeriesData
from tradinglab.engine.result_funnel import Funnel
from tradinglab.engine.result_record import AccountFigures, Configuration, RunRecord
from tradinglab.engine.sample_series import Point, SampleSeries
from tradinglab.engine.sampling import DaySample, HoldingSample
from tradinglab.engine.statistics import StatisticsInput
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.insight_rows import insights_of
from tradinglab.sandbox.packing import (
    ACCOUNT_FIELDS,
    FUNNEL_FIELDS,
    TRADE_AMOUNTS,
)
from tradinglab.sandbox.reading import optional, symbol_of

_STATUSES = ("completed", "interrupted", "failed", "ruined")
_CANDLE_POINT = 5
T = TypeVar("T")


class RecordedSamples(SampleSeries):
    """Samples that another process has taken."""

    def __init__(self, start: Decimal, candles: list[Candle], turnover: list[Point], days: list[DaySample]) -> None:
        self.starting_portfolio_value = start
        self._candles = candles
        self._turnover = turnover
        self._days = days

    @property
    def candles(self) -> list[Candle]:
        """The equity, from sample to sample."""
        return self._candles

    @property
    def days(self) -> list[DaySample]:
        """What was sampled at midnights and at the end."""
        return self._days

    @property
    def turnover(self) -> list[Point]:
        """The share of the account that was traded since the day before."""
        return self._turnover


def unpacked(source: Reader, *, data: str) -> BacktestResult:
    """Return the result that an answer describes; nothing is computed yet.

    Parameters
    ----------
    source
        What :func:`~tradinglab.sandbox.packing.packed` made, or what somebody made up.
    data
        What the data source calls itself on this side.

    Raises
    ------
    BadAnswerError
        If it describes none.
    """
    with _trouble_told():
        return BacktestResult(_record(source, data))


def check_figures(result: BacktestResult, *, with_charts: bool) -> None:
    """Compute what is computed from what an answer said, so that trouble is found here, and not by whoever reads it.

    Raises
    ------
    BadAnswerError
        If it cannot be computed.
    """
    with _trouble_told():
        _ = result.statistics, result.runtime_statistics
        if with_charts:
            _ = result.charts


@contextmanager
def _trouble_told() -> Iterator[None]:
    try:
        yield
    except BadAnswerError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError) as problem:
        raise BadAnswerError(f"the answer describes no result: {type(problem).__name__}: {problem}"[:500]) from None


def _record(source: Reader, data: str) -> RunRecord:
    run = source.member("run")
    samples = _samples(source.member("samples"))
    trades = [_trade(each) for each in source.member("trades").items()]
    account = zip(ACCOUNT_FIELDS, run.member("account").items(len(ACCOUNT_FIELDS)), strict=True)
    local = run.member("time_zone").text()
    zone(local)
    return RunRecord(
        name=run.member("name").text(),
        status=run.member("status").one_of(_STATUSES),
        problem=run.member("problem").text(),
        trace=run.member("trace").text(),
        data=data,
        start=_moment(run.member("start")),
        end=_moment(run.member("end")),
        time_zone=local,
        began=_moment(run.member("began")),
        seconds=max(0.0, run.member("seconds").number()),
        data_points=run.member("data_points").whole(low=0),
        statistics_input=_figures(source.member("figures"), samples, trades),
        sampler=samples,
        orders=[_order(each) for each in source.member("orders").items()],
        order_events=[_event(each) for each in source.member("order_events").items()],
        account=AccountFigures(**{name: value.decimal() for name, value in account}),
        configuration=_configuration(run.member("configuration")),
        insights=insights_of(source.member("insights")),
        insight_count=run.member("insight_count").whole(low=0),
        charts={chart.name: chart for chart in map(_chart, source.member("charts").items())},
        runtime_statistics=_texts(run.member("runtime_statistics")),
        summary_statistics=_texts(run.member("summary_statistics")),
        logs=[each.text() for each in run.member("logs").items()],
        warnings=[_warning(each) for each in run.member("warnings").items()],
        funnel=_funnel(run),
        data_files=[each.raw_text() for each in run.member("data_files").items()],
    )


def _moment(value: Reader) -> datetime:
    moment = datetime.fromisoformat(value.raw_text())
    if moment.tzinfo is not None:
        raise BadAnswerError("a time of the answer names a time zone")
    return moment


def _texts(value: Reader) -> dict[str, str]:
    pairs = (each.items(2) for each in value.items())
    return {name.text(): text.text() for name, text in pairs}


def _warning(value: Reader) -> RunWarning:
    kind, text, no_bars_of = value.items(3)
    return RunWarning(WarningKind(kind.text()), text.text(), no_bars_of=no_bars_of.text())


def _configuration(value: Reader) -> Configuration:
    return Configuration(
        brokerage=value.member("brokerage").whole(),
        account_type=value.member("account_type").whole(),
        account_currency=value.member("account_currency").text(),
        parameters=_texts(value.member("parameters")),
        tags=[each.text() for each in value.member("tags").items()],
    )


def _funnel(run: Reader) -> Funnel:
    counts = zip(FUNNEL_FIELDS, run.member("funnel").items(len(FUNNEL_FIELDS)), strict=True)
    rejections = (each.items(2) for each in run.member("rejections").items())
    return Funnel(
        **{name: value.whole(low=0) for name, value in counts},
        rejections={reason.text(): count.whole(low=0) for reason, count in rejections},
        never_ready=tuple(each.text() for each in run.member("never_ready").items()),
    )


def _samples(value: Reader) -> RecordedSamples:
    times, *prices = value.member("candles").columns(_CANDLE_POINT)
    candles = list(map(Candle, times.wholes(), *(each.decimals() for each in prices)))
    turnover = _points(value.member("turnover"))
    days = _days(value.member("days"))
    for found in ([each.time_ns for each in candles], [time for time, _ in turnover], [day.time_ns for day in days]):
        _check_order(found)
    return RecordedSamples(value.member("start").decimal(), candles, turnover, days)


def _check_order(times: Sequence[int]) -> None:
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise BadAnswerError("the samples of the answer are not in the order of time")


def _points(value: Reader) -> list[Point]:
    times, amounts = value.columns(2)
    return list(zip(times.wholes(), amounts.decimals(), strict=True))


def _days(value: Reader) -> list[DaySample]:
    times, worth, benchmark, performance, highest, capacity, sales, types, holdings = value.columns(9)
    kinds, counts = types.joined()
    return list(
        map(
            DaySample,
            times.wholes(),
            worth.decimals(),
            benchmark.decimals(),
            performance.decimals(),
            highest.decimals(),
            _sales(sales),
            _parted(_security_types(kinds), counts),
            capacity.decimals(),
            _holdings(holdings),
        )
    )


def _sales(value: Reader) -> list[list[tuple[str, Decimal]]]:
    rows, counts = value.joined()
    names, volumes = rows.columns(2)
    return _parted(zip(names.texts(), volumes.decimals(), strict=True), counts)


def _holdings(value: Reader) -> list[list[HoldingSample]]:
    rows, counts = value.joined()
    names, kinds, worth, margins = rows.columns(4)
    found = map(HoldingSample, names.texts(), _security_types(kinds), worth.decimals(), margins.decimals())
    return _parted(found, counts)


def _security_types(value: Reader) -> list[SecurityType]:
    return [SecurityType(each) for each in value.wholes()]


def _parted(items: Iterable[T], counts: Iterable[int]) -> list[list[T]]:
    """Return items in lists of so many each."""
    rest = iter(items)
    return [list(islice(rest, count)) for count in counts]


def _figures(value: Reader, samples: RecordedSamples, trades: Sequence[Trade]) -> StatisticsInput:
    equity = samples.equity_points()
    asked = dict(zip((time for time, _ in equity), value.member("rates").decimals(), strict=False))
    rates = {from_ns(time_ns): rate for time_ns, rate in asked.items()}
    table = value.member("rate_table")
    if table.is_null and len(rates) != len(equity):
        raise BadAnswerError("the answer has not one interest rate for each sample")
    return StatisticsInput(
        equity=equity,
        performance=samples.performance_points(),
        benchmark=samples.benchmark_points(),
        turnover=samples.turnover_points(),
        profit_loss=dict(_points(value.member("profit_loss"))),
        wins=value.member("wins").wholes(),
        losses=value.member("losses").wholes(),
        trades=lambda: trades,
        starting_capital=value.member("starting_capital").decimal(),
        total_fees=value.member("total_fees").decimal(),
        total_orders=value.member("total_orders").whole(low=0),
        capacity=value.member("capacity").decimal(),
        lowest_capacity_asset=value.member("lowest_capacity_asset").text(),
        currency_symbol=value.member("currency_symbol").text(),
        trading_days_per_year=value.member("trading_days_per_year").whole(low=1, high=366),
        risk_free_rate=rates.__getitem__,
        rate_table=optional(table, _rate_table),
    )


def _rate_table(value: Reader) -> InterestRates:
    days, rates = value.items(2)
    table = InterestRates(tuple(days.wholes()), tuple(rates.decimals()))
    if len(table.days) != len(table.rates):
        raise BadAnswerError("the answer has not one interest rate for each day")
    _check_order(table.days)
    return table


def _trade(value: Reader) -> Trade:
    number, symbols, direction, entry, leave, is_win, orders, amounts = value.items(8)
    names = [symbol_of(each) for each in symbols.items()]
    if not names:
        raise BadAnswerError("a trade of the answer has no symbol")
    read = dict(zip(TRADE_AMOUNTS, (each.decimal() for each in amounts.items(len(TRADE_AMOUNTS))), strict=True))
    trade = Trade(
        names[0],
        TradeDirection(direction.whole()),
        entry.whole(),
        read["exact_entry_price"],
        read["exact_quantity"],
        read["exact_total_fees"],
        {each.whole() for each in orders.items()},
    )
    trade.symbols = names
    trade.number = number.whole(low=0)
    trade.exit_ns = leave.whole()
    trade.is_win = is_win.flag()
    for name in TRADE_AMOUNTS:
        setattr(trade, name, read[name])
    return trade


def _order(value: Reader) -> WrittenOrder:
    number, symbol, kinds, quantity, price, time_ns, filled_ns, tag, text, hashed = value.items(10)
    order_type, direction, status = kinds.items(3)
    written = _checked_json(text, number.whole(low=0))
    return WrittenOrder(
        id=number.whole(low=0),
        symbol=symbol_of(symbol),
        type=OrderType(order_type.whole()),
        direction=OrderDirection(direction.whole()),
        status=OrderStatus(status.whole()),
        exact_quantity=quantity.decimal(),
        exact_price=price.decimal(),
        time_ns=time_ns.whole(),
        last_fill_time_ns=optional(filled_ns, Reader.whole),
        tag=optional(tag, Reader.text),
        json=written,
        hashed_json=optional(hashed, lambda each: _checked_json(each, number.whole())) or written,
    )


def _event(value: Reader) -> OrderEvent:
    number, order_id, symbol, time_ns, kinds, amounts, currency, message = value.items(8)
    status, direction = kinds.items(2)
    quantity, fill_quantity, fill_price, fee = (each.decimal() for each in amounts.items(4))
    event = OrderEvent(
        order_id.whole(low=0), symbol_of(symbol), from_ns(time_ns.whole()), OrderStatus(status.whole()),
        OrderDirection(direction.whole()), fill_price, fill_quantity, OrderFee(CashAmount(fee, currency.text())),
        message=message.text(),
    )  # fmt: skip
    event.id, event.quantity, event.utc_ns = number.whole(low=0), quantity, time_ns.whole()
    return event


def _checked_json(value: Reader, number: int) -> str:
    """Return an order's JSON, which is put into the result file as it is, if it is that of an order of this number."""
    text = value.text()
    order = json.loads(text, parse_constant=_refuse)
    if not isinstance(order, dict) or order.get("id") != number or "\n" in text:
        raise BadAnswerError(f"the JSON of order {number} is not that of an order")
    return text


def _refuse(constant: str) -> None:
    raise BadAnswerError(f"the JSON of an order holds {constant}")


def _chart(value: Reader) -> ChartData:
    name, legend_disabled, series = value.items(3)
    read = [_series(each) for each in series.items()]
    return ChartData(
        name=name.text(), series={each.name: each for each in read}, legend_disabled=legend_disabled.flag()
    )


def _series(value: Reader) -> SeriesData:
    return SeriesData(
        name=value.member("name").text(),
        values=tuple(_chart_value(each) for each in value.member("values").items()),
        series_type=SeriesType(value.member("type").whole()),
        unit=value.member("unit").text(),
        index=value.member("index").whole(),
        color=value.member("color").text(),
        marker=ScatterMarkerSymbol(value.member("marker").whole()),
        z_index=optional(value.member("z_index"), Reader.whole),
        index_name=optional(value.member("index_name"), Reader.text),
        tooltip=optional(value.member("tooltip"), Reader.text),
    )


def _chart_value(value: Reader) -> ChartValue:
    time_ns, *values = value.items()
    read = [optional(each, Reader.decimal) for each in values]
    if len(read) == 1:
        return time_ns.whole(), read[0]
    if len(read) != _CANDLE_POINT - 1:
        raise BadAnswerError("a point of a chart of the answer has neither one value nor four")
    return time_ns.whole(), read[0], read[1], read[2], read[3]
