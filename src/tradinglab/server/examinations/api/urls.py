"""Where the resources of examinations are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.examinations.api import views

_ONE = "backtests/<uuid:run_id>"

urlpatterns: list[URLPattern] = [
    path(f"{_ONE}/doctor/", views.DoctorView.as_view(), name="backtest-doctor"),
    path(f"{_ONE}/stress/", views.StressView.as_view(), name="backtest-stress"),
    path(f"{_ONE}/jitter/", views.JitterView.as_view(), name="backtest-jitter"),
    path(f"{_ONE}/examinations/", views.ExaminationsView.as_view(), name="backtest-examinations"),
    path(f"{_ONE}/examinations/<uuid:examination_id>/", views.ExaminationView.as_view(), name="backtest-examination"),
]
