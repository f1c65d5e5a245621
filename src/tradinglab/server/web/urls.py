"""Where the pages are."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from tradinglab.server.web import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.ThrottledLoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("welcome/<str:token>", views.welcome, name="welcome"),
    path("backtests/<uuid:run_id>/", views.backtest, name="backtest-page"),
    path("backtests/<uuid:run_id>/report/", views.report, name="backtest-report-page"),
]
