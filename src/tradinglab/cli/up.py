"""``tradinglab up``: the whole server, on this machine."""

from __future__ import annotations

import sys
from argparse import BooleanOptionalAction, Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.extras import server_part
from tradinglab.cli.words import port

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands

HOST = "127.0.0.1"
PORT = 8000


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "up", help="start the server: web and worker", description="Start web and worker; Ctrl+C stops both."
    )
    parser.set_defaults(run=run)
    parser.add_argument("--host", default=HOST, help=f"address to listen on ({HOST})")
    parser.add_argument(
        "--port", type=port, help=f"port to listen on ({PORT} or, if that is taken, the next one that is free)"
    )
    parser.add_argument(
        "--open", action=BooleanOptionalAction, help="open the page in the browser (where there is a desktop)"
    )
    parser.add_argument(
        "--qc", action=BooleanOptionalAction, default=True, help="listen for QuantConnect's clients too, on port 5612"
    )


def run(options: Namespace) -> int:
    """Start everything, and stop it when told to."""

    def tell(text: str) -> None:
        say(text)
        sys.stdout.flush()

    together = server_part("processes.together")
    wish = together.Wish(host=options.host, port=options.port, opens=options.open, serves_quantconnect=options.qc)
    status: int = together.run_together(wish=wish, say=tell)
    return status
