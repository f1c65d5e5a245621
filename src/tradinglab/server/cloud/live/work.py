"""A deployment at QuantConnect that this process holds: what of it may be written down, and by whom."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tradinglab.server.cloud.live.events import cloud_event_store
from tradinglab.server.cloud.live.models import CloudDeployment, LiveProject, LiveStep
from tradinglab.server.cloud.live.terms import HIDDEN, Terms
from tradinglab.server.cloud.work import WorkLost, lease_end
from tradinglab.server.sealing import seal, unseal

#: What is shorter is a word of the text, rather than a secret.
_SHORTEST_MASKED = 6


class Told(NamedTuple):
    """An event that is to be stored."""

    kind: str
    data: dict[str, Any]


@dataclass(slots=True)
class LiveWork:
    """A deployment at QuantConnect, held under one claim."""

    row: CloudDeployment
    fence: int

    def keep(self, *told: Told, **changes: Any) -> None:
        """Write down what was learnt together with the events that say so: both, or neither.

        Raises
        ------
        WorkLost
            If it is another's by now.
        """
        self.record(told, changes)

    @transaction.atomic
    def record(self, told: Iterable[Told], changes: dict[str, Any]) -> None:
        """Do what :meth:`keep` does."""
        held = CloudDeployment.objects.filter(pk=self.row.pk, fence=self.fence).exclude(step=LiveStep.OVER)
        # Something is always written: the row is locked until its events are.
        if not held.update(**(changes or {"fence": self.fence})):
            raise WorkLost
        for kind, data in told:
            cloud_event_store(deployment_id=self.row.pk, kind=kind, data=data)
        for name, value in changes.items():
            setattr(self.row, name, value)

    @transaction.atomic
    def finish(self, *, status: str = "", message: str = "", error: dict[str, str] | None = None) -> None:
        """Let it be over: nothing more will be told of it.

        Parameters
        ----------
        status
            In QuantConnect's words; as it is if there is none.

        Raises
        ------
        WorkLost
            If it is another's by now, or over.
        """
        failure = error or self.row.error
        said = message or self.row.message
        told = []
        if failure and not self.row.is_ended:
            told.append(Told("alert", {"code": "failed", "message": failure.get("message", "")}))
        status = status or self.row.status
        told.append(Told("finished", {"status": status, "message": said, "error": failure or None}))
        self.keep(
            *told,
            step=LiveStep.OVER,
            step_at=timezone.now(),
            status=status,
            is_ended=True,
            message=said,
            error=failure,
            stopped_at=self.row.stopped_at or timezone.now(),
            sealed_settings="",
            waiting_for="",
            busy_until=None,
        )
        LiveProject.objects.filter(held_by=self.row).update(held_by=None)

    @property
    def remote_project(self) -> int:
        """The project that it is in."""
        assert self.row.remote_project is not None
        return self.row.remote_project

    def terms(self) -> Terms:
        """Return what it is deployed with.

        Raises
        ------
        SealError
            If no key opens it.
        """
        return terms_open(self.row)

    def masked(self, text: str) -> str:
        """Return what QuantConnect says without the settings that it may repeat."""
        if not self.row.sealed_settings:
            return text
        terms = self.terms()
        for value in _texts([terms.brokerage, *terms.data_providers.values(), terms.notification]):
            if len(value) >= _SHORTEST_MASKED:
                text = text.replace(value, HIDDEN)
        return text


def _texts(value: object, name: str = "") -> Iterator[str]:
    """Yield the texts that a document holds, but for what is a name of QuantConnect's."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, name)
    elif isinstance(value, str) and name not in ("id", "events", "type", "symbol", "symbolId"):
        yield value


def terms_seal(terms: Terms) -> str:
    """Return the settings of brokerage and data providers, encrypted."""
    return seal(
        json.dumps(
            {
                "brokerage": terms.brokerage,
                "data_providers": terms.data_providers,
                "notification": terms.notification,
            }
        )
    )


def terms_open(row: CloudDeployment) -> Terms:
    """Return them again."""
    return Terms(**json.loads(unseal(row.sealed_settings)), environment=row.environment)


def live_claim(*, deployment_id: UUID) -> int | None:
    """Take a deployment's next step, if it is due and nobody else is about it; return the claim's number."""
    row = due().filter(pk=deployment_id).first()
    if row is None:
        return None
    taken = due().filter(pk=deployment_id, fence=row.fence)
    changes = {"fence": F("fence") + 1, "busy_until": lease_end(), "is_wished": False}
    return row.fence + 1 if taken.update(**changes) else None


def due() -> QuerySet[CloudDeployment]:
    """Return the deployments whose next step or look is due, and that nobody is about."""
    now = timezone.now()
    free = Q(busy_until=None) | Q(busy_until__lt=now)
    wanted = Q(next_at__lte=now) | Q(is_wished=True)
    return CloudDeployment.objects.filter(free, wanted).exclude(step=LiveStep.OVER)


def live_renew(*, deployment_id: UUID, fence: int) -> None:
    """Give a sign of life."""
    CloudDeployment.objects.filter(pk=deployment_id, fence=fence).update(busy_until=lease_end())


def live_release(*, deployment_id: UUID, fence: int) -> None:
    """Let others take the next step."""
    CloudDeployment.objects.filter(pk=deployment_id, fence=fence).update(busy_until=None)


def live_get(*, deployment_id: UUID, fence: int) -> LiveWork | None:
    """Return the work that a claim is on; ``None`` if it is another's by now."""
    row = CloudDeployment.objects.select_related("account", "owner", "version__strategy").filter(
        pk=deployment_id, fence=fence
    )
    found = row.exclude(step=LiveStep.OVER).first()
    return None if found is None else LiveWork(row=found, fence=fence)


def soon(seconds: float) -> Any:
    """Return the time in so many seconds."""
    return timezone.now() + timedelta(seconds=seconds)
