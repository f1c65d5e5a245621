"""``tradinglab data``: what bars there are, and how others get in."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.words import parse_day

T = TypeVar("T", bound=str)

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


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV or Parquet files of one symbol's bars.")],
    symbol: Annotated[str, typer.Option(metavar="S", help="The ticker.")],
    resolution: Annotated[str, typer.Option(metavar="R", help="second, minute, hour or daily.")],
    store: Annotated[Path, typer.Option(metavar="DIR", help="The store's folder; made if need be.")],
    market: Annotated[str, typer.Option(metavar="M", help="usa, oanda, coinbase and so on.")] = "usa",
    tick_type: Annotated[str, typer.Option(metavar="T", help="trade or quote.")] = "trade",
    time_zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Zone of times that do not say theirs.")] = None,
    stamp: Annotated[str, typer.Option(metavar="WHEN", help="Times are each bar's start or its end.")] = "start",
    on_bad: Annotated[str, typer.Option(metavar="WHAT", help="Wrong rows: error or drop.")] = "error",
    on_conflict: Annotated[
        str, typer.Option(metavar="WHAT", help="Other bars stored at the same times: error, replace or keep.")
    ] = "error",
) -> None:
    """Import bars of one symbol into a bar store."""
    from tradinglab.core.enums import Resolution, TickType
    from tradinglab.data.store import ImportOptions, import_files

    options = ImportOptions(
        tick_type=TickType[_choice("--tick-type", tick_type, ("trade", "quote")).upper()],
        time_zone=time_zone,
        stamp=_choice("--stamp", stamp, ("start", "end")),
        on_bad=_choice("--on-bad", on_bad, ("error", "drop")),
        on_conflict=_choice("--on-conflict", on_conflict, ("error", "replace", "keep")),
    )
    wanted = Resolution[_choice("--resolution", resolution, ("second", "minute", "hour", "daily")).upper()]
    for line in import_files(files, symbol, wanted, market, store.expanduser(), options).lines():
        say(line)


@app.command("generate")
def generate_command(
    symbol: Annotated[str, typer.Option(metavar="S", help="The ticker.")],
    first: Annotated[str, typer.Option(metavar="DATE", help="First day.")],
    last: Annotated[str, typer.Option(metavar="DATE", help="Last day.")],
    store: Annotated[Path, typer.Option(metavar="DIR", help="The store's folder; made if need be.")],
    resolution: Annotated[str, typer.Option(metavar="R", help="minute, hour or daily.")] = "minute",
    seed: Annotated[int, typer.Option(metavar="N", help="Another number makes other bars.")] = 1,
) -> None:
    """Make up bars of a US stock; the store labels them as synthetic."""
    from tradinglab.core.enums import Resolution
    from tradinglab.data.store import store_synthetic_bars

    wanted = Resolution[_choice("--resolution", resolution, ("minute", "hour", "daily")).upper()]
    days = parse_day("--first", first), parse_day("--last", last)
    if days[1] < days[0]:
        raise CommandError(f"--first ({first}) is after --last ({last}); swap them")
    stored = store_synthetic_bars(store.expanduser(), symbol, wanted, *days, seed=seed)
    say(f"{stored.added:,} synthetic bars of {symbol.upper()} stored, {stored.known:,} were there before.")


def _choice(option: str, text: str, choices: tuple[T, ...]) -> T:
    found = next((choice for choice in choices if choice == text.lower()), None)
    if found is None:
        raise CommandError(f"{option} was '{text}'; it is one of {', '.join(choices)}")
    return found


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()
