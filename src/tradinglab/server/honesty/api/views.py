"""``/api/v1/strategies/{id}/trials/`` and ``/hold-outs/``."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.honesty.api.serializers import HoldOutInput, HoldOutSerializer, TrialsSerializer
from tradinglab.server.honesty.holding import hold_out_give_up, hold_out_seal
from tradinglab.server.honesty.selectors import hold_out_get, hold_out_list, trials_summary
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.strategies.selectors import strategy_get


class TrialsView(APIView):
    """What was tried on a strategy."""

    @extend_schema(operation_id="strategies_trials", responses=TrialsSerializer)
    def get(self, request: Request, strategy_id: UUID) -> Response:
        """Count all variants that ever came to figures: by hand, in searches, in walk-forwards, by simulations."""
        refuse_unknown(request)
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        return Response(TrialsSerializer(trials_summary(strategy=strategy)).data)


class HoldOutsView(APIView):
    """The hold-outs of a strategy."""

    @extend_schema(operation_id="hold_outs_list", responses=HoldOutSerializer(many=True))
    def get(self, request: Request, strategy_id: UUID) -> Response:
        """List them, the latest first, whatever became of them."""
        refuse_unknown(request)
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        return Response(HoldOutSerializer(hold_out_list(strategy=strategy), many=True).data)

    @extend_schema(
        operation_id="hold_outs_seal",
        request=HoldOutInput,
        responses={
            201: HoldOutSerializer,
            409: OpenApiResponse(ProblemSerializer, "Days are sealed already, or a run of the strategy is not over."),
        },
        description="Seal days. Until they are opened, once, for one variant, no run, search, walk-forward, simulation "
        "or replay of the strategy may touch them or what follows them, here or at QuantConnect.",
    )
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Seal days."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        given = HoldOutInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = hold_out_seal(strategy=strategy, by=user, **given.validated_data)
        location = request.build_absolute_uri(f"{request.path}{made.pk}/")
        return Response(HoldOutSerializer(made).data, status=status.HTTP_201_CREATED, headers={"Location": location})


class HoldOutView(APIView):
    """One hold-out."""

    @extend_schema(operation_id="hold_outs_read", responses=HoldOutSerializer)
    def get(self, request: Request, strategy_id: UUID, hold_out_id: UUID) -> Response:
        """Return its days, and its stamp if it was opened."""
        refuse_unknown(request)
        strategy = strategy_get(user=user_of(request), strategy_id=strategy_id)
        return Response(HoldOutSerializer(hold_out_get(strategy=strategy, hold_out_id=hold_out_id)).data)

    @extend_schema(
        operation_id="hold_outs_give_up",
        responses={
            204: OpenApiResponse(description="The days are free; that they were sealed stays on record."),
            409: OpenApiResponse(ProblemSerializer, "It was opened, or given up, before."),
        },
    )
    def delete(self, request: Request, strategy_id: UUID, hold_out_id: UUID) -> Response:
        """Give it up without opening it: the days can never be held out again."""
        user = user_of(request)
        strategy = strategy_get(user=user, strategy_id=strategy_id)
        hold_out_give_up(hold_out=hold_out_get(strategy=strategy, hold_out_id=hold_out_id), by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
