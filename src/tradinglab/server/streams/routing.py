"""Where the WebSockets are."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from tradinglab.server.streams.consumers import MeConsumer, NowhereConsumer, RunConsumer


def websockets_with(*others: Any) -> URLRouter:
    """Return the WebSockets of runs and users, and those of the apps above."""
    return URLRouter(
        [
            path("ws/runs/<uuid:run_id>/", RunConsumer.as_asgi()),
            path("ws/me/", MeConsumer.as_asgi()),
            *others,
            re_path(r"", NowhereConsumer.as_asgi()),
        ]
    )
