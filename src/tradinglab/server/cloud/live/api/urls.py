"""Where deployments at QuantConnect are: by their projects there, and those that are kept here."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.cloud.live.api import reading_views, there_views, views

_LIVE = "quantconnect/live"
_THERE = f"{_LIVE}/<int:project_id>"
_ONE = f"{_LIVE}/deployments/<uuid:remote_deployment_id>"

urlpatterns: list[URLPattern] = [
    path(f"{_LIVE}/", there_views.RemoteDeploymentsView.as_view(), name="quantconnect-live"),
    path(f"{_THERE}/", there_views.RemoteDeploymentView.as_view(), name="quantconnect-live-one"),
    path(f"{_THERE}/portfolio/", there_views.RemotePortfolioView.as_view(), name="quantconnect-live-portfolio"),
    path(f"{_THERE}/stop/", there_views.RemoteStopView.as_view(), name="quantconnect-live-stop"),
    path(f"{_THERE}/liquidate/", there_views.RemoteLiquidateView.as_view(), name="quantconnect-live-liquidate"),
    path(f"{_THERE}/follow/", views.FollowView.as_view(), name="quantconnect-live-follow"),
    path(f"{_LIVE}/brokerages/", views.BrokeragesView.as_view(), name="quantconnect-brokerages"),
    path(f"{_LIVE}/deployments/", views.CloudDeploymentsView.as_view(), name="quantconnect-deployments"),
    path(f"{_ONE}/", views.CloudDeploymentView.as_view(), name="quantconnect-deployment"),
    path(f"{_ONE}/events/", reading_views.CloudEventsView.as_view(), name="quantconnect-deployment-events"),
    path(f"{_ONE}/stop/", views.CloudStopView.as_view(), name="quantconnect-deployment-stop"),
    path(f"{_ONE}/liquidate/", views.CloudLiquidateView.as_view(), name="quantconnect-deployment-liquidate"),
    path(f"{_ONE}/commands/", views.CloudCommandsView.as_view(), name="quantconnect-deployment-commands"),
    path(f"{_ONE}/portfolio/", reading_views.CloudPortfolioView.as_view(), name="quantconnect-deployment-portfolio"),
    path(f"{_ONE}/orders/", reading_views.CloudOrdersView.as_view(), name="quantconnect-deployment-orders"),
    path(f"{_ONE}/insights/", reading_views.CloudInsightsView.as_view(), name="quantconnect-deployment-insights"),
    path(f"{_ONE}/trades/", reading_views.CloudTradesView.as_view(), name="quantconnect-deployment-trades"),
    path(f"{_ONE}/logs/", reading_views.CloudLogsView.as_view(), name="quantconnect-deployment-logs"),
    path(f"{_ONE}/charts/", reading_views.CloudChartsView.as_view(), name="quantconnect-deployment-charts"),
    path(f"{_ONE}/charts/<str:name>/", reading_views.CloudChartView.as_view(), name="quantconnect-deployment-chart"),
]
