"""Waiting for a database that is away: its restart costs a run a moment, not its outcome."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from django.db import Error, InterfaceError, OperationalError, connection

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
#: What a database raises that does not answer, breaks off, is locked for too long, or has no room left.
AWAY: Final = (OperationalError, InterfaceError)
_PATIENCE_S = 120.0
_PAUSE_S = 0.5


def patiently(work: Callable[[], _T]) -> _T:
    """Do what asks the database, again and again while that is away.

    What was done when the connection broke may be done twice: the work has to allow for it.
    """
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return work()
        except AWAY as error:
            if connection.in_atomic_block or time.monotonic() >= end:
                raise
            _log.warning("the database does not answer, and is asked again: %s", error)
            # A connection that broke is not used again.
            with suppress(Error):
                connection.close()
        time.sleep(_PAUSE_S)
