"""The OpenAPI schema: every operation can answer with a problem."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.problems import PROBLEM_TYPE
from tradinglab.server.rest.sparse import PARAMETER

_PROBLEMS = {
    400: "The request is wrong; `errors` names field and value.",
    401: "No valid key or session.",
    403: "The key or the role does not allow it.",
    404: "There is no such thing, or it is another user's.",
    406: "There is no such form of it (`Accept`).",
    429: "Too many requests; `Retry-After` says when to try again.",
    503: "The database does not answer; `Retry-After` says when to try again.",
}


_OF_READS = {304: "What the client has (`If-None-Match`) is what there is."}
_OF_BODIES = {413: "The body is too large.", 415: "The body is in a form that is not read here."}
_OF_CHANGES = {412: "It is not what the client thinks (`If-Match`)."}
_FIELDS = {
    "name": PARAMETER,
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Names of the fields that are wanted of each object, separated by commas; without it all. In JSON.",
}


class Schema(AutoSchema):
    """Adds what every operation shares: its problems, and the parameter for sparse fields."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Describe an operation."""
        operation = super().get_operation(*args, **kwargs)
        if operation is not None and self.method == "GET" and _is_json(operation["responses"].get("200", {})):
            operation.setdefault("parameters", []).append(_FIELDS)
        return operation

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        shared = dict(_PROBLEMS)
        if self.method == "GET":
            responses.setdefault("304", {"description": _OF_READS[304]})
        elif self.method in ("PATCH", "PUT", "DELETE"):
            shared |= _OF_CHANGES
        if self.method in ("POST", "PATCH", "PUT"):
            shared |= _OF_BODIES
        for status, answer in responses.items():
            # Whatever else is said of a refusal, it is a problem.
            if status >= "400" and set(answer.get("content", {})) == {"application/json"}:
                answer["content"] = {PROBLEM_TYPE: answer["content"]["application/json"]}
        for number, description in shared.items():
            if str(number) not in responses:
                described = OpenApiResponse(ProblemSerializer, description)
                responses[str(number)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    described, str(number), [PROBLEM_TYPE], direction
                )
        return responses


def _is_json(response: dict[str, Any]) -> bool:
    return "application/json" in response.get("content", {})
