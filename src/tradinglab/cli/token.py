"""``tradinglab token``: keys for programs."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import open_installation, server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


_KINDS = ("tradinglab", "quantconnect")


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("token", help="make API keys of the server", description="API keys of the server.")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key", description="Make an API key; it is shown this once.")
    create.set_defaults(run=run_create)
    create.add_argument("--user", required=True, metavar="EMAIL", help="whose key it is")
    create.add_argument(
        "--kind", choices=_KINDS, default=_KINDS[0], help="what will use it: our API, or QuantConnect's"
    )
    create.add_argument(
        "--scope",
        action="append",
        help="read, run, trade or admin; may be repeated. Without it, a token for QuantConnect's clients has all",
    )
    create.add_argument("--name", default="command line", help="what it is for")
    create.add_argument("--json", action="store_true", help="print it as JSON")
    every = actions.add_parser("list", help="list a user's keys", description="List the keys of a user.")
    every.add_argument(
        "--kind", choices=_KINDS, default=_KINDS[0], help="keys of our API, or tokens for QuantConnect's"
    )
    every.set_defaults(run=run_list)
    every.add_argument("--user", required=True, metavar="EMAIL", help="whose keys")
    every.add_argument("--json", action="store_true", help="print them as JSON")
    revoke = actions.add_parser("revoke", help="refuse a key", description="Refuse a key from now on.")
    revoke.set_defaults(run=run_revoke)
    revoke.add_argument("--user", required=True, metavar="EMAIL", help="whose key it is")
    revoke.add_argument(
        "--kind", choices=_KINDS, default=_KINDS[0], help="a key of our API, or a token for QuantConnect's"
    )
    revoke.add_argument("--id", required=True, type=int, help="its number in the list")


def run_create(options: Namespace) -> int:
    """Make a key and print it."""
    user = _user(options)
    scopes = [each for given in options.scope or () for each in given.split(",")]
    if options.kind == "quantconnect":
        return _create_for_quantconnect(options, user, scopes)
    if not scopes:
        raise CommandError("--scope: say what the key may do: read, run, trade or admin.")
    made = server_part("accounts.services").api_key_create(user=user, name=options.name, scopes=scopes, by=user.scopes)
    if options.json:
        say(json.dumps({"token": made.token, "name": made.key.name, "scopes": made.key.scopes, "user": user.email}))
    else:
        say(made.token)
    return FINISHED


def _create_for_quantconnect(options: Namespace, user: Any, scopes: list[str]) -> int:
    made = server_part("accounts.quantconnect_tokens").quantconnect_token_create(
        user=user, name=options.name, by=user.scopes, scopes=scopes or None
    )
    shown = {
        "user_id": user.pk,
        "token": made.token,
        "organization_id": made.identity.organization_id,
        "collaborator_id": made.identity.public_id,
    }
    say(json.dumps(shown) if options.json else "\n".join(f"{name}: {value}" for name, value in shown.items()))
    return FINISHED


def run_list(options: Namespace) -> int:
    """List the keys of a user that are not revoked."""
    if options.kind == "quantconnect":
        return _list_for_quantconnect(options)
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


def _list_for_quantconnect(options: Namespace) -> int:
    user = _user(options)
    rows = server_part("accounts.quantconnect_tokens").quantconnect_token_list(user=user)
    if options.json:
        say(json.dumps([{"id": each.pk, "name": each.name, "scopes": each.scopes} for each in rows]))
    else:
        shown = [
            (str(each.pk), each.name, ",".join(each.scopes), _day(each.expires_at), _day(each.last_used_at))
            for each in rows
        ]
        show_rows(("ID", "NAME", "SCOPES", "EXPIRES", "LAST USED"), shown)
    return FINISHED


def run_revoke(options: Namespace) -> int:
    """Refuse a key from now on."""
    if options.kind == "quantconnect":
        user = _user(options)
        tokens = server_part("accounts.quantconnect_tokens")
        row = tokens.quantconnect_token_get(user=user, token_id=options.id)
        tokens.quantconnect_token_revoke(row=row, by=None)
        say(f"The token '{row.name}' is revoked.")
        return FINISHED
    key = server_part("accounts.selectors").api_key_get(user=_user(options), key_id=options.id)
    server_part("accounts.services").api_key_revoke(key=key, by=None)
    say(f"The key '{key.name}' is revoked.")
    return FINISHED


def _user(options: Namespace) -> Any:
    open_installation()
    return server_part("accounts.selectors").user_by_email(email=options.user)


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
