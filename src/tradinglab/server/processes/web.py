"""The web process."""

from __future__ import annotations

import socket

from tradinglab.server.config.startup import start_django
from tradinglab.server.errors import SettingsError


def run_web(*, host: str, port: int) -> int:
    """Serve until the process is told to stop.

    Raises
    ------
    SettingsError
        If a setting, the host or the port cannot be used.
    """
    start_django()
    check_free(host, port)
    import uvicorn

    config = uvicorn.Config(
        "tradinglab.server.config.asgi:application",
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        proxy_headers=False,
    )
    uvicorn.Server(config).run()
    return 0


def check_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on.

    Raises
    ------
    SettingsError
        Says why, and what to do.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = f"{host}:{port} cannot be listened on ({error.strerror}); choose another with --host and --port"
        raise SettingsError([reason]) from error
