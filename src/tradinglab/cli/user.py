"""``tradinglab user``: who may log in."""

from __future__ import annotations

import getpass
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.extras import open_installation, server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands

_ROLES = "viewer, researcher, trader or admin"


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("user", help="make and change users of the server", description="Users of the server.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = _add(actions, "create", run_create, "make a user", "Make a user; the password is asked for.")
    create.add_argument("--role", required=True, help=_ROLES)
    every = actions.add_parser("list", help="list the users", description="List the users.")
    every.set_defaults(run=run_list)
    every.add_argument("--json", action="store_true", help="print them as JSON")
    _add(actions, "deactivate", run_deactivate, "shut a user out", "End a user's sessions, keys and tokens at once.")
    _add(actions, "activate", run_activate, "let a user in again", "Let a user in again, who needs new keys.")
    _add(actions, "set-password", run_set_password, "set a password", "Set a password, which is asked for.")
    role = _add(actions, "set-role", run_set_role, "change a role", "Change what a user may do.")
    role.add_argument("--role", required=True, help=_ROLES)
    _add(actions, "reset-totp", run_reset_totp, "forget a second factor", "Let a user in who lost the authenticator.")


def _add(actions: Any, name: str, run: Callable[[Namespace], int], short: str, description: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=short, description=description)
    parser.set_defaults(run=run)
    parser.add_argument("--email", required=True, help="the address that the user logs in with")
    return parser


def run_create(options: Namespace) -> int:
    """Make a user; the password is asked for on a terminal, and read from the standard input elsewhere."""
    open_installation()
    password = _password()
    user = server_part("accounts.services").user_create(
        email=options.email, role=options.role, password=password or None
    )
    say(f"{user.email} is a user with the role {user.role}{'' if password else ', without a password'}.")
    return FINISHED


def run_list(options: Namespace) -> int:
    """List the users."""
    open_installation()
    users = server_part("accounts.selectors").user_list().order_by("id")
    if options.json:
        say(json.dumps([{"email": each.email, "role": each.role, "is_active": each.is_active} for each in users]))
    else:
        rows = [
            (each.email, each.role, "active" if each.is_active else "deactivated", _day(each.last_login))
            for each in users
        ]
        show_rows(("E-MAIL", "ROLE", "STATE", "LAST LOG-IN"), rows)
    return FINISHED


def run_deactivate(options: Namespace) -> int:
    """Let a user in no more."""
    user = _user(options)
    server_part("accounts.services").user_update(user=user, by=None, is_active=False)
    say(f"{user.email} is deactivated; sessions, keys and tokens have ended.")
    return FINISHED


def run_activate(options: Namespace) -> int:
    """Let a user in again."""
    user = _user(options)
    server_part("accounts.services").user_update(user=user, by=None, is_active=True)
    say(f"{user.email} may log in.")
    return FINISHED


def run_set_password(options: Namespace) -> int:
    """Set a password, which is asked for on a terminal, and read from the standard input elsewhere."""
    user = _user(options)
    server_part("accounts.addresses").password_change(user=user, password=_password(), by=None)
    say(f"{user.email} has a new password; sessions and tokens have ended.")
    return FINISHED


def run_set_role(options: Namespace) -> int:
    """Change what a user may do."""
    user = server_part("accounts.services").user_update(user=_user(options), by=None, role=options.role)
    say(f"{user.email} has the role {user.role}.")
    return FINISHED


def run_reset_totp(options: Namespace) -> int:
    """Let a user in who has lost the authenticator and the recovery codes."""
    user = _user(options)
    server_part("accounts.totp").totp_disable(user=user)
    say(f"{user.email} logs in with the password alone.")
    return FINISHED


def _user(options: Namespace) -> Any:
    open_installation()
    return server_part("accounts.selectors").user_by_email(email=options.email)


def _password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
