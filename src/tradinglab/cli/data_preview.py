"""``tradinglab data preview`` and ``import-lean``: what a file looks like, and whole folders of LEAN's."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from tradinglab.cli import words
from tradinglab.cli.console import note, say, show_rows
from tradinglab.cli.progress import line_reporter
from tradinglab.cli.status import FINISHED, INCOMPLETE, UNSOUND

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.data.lean_import import LeanImport
    from tradinglab.data.previews import Preview

_WIDEST = 18
_MOST_SYMBOLS = 8
#: Options of an import that a preview has, too, and their defaults.
_USUAL = {
    "market": "usa",
    "tick_type": "trade",
    "security_type": None,
    "time_format": None,
    "time_zone": None,
    "decimal": None,
    "stamp": "start",
}


def add_parsers(commands: Commands) -> None:
    """Add the commands and their options."""
    _add_preview(commands)
    _add_lean(commands)


def _add_preview(commands: Commands) -> None:
    parser = commands.add_parser(
        "preview",
        help="show what an import would make of a file",
        description="Show what an import would make of a CSV or Parquet file: columns, times, first and last rows, and "
        "what is wrong with it. Nothing is stored; the exit status is 1 if it cannot be imported as it is.",
    )
    parser.set_defaults(run=run_preview)
    add = parser.add_argument
    add("file", metavar="FILE", type=Path, help="CSV or Parquet file")
    add("--market", metavar="M", default="usa", help="in whose zone times are that do not say theirs (default: usa)")
    add("--tick-type", default="trade", choices=("trade", "quote"), help="what the bars are made of (default: trade)")
    add("--security-type", metavar="TYPE", type=str.lower, choices=("equity", "index", "forex", "crypto", "cfd"),
        help="what is traded: %(choices)s (default: what is usual on the market)")  # fmt: skip
    add("--columns", metavar="FIELD=COLUMN,…", type=words.pairs, action="append", default=[],
        help="which column holds what, where its name does not say it: time=When,close=Last")  # fmt: skip
    add("--time-format", metavar="FORM", help="how times are written (default: found out)")
    add("--time-zone", metavar="ZONE", help="zone of times that do not say theirs (default: the market's)")
    add("--decimal", choices=("point", "comma"), help="the mark before the decimals of numbers (default: found out)")
    add("--stamp", default="start", choices=("start", "end"), help="which moment of a bar its time is (default: start)")


def _add_lean(commands: Commands) -> None:
    parser = commands.add_parser(
        "import-lean",
        help="import the bars of a LEAN data folder",
        description="Import the bars and factors of a LEAN data folder into a bar store.",
    )
    parser.set_defaults(run=import_lean)
    add = parser.add_argument
    add("folder", metavar="DIR", type=words.folder, help="the folder that holds equity, forex and so on")
    add("--store", metavar="DIR", required=True, type=words.store,
        help="the store's folder, or s3://BUCKET/PREFIX; made if need be")  # fmt: skip
    add("--symbols", metavar="S,…", type=lambda text: text.upper().split(","), default=[], help="these only")
    add("--resolution", metavar="R", type=str.lower, choices=("second", "minute", "hour", "daily"),
        help="bars of this length only: %(choices)s")  # fmt: skip
    add("--on-conflict", default="error", choices=("error", "replace", "keep"),
        help="what to do if other bars are stored at the same times (default: error)")  # fmt: skip


def run_preview(options: Namespace) -> int:
    """Print what a file looks like."""
    from tradinglab.core.enums import SecurityType, TickType
    from tradinglab.data.previews import preview
    from tradinglab.data.store import ImportOptions

    how = ImportOptions(
        security_type=None if options.security_type is None else SecurityType[options.security_type.upper()],
        tick_type=TickType[options.tick_type.upper()],
        columns={field: column for pairs in options.columns for field, column in pairs},
        time_form=options.time_format,
        time_zone=options.time_zone,
        stamp=options.stamp,
        decimal=options.decimal,
    )
    found = preview(options.file.expanduser(), market=options.market, options=how)
    _print(found, options)
    return FINISHED if found.can_be_imported else UNSOUND


def _print(found: Preview, options: Namespace) -> None:
    if found.names:
        rows = [*found.first]
        hidden = found.rows - len(found.first) - len(found.last)
        if hidden > 0:
            rows.append(tuple("…" for _ in found.names))
        rows += found.last[-max(0, found.rows - len(found.first)) :] if found.rows > len(found.first) else ()
        show_rows([_short(name) for name in found.names], [[_short(cell) for cell in row] for row in rows])
        more = "" if found.is_whole else " looked at; there are more"
        say(f"\n{found.rows:,} rows{more}")
    if found.columns:
        say("columns: " + ", ".join(f"{field} = '{column}'" for field, column in found.columns.items()))
    if found.symbols:
        more = ", …" if len(found.symbols) > _MOST_SYMBOLS else ""
        say(f"symbols: {len(found.symbols):,}, {', '.join(found.symbols[:_MOST_SYMBOLS])}{more}")
    if found.unused:
        say("not used: " + ", ".join(found.unused))
    if found.time_form:
        say(f"times: {found.time_form}, {found.time_zone}")
    if found.first_us is not None and found.last_us is not None:
        import numpy as np

        span = [str(np.datetime64(us, "us").astype("datetime64[s]")) for us in (found.first_us, found.last_us)]
        length = found.resolution.name.lower() if found.resolution is not None else "of no length that can be stored"
        say(f"bars: {length}, {span[0]} to {span[1]} UTC")
    for text in found.notes:
        say(f"note: {text}")
    for text in found.problems:
        note(f"problem: {text}")
    if found.can_be_imported and found.resolution is not None:
        symbol = () if found.symbols else ("--symbol", "TICKER")
        words = (
            str(found.path),
            *symbol,
            "--resolution",
            found.resolution.name.lower(),
            "--store",
            "DIR",
            *_given(options),
        )
        say("\ntradinglab data import " + " ".join(map(quote, words)))


def _given(options: Namespace) -> Iterator[str]:
    """Yield the options that the import needs as the preview did."""
    for name, usual in _USUAL.items():
        value = getattr(options, name)
        if value != usual:
            yield from (f"--{name.replace('_', '-')}", value)
    for pairs in options.columns:
        yield from ("--columns", ",".join(f"{field}={column}" for field, column in pairs))


def _short(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else cell[: _WIDEST - 1] + "…"


def import_lean(options: Namespace) -> int:
    """Import a LEAN data folder, and print what came of each series."""
    from tradinglab.core.enums import Resolution
    from tradinglab.data.lean_import import import_lean_folder
    from tradinglab.data.store import BarStore

    def text(result: LeanImport) -> str:
        return f"{result.series}: {result.added:,} bars"

    status, series, added = FINISHED, 0, 0
    resolutions = [Resolution[options.resolution.upper()]] if options.resolution else []
    with line_reporter(text) as show:
        for result in import_lean_folder(
            options.folder,
            BarStore(options.store),
            tickers=options.symbols,
            resolutions=resolutions,
            on_conflict=options.on_conflict,
            progress=show,
        ):
            series, added = series + 1, added + result.added
            factors = ", with factors" if result.has_factors else ""
            say(f"{result.series}: {result.added:,} bars are new, {result.known:,} were stored before{factors}")
            for each in result.notes:
                note(f"note: {each}")
            if result.problem and result.series.resolution != Resolution.TICK:
                note(f"problem: {result.series}: {result.problem}")
                status = INCOMPLETE
    say(f"{series:,} series, {added:,} new bars")
    return status
