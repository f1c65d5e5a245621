"""What the engine hands over when a run has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.decimals import ZERO
from tradinglab.core.system_decimal import divide, grouped_text, percent_text
from tradinglab.core.values import dataclass, field
from tradinglab.engine.result_funnel import Funnel

if TYPE_CHECKING:
    from tradinglab.algorithm.charting import Chart
    from tradinglab.algorithm.orders import Order, OrderEvent
    from tradinglab.algorithm.orders.written import WrittenOrder
    from tradinglab.algorithm.securities import SecurityPortfolioManager
    from tradinglab.core.run_warnings import RunWarning
    from tradinglab.engine.insight_record import InsightRecord
    from tradinglab.engine.result_charts import ChartData
    from tradinglab.engine.sample_series import SampleSeries
    from tradinglab.engine.statistics import StatisticsInput


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFigures:
    """The account at the end of the run, in its currency."""

    value: Decimal = ZERO
    holdings: Decimal = ZERO
    unrealized_profit: Decimal = ZERO
    net_profit: Decimal = ZERO
    fees: Decimal = ZERO
    sale_volume: Decimal = ZERO

    @classmethod
    def of(cls, portfolio: SecurityPortfolioManager) -> AccountFigures:
        """Return the figures of a portfolio."""
        return cls(
            value=portfolio.exact_total_portfolio_value,
            holdings=portfolio.exact_total_holdings_value,
            unrealized_profit=portfolio.exact_total_unrealized_profit,
            net_profit=portfolio.exact_total_net_profit,
            fees=portfolio.exact_total_fees,
            sale_volume=portfolio.exact_total_sale_volume,
        )

    def runtime_statistics(self, symbol: str, start_value: Decimal) -> dict[str, str]:
        """Return the figures as LEAN shows them while a run goes on."""
        change = divide(self.value - start_value, start_value) if start_value > 0 else ZERO
        return {
            "Equity": symbol + grouped_text(self.value),
            "Fees": f"-{symbol}{grouped_text(self.fees)}",
            "Holdings": symbol + grouped_text(self.holdings),
            "Net Profit": symbol + grouped_text(self.net_profit),
            "Return": percent_text(change),
            "Unrealized": symbol + grouped_text(self.unrealized_profit),
            "Volume": symbol + grouped_text(self.sale_volume),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """How the algorithm was set up; *brokerage* and *account_type* are LEAN's numbers."""

    brokerage: int = 0
    account_type: int = 0
    account_currency: str = "USD"
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run that has ended.

    Attributes
    ----------
    name
        Name of the algorithm.
    status
        ``completed``, ``interrupted``, ``failed`` or ``ruined``.
    problem, trace
        What a failed run died of, and where.
    data
        Which data it read, as its source calls itself.
    start, end
        First and last moment, wall clock of the algorithm's time zone.
    time_zone
        IANA name of that zone.
    began, seconds
        When the run itself began (UTC), and how long it took.
    data_points
        Bars and ticks read.
    statistics_input, sampler
        What the statistics and charts are made from.
    orders, order_events
        In the order in which they were made; of a run in another process, orders are known by their JSON.
    insights, insight_count
        What the strategy expected, by time, and how often it said so.
    charts
        The author's own charts.
    runtime_statistics, summary_statistics
        The author's own figures.
    data_files
        The files that the source read.
    """

    name: str
    status: str = "completed"
    problem: str = ""
    trace: str = ""
    data: str = ""
    start: datetime
    end: datetime
    time_zone: str = "America/New_York"
    began: datetime
    seconds: float = 0.0
    data_points: int = 0
    statistics_input: StatisticsInput
    sampler: SampleSeries
    orders: Sequence[Order | WrittenOrder] = ()
    order_events: Sequence[OrderEvent] = ()
    insights: Sequence[InsightRecord] = ()
    insight_count: int = 0
    account: AccountFigures = field(default_factory=AccountFigures)
    configuration: Configuration = field(default_factory=Configuration)
    charts: Mapping[str, Chart | ChartData] = field(default_factory=dict)
    runtime_statistics: Mapping[str, str] = field(default_factory=dict)
    summary_statistics: Mapping[str, str] = field(default_factory=dict)
    logs: Sequence[str] = ()
    warnings: Sequence[RunWarning] = ()
    funnel: Funnel = field(default_factory=Funnel)
    data_files: Sequence[str] = ()
