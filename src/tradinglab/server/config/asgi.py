"""The server's ASGI application: ``uvicorn tradinglab.server.config.asgi:application``."""

from __future__ import annotations

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from tradinglab.server.config.startup import prepare

prepare()
_pages = get_asgi_application()
# Known only now that Django is set up.
from tradinglab.server.streams.routing import websockets  # noqa: E402

application = ProtocolTypeRouter({"http": _pages, "websocket": websockets})
