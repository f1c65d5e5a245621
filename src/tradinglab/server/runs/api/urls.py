"""Where the resources of runs are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.runs.api import views

urlpatterns: list[URLPattern] = [
    path("runs/<uuid:run_id>/events/", views.RunEventsView.as_view(), name="run-events"),
]
