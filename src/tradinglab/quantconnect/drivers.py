"""Who carries out the steps of an operation: one driver blocks, the other awaits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import TypeVar

import httpx2

from tradinglab.core.pacing.clocks import Clock
from tradinglab.quantconnect.errors import CancelledError, TransportError
from tradinglab.quantconnect.settings import Settings
from tradinglab.quantconnect.steps import Ask, IsCancelled, Pause, Plan, Reply, Request, Send, Step

T = TypeVar("T")
_SLICE_S = 0.1
#: Failures after which the server surely has not seen a request.
_UNSENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.InvalidURL,
)


class Driver:
    """What both drivers share."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._timeouts = settings.timeouts

    def _timeout(self, request: Request) -> httpx2.Timeout:
        left = max(0.001, request.ends_at - self._clock.monotonic())
        connect, read = min(self._timeouts.connect, left), min(self._timeouts.read, left)
        return httpx2.Timeout(connect=connect, read=read, write=read, pool=connect)

    def _is_late(self, request: Request) -> bool:
        return self._clock.monotonic() >= request.ends_at


class BlockingDriver(Driver):
    """Carries steps out one after the other, in the thread that calls."""

    def __init__(self, settings: Settings, clock: Clock, transport: httpx2.BaseTransport | None = None) -> None:
        super().__init__(settings, clock)
        self._http = httpx2.Client(transport=transport, follow_redirects=False)

    def run(self, plan: Plan[T]) -> T:
        """Carry a plan out and return its value."""
        try:
            step = next(plan)
            while True:
                try:
                    value = self._carry(step)
                except Exception as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(value)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            plan.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _carry(self, step: Step) -> object:
        match step:
            case Send(request):
                return self._send(request)
            case Pause(seconds, is_cancelled):
                self._pause(seconds, is_cancelled)
                return None
            case Ask(question):
                return question()

    def _pause(self, seconds: float, is_cancelled: IsCancelled | None) -> None:
        if is_cancelled is None:
            self._clock.sleep(seconds)
            return
        ends_at = self._clock.monotonic() + seconds
        while not is_cancelled():
            left = ends_at - self._clock.monotonic()
            if left <= 0:
                return
            self._clock.sleep(min(_SLICE_S, left))
        raise CancelledError("The wait was cancelled.")

    def _send(self, request: Request) -> Reply:
        try:
            with self._http.stream(
                request.method,
                request.url,
                headers=request.headers,
                json=request.json,
                data=request.form,
                files=_files(request),
                timeout=self._timeout(request),
            ) as response:
                return self._read(request, response)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            lost = _lost(error)
        # Outside of the handler: the traceback ends here, not among the headers of a request.
        raise lost

    def _read(self, request: Request, response: httpx2.Response) -> Reply:
        body = bytearray()
        pieces: Iterator[bytes] = response.iter_bytes()
        for piece in pieces:
            body += piece
            if len(body) > request.most_bytes:
                return _reply(response, b"", is_too_long=True)
            if self._is_late(request):
                raise httpx2.ReadTimeout("the answer took too long in all")
        return _reply(response, bytes(body))


class AsyncDriver(Driver):
    """Carries steps out without blocking the event loop."""

    def __init__(self, settings: Settings, clock: Clock, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        super().__init__(settings, clock)
        self._http = httpx2.AsyncClient(transport=transport, follow_redirects=False)

    def run(self, plan: Plan[T]) -> Coroutine[object, object, T]:
        """Return what carries a plan out when it is awaited."""
        return self._run(plan)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _run(self, plan: Plan[T]) -> T:
        try:
            step = next(plan)
            while True:
                try:
                    value = await self._carry(step)
                except Exception as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(value)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            plan.close()

    async def _carry(self, step: Step) -> object:
        match step:
            case Send(request):
                return await self._send(request)
            case Pause(seconds, is_cancelled):
                await self._pause(seconds, is_cancelled)
                return None
            case Ask(question):
                return await asyncio.to_thread(question)

    async def _pause(self, seconds: float, is_cancelled: IsCancelled | None) -> None:
        if is_cancelled is None:
            await self._clock.rest(seconds)
            return
        ends_at = self._clock.monotonic() + seconds
        while not is_cancelled():
            left = ends_at - self._clock.monotonic()
            if left <= 0:
                return
            await self._clock.rest(min(_SLICE_S, left))
        raise CancelledError("The wait was cancelled.")

    async def _send(self, request: Request) -> Reply:
        try:
            async with asyncio.timeout(max(0.001, request.ends_at - self._clock.monotonic())):
                async with self._http.stream(
                    request.method,
                    request.url,
                    headers=request.headers,
                    json=request.json,
                    data=request.form,
                    files=_files(request),
                    timeout=self._timeout(request),
                ) as response:
                    return await self._read(request, response)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            lost = _lost(error)
        except TimeoutError:
            lost = TransportError("No answer: it took too long in all.")
        raise lost

    async def _read(self, request: Request, response: httpx2.Response) -> Reply:
        body = bytearray()
        pieces: AsyncIterator[bytes] = response.aiter_bytes()
        async for piece in pieces:
            body += piece
            if len(body) > request.most_bytes:
                return _reply(response, b"", is_too_long=True)
        return _reply(response, bytes(body))


def _files(request: Request) -> dict[str, tuple[str, bytes]] | None:
    if request.file is None:
        return None
    name, content = request.file
    return {name: (name, content)}


def _reply(response: httpx2.Response, body: bytes, *, is_too_long: bool = False) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(status=response.status_code, headers=headers, body=body, is_too_long=is_too_long)


def _lost(error: Exception) -> TransportError:
    is_sent = not isinstance(error, _UNSENT)
    what = "No answer" if is_sent else "No connection"
    return TransportError(f"{what}: {type(error).__name__}: {error}".rstrip(": ") + ".", is_sent=is_sent)
