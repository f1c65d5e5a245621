"""Which deployments at QuantConnect a worker moves on: whichever are due and nobody else is about."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from tradinglab.server.cloud.holding import Holder, step_here
from tradinglab.server.cloud.live.moving import DEPLOYMENTS
from tradinglab.server.cloud.live.work import due


def deployments_due(most: int) -> list[UUID]:
    """Return deployments whose next step or look is due, the longest due first."""
    return list(due().order_by("-is_wished", "next_at").values_list("pk", flat=True)[:most])


@lru_cache(maxsize=1)
def _holder() -> Holder:
    return Holder(name="tradinglab-cloud-live")


def deployments_advance() -> None:
    """Move on, in threads of this process, the deployments at QuantConnect that are due."""
    advance(_holder())


def advance(holder: Holder) -> None:
    """Have a holder take up what is due, as far as there are threads for it."""
    holder.renew()
    room = holder.room
    for deployment_id in deployments_due(room) if room > 0 else ():
        holder.take_up(deployment_id, DEPLOYMENTS)


def deployment_step(deployment_id: UUID) -> bool:
    """Take the next step, or look, here and now, if it is due; return whether it was."""
    return step_here(deployment_id, DEPLOYMENTS)
