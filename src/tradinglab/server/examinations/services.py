"""Asking for examinations."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from tradinglab.server.backtests.data_sources import data_source_list
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import request_of
from tradinglab.server.errors import ConflictError
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.variants import jitter_options
from tradinglab.server.honesty.holding import hold_out_check
from tradinglab.server.runs.limits import owner_lock
from tradinglab.server.runs.models import Priority, Run, RunState
from tradinglab.server.runs.services import Submission, Wishes, run_create, run_once

#: Those that came to nothing are not given in place of a new one.
_WORTH_SOMETHING = (RunState.QUEUED, RunState.RUNNING, RunState.COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationRequest:
    """What is asked about a backtest.

    Attributes
    ----------
    options
        What the result depends on, beside the backtest.
    again
        Whether to examine anew what was examined so before.
    """

    kind: Examination.Kind
    options: dict[str, Any] = field(default_factory=dict)
    again: bool = False
    priority: Priority = Priority.NORMAL

    def fingerprint(self) -> str:
        """Return a hash by which the same question is known again."""
        return hashlib.sha256(json.dumps([self.kind, self.options], sort_keys=True).encode()).hexdigest()


def examination_submit(
    *, test: Backtest, request: ExaminationRequest, idempotency_key: str | None = None
) -> Submission:
    """Store an examination that is to be carried out; the one that there is, if the same was asked before.

    One that failed, was cancelled or took too long does not count, nor does any if it is to be done ``again``.

    Raises
    ------
    SealedDaysError
        If the backtest covers days that were sealed since.
    ConflictError
        If the backtest has not completed, or cannot be run again here, which a stress and a jitter need.
    InputError
        If the parameters cannot be moved so.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    _check(test, request)
    if request.kind == Examination.Kind.JITTER:
        request = replace(request, options=jitter_options(test=test, options=request.options))
    basis = Examination.Basis.STORED if _why_not_again(test) else Examination.Basis.RUNS
    asked = f"examine {test.pk} {request.fingerprint()} {request.again} {request.priority}"
    with transaction.atomic():
        owner_lock(user_id=test.run.owner_id)  # of two that ask at once, one finds what the other has stored
        known = None if request.again else _known(test, request)
        submitted = run_once(
            owner=test.run.owner,
            key=idempotency_key,
            request_hash=hashlib.sha256(asked.encode()).hexdigest(),
            start=lambda: known or _create(test, request, basis),
        )
        return Submission(submitted.run, submitted.is_new and known is None)


def why_stored(test: Backtest) -> str:
    """Return why a backtest's strategy is not run again, for who is told what is left out; empty if it is."""
    return _why_not_again(test)


def _check(test: Backtest, request: ExaminationRequest) -> None:
    if test.run.state != RunState.COMPLETED:
        advice = "wait until it has" if test.run.state in (RunState.QUEUED, RunState.RUNNING) else "run it again first"
        text = f"The backtest is {test.run.state}; only one that completed can be examined: {advice}."
        raise ConflictError(text)
    # To run it again is to look at its days again.
    hold_out_check(strategy=test.version.strategy, end=test.last_day, field="backtest", can_clip=False)
    why = _why_not_again(test)
    if why and request.kind != Examination.Kind.DOCTOR:
        text = f"{why} A {request.kind} runs the strategy again: run the version here (rerun/) and examine that."
        raise ConflictError(text)


def _why_not_again(test: Backtest) -> str:
    if test.engine != Backtest.Engine.LOCAL:
        return f"The backtest was run by {test.engine}, whose data and engine are not here."
    if test.data not in [each.name for each in data_source_list()]:
        return f"The data source '{test.data}' is no longer there; the operator can name it again."
    return ""


def _known(test: Backtest, request: ExaminationRequest) -> Run | None:
    found = Examination.objects.filter(backtest=test, kind=request.kind, fingerprint=request.fingerprint())
    found = found.filter(run__state__in=_WORTH_SOMETHING, run__cancel_requested_at=None).select_related("run")
    newest = found.order_by("-run__created_at", "-run_id").first()
    return None if newest is None else newest.run


@transaction.atomic
def _create(test: Backtest, request: ExaminationRequest, basis: Examination.Basis) -> Run:
    first = test.run
    manifest = {**_manifest(test, basis), "examination": {"kind": str(request.kind), **request.options}}
    # The owner's limits may be lower than they were: then the runs have what they may have now.
    run = run_create(
        owner=first.owner,
        kind=str(request.kind),
        manifest=manifest,
        parent=first,
        wishes=Wishes(priority=request.priority),
    )
    Examination.objects.create(
        run=run,
        backtest=test,
        kind=request.kind,
        options=request.options,
        fingerprint=request.fingerprint(),
        basis=basis,
    )
    return run


def _manifest(test: Backtest, basis: Examination.Basis) -> dict[str, Any]:
    return test.run.manifest if basis == Examination.Basis.STORED else request_of(test).manifest()
