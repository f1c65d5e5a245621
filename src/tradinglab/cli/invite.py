"""``tradinglab invite``: who may sign up."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tradinglab.cli.console import note, say
from tradinglab.cli.extras import open_installation, server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("invite", help="invite somebody to the server", description="Invitations to sign up.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser(
        "create", help="invite somebody", description="Make a link by which one person signs up."
    )
    create.set_defaults(run=run_create)
    create.add_argument("--role", required=True, help="viewer, researcher, trader or admin")
    create.add_argument("--email", default="", help="for this address alone; a letter goes there")
    create.add_argument("--days", type=int, default=7, help="how long it counts; 7 if left out")
    create.add_argument("--json", action="store_true", help="print it as JSON")


def run_create(options: Namespace) -> int:
    """Make an invitation and print its link."""
    open_installation()
    made = server_part("accounts.invitations").invitation_create(
        by=None,
        role=options.role,
        email=options.email,
        expires_at=datetime.now(UTC) + timedelta(days=min(max(options.days, 0), 1000)),
    )
    if options.json:
        invitation = made.invitation
        say(json.dumps({"link": made.link, "role": invitation.role, "expires_at": invitation.expires_at.isoformat()}))
    else:
        say(made.link)
        if server_part("config.environment").environment().backend_url is None:
            note("The link is for this machine; DEPLOYED_BACKEND_URL names the address that others use.")
    return FINISHED
