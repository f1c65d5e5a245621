"""``tradinglab restore``: put back what ``tradinglab backup`` saved."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli.backup import contents
from tradinglab.cli.console import note, say
from tradinglab.cli.extras import server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "restore",
        help="put back what backup saved",
        description="Put a backup back into an empty installation; every hash is compared first.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("file", metavar="FILE", type=Path, help="the file that backup made")
    parser.add_argument("--verify", action="store_true", help="only compare the hashes; nothing is written")
    parser.add_argument("--force", action="store_true", help="replace what the installation holds")


def run(options: Namespace) -> int:
    """Verify or restore, and say what came of it."""
    server_part("config.startup").start_django()
    restore = server_part("ops.restore")
    if options.verify:
        manifest = restore.backup_verify(options.file)
        say(f"{options.file} is whole: {contents(manifest)}, saved {manifest.made_at[:19]} UTC.")
        return FINISHED
    manifest = restore.backup_restore(options.file, force=options.force)
    say(f"Restored: {contents(manifest)}.")
    if not manifest.has_secret_key and not restore.knows_key(manifest):
        note(
            "Warning: the secret key here is another one. Who is logged in is logged out, and second factors do not "
            "open until SECRET_KEY is what it was."
        )
    return FINISHED
