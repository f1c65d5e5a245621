"""Where the resources of trials and hold-outs are; opening one, which starts a run, is among those of backtests."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.honesty.api import views

_ONE = "strategies/<uuid:strategy_id>"

urlpatterns: list[URLPattern] = [
    path(f"{_ONE}/trials/", views.TrialsView.as_view(), name="strategy-trials"),
    path(f"{_ONE}/hold-outs/", views.HoldOutsView.as_view(), name="hold-outs"),
    path(f"{_ONE}/hold-outs/<uuid:hold_out_id>/", views.HoldOutView.as_view(), name="hold-out"),
]
