"""Where everything is."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from tradinglab.server.accounts.api import views as accounts
from tradinglab.server.backtests.api import views as backtests
from tradinglab.server.backtests.api.serializers import EquitySerializer, LogSerializer, OrdersSerializer
from tradinglab.server.ops.health import live, ready
from tradinglab.server.runs.api import views as runs
from tradinglab.server.strategies.api import views as strategies

_equity = backtests.piece_view("equity", "equity.json", EquitySerializer, "The account's value over time.")
_orders = backtests.piece_view("orders", "orders.json", OrdersSerializer, "The orders.")
_log = backtests.piece_view("log", "log.json", LogSerializer, "The run's messages.")
_result = backtests.piece_view("result", "result.json", dict, "The result in LEAN's format.")
_report = backtests.piece_view("report", "report.html", {(200, "text/html"): str}, "The report: one HTML file.")

_api: list[URLPattern | URLResolver] = [
    path("me/", accounts.MeView.as_view(), name="me"),
    path("api-keys/", accounts.ApiKeysView.as_view(), name="api-keys"),
    path("api-keys/<int:key_id>/", accounts.ApiKeyView.as_view(), name="api-key"),
    path("strategies/", strategies.StrategiesView.as_view(), name="strategies"),
    path("strategies/<uuid:strategy_id>/", strategies.StrategyView.as_view(), name="strategy"),
    path("strategies/<uuid:strategy_id>/versions/", strategies.VersionsView.as_view(), name="versions"),
    path(
        "strategies/<uuid:strategy_id>/versions/<slug:content_hash>/", strategies.VersionView.as_view(), name="version"
    ),
    path("runs/<uuid:run_id>/events/", runs.RunEventsView.as_view(), name="run-events"),
    path("backtests/", backtests.BacktestsView.as_view(), name="backtests"),
    path("backtests/<uuid:run_id>/", backtests.BacktestView.as_view(), name="backtest"),
    path("backtests/<uuid:run_id>/cancel/", backtests.BacktestCancelView.as_view(), name="backtest-cancel"),
    path("backtests/<uuid:run_id>/artefacts/", backtests.BacktestArtefactsView.as_view(), name="backtest-artefacts"),
    path("backtests/<uuid:run_id>/equity/", _equity.as_view(), name="backtest-equity"),
    path("backtests/<uuid:run_id>/orders/", _orders.as_view(), name="backtest-orders"),
    path("backtests/<uuid:run_id>/log/", _log.as_view(), name="backtest-log"),
    path("backtests/<uuid:run_id>/result/", _result.as_view(), name="backtest-result"),
    path("backtests/<uuid:run_id>/report/", _report.as_view(), name="backtest-report"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/", include(_api)),
    path("", include("tradinglab.server.web.urls")),
]

handler400 = "tradinglab.server.rest.problems.bad_request"
handler403 = "tradinglab.server.rest.problems.refused"
handler404 = "tradinglab.server.rest.problems.page_not_found"
handler500 = "tradinglab.server.rest.problems.server_failed"
