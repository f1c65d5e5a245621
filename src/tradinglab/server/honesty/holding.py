"""Days on which nothing is run, until one variant is, once.

Sealed are the first day and all that follow: what is run later reads earlier bars to warm up. Days before are free.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.signing import Signer
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.honesty.errors import HoldOutSpentError, SealedDaysError
from tradinglab.server.honesty.models import HoldOut
from tradinglab.server.honesty.selectors import hold_out_sealed, overlapping, trials_count, trials_of
from tradinglab.server.runs.models import FINAL_STATES, Run
from tradinglab.server.strategies.models import Strategy, StrategyVersion

_SALT: Final = "tradinglab.hold-out"
_A_DAY: Final = timedelta(days=1)


@transaction.atomic
def hold_out_seal(*, strategy: Strategy, by: User, first_day: date, last_day: date) -> HoldOut:
    """Seal days of a strategy.

    Raises
    ------
    InputError
        If the days are in the wrong order, or some of them were held out before.
    ConflictError
        If days are sealed already, or a run of the strategy is under way, which might touch them.
    """
    if last_day < first_day:
        text = f"The last day is before the first ({first_day}); swap them."
        raise InputError("last_day", last_day.isoformat(), text)
    hold_out_lock(strategy=strategy)
    if (sealed := hold_out_sealed(strategy=strategy)) is not None:
        raise ConflictError(
            f"The days from {sealed.first_day} to {sealed.last_day} are sealed already; a strategy has one hold-out at "
            "a time. Open it, or give it up, first."
        )
    spent = HoldOut.objects.filter(strategy=strategy, first_day__lte=last_day, last_day__gte=first_day).first()
    if spent is not None:
        text = f"The days from {spent.first_day} to {spent.last_day} were held out before, and are not unseen any more."
        raise InputError("first_day", first_day.isoformat(), f"{text} Seal days after {spent.last_day}.")
    _check_nothing_goes_on(strategy)
    found = HoldOut.objects.create(
        strategy=strategy,
        first_day=first_day,
        last_day=last_day,
        sealed_by=by,
        seen_before=overlapping(trials_of(strategy=strategy), first_day, last_day).values("variant").distinct().count(),
    )
    audit_note(action="hold_out.sealed", actor=by, target=found, details=_details(found))
    return found


@transaction.atomic
def hold_out_give_up(*, hold_out: HoldOut, by: User) -> None:
    """Take the seal away without an opening; the days can never be held out again.

    Raises
    ------
    HoldOutSpentError
        If it is not sealed any more.
    """
    _end(hold_out, by, HoldOut.State.GIVEN_UP)
    audit_note(action="hold_out.given_up", actor=by, target=hold_out, details=_details(hold_out))


@transaction.atomic
def hold_out_claim(*, hold_out: HoldOut, by: User) -> None:
    """Take the seal away for the one run; of several who try at once, one does.

    Raises
    ------
    HoldOutSpentError
        If it is not sealed any more.
    """
    _end(hold_out, by, HoldOut.State.OPENED)


def hold_out_stamp(
    *, hold_out: HoldOut, by: User, version: StrategyVersion, parameters: Mapping[str, str], data: str, run_id: UUID
) -> None:
    """Write down for ever what a hold-out was opened for; called in the transaction that opens it."""
    now = HoldOut.objects.values_list("ended_at", flat=True).get(pk=hold_out.pk)
    stamp: dict[str, Any] = {
        "hold_out": str(hold_out.pk),
        "strategy": str(hold_out.strategy_id),
        "first_day": hold_out.first_day.isoformat(),
        "last_day": hold_out.last_day.isoformat(),
        "sealed_at": hold_out.sealed_at.isoformat(),
        "opened_at": None if now is None else now.isoformat(),
        "opened_by": by.email,
        "version": str(version.pk),
        "content_hash": version.content_hash,
        "parameters": dict(sorted(parameters.items())),
        "data": data,
        "run": str(run_id),
        "trials": trials_count(strategy=hold_out.strategy, data=data),
        "seen_before": hold_out.seen_before,
    }
    digest = _digest(stamp)
    signature = Signer(salt=_SALT).signature(digest)
    HoldOut.objects.filter(pk=hold_out.pk).update(
        version=version, run_id=run_id, stamp=stamp, stamp_hash=digest, signature=signature
    )
    audit_note(action="hold_out.opened", actor=by, target=hold_out, details={**stamp, "stamp_hash": digest})


def stamp_is_genuine(hold_out: HoldOut) -> bool:
    """Say whether a stamp is as the server wrote it."""
    if not hold_out.stamp:
        return False
    digest = _digest(hold_out.stamp)
    is_same = constant_time_compare(digest, hold_out.stamp_hash)
    return is_same and constant_time_compare(Signer(salt=_SALT).signature(digest), hold_out.signature)


def hold_out_check(*, strategy: Strategy, end: date | None, field: str = "end", can_clip: bool = True) -> None:
    """Refuse what would touch sealed days.

    Parameters
    ----------
    end
        The last day that would be touched; ``None`` if nobody knows before it is run.
    can_clip
        Whether the request may ask to be clipped.

    Raises
    ------
    SealedDaysError
        Names the days, and what to do.
    """
    sealed = hold_out_sealed(strategy=strategy)
    if sealed is None or _last(end) < sealed.first_day:
        return
    before = sealed.first_day - _A_DAY
    said = "No end is given, and a strategy may run as far as there are bars" if end is None else f"This ends on {end}"
    clip = ", or have it clipped ('hold_out': 'clip')" if can_clip else ""
    raise SealedDaysError(
        field,
        None if end is None else end.isoformat(),
        f"The days of this strategy from {sealed.first_day} to {sealed.last_day} are sealed as its hold-out, and with "
        f"them all that follow. {said}: end it on {before} or before{clip}. To try one version on the sealed days, "
        "once, open the hold-out.",
    )


def clipped_end(*, strategy: Strategy, end: date | None) -> date | None:
    """Return an end that touches no sealed day: the one given, or the day before they begin."""
    sealed = hold_out_sealed(strategy=strategy)
    if sealed is None or _last(end) < sealed.first_day:
        return end
    return sealed.first_day - _A_DAY


def _last(end: date | None) -> date:
    """Return the last day that may be touched: there are no bars of days to come."""
    return timezone.now().date() + _A_DAY if end is None else end


def hold_out_lock(*, strategy: Strategy) -> None:
    """Have sealing and submitting wait for each other, until the transaction ends."""
    list(Strategy.objects.select_for_update().filter(pk=strategy.pk).values_list("pk", flat=True))


def _check_nothing_goes_on(strategy: Strategy) -> None:
    going = Run.objects.filter(owner=strategy.owner_id, manifest__strategy__version__in=_version_ids(strategy))
    going = going.exclude(state__in=FINAL_STATES)
    if (count := going.count()) > 0:
        raise ConflictError(
            f"{count} runs of the strategy are not over, and might touch these days. Wait for them, or cancel them."
        )


def _version_ids(strategy: Strategy) -> list[str]:
    return [str(each) for each in StrategyVersion.objects.filter(strategy=strategy).values_list("pk", flat=True)]


def _end(hold_out: HoldOut, by: User, state: HoldOut.State) -> None:
    changes = {"state": state, "ended_at": timezone.now(), "ended_by": by}
    if HoldOut.objects.filter(pk=hold_out.pk, state=HoldOut.State.SEALED).update(**changes):
        return
    now = HoldOut.objects.get(pk=hold_out.pk)
    what = "opened" if now.state == HoldOut.State.OPENED else "given up"
    where = f" for the run {now.run_id}, which shows its stamp" if now.run_id else ""
    raise HoldOutSpentError(
        f"The hold-out from {now.first_day} to {now.last_day} was {what} on {now.ended_at:%Y-%m-%d %H:%M} UTC{where}; "
        "that is possible once. Days after it can be sealed anew."
    )


def _details(hold_out: HoldOut) -> dict[str, object]:
    return {
        "strategy": str(hold_out.strategy_id),
        "first_day": hold_out.first_day.isoformat(),
        "last_day": hold_out.last_day.isoformat(),
        "seen_before": hold_out.seen_before,
    }


def _digest(stamp: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()
