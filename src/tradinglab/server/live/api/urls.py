"""Where the resources of deployments are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.live.api import event_views, views

_ONE = "deployments/<uuid:deployment_id>"

urlpatterns: list[URLPattern] = [
    path("deployments/", views.DeploymentsView.as_view(), name="deployments"),
    path(f"{_ONE}/", views.DeploymentView.as_view(), name="deployment"),
    path(f"{_ONE}/events/", event_views.DeploymentEventsView.as_view(), name="deployment-events"),
    path(f"{_ONE}/stop/", views.DeploymentStopView.as_view(), name="deployment-stop"),
    path(f"{_ONE}/liquidate/", views.DeploymentLiquidateView.as_view(), name="deployment-liquidate"),
    path(f"{_ONE}/commands/", views.DeploymentCommandsView.as_view(), name="deployment-commands"),
    path(f"{_ONE}/portfolio/", views.DeploymentPortfolioView.as_view(), name="deployment-portfolio"),
    path(f"{_ONE}/orders/", views.DeploymentOrdersView.as_view(), name="deployment-orders"),
    path(f"{_ONE}/insights/", views.DeploymentInsightsView.as_view(), name="deployment-insights"),
    path(f"{_ONE}/trades/", views.DeploymentTradesView.as_view(), name="deployment-trades"),
    path(f"{_ONE}/logs/", views.DeploymentLogsView.as_view(), name="deployment-logs"),
    path(f"{_ONE}/charts/", views.DeploymentChartsView.as_view(), name="deployment-charts"),
    path(f"{_ONE}/charts/<str:name>/", views.DeploymentChartView.as_view(), name="deployment-chart"),
]
