"""``tradinglab data``: what bars there are, and how others get in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from tradinglab.cli.console import say, show_rows

app = typer.Typer(help="List and import bars.", no_args_is_help=True)
_EPOCH = date(1970, 1, 1)


@app.command("list")
def list_command(
    data: Annotated[str, typer.Option(metavar="SPEC", help="sample, lean:DIR or store:DIR.")] = "sample",
) -> None:
    """List what a data source has."""
    from tradinglab.data.source import open_source

    rows = [
        (
            each.ticker,
            str(each.security_type),
            each.market,
            str(each.resolution),
            str(each.tick_type),
            _day(each.first_day),
            _day(each.last_day),
            "" if each.bars is None else f"{each.bars:,}",
            "synthetic" if each.is_synthetic else "",
        )
        for each in open_source(data).coverage()
    ]
    if not rows:
        say(f"{data} holds no bars.")
        return
    show_rows(("TICKER", "TYPE", "MARKET", "RESOLUTION", "TICKS", "FIRST", "LAST", "BARS", ""), rows)


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()
