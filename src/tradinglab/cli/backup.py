"""``tradinglab backup``: all that the server holds, in one file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradinglab.cli.console import note, say
from tradinglab.cli.extras import server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "backup",
        help="save the server's database and artefacts in one file",
        description="Save database and artefacts in one file; the server may run meanwhile.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("file", metavar="FILE", type=Path, help="the file to make")
    parser.add_argument("--with-secret-key", action="store_true", help="save the secret key too: guard the file")


def run(options: Namespace) -> int:
    """Make the backup and say what is in it."""
    server_part("config.startup").start_django()
    manifest = server_part("ops.backup").backup_create(options.file, with_secret_key=options.with_secret_key)
    say(f"{options.file}: {contents(manifest)}.")
    if manifest.missing:
        note(f"Warning: the bytes of {len(manifest.missing)} artefacts are gone from the store, and are not in it.")
    if not manifest.has_secret_key:
        note("The secret key is not in it: keep SECRET_KEY, or the file secret_key of the home folder, elsewhere.")
    return FINISHED


def contents(manifest: Any) -> str:
    """Return what a backup holds, in words."""
    rows = sum(each.rows for each in manifest.tables.values())
    return f"{rows:,} rows in {len(manifest.tables)} tables, {len(manifest.artefacts):,} artefacts"
