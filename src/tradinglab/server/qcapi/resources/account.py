"""``authenticate``, ``account/read``, ``user/read``: who asks, and what it costs, which is nothing."""

from __future__ import annotations

from tradinglab.server.accounts.quantconnect_tokens import quantconnect_identity
from tradinglab.server.qcapi.asking import Ask, Nothing, OrNone
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.organizations import organization_of


class OrganizationAsk(Ask):
    """An organisation; without it, the caller's own."""

    organization_id: OrNone[str] = None


@endpoint("authenticate", Nothing)
def authenticate(call: Call, asked: Nothing) -> Answer:
    """Say that the signature is right."""
    return {}


@endpoint("account/read", OrganizationAsk)
def account_read(call: Call, asked: OrganizationAsk) -> Answer:
    """Say what there is to spend: nothing costs anything here."""
    organization = organization_of(call.user, asked.organization_id)
    return {"organizationId": organization.id, "creditBalance": 0, "card": None}


@endpoint("user/read", OrganizationAsk)
def user_read(call: Call, asked: OrganizationAsk) -> Answer:
    """Say who asks."""
    organization = organization_of(call.user, asked.organization_id)
    identity = quantconnect_identity(user=call.user)
    return {
        "user": {
            "name": organization.user_name,
            "profile": "",
            "badge": "",
            "userId": call.user.pk,
            "publicId": identity.public_id,
            "email": call.user.email,
        }
    }
