"""Where the resources of runs are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.runs.api import limits

urlpatterns: list[URLPattern] = [
    path("run-limits/", limits.RunLimitsView.as_view(), name="run-limits"),
    path("users/<int:user_id>/run-limits/", limits.UserRunLimitsView.as_view(), name="user-run-limits"),
]
