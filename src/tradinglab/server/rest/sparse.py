"""``?fields=id,name``: of each object only what is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.response import Response

from tradinglab.server.rest.problems import PROBLEM_TYPE, problem

PARAMETER = "fields"
_MOST_NAMES = 200
_WANTED = "_tradinglab_fields"


def take_fields(request: HttpRequest) -> None:
    """Take the parameter out of the address before the view looks at it, and remember it."""
    if request.method in ("GET", "HEAD") and PARAMETER in request.GET:
        query = request.GET.copy()
        setattr(request, _WANTED, ",".join(query.pop(PARAMETER)).split(","))
        request.GET = query  # type: ignore[assignment]  # a QueryDict that can be changed is one


def keep_fields(request: HttpRequest, response: HttpResponseBase) -> None:
    """Leave out of the answer's objects what is not wanted."""
    wanted: list[str] | None = getattr(request, _WANTED, None)
    if wanted is None or not isinstance(response, Response) or not 200 <= response.status_code < 300:
        return
    names = [each.strip() for each in wanted[:_MOST_NAMES] if each.strip()]
    known = _known(response, list(_objects(response.data)))
    if known is None:
        return
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        _refuse(response, unknown[0][:100] if unknown else "", known)
    else:
        _thin(response, names)
    response.content = response.rendered_content
    if response.has_header("Content-Length"):  # a middleware below may have counted what is left out now
        response.headers["Content-Length"] = str(len(response.content))
    if unknown or not names:
        response.headers["Content-Type"] = PROBLEM_TYPE


def _objects(data: Any) -> Iterable[dict[str, Any]]:
    if isinstance(data, dict):
        page = data.get("results")
        data = page if isinstance(page, list) else [data]
    return (each for each in data if isinstance(each, dict)) if isinstance(data, list) else ()


def _known(response: Response, objects: Iterable[dict[str, Any]]) -> list[str] | None:
    """Return the names that there are; ``None`` if the answer has no objects at all."""
    known = dict.fromkeys(name for each in objects for name in each)
    if not known and isinstance(response.data, (dict, list)):
        made = getattr(getattr(response, "renderer_context", {}).get("view"), "serializer_class", None)
        known = dict.fromkeys(made().fields) if made is not None else {}
    return list(known) or None


def _thin(response: Response, names: Collection[str]) -> None:
    def of(each: Any) -> Any:
        return {name: each[name] for name in each if name in names} if isinstance(each, dict) else each

    data = response.data
    if isinstance(data, list):
        response.data = [of(each) for each in data]
    elif isinstance(data.get("results"), list):
        response.data = {**data, "results": [of(each) for each in data["results"]]}
    else:
        response.data = of(data)


def _refuse(response: Response, name: str, known: Collection[str]) -> None:
    message = f"There is no field '{name}'. Known are: {', '.join(known)}."
    response.data = problem(400, "invalid", message, [{"field": PARAMETER, "value": name, "message": message}])
    response.status_code = 400
