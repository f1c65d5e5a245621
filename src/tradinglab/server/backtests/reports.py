"""A backtest's report as it is shown: as it was stored, with sections about what came after it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from tradinglab.report.parity_page import with_parity
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.parity import parity_counterpart, parity_of, parity_partner
from tradinglab.server.backtests.results import artefact_kept
from tradinglab.server.errors import DamagedResultError, NotFoundError
from tradinglab.server.runs.models import RunState
from tradinglab.server.runs.selectors import artefact_read

_log = logging.getLogger(__name__)
REPORT = "report.html"


def report_read(*, test: Backtest, against: UUID | None = None) -> bytes:
    """Return the report of a backtest.

    Parameters
    ----------
    against
        What its section about parity compares with; without it the counterpart, if there is one.

    Raises
    ------
    NotFoundError, SlimTrialError
        If it has left no report, or its owner has no such other backtest.
    ConflictError, InputError
        If it cannot be compared with the one that is named.
    """
    stored = artefact_read(artefact=artefact_kept(test=test, name=REPORT))
    for name in settings.REPORT_SECTIONS:
        add = cast("Callable[..., str]", import_string(name))
        stored = add(test=test, report=stored.decode()).encode()
    return _with_counterpart(test, stored, against)


def _with_counterpart(test: Backtest, stored: bytes, against: UUID | None) -> bytes:
    owner = test.run.owner
    if against is not None:
        other: Backtest | None = parity_partner(user=owner, test=test, against=against)
    else:
        other = parity_counterpart(user=owner, test=test) if test.run.state == RunState.COMPLETED else None
    if other is None:
        return stored
    try:
        found = parity_of(left=test, right=other)
    except (NotFoundError, DamagedResultError) as problem:
        if against is not None:
            raise
        # Nobody has asked for the other one: that it is damaged costs the section, not the report.
        _log.warning("the report of %s is shown without its counterpart %s: %s", test.pk, other.pk, problem)
        return stored
    return with_parity(stored.decode(), found).encode()
