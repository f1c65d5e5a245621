"""Where the resources of backtests are."""

from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from tradinglab.server.backtests.api import (
    answers,
    comparing,
    data_sources,
    life,
    opening,
    parity,
    queries,
    results,
    robustness,
    views,
)

_ONE = "backtests/<uuid:run_id>"

_result = views.piece_view("result", "result.json", dict, "The result in LEAN's format.")

#: The resources below a backtest that show what it has left, by the end of their address.
_RESULTS: dict[str, type[APIView]] = {
    "equity": results.described(
        results.SeriesView, "equity", answers.EquitySerializer, "The account's value over time.",
        table="equity", by="equity",
    ),
    "drawdown": results.described(
        results.SeriesView, "drawdown", answers.DrawdownSerializer, "The fall from the highest value so far.",
        table="equity", by="drawdown", columns=("time", "drawdown"),
    ),
    "days": results.described(
        results.SeriesView, "days", answers.DaysSerializer,
        "Equity, benchmark, return, turnover, exposure and capacity, once a day.", table="days", by="equity",
    ),
    "positions": results.described(
        results.TableView, "positions", answers.PositionsSerializer, "The positions at the end of each day.",
        table="positions", query=queries.SymbolRowsQuery,
    ),
    "orders": results.described(
        results.TableView, "orders", answers.OrdersSerializer, "The orders; the range is of when they were made.",
        table="orders", query=queries.OrdersQuery,
    ),
    "order-events": results.described(
        results.TableView, "order_events", answers.OrderEventsSerializer, "What happened to the orders: fills, fees.",
        table="order_events", query=queries.OrdersQuery,
    ),
    "trades": results.described(
        results.TableView, "trades", answers.TradesSerializer, "The closed trades; the range is of their entries.",
        table="trades", query=queries.SymbolRowsQuery, time="entry_time",
    ),
    "insights": results.described(
        results.TableView, "insights", answers.InsightsSerializer,
        "What the strategy expected of securities; the range is of when it said so.",
        table="insights", query=queries.InsightsQuery, time="generated_time",
    ),
    "log": results.described(
        results.TableView, "log", answers.LogSerializer,
        "The run's messages; of a run that left no result, those that were heard while it went on, without their "
        "instants.",
        table="log", query=queries.LogQuery,
    ),
    "charts": results.described(
        results.DocumentView, "charts", answers.ChartsSerializer,
        "The charts that every run has, and the author's own.", document="charts.json",
    ),
    "charts/<path:chart>": results.described(
        results.ChartView, "chart", answers.ChartPointsSerializer, "A chart with its points."
    ),
    "statistics": results.described(
        results.DocumentView, "statistics", answers.StatisticsSerializer,
        "All of LEAN's statistics with all digits, rolling windows, months, years, drawdowns.",
        document="statistics.json",
    ),
}  # fmt: skip

urlpatterns: list[URLPattern] = [
    path(
        "strategies/<uuid:strategy_id>/hold-outs/<uuid:hold_out_id>/open/",
        opening.HoldOutOpenView.as_view(),
        name="hold-out-open",
    ),
    path("data-sources/", data_sources.DataSourcesView.as_view(), name="data-sources"),
    path("data-sources/<str:name>/", data_sources.DataSourceView.as_view(), name="data-source"),
    path("backtests/", views.BacktestsView.as_view(), name="backtests"),
    path("backtests/compare/", comparing.CompareView.as_view(), name="compare"),
    path(f"{_ONE}/", views.BacktestView.as_view(), name="backtest"),
    path(f"{_ONE}/rerun/", life.BacktestRerunView.as_view(), name="backtest-rerun"),
    path(f"{_ONE}/parity/", parity.ParityView.as_view(), name="backtest-parity"),
    path(f"{_ONE}/parity/report/", parity.ParityReportView.as_view(), name="backtest-parity-report"),
    path(f"{_ONE}/robustness/", robustness.RobustnessView.as_view(), name="backtest-robustness"),
    path(f"{_ONE}/verify/", life.BacktestVerifyView.as_view(), name="backtest-verify"),
    path(f"{_ONE}/verifications/", life.VerificationsView.as_view(), name="backtest-verifications"),
    path(
        f"{_ONE}/verifications/<uuid:verification_id>/", life.VerificationView.as_view(), name="backtest-verification"
    ),
    path(f"{_ONE}/restore/", life.BacktestRestoreView.as_view(), name="backtest-restore"),
    path(f"{_ONE}/cancel/", views.BacktestCancelView.as_view(), name="backtest-cancel"),
    path(f"{_ONE}/artefacts/", views.BacktestArtefactsView.as_view(), name="backtest-artefacts"),
    path(f"{_ONE}/artefacts/<str:artefact>/", views.BacktestArtefactView.as_view(), name="backtest-artefact"),
    *(path(f"{_ONE}/{end}/", view.as_view(), name=f"backtest-{end.split('/<')[0]}") for end, view in _RESULTS.items()),
    path(f"{_ONE}/result/", _result.as_view(), name="backtest-result"),
    path(f"{_ONE}/report/", parity.BacktestReportView.as_view(), name="backtest-report"),
]
