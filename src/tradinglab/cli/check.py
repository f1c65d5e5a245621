"""``tradinglab check``: whether the server could work."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.extras import server_part
from tradinglab.cli.status import FINISHED, UNSOUND

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "check",
        help="say whether the server could work",
        description="Look at settings, database, queue, worker, disk, sandbox and deployment.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(options: Namespace) -> int:
    """Print what was found; the exit status says whether there is an error among it."""
    findings = server_part("processes.checking").installation_check()
    is_sound = all(each.verdict != "error" for each in findings)
    if options.json:
        listed = [{"name": each.name, "verdict": str(each.verdict), "detail": each.detail} for each in findings]
        say(json.dumps({"ok": is_sound, "findings": listed}, indent=2))
    else:
        for each in findings:
            say(f"{each.verdict:<8} {each.name:<11} {each.detail}".rstrip())
    return FINISHED if is_sound else UNSOUND
