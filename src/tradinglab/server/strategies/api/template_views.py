"""The templates: strategies to start from."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tradinglab.server.rest.filters import refuse_unknown
from tradinglab.server.strategies.api.serializers import TemplateSerializer, TemplateSummarySerializer
from tradinglab.server.strategies.services import template_get
from tradinglab.server.strategies.starts import all_starts


class TemplatesView(APIView):
    """The strategies to start from."""

    @extend_schema(operation_id="templates_list", responses=TemplateSummarySerializer(many=True))
    def get(self, request: Request) -> Response:
        """List them; each runs on the bundled sample data as it stands."""
        refuse_unknown(request)
        return Response(TemplateSummarySerializer(all_starts(), many=True).data)


class TemplateView(APIView):
    """One strategy to start from."""

    @extend_schema(operation_id="templates_read", responses=TemplateSerializer)
    def get(self, request: Request, template: str) -> Response:
        """Return it with its source."""
        return Response(TemplateSerializer(template_get(name=template)).data)
