"""Where the resources of a user's QuantConnect account are."""

from __future__ import annotations

from django.urls import path

from tradinglab.server.cloud.api import flow_views, search_views, views

_HERE = "quantconnect"
_STRATEGY = f"{_HERE}/strategies/<uuid:strategy_id>"
_PROJECT = f"{_HERE}/projects/<int:project_id>"

urlpatterns = [
    path(f"{_HERE}/credentials/", views.CredentialsView.as_view(), name="quantconnect-credentials"),
    path(f"{_HERE}/credentials/test/", views.CredentialsTestView.as_view(), name="quantconnect-credentials-test"),
    path(f"{_HERE}/projects/", views.RemoteProjectsView.as_view(), name="quantconnect-projects"),
    path(f"{_PROJECT}/files/", views.RemoteFilesView.as_view(), name="quantconnect-files"),
    path(f"{_PROJECT}/compile/", views.RemoteCompilesView.as_view(), name="quantconnect-compile"),
    path(f"{_PROJECT}/compile/<str:compile_id>/", views.RemoteCompileView.as_view(), name="quantconnect-compile-read"),
    path(f"{_PROJECT}/backtests/", views.RemoteBacktestsView.as_view(), name="quantconnect-project-backtests"),
    path(
        f"{_PROJECT}/backtests/<str:backtest_id>/",
        views.RemoteBacktestView.as_view(),
        name="quantconnect-project-backtest",
    ),
    path(
        f"{_PROJECT}/backtests/<str:backtest_id>/import/",
        flow_views.BacktestImportView.as_view(),
        name="quantconnect-backtest-import",
    ),
    path(f"{_PROJECT}/import/", flow_views.ProjectImportView.as_view(), name="quantconnect-project-import"),
    path(f"{_HERE}/backtests/", flow_views.FlowView.as_view(), name="quantconnect-flow"),
    path(f"{_HERE}/backtests/<uuid:run_id>/", flow_views.FlowStandingView.as_view(), name="quantconnect-standing"),
    path(
        f"{_HERE}/optimizations/estimate/",
        search_views.SearchEstimateView.as_view(),
        name="quantconnect-optimization-estimate",
    ),
    path(
        f"{_HERE}/optimizations/<uuid:optimization_id>/",
        search_views.SearchStandingView.as_view(),
        name="quantconnect-optimization",
    ),
    path(f"{_STRATEGY}/", flow_views.LinkView.as_view(), name="quantconnect-link"),
    path(f"{_STRATEGY}/push/", flow_views.PushView.as_view(), name="quantconnect-push"),
    path(f"{_STRATEGY}/pull/", flow_views.PullView.as_view(), name="quantconnect-pull"),
]
