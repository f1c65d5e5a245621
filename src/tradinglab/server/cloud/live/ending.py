"""Stopping and liquidating: told again until QuantConnect shows it, or says why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from tradinglab.quantconnect import InvalidRequestError, NotFoundError, QuantConnect
from tradinglab.quantconnect.models.live import LiveDeployment
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.cloud.live.looking import Look
from tradinglab.server.cloud.live.models import CloudDeployment, Liquidation
from tradinglab.server.cloud.live.telling import order_states
from tradinglab.server.cloud.live.work import LiveWork, Told

#: So long QuantConnect is given to do what it was told before it is told again.
_TOLD_AGAIN: Final = timedelta(seconds=30)
#: QuantConnect shows what is held minutes late: so long after it was told, holdings may be those of before.
_PORTFOLIO_LATE: Final = timedelta(minutes=10)
_LONGEST: Final = 2000


def stop_carry_out(work: LiveWork, client: QuantConnect, look: Look) -> None:
    """Tell QuantConnect to stop it, if that is wished for and it is not over."""
    found = look.found
    if work.row.stop_requested_at is None or found is None or found.is_over or look.is_superseded:
        return
    if work.row.liquidation == Liquidation.UNDER_WAY:
        # Stopped, it would sell nothing any more; when all is sold it is stopped.
        return
    client.live.stop(work.remote_project)


def liquidation_carry_out(work: LiveWork, client: QuantConnect, look: Look) -> None:
    """Have it flat: tell QuantConnect, look whether it is, and at the deadline say why it is not.

    One that is over sells nothing any more: what it then holds is said at once.
    """
    row, found = work.row, look.found
    if row.liquidation != Liquidation.UNDER_WAY or found is None:
        return
    is_flat = look.portfolio is not None and look.portfolio.is_flat
    if is_flat and found.is_over:
        _end(work, Liquidation.FLAT, "")
        return
    now = timezone.now()
    if row.liquidate_until is not None and now >= row.liquidate_until:
        if is_flat:
            _end(work, Liquidation.FLAT, f"It holds nothing, but is still {found.status}: stop it.")
        else:
            _end(work, Liquidation.NOT_FLAT, _why_not(work, look, found))
        return
    if found.is_over and look.portfolio is not None and _is_of_now(row):
        _end(work, Liquidation.NOT_FLAT, _why_not(work, look, found))
        return
    is_due = row.liquidate_told_at is None or now - row.liquidate_told_at >= _TOLD_AGAIN
    if is_due and not found.is_over and not look.is_superseded:
        _tell(work, client)


def _is_of_now(row: CloudDeployment) -> bool:
    """Say whether what it is shown to hold is what is left, rather than what there was before it was told to sell."""
    return row.liquidate_told_at is None or timezone.now() - row.liquidate_told_at >= _PORTFOLIO_LATE


def liquidation_give_up(work: LiveWork, reason: str) -> None:
    """At the deadline, say that nobody knows: QuantConnect cannot be asked."""
    row = work.row
    is_late = row.liquidate_until is not None and timezone.now() >= row.liquidate_until
    if row.liquidation == Liquidation.UNDER_WAY and is_late:
        text = f"It is not known whether it holds anything: {reason}"[:_LONGEST]
        _end(work, Liquidation.NOT_FLAT, text)


def _tell(work: LiveWork, client: QuantConnect) -> None:
    refusal = ""
    try:
        client.live.liquidate(work.remote_project)
    except (InvalidRequestError, NotFoundError) as error:
        refusal = f"QuantConnect refused: {error.reason}"[:_LONGEST]
    times = work.row.liquidate_told + 1
    told = Told("liquidation", {"outcome": "told", "times": times, "refusal": refusal})
    work.keep(told, liquidate_told=times, liquidate_told_at=timezone.now(), liquidation_note=refusal)


def _end(work: LiveWork, outcome: Liquidation, note: str) -> None:
    row = work.row
    data: dict[str, Any] = {"outcome": str(outcome), "times": row.liquidate_told, "message": note}
    told = [Told("liquidation", data)]
    if outcome == Liquidation.NOT_FLAT:
        told.append(Told("alert", {"code": "not_flat", "message": note}))
    work.keep(*told, liquidation=outcome, liquidation_note=note)
    action = "quantconnect_deployment." + ("liquidated" if outcome == Liquidation.FLAT else "not_flat")
    details = {"project_id": row.remote_project, "deploy_id": row.deploy_id, "why_not": note[:500]}
    audit_note(action=action, actor=row.owner, target=row, details=details)


def _why_not(work: LiveWork, look: Look, found: LiveDeployment) -> str:
    """Say what stands in the way, as far as QuantConnect tells it."""
    if look.portfolio is None:
        return f"QuantConnect does not say what it holds; it is {found.status}. Look at quantconnect.com."
    holdings = [f"{each.quantity:g} {name}" for name, each in look.portfolio.holdings.items() if each.quantity]
    held = f"It is {found.status} and still shows {', '.join(holdings[:20])}"
    orders = list(order_states(look))
    if found.is_over and not work.row.liquidate_told:
        why = "It was over before it could be told to sell: sell at the brokerage"
    elif work.row.liquidation_note:
        why = work.row.liquidation_note
    elif found.error or found.message:
        why = f"QuantConnect says: {found.error or found.message}"
    elif orders:
        why = f"Not done yet: {'; '.join(orders[:10])}. The market may be closed"
    elif found.is_over:
        why = "QuantConnect trades no more for it: sell at the brokerage"
    else:
        why = "QuantConnect gives no reason"
    again = "look again" if found.is_over else "look again, or liquidate it again"
    return f"{held}. {why.rstrip('.')}. Its portfolio may be minutes old; {again}."[:_LONGEST]
