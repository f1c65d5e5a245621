"""``/api/v1/quantconnect/``: the complete flow, import, push and pull."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.cloud.api.serializers import (
    ExchangedSerializer,
    ExchangeInput,
    FlowInput,
    FlowQuery,
    FlowSerializer,
    ImportInput,
    LinkSerializer,
    LinkStandingSerializer,
)
from tradinglab.server.cloud.api.views import REFUSALS
from tradinglab.server.cloud.exchanging import (
    Exchanged,
    link_get,
    link_standing,
    project_import,
    strategy_pull,
    strategy_push,
)
from tradinglab.server.cloud.flow import FlowRequest, flow_standing, flow_start, flow_wait
from tradinglab.server.cloud.importing import backtest_import
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.runs.models import FINAL_STATES
from tradinglab.server.strategies.selectors import strategy_get


class FlowView(APIView):
    """The complete flow."""

    @extend_schema(
        operation_id="quantconnect_backtest",
        request=FlowInput,
        parameters=[idempotency.PARAMETER, FlowQuery],
        responses={200: FlowSerializer, 202: FlowSerializer, **REFUSALS, **idempotency.REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Have a strategy backtested at QuantConnect: 202 while it goes on, 200 once it has its outcome."""
        user = user_of(request)
        query = FlowQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = FlowInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        asked = FlowRequest(start=values.pop("start_date"), end=values.pop("end_date"), **values)
        submitted = flow_start(user=user, asked=asked, idempotency_key=idempotency.idempotency_key(request))
        flow_wait(run_id=submitted.run.pk, seconds=query.validated_data["wait"])
        return _standing(request, submitted.run.pk)


class FlowStandingView(APIView):
    """Where a backtest at QuantConnect stands."""

    @extend_schema(
        operation_id="quantconnect_backtest_read",
        parameters=[FlowQuery],
        responses={200: FlowSerializer, 202: FlowSerializer},
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """Say how far it is, and what it is called there: 202 while it goes on."""
        query = FlowQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        flow_standing(user=user_of(request), run_id=run_id)
        flow_wait(run_id=run_id, seconds=query.validated_data["wait"])
        return _standing(request, run_id)


def _standing(request: Request, run_id: UUID) -> Response:
    shown = flow_standing(user=user_of(request), run_id=run_id)
    answer = status.HTTP_200_OK if shown["state"] in FINAL_STATES else status.HTTP_202_ACCEPTED
    return Response(FlowSerializer(shown).data, status=answer)


class ProjectImportView(APIView):
    """Making a strategy of a project."""

    @extend_schema(
        operation_id="quantconnect_project_import",
        request=ImportInput,
        responses={200: ExchangedSerializer, **REFUSALS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Import a project as a strategy; one that was imported before is pulled."""
        given = ImportInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = project_import(user=user_of(request), project_id=project_id, name=given.validated_data.get("name"))
        return Response(_exchanged(made))


class BacktestImportView(APIView):
    """Making a backtest here of one there."""

    @extend_schema(
        operation_id="quantconnect_backtest_import",
        request=None,
        responses={202: FlowSerializer, 200: FlowSerializer, **REFUSALS},
    )
    def post(self, request: Request, project_id: int, backtest_id: str) -> Response:
        """Fetch a backtest with all that it came to; one that was fetched before is answered again."""
        run = backtest_import(user=user_of(request), project_id=project_id, backtest_id=backtest_id)
        return _standing(request, run.pk)


class LinkView(APIView):
    """A strategy and its project at QuantConnect."""

    @extend_schema(operation_id="quantconnect_link", responses={200: LinkStandingSerializer, **REFUSALS})
    def get(self, request: Request, strategy_id: UUID) -> Response:
        """Say what was changed on which side since both agreed; a strategy that belongs to no project has none."""
        refuse_unknown(request)
        user = user_of(request)
        found = link_standing(user=user, strategy=strategy_get(user=user, strategy_id=strategy_id))
        if found is None:
            return Response({"link": None, "is_same": False, "changed_here": [], "changed_there": [], "conflicts": []})
        link, standing = found
        shown = {
            "link": LinkSerializer(link).data,
            "is_same": standing.same,
            "changed_here": standing.here,
            "changed_there": standing.there,
            "conflicts": standing.both,
        }
        return Response(shown)


class PushView(APIView):
    """Carrying a strategy's files to QuantConnect."""

    @extend_schema(
        operation_id="quantconnect_push", request=ExchangeInput, responses={200: ExchangedSerializer, **REFUSALS}
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Push the newest version; refused if files were changed there meanwhile."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        given = ExchangeInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(
            _exchanged(strategy_push(user=user, strategy=strategy, is_forced=given.validated_data["force"]))
        )


class PullView(APIView):
    """Fetching a project's files from QuantConnect."""

    @extend_schema(
        operation_id="quantconnect_pull", request=ExchangeInput, responses={200: ExchangedSerializer, **REFUSALS}
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Pull the project's files as a new version; refused if a file was changed on both sides."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        link_get(user=user, strategy=strategy)
        given = ExchangeInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(
            _exchanged(strategy_pull(user=user, strategy=strategy, is_forced=given.validated_data["force"]))
        )


def _exchanged(made: Exchanged) -> dict[str, Any]:
    return {**LinkSerializer(made.link).data, "changed": list(made.changed)}
