"""``/api/v1/rules/``: rules that are stored nowhere."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.models import Scope
from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.rules.api.serializers import (
    RulesCheckSerializer,
    RulesInput,
    SimulationInput,
    SimulationSerializer,
    SourceSerializer,
)
from tradinglab.server.rules.simulating import rules_simulate
from tradinglab.server.strategies.checking import files_check, generator_version, rules_read_apart, rules_windows_apart
from tradinglab.server.strategies.files import RULES
from tradinglab.server.strategies.running import rules_source

_FAILED = {503: OpenApiResponse(ProblemSerializer, "The simulator itself failed; the server's log says why.")}
_BUSY = {429: OpenApiResponse(ProblemSerializer, "Too many at once; `Retry-After` says when to try again.")}


def _given(request: Request, form: type[RulesInput]) -> dict[str, Any]:
    given = form(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class RulesCheckView(APIView):
    """Checking rules."""

    write_scope = Scope.READ

    @extend_schema(
        operation_id="rules_check",
        request=RulesInput,
        responses={200: RulesCheckSerializer, **_BUSY},
        description="What is wrong with rules, with line and column; if nothing is, their canonical text and data.",
    )
    def post(self, request: Request) -> Response:
        """Say what is wrong, and give both forms."""
        text = _given(request, RulesInput)["text"]
        report = files_check(files={RULES: text})
        read = rules_read_apart(text=text)
        refused = {} if report.has_errors else rules_windows_apart(text=text)
        found = {
            "has_errors": report.has_errors or bool(refused),
            "findings": [*report.findings, *([refused["finding"]] if refused else [])],
            "is_cut": report.is_cut,
            "parameters": report.parameters,
            "text": read.get("text"),
            "rules": read.get("rules"),
        }
        return Response(RulesCheckSerializer(found).data)


class RulesGenerateView(APIView):
    """Writing rules out as source."""

    write_scope = Scope.READ

    @extend_schema(
        operation_id="rules_generate",
        request=RulesInput,
        responses={200: SourceSerializer, **_BUSY},
        description="The source of the QuantConnect strategy that trades as the rules say.",
    )
    def post(self, request: Request) -> Response:
        """Return the source."""
        text = _given(request, RulesInput)["text"]
        source = rules_source(text=text, field="text")
        if refused := rules_windows_apart(text=text):
            raise InputError("text", None, refused["reason"])
        return Response(SourceSerializer({"source": source, "generator": generator_version()}).data)


class RulesSimulateView(APIView):
    """Simulating rules."""

    @extend_schema(
        operation_id="rules_simulate",
        request=SimulationInput,
        responses={
            200: SimulationSerializer,
            404: OpenApiResponse(ProblemSerializer, "There is no such strategy."),
            **_BUSY,
            **_FAILED,
        },
        description=(
            "What rules come to over bars, as whole arrays: the fills, closed trades and equity that a backtest of "
            "them has, at once. At most 100 securities and a million bars; what takes more than 40 seconds of a "
            "processor is refused (`simulation_limit`)."
        ),
    )
    def post(self, request: Request) -> Response:
        """Return figures, equity, fills and trades."""
        given = _given(request, SimulationInput)
        return Response(SimulationSerializer(rules_simulate(user=user_of(request), **given)).data)


class RulesSchemaView(APIView):
    """The schema of rules."""

    @extend_schema(
        operation_id="rules_schema",
        responses=OpenApiTypes.OBJECT,
        description="The JSON Schema (2020-12) of rules as data.",
    )
    def get(self, request: Request) -> Response:
        """Return it."""
        refuse_unknown(request)
        return Response(_schema())


@cache
def _schema() -> dict[str, Any]:
    from tradinglab.rules import json_schema

    return json_schema()
