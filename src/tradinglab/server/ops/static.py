"""The pages' own files: styles, scripts, pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise for both kinds of servers: its own middleware makes each request of an ASGI server change threads."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        """Answer with a file if the address is one's, and pass the request on if not."""
        if not iscoroutinefunction(self):
            return self._file(request) or self.get_response(request)
        return self._answer(request)

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        if self.autorefresh or request.path_info in self.files:
            found = await sync_to_async(self._file)(request)
            if found is not None:
                return found
        response: HttpResponse = await self.get_response(request)
        return response

    def _file(self, request: HttpRequest) -> HttpResponse | None:
        path = request.path_info
        static_file = self.find_file(path) if self.autorefresh else self.files.get(path)
        if static_file is None:
            return None
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
