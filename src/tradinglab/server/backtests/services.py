"""Writes about backtests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from django.db import transaction

from tradinglab.core.run_warnings import WarningKind
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_states import state_to_read
from tradinglab.server.backtests.engines import FOLLOWED, KINDS, LASTS_S, engine_check
from tradinglab.server.backtests.holding_out import end_allowed, sealed_days_guard
from tradinglab.server.backtests.models import Backtest, BacktestTag
from tradinglab.server.backtests.parameters import parameters_check
from tradinglab.server.backtests.requests import BacktestRequest, request_of
from tradinglab.server.errors import InputError
from tradinglab.server.runs.events import event_store
from tradinglab.server.runs.limits import time_here
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.services import Submission, Wishes, run_create, run_enqueue, run_follow, run_once
from tradinglab.server.strategies.files import check_files
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.project import project_parameters
from tradinglab.server.strategies.unsaved import version_of_files
from tradinglab.server.texts import check_name, check_notes

_LONGEST_TAG = 50

_LONGEST_WARNING = 1_000


def backtest_submit(*, owner: User, request: BacktestRequest, idempotency_key: str | None = None) -> Submission:
    """Store a backtest that is to be run; the same request under the same key is stored once.

    A parameter that is not given is the one that the version's ``config.json`` sets, if it sets one.

    Raises
    ------
    InputError
        If dates, cash, data or a parameter cannot be used, or more time or memory is wished for than the owner may
        have.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    IdempotencyKeyReusedError
        If the key came with another request.
    SealedDaysError
        If it would touch days that are sealed.
    """
    request.check()
    request = _kept_out(request)
    engine_check(owner=owner, request=request)
    warnings = parameters_check(files=request.version.files, parameters=request.parameters)
    return _submit(owner, request, idempotency_key, warnings)


def _kept_out(request: BacktestRequest) -> BacktestRequest:
    """Return what of a request the sealed days of its strategy allow."""
    end = end_allowed(version=request.version, start=request.start, end=request.end, sealed=request.hold_out)
    return replace(request, end=end)


def _submit(owner: User, request: BacktestRequest, idempotency_key: str | None, warnings: Sequence[str]) -> Submission:
    request = replace(request, parameters=project_parameters(request.version.files) | dict(request.parameters))
    return run_once(
        owner=owner,
        key=idempotency_key,
        request_hash=request.fingerprint(),
        start=lambda: _create_guarded(owner, request, warnings),
    )


@transaction.atomic
def _create_guarded(owner: User, request: BacktestRequest, warnings: Sequence[str]) -> Run:
    sealed_days_guard(version=request.version, end=request.end)
    return _create(owner, request, warnings)


def backtest_rerun(*, test: Backtest, changes: Mapping[str, Any], idempotency_key: str | None = None) -> Submission:
    """Store another backtest, as this one was asked for but for some changes.

    Parameters
    ----------
    changes
        Fields of :class:`~tradinglab.server.backtests.requests.BacktestRequest`, and of its wishes; ``bars`` says
        whether it reads what is there ``now``, or what was there ``then``.

    Raises
    ------
    InputError
        Also if what it has read is not kept.
    """
    again, changes = request_of(test), dict(changes)
    if changes.pop("bars", "now") == "then":
        changes["as_of"] = _state_of(test, changes.get("data", test.data))
    of_wishes = {field.name for field in fields(Wishes)}
    wishes = replace(again.wishes, **{name: value for name, value in changes.items() if name in of_wishes})
    rest = {name: value for name, value in changes.items() if name not in of_wishes}
    request = replace(again, wishes=wishes, **rest)
    return backtest_submit(owner=test.run.owner, request=request, idempotency_key=idempotency_key)


def _state_of(test: Backtest, data: str) -> str:
    pin = state_to_read(test=test) if data == test.data else ""
    if not pin:
        text = (
            "The bars that the run has read are not kept: it is of another source, or no bar store. Leave 'bars' out."
        )
        raise InputError("bars", "then", text)
    return pin


def backtest_submit_files(
    *,
    owner: User,
    files: Mapping[str, str],
    parameters: Mapping[str, str],
    request: Callable[[StrategyVersion], BacktestRequest],
    idempotency_key: str | None = None,
) -> Submission:
    """Store files and a backtest of them, both or neither.

    Raises
    ------
    InputError
        Also if the files cannot be stored.
    """
    check_files(files)
    warnings = parameters_check(files=files, parameters=parameters)
    with transaction.atomic():
        asked = request(version_of_files(owner=owner, files=files))
        asked.check()
        asked = _kept_out(asked)
        engine_check(owner=owner, request=asked)
        return _submit(owner, asked, idempotency_key, warnings)


@transaction.atomic
def backtest_create_opening(*, owner: User, request: BacktestRequest) -> Run:
    """Store the one backtest that may see sealed days; its request was checked.

    Raises
    ------
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    warnings = parameters_check(files=request.version.files, parameters=request.parameters)
    request = replace(request, parameters=project_parameters(request.version.files) | dict(request.parameters))
    return _create(owner, request, warnings)


