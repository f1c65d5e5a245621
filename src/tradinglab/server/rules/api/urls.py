"""Where the resources of rules are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.rules.api import views

urlpatterns: list[URLPattern] = [
    path("rules/check/", views.RulesCheckView.as_view(), name="rules-check"),
    path("rules/generate/", views.RulesGenerateView.as_view(), name="rules-generate"),
    path("rules/simulate/", views.RulesSimulateView.as_view(), name="rules-simulate"),
    path("rules/schema/", views.RulesSchemaView.as_view(), name="rules-schema"),
]
