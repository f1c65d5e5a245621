"""Where the WebSockets are."""

from __future__ import annotations

from channels.routing import URLRouter
from django.urls import path, re_path

from tradinglab.server.streams.consumers import MeConsumer, NowhereConsumer, RunConsumer

websockets = URLRouter(
    [
        path("ws/runs/<uuid:run_id>/", RunConsumer.as_asgi()),
        path("ws/me/", MeConsumer.as_asgi()),
        re_path(r"", NowhereConsumer.as_asgi()),
    ]
)
