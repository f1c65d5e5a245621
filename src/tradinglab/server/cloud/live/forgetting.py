"""What becomes of deployments when their account is disconnected: they are forgotten here, and trade on there."""

from __future__ import annotations

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.models import CloudAccount


def deployments_forget(account: CloudAccount) -> None:
    """Note which deployments trade on that nobody here will know of; they go with the account."""
    for each in CloudDeployment.objects.filter(account=account, is_ended=False).select_related("owner"):
        details = {
            "name": each.name,
            "project_id": each.remote_project,
            "deploy_id": each.deploy_id,
            "step": each.step,
            "trades_on": bool(each.deploy_id or each.is_asked),
        }
        audit_note(action="quantconnect_deployment.forgotten", actor=each.owner, target=each, details=details)
