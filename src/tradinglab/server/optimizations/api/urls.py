"""Where the resources of optimizations are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.optimizations.api import opening, overfitting, trials, views

_ONE = "optimizations/<uuid:optimization_id>"

urlpatterns: list[URLPattern] = [
    path("optimizations/", views.OptimizationsView.as_view(), name="optimizations"),
    path(f"{_ONE}/", views.OptimizationView.as_view(), name="optimization"),
    path(f"{_ONE}/cancel/", views.OptimizationCancelView.as_view(), name="optimization-cancel"),
    path(f"{_ONE}/trials/", trials.TrialsView.as_view(), name="optimization-trials"),
    path(
        f"{_ONE}/trials/<int:number>/backtest/", opening.TrialBacktestView.as_view(), name="optimization-trial-backtest"
    ),
    path("backtests/<uuid:run_id>/open/", opening.BacktestOpenView.as_view(), name="backtest-open"),
    path(f"{_ONE}/heat-map/", trials.HeatMapView.as_view(), name="optimization-heat-map"),
    path(f"{_ONE}/stability/", trials.StabilityView.as_view(), name="optimization-stability"),
    path(f"{_ONE}/overfitting/", overfitting.OverfittingView.as_view(), name="optimization-overfitting"),
    path(f"{_ONE}/pareto-front/", trials.ParetoFrontView.as_view(), name="optimization-pareto-front"),
]
