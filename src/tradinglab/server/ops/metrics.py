"""``/metrics`` for Prometheus.

Requests are counted by the process that answers them: each web process is a target of its own. What is the
installation's – runs, queue, workers – is read from the database when it is asked for, and is the same everywhere.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, F, Max, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

import tradinglab
from tradinglab.sandbox import Grade
from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.accounts.selectors import api_key_of_token
from tradinglab.server.config.grade import machine_grade
from tradinglab.server.ops.caller import comes_from_this_machine
from tradinglab.server.ops.health import readiness
from tradinglab.server.ops.requests import REGISTRY
from tradinglab.server.rest.problems import PROBLEM_TYPE, plain_problem
from tradinglab.server.runs.models import Run, RunState, WorkerBeat
from tradinglab.server.runs.selectors import worker_count

_DURATIONS_S = (0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the figures to this machine, to who shows the token of the settings, and to admins."""
    if not _may_read(request):
        detail = "Show TRADINGLAB_METRICS_TOKEN or an admin's API key: 'Authorization: Bearer …'."
        refused = HttpResponse(plain_problem(401, "not_authenticated", detail), status=401, content_type=PROBLEM_TYPE)
        refused.headers["WWW-Authenticate"] = 'Bearer realm="tradinglab"'
        return refused
    installation = CollectorRegistry()
    installation.register(InstallationCollector())
    return HttpResponse(generate_latest(installation) + generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        user = getattr(request, "user", None)
        return comes_from_this_machine(request) or (isinstance(user, User) and Scope.ADMIN in user.scopes)
    wanted = settings.ENVIRONMENT.metrics_token
    if wanted is not None and hmac.compare_digest(wanted.get_secret_value().encode(), token.encode()):
        return True
    try:
        key = api_key_of_token(token=token)
    except DatabaseError:
        return False
    return key is not None and Scope.ADMIN in key.scopes and Scope.ADMIN in key.user.scopes


class InstallationCollector(Collector):
    """Reads the installation's figures when it is asked for them; without a database it says that there is none."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        info = GaugeMetricFamily("tradinglab_info", "The server's version.", labels=["version"])
        info.add_metric([tradinglab.__version__], 1)
        yield info
        found = readiness()
        parts = GaugeMetricFamily("tradinglab_up", "Whether a part that the server needs is there.", labels=["part"])
        for name, said in found.items():
            parts.add_metric([name], said == "ok")
        yield parts
        grades = GaugeMetricFamily("tradinglab_sandbox_grade", "The grade of this machine's sandbox.", labels=["grade"])
        for grade in Grade:
            grades.add_metric([grade], grade is machine_grade())
        yield grades
        try:
            yield from [_runs(), *_queue(), *_workers(), _durations()]
        except DatabaseError:
            return  # `tradinglab_up` says so


def _runs() -> Metric:
    runs = GaugeMetricFamily("tradinglab_runs", "Runs that are stored.", labels=["kind", "state"])
    for kind, state, count in Run.objects.values_list("kind", "state").annotate(count=Count("pk")).order_by():
        runs.add_metric([kind, state], count)
    return runs


def _queue() -> Iterator[Metric]:
    waiting = Run.objects.filter(state=RunState.QUEUED).aggregate(count=Count("pk"), oldest=Min("created_at"))
    age = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0.0
    yield GaugeMetricFamily("tradinglab_queue_depth", "Runs that wait.", value=waiting["count"])
    yield GaugeMetricFamily("tradinglab_queue_oldest_seconds", "For how long the oldest of them waits.", value=age)


def _workers() -> Iterator[Metric]:
    yield GaugeMetricFamily("tradinglab_workers", "Workers that gave a sign of life lately.", value=worker_count())
    last = WorkerBeat.objects.aggregate(last=Max("seen_at"))["last"]
    if last is not None:
        age = (timezone.now() - last).total_seconds()
        yield GaugeMetricFamily("tradinglab_worker_heartbeat_age_seconds", "Since the last of these signs.", value=age)


def _durations() -> Metric:
    """Return how long the stored runs took that came to an end."""
    ended = Run.objects.filter(started_at__isnull=False, finished_at__isnull=False)
    ended = ended.annotate(took=F("finished_at") - F("started_at"))
    within = {f"le_{n}": Count("pk", filter=Q(took__lte=timedelta(seconds=s))) for n, s in enumerate(_DURATIONS_S)}
    found = ended.aggregate(count=Count("pk"), total=Sum("took"), **within)
    buckets = [(str(float(seconds)), found[f"le_{n}"]) for n, seconds in enumerate(_DURATIONS_S)]
    metric = HistogramMetricFamily("tradinglab_run_duration_seconds", "How long runs took, of those that are stored.")
    total = found["total"].total_seconds() if found["total"] else 0.0
    metric.add_metric([], buckets=[*buckets, ("+Inf", found["count"])], sum_value=total)
    return metric
