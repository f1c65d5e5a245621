"""The server's ASGI application: ``uvicorn tradinglab.server.config.asgi:application``."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

from tradinglab.server.config.startup import prepare

prepare()
application = get_asgi_application()
