"""Where events and tickets are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.streams.api import views

urlpatterns: list[URLPattern] = [
    path("runs/<uuid:run_id>/events/", views.RunEventsView.as_view(), name="run-events"),
    path("me/events/", views.MyEventsView.as_view(), name="my-events"),
    path("ws-tickets/", views.TicketsView.as_view(), name="ws-tickets"),
]
