"""The yardstick of the load figures: Django REST Framework and one view that answers from memory."""

from __future__ import annotations

from django.conf import settings

settings.configure(
    SECRET_KEY="only for this measurement; it signs nothing",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
    },
)

from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class PlainView(APIView):
    """Answers the same few values every time."""

    def get(self, request: Request) -> Response:
        """Return them."""
        return Response({"name": "plain", "number": 1, "list": [1, 2, 3]})


urlpatterns = [path("", PlainView.as_view())]
application = get_asgi_application()
