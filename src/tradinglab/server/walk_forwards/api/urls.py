"""Where the resources of walk-forwards are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.walk_forwards.api import views

_ONE = "walk-forwards/<uuid:walk_forward_id>"

urlpatterns: list[URLPattern] = [
    path("walk-forwards/", views.WalkForwardsView.as_view(), name="walk-forwards"),
    path(f"{_ONE}/", views.WalkForwardView.as_view(), name="walk-forward"),
    path(f"{_ONE}/steps/", views.WalkForwardStepsView.as_view(), name="walk-forward-steps"),
    path(f"{_ONE}/result/", views.WalkForwardResultView.as_view(), name="walk-forward-result"),
    path(f"{_ONE}/cancel/", views.WalkForwardCancelView.as_view(), name="walk-forward-cancel"),
]
