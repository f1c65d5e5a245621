"""What is refused to those who listen."""

from __future__ import annotations

from tradinglab.server.errors import ServerError


class TooManyListenersError(ServerError):
    """A user has as many connections as one may have."""

    code = "too_many_listeners"
    status = 429


class RefusedError(ServerError):
    """A WebSocket is closed.

    Attributes
    ----------
    close_code
        The code of the closing, between 4000 and 4999.
    """

    code = "refused"

    def __init__(self, close_code: int, reason: str) -> None:
        self.close_code = close_code
        super().__init__(reason)