@transaction.atomic
def backtest_create_part(*, owner: User, request: BacktestRequest, parent: Run, is_slim: bool = False) -> Backtest:
    """Store a backtest that is a part of another run, which has checked what is asked for.

    Parameters
    ----------
    is_slim
        Whether it keeps only what trials are judged by.

    Raises
    ------
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    return Backtest.objects.get(pk=_create(owner, request, parent=parent, is_slim=is_slim).pk)


@transaction.atomic
def _create(
    owner: User,
    request: BacktestRequest,
    warnings: Sequence[str] = (),
    parent: Run | None = None,
    *,
    is_slim: bool = False,
) -> Run:
    run = run_create(
        owner=owner,
        kind=KINDS[request.engine],
        manifest=request.manifest(),
        wishes=request.wishes,
        parent=parent,
        lasts_s=LASTS_S.get(request.engine),
        is_audited=parent is None,
    )
    _store(run, request, warnings, is_slim=is_slim)
    return run


def _store(run: Run, request: BacktestRequest, warnings: Sequence[str] = (), *, is_slim: bool = False) -> Backtest:
    return Backtest.objects.create(
        run=run,
        version=request.version,
        name=request.name,
        engine=request.engine,
        data=request.source,
        parameters=dict(request.parameters),
        start=request.start,
        end=request.end,
        cash=request.cash,
        warnings=[{"kind": str(WarningKind.PARAMETER), "text": text} for text in warnings],
        is_slim=is_slim,
    )


@transaction.atomic
def backtest_follow_part(*, owner: User, request: BacktestRequest, parent: Run) -> Backtest:
    """Store a backtest that another engine runs as a part of what it was asked for; whoever follows it ends it."""
    kind = FOLLOWED[request.engine]
    run = run_follow(owner=owner, kind=kind, manifest=request.manifest(), parent=parent, wishes=request.wishes)
    return _store(run, request)


@transaction.atomic
def backtest_create_elsewhere(*, owner: User, request: BacktestRequest, warnings: Sequence[str]) -> Run:
    """Store a backtest that another engine has run, or runs, which has checked what is asked for.

    Raises
    ------
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    """
    run = _create(owner, request)
    told = [{"kind": str(WarningKind.ENGINE), "text": text} for text in warnings]
    Backtest.objects.filter(pk=run.pk).update(warnings=told)
    return run


@transaction.atomic
def backtest_run_here(*, test: Backtest, why: str) -> bool:
    """Have a backtest that was not yet started elsewhere run here, as its request allows; return whether it is.

    It says so: in an event, and among the run's warnings.
    """
    asked = replace(request_of(test), engine=Backtest.Engine.LOCAL)
    waiting = Run.objects.filter(pk=test.pk, kind=KINDS[test.engine], cancel_requested_at=None)
    waiting = waiting.filter(state__in=(RunState.QUEUED, RunState.RUNNING))
    changes: dict[str, Any] = {"kind": KINDS[asked.engine], "manifest": asked.manifest()}
    changes |= {"state": RunState.QUEUED, "started_at": None, "progress": 0}
    changes["timeout_s"] = time_here(user=test.run.owner, timeout_s=asked.wishes.timeout_s)
    if not waiting.update(**changes):
        return False
    text = f"It was asked to be run by {test.engine}, and was run here: {why}"
    warnings = [*test.warnings, {"kind": str(WarningKind.ENGINE), "text": text[:_LONGEST_WARNING]}]
    Backtest.objects.filter(pk=test.pk).update(engine=asked.engine, data=asked.data, warnings=warnings)
    event_store(run_id=test.pk, kind="fallback", data={"engine": str(asked.engine), "reason": why})
    transaction.on_commit(lambda: run_enqueue(run_id=test.pk))
    return True


@transaction.atomic
def backtest_annotate(
    *,
    test: Backtest,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    is_starred: bool | None = None,
) -> None:
    """Change what is given of what its owner says of a backtest, leave the rest; a tag that comes twice counts once.

    Raises
    ------
    InputError
        If a text is too long, or there is something in it that cannot be seen.
    """
    annotations_check(name=name, notes=notes, tags=tags)
    given = {"name": name, "notes": notes, "is_starred": is_starred}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if changes:
        Backtest.objects.filter(pk=test.pk).update(**changes)
    if tags is not None:
        # The row is locked, so that of two sets of tags one is stored, and not a mixture.
        Backtest.objects.select_for_update().get(pk=test.pk)
        BacktestTag.objects.filter(backtest=test).delete()
        BacktestTag.objects.bulk_create(BacktestTag(backtest=test, name=tag) for tag in dict.fromkeys(tags))


def annotations_check(*, name: str | None, notes: str | None, tags: Sequence[str] | None) -> None:
    """Refuse what an owner cannot say of a run of theirs.

    Raises
    ------
    InputError
        If a text is too long, or there is something in it that cannot be seen.
    """
    check_name("name", name or "")
    check_notes("notes", notes or "")
    for place, tag in enumerate(tags or ()):
        check_name(f"tags.{place}", tag, longest=_LONGEST_TAG)
