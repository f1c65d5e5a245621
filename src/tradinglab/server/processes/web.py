"""The web process."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import NamedTuple

from tradinglab.server.config.environment import environment
from tradinglab.server.config.home import Home
from tradinglab.server.config.startup import start_django
from tradinglab.server.errors import SettingsError

FIRST_PORT = 8000
#: Where QuantConnect's command line looks for a server of one's own (QC_API=local).
QUANTCONNECT_PORT = 5612
_PORTS_TRIED = 50
_WAITING_CONNECTIONS = 2048
_LARGEST_MESSAGE = 4096
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Address(NamedTuple):
    """Where the web process listens."""

    host: str
    port: int

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in ("localhost", "127.0.0.1", "::1")

    @property
    def reachable(self) -> str:
        """How this machine reaches it."""
        host = _ANY.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def shown(self) -> str:
        """How a person on this machine reaches it."""
        return f"http://localhost:{self.port}" if self.is_local or self.host in _ANY else self.reachable


def run_web(*, host: str, port: int, descriptors: Sequence[int] = ()) -> int:
    """Serve until the process is told to stop.

    Parameters
    ----------
    descriptors
        Sockets that listen already, inherited from the process that started this one; host and port are not looked at
        then.

    Raises
    ------
    SettingsError
        If a setting, the host or the port cannot be used.
    """
    start_django()
    listeners = [socket.socket(fileno=each) for each in descriptors] or [listen_on(host, port)]
    import uvicorn

    config = uvicorn.Config(
        "tradinglab.server.config.asgi:application",
        log_config=None,  # ours is Django's
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        proxy_headers=False,
        # Clients say where they left off, and little else.
        ws_max_size=_LARGEST_MESSAGE,
        ws_per_message_deflate=False,
    )
    bound = Address(*listeners[0].getsockname()[:2])
    Home(environment().home).note_address(bound.shown)
    with contextlib.ExitStack() as stack:
        uvicorn.Server(config).run(sockets=[stack.enter_context(each) for each in listeners])
    return 0


def listen_on_free_port(host: str) -> socket.socket:
    """Listen on the first port from 8000 on that can be listened on.

    Raises
    ------
    SettingsError
        If none can; it says why the first one cannot.
    """
    for port in range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED):
        with contextlib.suppress(SettingsError):
            return listen_on(host, port)
    return listen_on(host, FIRST_PORT)


def listen_on(host: str, port: int) -> socket.socket:
    """Listen on an address; what connects waits until somebody accepts.

    Raises
    ------
    SettingsError
        If that cannot be; it says why, and what to do.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(_WAITING_CONNECTIONS)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        reason = f"{host}:{port} cannot be listened on ({error.strerror}); choose another with --host and --port"
        raise SettingsError([reason]) from error
    return listener
