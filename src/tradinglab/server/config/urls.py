"""Where everything is."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from tradinglab.server.ops.health import live, ready
from tradinglab.server.ops.metrics import metrics
from tradinglab.server.rest.docs import ApiDocsView

_API = (
    "accounts", "strategies", "runs", "streams", "honesty", "backtests", "datasets", "data_jobs", "rules",
    "optimizations", "walk_forwards", "analytics", "examinations", "live", "cloud", "cloud.live",
)  # fmt: skip

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", live, name="health-live"),
    path("health/ready", ready, name="health-ready"),
    path("metrics", metrics, name="metrics"),
    path("api/docs/", ApiDocsView.as_view(), name="api-docs"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    *(path("api/v1/", include(f"tradinglab.server.{app}.api.urls")) for app in _API),
    path("api/v2/", include("tradinglab.server.qcapi.urls")),
    path("", include("tradinglab.server.web.urls")),
]

if "debug_toolbar" in settings.INSTALLED_APPS:
    urlpatterns.insert(0, path("__debug__/", include("debug_toolbar.urls")))

handler400 = "tradinglab.server.web.failures.malformed"
handler403 = "tradinglab.server.web.failures.refused"
handler404 = "tradinglab.server.web.failures.not_found"
handler500 = "tradinglab.server.web.failures.failed"
