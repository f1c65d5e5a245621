"""Where the resources of backtests are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.backtests.api import data_sources, life, views
from tradinglab.server.backtests.api.serializers import EquitySerializer, LogSerializer, OrdersSerializer

_ONE = "backtests/<uuid:run_id>"

_equity = views.piece_view("equity", "equity.json", EquitySerializer, "The account's value over time.")
_orders = views.piece_view("orders", "orders.json", OrdersSerializer, "The orders.")
_log = views.piece_view("log", "log.json", LogSerializer, "The run's messages.")
_result = views.piece_view("result", "result.json", dict, "The result in LEAN's format.")
_report = views.piece_view("report", "report.html", {(200, "text/html"): str}, "The report: one HTML file.")

urlpatterns: list[URLPattern] = [
    path("data-sources/", data_sources.DataSourcesView.as_view(), name="data-sources"),
    path("data-sources/<str:name>/", data_sources.DataSourceView.as_view(), name="data-source"),
    path("backtests/", views.BacktestsView.as_view(), name="backtests"),
    path(f"{_ONE}/", views.BacktestView.as_view(), name="backtest"),
    path(f"{_ONE}/restore/", life.BacktestRestoreView.as_view(), name="backtest-restore"),
    path(f"{_ONE}/cancel/", views.BacktestCancelView.as_view(), name="backtest-cancel"),
    path(f"{_ONE}/artefacts/", views.BacktestArtefactsView.as_view(), name="backtest-artefacts"),
    path(f"{_ONE}/equity/", _equity.as_view(), name="backtest-equity"),
    path(f"{_ONE}/orders/", _orders.as_view(), name="backtest-orders"),
    path(f"{_ONE}/log/", _log.as_view(), name="backtest-log"),
    path(f"{_ONE}/result/", _result.as_view(), name="backtest-result"),
    path(f"{_ONE}/report/", _report.as_view(), name="backtest-report"),
]
