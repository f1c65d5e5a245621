"""Endpoints: their paths, what they ask for, who may call them, and what answers.

::

    class FileAsk(Ask):
        project_id: Whole
        name: str

    @endpoint("files/delete", FileAsk, scope=Scope.RUN)
    def delete(call: Call, asked: FileAsk) -> Answer:
        ...
        return {}
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import UploadedFile
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.errors import InputError, NotFoundError, ServerError
from tradinglab.server.ops.context import request_id
from tradinglab.server.qcapi.answers import failure, success, unsigned
from tradinglab.server.qcapi.asking import Ask, problems_of, refusal_of
from tradinglab.server.qcapi.bodies import Value, read_body
from tradinglab.server.qcapi.errors import BusyError, ForbiddenError, SignatureError, UnreadableError
from tradinglab.server.qcapi.signing import token_of_request
from tradinglab.server.rest.throttling import take

_log = logging.getLogger(__name__)
_METHODS = ("GET", "POST")

Answer: TypeAlias = Mapping[str, object] | HttpResponseBase
A = TypeVar("A", bound=Ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that is signed.

    Attributes
    ----------
    user
        Who asks.
    scopes
        What the token may do, within the user's role.
    request
        The request itself.
    files
        What was uploaded with it, by the field's name.
    """

    user: User
    scopes: frozenset[str]
    request: HttpRequest
    files: Mapping[str, UploadedFile[bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A path, and what answers there."""

    path: str
    ask: type[Ask]
    scope: str
    handle: Callable[[Call, Mapping[str, Value]], Answer]


#: All endpoints by their paths.
ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    path: str, ask: type[A], *, scope: str = Scope.READ
) -> Callable[[Callable[[Call, A], Answer]], Callable[[Call, A], Answer]]:
    """Declare what answers at a path.

    Parameters
    ----------
    path
        Below ``/api/v2/``, without slashes at its ends.
    ask
        What the request must hold.
    scope
        What the caller must be allowed. What needs more than to read is carried out for POST alone.
    """

    def declare(answer: Callable[[Call, A], Answer]) -> Callable[[Call, A], Answer]:
        def handle(call: Call, values: Mapping[str, Value]) -> Answer:
            return answer(call, ask.model_validate(values))

        if path in ENDPOINTS:
            raise ValueError(f"two endpoints are called {path}")
        ENDPOINTS[path] = Endpoint(path=path, ask=ask, scope=scope, handle=handle)
        return answer

    return declare


def view_of(declared: Endpoint) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the view of an endpoint."""

    def view(request: HttpRequest) -> HttpResponseBase:
        return _guarded(request, lambda: _carry_out(request, declared))

    # Signatures, not cookies, say whose a request is.
    return csrf_exempt(view)


def open_view(
    answer: Callable[[HttpRequest, str], HttpResponseBase],
) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Return the view of a link that needs no signature: the token in it is all that it takes."""

    def view(request: HttpRequest, token: str) -> HttpResponseBase:
        def counted() -> HttpResponseBase:
            request.user = AnonymousUser()
            _count(request)
            return answer(request, token) if request.method in ("GET", "HEAD") else failure(["Use GET."], status=405)

        return _guarded(request, counted, missing=404)

    return csrf_exempt(view)


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponseBase:
    """Answer at a path where nothing is."""

    def answer() -> HttpResponse:
        _sign(request)
        return failure([f"There is no endpoint '{request.path[:200]}' here."], status=404)

    return _guarded(request, answer)


def _guarded(request: HttpRequest, answer: Callable[[], HttpResponseBase], *, missing: int = 200) -> HttpResponseBase:
    """Make an answer of whatever goes wrong; *missing* is the status if there is no such thing."""
    try:
        return answer()
    except _Throttled:
        return failure(["Too many requests; please slow down."], status=429)
    except SignatureError as error:
        return unsigned(str(error))
    except ValidationError as error:
        return failure([str(problems_of(error))])
    except NotFoundError as error:
        return failure([str(error)], status=missing)
    except BusyError as error:
        busy = failure([str(error)])
        busy.headers["Retry-After"] = str(error.retry_after_s)
        return busy
    except InputError as error:
        return failure([refusal_of(error)])
    except ServerError as error:
        return failure([str(error)])
    except (OperationalError, InterfaceError) as error:
        _log.warning("the database does not answer: %s", error)
        return failure(["The database does not answer. Try again in a moment."], status=503)
    except Exception:
        # An HTTP 500 would be shown to users as wrong credentials.
        _log.exception("%s failed", request.path)
        return failure([f"The server failed; its log has more under the request's id, {request_id.get()}."])


class _Throttled(Exception):
    """There were too many requests."""


def _carry_out(request: HttpRequest, declared: Endpoint) -> HttpResponseBase:
    call = _sign(request)
    if request.method not in _METHODS or (request.method == "GET" and declared.scope != Scope.READ):
        raise UnreadableError(f"'{declared.path}' is called with POST, not with {request.method}.")
    if declared.scope not in call.scopes:
        raise ForbiddenError(f"'{declared.path}' needs the scope '{declared.scope}', which this token does not have.")
    body = read_body(request)
    answer = declared.handle(Call(user=call.user, scopes=call.scopes, request=request, files=body.files), body.values)
    return answer if isinstance(answer, HttpResponseBase) else success(answer)


def _sign(request: HttpRequest) -> Call:
    """Find out whose a request is, and count it."""
    # A session's cookie says nothing here.
    request.user = AnonymousUser()
    try:
        token = token_of_request(request)
    except SignatureError:
        _count(request)
        raise
    request.user = token.user
    _count(request)
    return Call(user=token.user, scopes=token.user.scopes & frozenset(token.scopes), request=request)


def _count(request: HttpRequest) -> None:
    if not take(request).is_allowed:
        raise _Throttled
