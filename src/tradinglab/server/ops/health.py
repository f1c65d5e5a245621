"""Whether the server lives, and whether it can work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tradinglab.server.runs.selectors import worker_count, worker_grade
from tradinglab.server.runs.store import store

_LEAST_FREE_BYTES = 200_000_000


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Ask all that the server needs; 503 if something is missing, and which."""
    found = readiness()
    is_ready = all(said == "ok" for said in found.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": found, "time": timezone.now().isoformat()}
    if found["sandbox"] == "ok":
        body["sandbox_grade"] = worker_grade()
    return JsonResponse(body, status=200 if is_ready else 503)


def readiness() -> dict[str, str]:
    """Return what each thing that the server needs says of itself: ``ok``, or what is wrong with it."""
    checks = {
        "database": _database,
        "queue": _queue,
        "worker": _worker,
        "sandbox": _sandbox,
        "disk": _disk,
        "artefacts": _artefacts,
    }
    return {name: _tried(check) for name, check in checks.items()}


def _tried(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        # What went wrong is for the log of what failed; its kind is enough for who asks from outside.
        return f"failed: {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _queue() -> str:
    url = settings.ENVIRONMENT.redis_url
    if url is None:
        return "ok"  # the workers look into the table
    from redis import Redis

    with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
        client.ping()
    return "ok"


def _worker() -> str:
    return "ok" if worker_count() else "no worker has been seen lately; start one with 'tradinglab worker'"


def _sandbox() -> str:
    return "ok" if worker_grade() else "no worker has a sandbox; 'tradinglab sandbox probe' says what is missing"


def _artefacts() -> str:
    return store().check()


def _disk() -> str:
    folder = settings.HOME.folder
    if not os.access(folder, os.W_OK):
        return "the home folder is read-only"
    free = shutil.disk_usage(folder).free
    return "ok" if free >= _LEAST_FREE_BYTES else f"only {free >> 20} MB are free"
