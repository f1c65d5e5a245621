"""``organizations/…``: the caller's own."""

from __future__ import annotations

from tradinglab.server.qcapi.asking import Ask, Nothing, OrNone
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.organizations import organization_of

_TYPE = "Trading Firm"


class OrganizationAsk(Ask):
    """An organisation; without it, the caller's own."""

    organization_id: OrNone[str] = None


class EncryptionAsk(Ask):
    """An organisation whose keys are asked for."""

    organization_id: str


@endpoint("organizations/list", Nothing)
def organizations_list(call: Call, asked: Nothing) -> Answer:
    """List the one that there is."""
    organization = organization_of(call.user)
    listed = {
        "id": organization.id,
        "name": organization.name,
        "type": _TYPE,
        # By this word the command line knows whose it is.
        "ownerName": "You",
        "members": 1,
        "preferred": True,
    }
    return {"organizations": [listed]}


@endpoint("organizations/read", OrganizationAsk)
def organizations_read(call: Call, asked: OrganizationAsk) -> Answer:
    """Describe the organisation: nothing is sold here, so there are no products, and no credit is needed."""
    organization = organization_of(call.user, asked.organization_id)
    member = {"id": call.user.pk, "name": organization.user_name, "isAdmin": True, "email": call.user.email}
    described = {
        "id": organization.id,
        "name": organization.name,
        "seats": 1,
        "type": _TYPE,
        "credit": {"balance": 0, "movements": []},
        "products": [],
        "data": {"signedTime": int(call.user.created_at.timestamp()), "current": True},
        "members": [member],
    }
    return {"organization": described}


@endpoint("organizations/encryption/keys/list", EncryptionAsk)
def encryption_keys_list(call: Call, asked: EncryptionAsk) -> Answer:
    """List no keys: what is stored here is not encrypted with a user's own."""
    organization_of(call.user, asked.organization_id)
    return {"keys": []}


@endpoint("services/terminal-news", Nothing)
def terminal_news(call: Call, asked: Nothing) -> Answer:
    """There is no news."""
    return {"news": []}
