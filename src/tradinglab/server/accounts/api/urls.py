"""Where the resources of accounts are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.accounts.api import views

urlpatterns: list[URLPattern] = [
    path("me/", views.MeView.as_view(), name="me"),
    path("api-keys/", views.ApiKeysView.as_view(), name="api-keys"),
    path("api-keys/<int:key_id>/", views.ApiKeyView.as_view(), name="api-key"),
    path("audit/", views.AuditView.as_view(), name="audit"),
]
