"""The server's ASGI application: ``uvicorn tradinglab.server.config.asgi:application``."""

from __future__ import annotations

import django
from channels.routing import ProtocolTypeRouter
from django.urls import path

from tradinglab.server.config.startup import prepare

prepare()
django.setup(set_prefix=False)
# Known only now that Django is set up.
from tradinglab.server.cloud.live.streaming import CloudDeploymentConsumer  # noqa: E402
from tradinglab.server.config.handler import OneThreadHandler  # noqa: E402
from tradinglab.server.live.streaming import DeploymentConsumer  # noqa: E402
from tradinglab.server.streams.routing import websockets_with  # noqa: E402

websockets = websockets_with(
    path("ws/deployments/<uuid:deployment_id>/", DeploymentConsumer.as_asgi()),
    path("ws/quantconnect/live/deployments/<uuid:remote_deployment_id>/", CloudDeploymentConsumer.as_asgi()),
)
application = ProtocolTypeRouter({"http": OneThreadHandler(), "websocket": websockets})
