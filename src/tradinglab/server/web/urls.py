"""Where the pages are."""

from __future__ import annotations

from django.urls import path

from tradinglab.server.web import account_pages, annotating, comparing, opening, views

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("login/", account_pages.login_page, name="login"),
    path("login/code/", account_pages.login_code_page, name="login-code"),
    path("sign-up/", account_pages.sign_up_page, name="open-sign-up-page"),
    path("sign-up/<str:token>/", account_pages.sign_up_page, name="sign-up-page"),
    path("password-reset/", account_pages.password_reset_ask_page, name="password-reset-ask-page"),
    path("password-reset/<str:token>/", account_pages.password_reset_page, name="password-reset-page"),
    path("verify-email/<str:token>/", account_pages.email_verify_page, name="email-verify-page"),
    path("logout/", account_pages.logout_page, name="logout"),
    path("welcome/<str:token>", views.welcome, name="welcome"),
    path("compare/", comparing.compare, name="compare-page"),
    path("backtests/<uuid:run_id>/", views.backtest, name="backtest-page"),
    path("backtests/<uuid:run_id>/annotate/", annotating.annotate, name="backtest-annotate-page"),
    path("backtests/<uuid:run_id>/open/", opening.open_trial, name="backtest-open-page"),
    path("backtests/<uuid:run_id>/report/", views.report, name="backtest-report-page"),
]
