"""``tradinglab token``: keys for programs."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.extras import server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("token", help="make an API key of the server", description="API keys of the server.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key", description="Make an API key; it is shown this once.")
    create.set_defaults(run=run_create)
    create.add_argument("--user", required=True, metavar="EMAIL", help="whose key it is")
    create.add_argument("--scope", required=True, action="append", help="read, run, trade or admin; may be repeated")
    create.add_argument("--name", default="command line", help="what it is for")
    create.add_argument("--json", action="store_true", help="print it as JSON")


def run_create(options: Namespace) -> int:
    """Make a key and print it."""
    server_part("config.startup").start_django()
    server_part("processes.first_run").migrate()
    user = server_part("accounts.selectors").user_by_email(email=options.user)
    scopes = [each for given in options.scope for each in given.split(",")]
    made = server_part("accounts.services").api_key_create(user=user, name=options.name, scopes=scopes, by=user.scopes)
    if options.json:
        say(json.dumps({"token": made.token, "name": made.key.name, "scopes": made.key.scopes, "user": user.email}))
    else:
        say(made.token)
    return FINISHED
