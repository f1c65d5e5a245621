"""Where the resources of optimizations are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.optimizations.api import views

_ONE = "optimizations/<uuid:optimization_id>"

urlpatterns: list[URLPattern] = [
    path("optimizations/", views.OptimizationsView.as_view(), name="optimizations"),
    path(f"{_ONE}/", views.OptimizationView.as_view(), name="optimization"),
    path(f"{_ONE}/cancel/", views.OptimizationCancelView.as_view(), name="optimization-cancel"),
]
