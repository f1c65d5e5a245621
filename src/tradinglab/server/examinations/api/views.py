"""``/api/v1/backtests/{id}/doctor/``, ``stress/``, ``jitter/`` and ``examinations/``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.accounts.permissions import user_of
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.examinations.api.serializers import (
    DiagnosisSerializer,
    DoctorInput,
    ExaminationInput,
    ExaminationSerializer,
    JitterInput,
    JitterSerializer,
    StressInput,
    StressSerializer,
)
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.selectors import examination_get, examination_list, examination_newest
from tradinglab.server.examinations.services import ExaminationRequest, examination_submit
from tradinglab.server.rest import idempotency
from tradinglab.server.rest.fields import ProblemSerializer
from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.runs.services import run_cancel

_MOST_LISTED = 100
_KIND = Examination.Kind
_SHOWN: Final[Mapping[str, type[ExaminationSerializer]]] = {
    _KIND.DOCTOR: DiagnosisSerializer,
    _KIND.STRESS: StressSerializer,
    _KIND.JITTER: JitterSerializer,
}
_ANY: Final = PolymorphicProxySerializer(
    component_name="ExaminationOfAnyKind",
    serializers={str(kind): serializer for kind, serializer in _SHOWN.items()},
    resource_type_field_name="kind",
)
_UNFINISHED: Final = OpenApiResponse(
    ProblemSerializer, "The backtest has not completed, or its strategy would have to be run again, and cannot be."
)


def _shown(made: Examination) -> dict[str, Any]:
    return dict(_SHOWN[made.kind](made).data)


class _KindView(APIView):
    """Examinations of one kind."""

    kind: Examination.Kind
    input: type[ExaminationInput]

    def _submit(self, request: Request, run_id: UUID) -> Response:
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        given = self.input(data=request.data)
        given.is_valid(raise_exception=True)
        options = dict(given.validated_data)
        asked = ExaminationRequest(
            kind=self.kind, again=options.pop("again"), priority=options.pop("priority"), options=options
        )
        key = idempotency.idempotency_key(request)
        submitted = examination_submit(test=test, request=asked, idempotency_key=key)
        made = examination_get(user=user, test=test, run_id=submitted.run.pk)
        answer = status.HTTP_202_ACCEPTED if submitted.is_new else status.HTTP_200_OK
        where = request.build_absolute_uri(request.path.replace(f"/{self.kind}/", f"/examinations/{made.pk}/"))
        return Response(_shown(made), status=answer, headers={"Location": where})

    def _newest(self, request: Request, run_id: UUID) -> Response:
        refuse_unknown(request)
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        return Response(_shown(examination_newest(user=user, test=test, kind=self.kind)))


class DoctorView(_KindView):
    """What to doubt of a backtest."""

    kind, input = _KIND.DOCTOR, DoctorInput

    @extend_schema(
        operation_id="backtests_doctor",
        request=DoctorInput,
        parameters=[idempotency.PARAMETER],
        responses={202: DiagnosisSerializer, 200: DiagnosisSerializer, 409: _UNFINISHED, **idempotency.REFUSALS},
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Ask what to doubt of it: the strategy is run again, and again on data that is cut.

        What was asked before with the same options is answered as it was (200), unless it failed, or `again` is said.
        Of a backtest that cannot be run again here, what it has left is looked at; `left_out` says what that does not
        show.
        """
        return self._submit(request, run_id)

    @extend_schema(operation_id="backtests_doctor_read", responses=DiagnosisSerializer)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Return the newest, where it is and what was found."""
        return self._newest(request, run_id)


class StressView(_KindView):
    """What other assumptions leave of a backtest."""

    kind, input = _KIND.STRESS, StressInput

    @extend_schema(
        operation_id="backtests_stress",
        request=StressInput,
        parameters=[idempotency.PARAMETER],
        responses={202: StressSerializer, 200: StressSerializer, 409: _UNFINISHED, **idempotency.REFUSALS},
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Ask what other fees, slippage, delays, missed fills and cash leave of it, and at which cost it earns nothing.

        What was asked before with the same options is answered as it was (200), unless it failed, or `again` is said.
        """
        return self._submit(request, run_id)

    @extend_schema(operation_id="backtests_stress_read", responses=StressSerializer)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Return the newest, where it is and what came of each assumption."""
        return self._newest(request, run_id)


class JitterView(_KindView):
    """What the neighbours of a backtest's parameters come to."""

    kind, input = _KIND.JITTER, JitterInput

    @extend_schema(
        operation_id="backtests_jitter",
        request=JitterInput,
        parameters=[idempotency.PARAMETER],
        responses={202: JitterSerializer, 200: JitterSerializer, 409: _UNFINISHED, **idempotency.REFUSALS},
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Ask for the bands in which the figures lie if the parameters are moved a little, and where the run's own lie.

        Rules are simulated, code is run again in the sandbox. No single variant is shown: they are no trials. What was
        asked before with the same options is answered as it was (200), unless it failed, or `again` is said.
        """
        return self._submit(request, run_id)

    @extend_schema(operation_id="backtests_jitter_read", responses=JitterSerializer)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Return the newest, where it is and what came of it."""
        return self._newest(request, run_id)


class ExaminationsView(APIView):
    """The examinations of a backtest."""

    @extend_schema(operation_id="backtests_examinations", responses=ExaminationSerializer(many=True))
    def get(self, request: Request, run_id: UUID) -> Response:
        """List the last hundred of all kinds, newest first, without what they found."""
        refuse_unknown(request)
        user = user_of(request)
        found = examination_list(user=user, test=backtest_get(user=user, run_id=run_id))
        return Response(ExaminationSerializer(found[:_MOST_LISTED], many=True).data)


class ExaminationView(APIView):
    """One examination."""

    @extend_schema(operation_id="backtests_examination", responses=_ANY)
    def get(self, request: Request, run_id: UUID, examination_id: UUID) -> Response:
        """Return where it is, and what came of it."""
        refuse_unknown(request)
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        return Response(_shown(examination_get(user=user, test=test, run_id=examination_id)))

    @extend_schema(
        operation_id="backtests_examination_cancel",
        responses={202: _ANY, 409: OpenApiResponse(ProblemSerializer, "It is over.")},
    )
    def delete(self, request: Request, run_id: UUID, examination_id: UUID) -> Response:
        """Cancel it; it stays in the list."""
        user = user_of(request)
        test = backtest_get(user=user, run_id=run_id)
        run_cancel(run=examination_get(user=user, test=test, run_id=examination_id).run)
        found = examination_get(user=user, test=test, run_id=examination_id)
        return Response(_shown(found), status=status.HTTP_202_ACCEPTED)
