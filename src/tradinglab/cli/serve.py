"""``tradinglab serve``: the web process alone."""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from typing import TYPE_CHECKING

from tradinglab.cli.extras import server_part
from tradinglab.cli.up import HOST, PORT
from tradinglab.cli.words import port

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("serve", help="start the web process", description="Start the web process alone.")
    parser.set_defaults(run=run)
    parser.add_argument("--host", default=HOST, help=f"address to listen on ({HOST})")
    parser.add_argument("--port", type=port, default=PORT, help=f"port to listen on ({PORT})")
    # Sockets that `tradinglab up` passes on.
    parser.add_argument("--descriptor", type=int, action="append", default=[], help=SUPPRESS)


def run(options: Namespace) -> int:
    """Serve until told to stop."""
    status: int = server_part("processes.web").run_web(
        host=options.host, port=options.port, descriptors=options.descriptor
    )
    return status
