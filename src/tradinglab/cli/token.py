"""``tradinglab token``: keys for programs."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.extras import open_installation, server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("token", help="make API keys of the server", description="API keys of the server.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key", description="Make an API key; it is shown this once.")
    create.set_defaults(run=run_create)
    create.add_argument("--user", required=True, metavar="EMAIL", help="whose key it is")
    create.add_argument("--scope", required=True, action="append", help="read, run, trade or admin; may be repeated")
    create.add_argument("--name", default="command line", help="what it is for")
    create.add_argument("--json", action="store_true", help="print it as JSON")
    every = actions.add_parser("list", help="list a user's keys", description="List the keys of a user.")
    every.set_defaults(run=run_list)
    every.add_argument("--user", required=True, metavar="EMAIL", help="whose keys")
    every.add_argument("--json", action="store_true", help="print them as JSON")
    revoke = actions.add_parser("revoke", help="refuse a key", description="Refuse a key from now on.")
    revoke.set_defaults(run=run_revoke)
    revoke.add_argument("--user", required=True, metavar="EMAIL", help="whose key it is")
    revoke.add_argument("--id", required=True, type=int, help="its number in the list")


def run_create(options: Namespace) -> int:
    """Make a key and print it."""
    user = _user(options)
    scopes = [each for given in options.scope for each in given.split(",")]
    made = server_part("accounts.services").api_key_create(user=user, name=options.name, scopes=scopes, by=user.scopes)
    if options.json:
        say(json.dumps({"token": made.token, "name": made.key.name, "scopes": made.key.scopes, "user": user.email}))
    else:
        say(made.token)
    return FINISHED


def run_list(options: Namespace) -> int:
    """List the keys of a user that are not revoked."""
    keys = server_part("accounts.selectors").api_key_list(user=_user(options))
    if options.json:
        say(json.dumps([{"id": each.pk, "name": each.name, "scopes": each.scopes} for each in keys]))
    else:
        rows = [
            (str(each.pk), each.name, f"tl_{each.prefix}…", ",".join(each.scopes), _day(each.expires_at),
             _day(each.last_used_at))
            for each in keys
        ]  # fmt: skip
        show_rows(("ID", "NAME", "KEY", "SCOPES", "EXPIRES", "LAST USED"), rows)
    return FINISHED


def run_revoke(options: Namespace) -> int:
    """Refuse a key from now on."""
    key = server_part("accounts.selectors").api_key_get(user=_user(options), key_id=options.id)
    server_part("accounts.services").api_key_revoke(key=key, by=None)
    say(f"The key '{key.name}' is revoked.")
    return FINISHED


def _user(options: Namespace) -> Any:
    open_installation()
    return server_part("accounts.selectors").user_by_email(email=options.user)


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
