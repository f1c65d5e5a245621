"""Where the resources of strategies are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.strategies.api import views

_ONE = "strategies/<uuid:strategy_id>"

urlpatterns: list[URLPattern] = [
    path("strategies/", views.StrategiesView.as_view(), name="strategies"),
    path(f"{_ONE}/", views.StrategyView.as_view(), name="strategy"),
    path(f"{_ONE}/versions/", views.VersionsView.as_view(), name="versions"),
    path(f"{_ONE}/versions/<slug:content_hash>/", views.VersionView.as_view(), name="version"),
]
