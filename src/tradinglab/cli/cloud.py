"""``tradinglab cloud``: projects and backtests at QuantConnect."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli import words
from tradinglab.cli.cloud_folder import pull, push
from tradinglab.cli.console import fail, note, say, show_pairs, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.status import FINISHED, STRATEGY_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.cli.errors import Commands
    from tradinglab.quantconnect.client import QuantConnect
    from tradinglab.quantconnect.credentials import Credentials
    from tradinglab.quantconnect.models.backtests import Backtest


def add_parser(commands: Commands) -> None:
    """Add the commands and their options."""
    parser = commands.add_parser(
        "cloud", help="work with an account at QuantConnect", description="Projects and backtests at QuantConnect."
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add(actions, "check", run_check, "say whether user id and token are accepted")
    projects = _add(actions, "projects", run_projects, "list the projects of the account")
    projects.add_argument("--json", action="store_true", help="print them as JSON")
    fetch = _add(actions, "pull", run_pull, "write a project's files into a folder")
    fetch.add_argument("id", metavar="ID", type=_project, help="the project's number")
    fetch.add_argument("folder", metavar="DIR", type=Path, help="the folder; made if need be")
    fetch.add_argument("--force", action="store_true", help="overwrite files there that differ")
    send = _add(actions, "push", run_push, "send a folder's files to its project, which is created if there is none")
    back = _add(actions, "backtest", run_backtest, "push a folder and backtest it at QuantConnect")
    for each in (send, back):
        each.add_argument("folder", metavar="DIR", type=Path, help="the folder, with a main.py")
        each.add_argument("--name", metavar="N", help="what a new project is called (default: as the folder)")
        each.add_argument("--new", action="store_true",
                          help="make another project, if that of the folder is not there any more")  # fmt: skip
        each.add_argument("--delete", action="store_true", help="delete the project's files that are not in the folder")
    back.add_argument("--backtest-name", metavar="N", default="TradingLab", help="what the backtest is called")
    back.add_argument("--parameter", metavar="K=V", action="append", default=[], type=words.pair,
                      help="a parameter; may be given several times")  # fmt: skip
    back.add_argument("--timeout", metavar="SECONDS", type=words.seconds, default=3600.0, help="wait no longer")
    back.add_argument("--json", action="store_true", help="print the backtest as JSON")


def _add(actions: Commands, name: str, run: Callable[[Namespace], int], help: str) -> ArgumentParser:
    parser = actions.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    parser.set_defaults(run=run)
    parser.add_argument("--user-id", metavar="N", help="the user id (default: QUANTCONNECT_USER_ID)")
    parser.add_argument("--token-file", metavar="FILE", type=Path,
                        help="a file that holds the API token (default: QUANTCONNECT_ACCESS_TOKEN)")  # fmt: skip
    parser.add_argument("--base-url", metavar="URL",
                        help="another API than QuantConnect's own (default: QUANTCONNECT_BASE_URL)")  # fmt: skip
    return parser


def run_check(options: Namespace) -> int:
    """Say whether the credentials are accepted, and whose they are."""
    with _client(options) as client:
        client.account.check()
        say(f"QuantConnect accepts the credentials of user {client.user_id}.")
        for each in client.organizations.list():
            say(f"Organization: {each.name or each.id} ({each.id})" + (", preferred" if each.preferred else ""))
    return FINISHED


def run_projects(options: Namespace) -> int:
    """List the projects."""
    with _client(options) as client:
        projects = client.projects.list()
    if options.json:
        listed = [
            {"id": each.project_id, "name": each.name, "language": each.language,
             "modified": each.modified and each.modified.isoformat()}
            for each in projects
        ]  # fmt: skip
        say(json.dumps(listed, indent=2))
    elif projects:
        rows = [
            (str(each.project_id), each.name, each.language, f"{each.modified:%Y-%m-%d %H:%M}" if each.modified else "")
            for each in projects
        ]
        show_rows(("ID", "NAME", "LANGUAGE", "MODIFIED"), rows)
    else:
        say("The account has no projects.")
    return FINISHED


def run_pull(options: Namespace) -> int:
    """Write a project's files into a folder."""
    with _client(options) as client:
        written = pull(client, options.id, options.folder.expanduser(), is_forced=options.force)
    for each in written:
        say(f"{options.folder / each}")
    note(f"{len(written)} files written." if written else "All files were there already.")
    return FINISHED


