"""The result of a backtest."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import order_list_hash
from tradinglab.core.run_warnings import unlogged
from tradinglab.core.whole_files import write_whole
from tradinglab.engine.result_record import RunRecord
from tradinglab.engine.statistics import StatisticsResults, build_statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from matplotlib.figure import Figure

    from tradinglab.algorithm.trade import Trade
    from tradinglab.core.run_warnings import RunWarning
    from tradinglab.engine.result_charts import ChartData
    from tradinglab.engine.result_funnel import Funnel
    from tradinglab.engine.verification import Verification


class BacktestResult:
    """What a run came to: figures at once; tables, charts and files when asked for.

    Times in tables are wall-clock times of the algorithm's time zone.

    Attributes
    ----------
    verification
        What a replay outside the sandbox came to; ``None`` if there was none.
    """

    def __init__(self, record: RunRecord, verification: Verification | None = None) -> None:
        self.record = record
        self.verification = verification

    # Figures.

    @property
    def name(self) -> str:
        """Name of the algorithm."""
        return self.record.name

    @property
    def status(self) -> str:
        """``completed``, ``interrupted``, ``failed`` or ``ruined``."""
        return self.record.status

    @property
    def start(self) -> datetime:
        """The first moment, in the algorithm's time zone."""
        return self.record.start

    @property
    def end(self) -> datetime:
        """The last moment, in the algorithm's time zone."""
        return self.record.end

    @property
    def data(self) -> str:
        """Which data the run read."""
        return self.record.data

    @property
    def data_points(self) -> int:
        """Bars and ticks read."""
        return self.record.data_points

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self.record.seconds

    @property
    def logs(self) -> list[str]:
        """The run's messages, and at their end those warnings that are not among them."""
        return [*self.record.logs, *(f"Warning: {each}" for each in unlogged(self.warnings, self.record.logs))]

    @property
    def warnings(self) -> list[RunWarning]:
        """Why the result may not be what it seems: each has a ``kind`` and a ``text``."""
        return list(self.record.warnings)

    @property
    def funnel(self) -> Funnel:
        """From bars to fills: pairs of label and count, and ``explanation`` if there was no fill."""
        return self.record.funnel

    @property
    def total_orders(self) -> int:
        """How many orders there were."""
        return self.record.statistics_input.total_orders

    @cached_property
    def statistics_results(self) -> StatisticsResults:
        """The statistics as numbers: total, by rolling window, and of the trades."""
        return build_statistics(self.record.statistics_input)

    @cached_property
    def statistics(self) -> dict[str, str]:
        """LEAN's statistics as it prints them, the author's own, and ``OrderListHash``."""
        summary = dict(self.statistics_results.summary)
        for name, value in self.record.summary_statistics.items():
            summary.setdefault(name, value)
        return summary | {"OrderListHash": order_list_hash(self.record.orders)}

    @cached_property
    def runtime_statistics(self) -> dict[str, str]:
        """The account's last figures and the author's own, as LEAN shows them during a run."""
        record = self.record
        symbol = record.statistics_input.currency_symbol
        own = record.account.runtime_statistics(symbol, record.sampler.starting_portfolio_value)
        psr = {"Probabilistic Sharpe Ratio": self.statistics.get("Probabilistic Sharpe Ratio", "0%")}
        return dict(sorted({**record.runtime_statistics, **psr, **own}.items()))

    @property
    def closed_trades(self) -> list[Trade]:
        """The closed trades."""
        return list(self.record.statistics_input.trades())

    # Tables.

    @cached_property
    def equity(self) -> pd.DataFrame:
        """The account's value over time: ``open``, ``high``, ``low``, ``close``, ``drawdown`` (a fraction)."""
        from tradinglab.engine.result_frames import equity_frame

        return equity_frame(self.record)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Samples at the end of each day: ``equity``, ``benchmark``, ``return`` (a fraction)."""
        from tradinglab.engine.result_frames import daily_frame

        return daily_frame(self.record)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """The orders, one row each, by number."""
        from tradinglab.engine.result_frames import order_frame

        return order_frame(self.record)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """The closed trades, one row each."""
        from tradinglab.engine.result_frames import trade_frame

        return trade_frame(self.closed_trades, self.record)

    @cached_property
    def insights(self) -> pd.DataFrame:
        """The insights, one row each, by the time at which they were generated."""
        from tradinglab.engine.result_frames import insight_frame

        return insight_frame(self.record)

    @cached_property
    def charts(self) -> dict[str, ChartData]:
        """The charts that every run has, and the author's own."""
        from tradinglab.engine.author_charts import merged_charts
        from tradinglab.engine.result_charts import default_charts

        symbol = self.record.statistics_input.currency_symbol
        return merged_charts(default_charts(self.record.sampler, symbol), self.record.charts)

    # Showing and writing.

    def plot(self) -> Figure:
        """Draw equity against benchmark, and the drawdown below it.

        Raises
        ------
        ModuleNotFoundError
            Without matplotlib, which the extra ``plot`` installs.
        """
        from tradinglab.engine.result_view import plot

        return plot(self)

    def _repr_html_(self) -> str:
        from tradinglab.engine.result_view import html_table

        return html_table(self)

    def __repr__(self) -> str:
        net = self.statistics.get("Net Profit", "0%")
        return f"BacktestResult({self.name!r}, {self.status}, {self.total_orders} orders, net profit {net})"

    def write_json(self, path: str | os.PathLike[str]) -> Path:
        """Write the result in LEAN's format and return where it is."""
        return write_lean_json(self, path)


def write_lean_json(
    result: BacktestResult, path: str | os.PathLike[str], analysis: Iterable[Mapping[str, object]] = ()
) -> Path:
    """Write *result* as LEAN's result file; a file that is there is replaced only once the new one is whole.

    Parameters
    ----------
    analysis
        What else was found of it, in the form of a finding of LEAN's analysis, beside its warnings.
    """
    from tradinglab.engine.result_json import result_text

    target = Path(path)
    write_whole(target, result_text(result, analysis))
    return target
