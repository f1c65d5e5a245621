"""What is known of the request that is being answered, wherever in the code that is."""

from __future__ import annotations

from contextvars import ContextVar

#: The number of the request; logs and problems show it.
request_id: ContextVar[str] = ContextVar("request_id", default="-")
