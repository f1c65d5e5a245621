"""Requests that wait for something: each occupies a thread meanwhile, so some may, and never all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings

#: Of so many threads one may wait.
_SHARE = 4


@contextmanager
def waiting_place() -> Iterator[bool]:
    """Take a place in which a request may wait, if one is free, and say so; who has none answers at once."""
    places = _places()
    is_taken = places.acquire(blocking=False)
    try:
        yield is_taken
    finally:
        if is_taken:
            places.release()


@lru_cache(maxsize=1)
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(settings.ENVIRONMENT.web_threads // _SHARE, 1))
