"""How requests are answered under ASGI: each in one thread from beginning to end, its connections kept for the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: More than any endpoint takes: what is longer is refused by its length, whoever reads it.
_MOST_BYTES = 32_000_000


class OneThreadHandler(ASGIHandler):
    """Runs middleware and view of a request in one thread.

    Django's own would let each middleware that has no asynchronous form change threads twice, and would give every
    request a new thread, with a new connection to the database. No view here is asynchronous; what streams does so
    after the view has answered.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain of middlewares, all of them synchronous, and the threads that it runs in."""
        super().load_middleware(is_async=False)
        chain: Callable[[HttpRequest], HttpResponseBase] = self._middleware_chain  # type: ignore[has-type]

        def answer(request: HttpRequest) -> HttpResponseBase:
            # Django closes connections that are too old in the thread that hears of the request, which is not this one.
            close_old_connections()
            try:
                return chain(request)
            finally:
                close_old_connections()

        # Further requests wait. Each thread holds one connection to the database.
        threads = ThreadPoolExecutor(settings.ENVIRONMENT.web_threads, thread_name_prefix="request")
        self._middleware_chain = sync_to_async(answer, thread_sensitive=False, executor=threads)

    async def read_body(self, receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> IO[bytes]:
        """Keep a body up to a length that is too much for everybody: who asks is known only after it is read."""
        taken = 0

        async def bounded() -> Mapping[str, Any]:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message if taken <= _MOST_BYTES else {**message, "body": b""}

        body: IO[bytes] = await super().read_body(bounded)
        return body
