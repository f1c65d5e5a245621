"""``tradinglab user``: who may log in."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.extras import server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("user", help="make a user of the server", description="Users of the server.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make the user", description="Make a user.")
    create.set_defaults(run=run_create)
    create.add_argument("--email", required=True, help="the address that the user logs in with")
    create.add_argument("--role", required=True, help="viewer, researcher, trader or admin")


def run_create(options: Namespace) -> int:
    """Make a user; the password is asked for on a terminal, and read from the standard input elsewhere."""
    server_part("config.startup").start_django()
    server_part("processes.first_run").migrate()
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    user = server_part("accounts.services").user_create(
        email=options.email, role=options.role, password=password or None
    )
    say(f"{user.email} is a user with the role {user.role}{'' if password else ', without a password'}.")
    return FINISHED
