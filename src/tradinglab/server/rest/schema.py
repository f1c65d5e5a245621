"""The OpenAPI schema: every operation can answer with a problem."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.problems import PROBLEM_TYPE

_PROBLEMS = {
    400: "The request is wrong; `errors` names field and value.",
    401: "No valid key or session.",
    403: "The key or the role does not allow it.",
    404: "There is no such thing, or it is another user's.",
    429: "Too many requests.",
}


class Schema(AutoSchema):
    """Adds the problems that every operation shares."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        for status, description in _PROBLEMS.items():
            if str(status) not in responses:
                answer = OpenApiResponse(ProblemSerializer, description)
                responses[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    answer, str(status), [PROBLEM_TYPE], direction
                )
        return responses
