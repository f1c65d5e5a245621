"""Where the resource of figures is."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.analytics.api import views

urlpatterns: list[URLPattern] = [path("analytics/", views.AnalyticsView.as_view(), name="analytics")]
