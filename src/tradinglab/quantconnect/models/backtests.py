"""Backtests, and what they come to."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from tradinglab.quantconnect.models.base import Answered, Flag, Items, Map, Moment, Number, Whole
from tradinglab.quantconnect.models.projects import Parameters


def _text(value: object) -> object:
    """Read a list of lines as one text, and nothing as none."""
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]


class Traded(Answered):
    """A symbol, as orders and trades name it."""

    value: str = ""
    id: str = ""
    permtick: str = ""


class ClosedTrade(Answered):
    """A trade that is over."""

    symbol: Traded | str | None = None
    symbols: Items[Traded] = ()
    entry_time: Moment = None
    entry_price: Number = None
    direction: Whole | str = None
    quantity: Number = None
    exit_time: Moment = None
    exit_price: Number = None
    profit_loss: Number = None
    total_fees: Number = None
    mae: Number = None
    mfe: Number = None
    duration: str = ""
    end_trade_drawdown: Number = None
    is_win: Flag = False
    order_ids: Items[str] = ()


class Performance(Answered):
    """Figures of a period, as LEAN writes them: numbers or their text."""

    trade_statistics: Map[str, object] = Field(default_factory=dict)
    portfolio_statistics: Map[str, object] = Field(default_factory=dict)
    closed_trades: Items[ClosedTrade] = ()


class BacktestSummary(Answered):
    """A backtest in the list of a project's."""

    backtest_id: str
    name: str = ""
    status: str = ""
    created: Moment = None
    progress: Number = None
    optimization_id: str = ""
    tradeable_dates: Whole = None
    parameter_set: Parameters = Field(default_factory=dict)
    snapshot_id: str = Field(default="", validation_alias=AliasChoices("snapshotId", "snapShotId", "snapshot_id"))
    tags: Items[str] = ()
    sharpe_ratio: Number = None
    sortino_ratio: Number = None
    treynor_ratio: Number = None
    alpha: Number = None
    beta: Number = None
    compounding_annual_return: Number = None
    drawdown: Number = None
    loss_rate: Number = None
    win_rate: Number = None
    net_profit: Number = None
    psr: Number = None
    trades: Whole = None


class Backtest(Answered):
    """A backtest.

    `statistics` and `runtime_statistics` are texts for people, such as ``"12.5%"``. They, and `total_performance`, may
    arrive later than `completed` says.
    """

    backtest_id: str
    project_id: Whole = None
    organization_id: str = ""
    name: str = ""
    note: str = ""
    status: str = ""
    created: Moment = None
    completed: Flag = False
    progress: Number = None
    error: Text = ""
    stacktrace: Text = ""
    has_initialize_error: Flag = False
    backtest_start: Moment = None
    backtest_end: Moment = None
    tradeable_dates: Whole = None
    optimization_id: str = ""
    node_name: str = ""
    snapshot_id: str = Field(default="", validation_alias=AliasChoices("snapshotId", "snapShotId", "snapshot_id"))
    tags: Items[str] = ()
    parameter_set: Parameters = Field(default_factory=dict)
    #: Names only; `backtests.chart` reads the series.
    charts: Map[str, object] = Field(default_factory=dict)
    statistics: Map[str, str] = Field(default_factory=dict)
    runtime_statistics: Map[str, str] = Field(default_factory=dict)
    total_performance: Performance | None = None
    rolling_window: Map[str, object] = Field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        """Whether it has come to its end, good or bad."""
        return self.completed or self.has_failed or self.status.startswith("Completed")

    @property
    def has_failed(self) -> bool:
        """Whether the algorithm, or the start of it, failed."""
        return bool(self.error) or self.has_initialize_error or self.status.startswith("Runtime Error")

    @property
    def has_results(self) -> bool:
        """Whether its figures are there."""
        return bool(self.statistics) and bool(self.runtime_statistics)


class Series(Answered):
    """A line of a chart."""

    name: str = ""
    unit: str = ""
    index: Whole = None
    series_type: Whole = None
    color: str = ""
    #: Points: ``[x, y]``, candles ``[x, open, high, low, close]``, or maps.
    values: Items[object] = ()


class Chart(Answered):
    """A chart."""

    name: str = ""
    chart_type: Whole = None
    series: Map[str, Series] = Field(default_factory=dict)


class OrderEvent(Answered):
    """Something that happened to an order."""

    id: str = ""
    order_id: Whole = None
    order_event_id: Whole = None
    symbol: Traded | str | None = None
    symbol_value: str = ""
    status: str = ""
    direction: str = ""
    time: Moment = None
    quantity: Number = None
    fill_quantity: Number = None
    fill_price: Number = None
    fill_price_currency: str = ""
    order_fee_amount: Number = None
    order_fee_currency: str = ""
    message: str = ""


class Order(Answered):
    """An order; kinds and states are LEAN's numbers."""

    id: int
    symbol: Traded | str | None = None
    type: Whole = None
    status: Whole | str = None
    direction: Whole | str = None
    security_type: Whole = None
    quantity: Number = None
    price: Number = None
    price_currency: str = ""
    limit_price: Number = None
    stop_price: Number = None
    value: Number = None
    tag: str = ""
    time: Moment = None
    created_time: Moment = None
    last_fill_time: Moment = None
    last_update_time: Moment = None
    canceled_time: Moment = None
    broker_id: Items[str] = ()
    contingent_id: Whole = None
    events: Items[OrderEvent] = ()


class Insight(Answered):
    """A prediction of the algorithm's."""

    id: str
    group_id: str = ""
    source_model: str = ""
    symbol: str = ""
    ticker: str = ""
    type: str = ""
    direction: str | int = ""
    generated_time: Moment = None
    close_time: Moment = None
    period: Number = None
    magnitude: Number = None
    confidence: Number = None
    weight: Number = None
    tag: str = ""


class Trade(ClosedTrade):
    """A closed trade of a backtest."""

    id: str = ""
    orders: Items[Order] = ()
