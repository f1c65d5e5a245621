"""Who one is at QuantConnect, and the organizations that one belongs to."""

from __future__ import annotations

from tradinglab.quantconnect.exchange import Call
from tradinglab.quantconnect.models.account import Account, Organization, OrganizationDetails
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.reading import many, nothing, part, whole
from tradinglab.quantconnect.steps import Plan


class AccountResource(Resource[D]):
    """The account."""

    @operation
    def check(self) -> Plan[None]:
        """Ask whether user id and token are accepted.

        Raises
        ------
        AuthenticationError
            If they are not.
        """
        yield from self._exchange.carry(Call(path="authenticate", read=nothing))

    @operation
    def read(self, organization_id: str | None = None) -> Plan[Account]:
        """Return what an organization, by default one's own, has on its account."""
        body = {"organizationId": organization_id}
        return (yield from self._exchange.carry(Call(path="account/read", read=whole(Account), body=body)))


class Organizations(Resource[D]):
    """The organizations that one belongs to."""

    @operation
    def list(self) -> Plan[tuple[Organization, ...]]:
        """Return all of them."""
        return (
            yield from self._exchange.carry(Call(path="organizations/list", read=many(Organization, "organizations")))
        )

    @operation
    def read(self, organization_id: str | None = None) -> Plan[OrganizationDetails]:
        """Return one with its members and products; by default the preferred one."""
        read = part(OrganizationDetails, "organization")
        call = Call(path="organizations/read", read=read, body={"organizationId": organization_id})
        return (yield from self._exchange.carry(call))
