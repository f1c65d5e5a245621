"""``tradinglab setup``: what an installation needs before its processes start."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.extras import server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "setup",
        help="bring the server's tables up to date and make the first user",
        description="Bring the tables up to date; make the first user and submit the demo if the installation is new.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--compile", action="store_true", help="also compile what simulates rules, which the first process does else"
    )


def run(options: Namespace) -> int:
    """Set the installation up; done twice, it changes nothing."""
    server_part("config.startup").start_django()
    first_run = server_part("processes.first_run")
    first_run.migrate()
    owner = first_run.ensure_owner()
    demo = first_run.ensure_demo(owner.user)
    say(f"The tables are up to date, and the first user is {owner.user.email}.")
    if owner.new_password:
        say(f"The password is {owner.new_password} (it is shown this once).")
    if demo is not None and not demo.is_final:
        say("The demo is submitted; the first worker runs it.")
    if options.compile:
        _compile()
    return FINISHED


def _compile() -> None:
    os.environ["NUMBA_CACHE_DIR"] = os.fspath(server_part("config.environment").environment().home / "kernels")
    from tradinglab.rules.warming import warm

    made = warm()
    say(f"Of what simulates rules {made.compiled} parts were compiled, and {made.loaded} had been before.")