def run_push(options: Namespace) -> int:
    """Send a folder's files to its project."""
    with _client(options) as client:
        say(f"Project {_push(client, options)}")
    return FINISHED


def run_backtest(options: Namespace) -> int:
    """Push a folder, backtest it, and print the statistics."""
    with _client(options) as client:
        from tradinglab.quantconnect.errors import QuantConnectError

        project_id = _push(client, options)
        build = client.compiling.wait(project_id, client.compiling.create(project_id).compile_id)
        if build.has_failed:
            fail("QuantConnect cannot compile the project:\n" + "\n".join(build.logs))
            return STRATEGY_FAILED
        parameters = dict(options.parameter)
        made = client.backtests.create(project_id, build.compile_id, options.backtest_name, parameters=parameters)
        note(f"Backtest {made.backtest_id} of project {project_id} runs; Ctrl+C leaves it alone.")
        with suppress(QuantConnectError):
            # It is known by its id from here on: the name need not tell it any more.
            client.backtests.update(project_id, made.backtest_id, name=options.backtest_name)
        done = client.backtests.wait(project_id, made.backtest_id, deadline_s=options.timeout, on_news=_Progress().tell)
    if options.json:
        say(done.model_dump_json(by_alias=True, indent=2))
    elif not done.has_failed:
        show_pairs(done.statistics, title=done.name)
    if done.has_failed:
        fail(f"The algorithm failed at QuantConnect: {done.error or done.status}\n{done.stacktrace}".rstrip())
        return STRATEGY_FAILED
    return FINISHED


class _Progress:
    """Says how far a backtest is, whenever another tenth is done."""

    def __init__(self) -> None:
        self._tenths = 0

    def tell(self, backtest: Backtest) -> None:
        tenths = int(10 * (backtest.progress or 0.0))
        if tenths > self._tenths:
            self._tenths = tenths
            note(f"{10 * tenths} %")


def _push(client: QuantConnect, options: Namespace) -> int:
    pushed = push(client, options.folder.expanduser(), name=options.name, is_new=options.new, delete=options.delete)
    for each in pushed.sent:
        note(f"sent {each}")
    for each in pushed.deleted:
        note(f"deleted {each}")
    if pushed.left:
        note(f"At QuantConnect only, and left there: {', '.join(pushed.left)} (--delete deletes them).")
    return pushed.project_id


def _project(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text[:19]) > 0:
        raise ArgumentTypeError(f"'{text}' is no number of a project; 'tradinglab cloud projects' lists them")
    return int(text)


def _client(options: Namespace) -> QuantConnect:
    try:
        from tradinglab.quantconnect.client import QuantConnect
        from tradinglab.quantconnect.settings import Settings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tradinglab"):
            raise
        reason = f"This needs '{error.name}', which is not installed: pip install 'tradinglab[quantconnect]'"
        raise CommandError(reason) from None
    settings = Settings(base_url=options.base_url) if options.base_url else Settings.from_environment()
    return QuantConnect(_credentials(options), settings)


def _credentials(options: Namespace) -> Credentials:
    from tradinglab.quantconnect.credentials import TOKEN_VARIABLE, USER_ID_VARIABLE, Credentials

    user_id = options.user_id or os.environ.get(USER_ID_VARIABLE, "")
    token = os.environ.get(TOKEN_VARIABLE, "")
    if options.token_file is not None:
        try:
            token = options.token_file.expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--token-file: {options.token_file} cannot be read: {error}") from None
    if not user_id.strip() or not token.strip():
        raise CommandError(
            f"Set {USER_ID_VARIABLE} and {TOKEN_VARIABLE} to the user id and the API token that QuantConnect shows "
            "under Account > Security, or give --user-id and --token-file."
        )
    return Credentials(user_id, token)
