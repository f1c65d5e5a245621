"""``tradinglab data``: what bars there are, and how others get in."""

from __future__ import annotations

from argparse import Namespace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli import (
    data_check,
    data_download,
    data_jobs,
    data_preflight,
    data_preview,
    data_resample,
    data_show,
    data_statistics,
    data_update,
    words,
)
from tradinglab.cli.console import say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.progress import line_reporter
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.data.ingest.watching import ImportProgress

_EPOCH = date(1970, 1, 1)
_LONGEST_KEPT = 100_000


def add_parser(commands: Commands) -> None:
    """Add the commands and their options."""
    parser = commands.add_parser(
        "data", help="list, download, import, check, resample and make up bars", description="Bars in and out."
    )
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_list(parts)
    data_download.add_parsers(parts)
    data_update.add_parser(parts)
    data_jobs.add_parser(parts)
    data_preview.add_parsers(parts)
    data_check.add_parser(parts)
    data_preflight.add_parser(parts)
    data_show.add_parsers(parts)
    _add_import(parts)
    _add_maintain(parts)
    data_resample.add_parser(parts)
    data_statistics.add_parser(parts)
    _add_generate(parts)


def _add_list(commands: Commands) -> None:
    parser = commands.add_parser("list", help="list what a source has", description="List what a source has.")
    parser.set_defaults(run=list_bars)
    parser.add_argument(
        "--data",
        metavar="SPEC",
        default="sample",
        help="sample (default), lean:DIR or store:DIR (also store:s3://BUCKET/PREFIX)",
    )


def _add_import(commands: Commands) -> None:
    parser = commands.add_parser(
        "import",
        help="import CSV or Parquet files",
        description="Import bars into a bar store, in bounded memory; after a stop, the same command goes on.",
    )
    parser.set_defaults(run=import_bars)
    add = parser.add_argument
    add("files", metavar="FILE", type=Path, nargs="+", help="CSV (also .gz, .zip, .zst) or Parquet file")
    add("--symbol", metavar="S", help="the ticker (default: a column says it of each row)")
    add("--resolution", metavar="R", required=True, type=str.lower, choices=("second", "minute", "hour", "daily"),
        help="how long a bar is: %(choices)s")  # fmt: skip
    add("--market", metavar="M", default="usa", help="usa (default), oanda, coinbase, …")
    add("--store", metavar="DIR", required=True, type=words.store,
        help="the store's folder, or s3://BUCKET/PREFIX; made if need be")  # fmt: skip
    add("--tick-type", default="trade", choices=("trade", "quote"), help="what the bars are made of (default: trade)")
    add("--security-type", metavar="TYPE", type=str.lower, choices=("equity", "index", "forex", "crypto", "cfd"),
        help="what is traded: %(choices)s (default: what is usual on the market)")  # fmt: skip
    add("--columns", metavar="FIELD=COLUMN,…", type=words.pairs, action="append", default=[],
        help="which column holds what, where its name does not say it: time=When,close=Last")  # fmt: skip
    add(
        "--time-format",
        metavar="FORM",
        help="how times are written, such as '%%d/%%m/%%Y %%H:%%M' (default: found out)",
    )
    add("--time-zone", metavar="ZONE", help="zone of times that do not say theirs (default: the market's)")
    add("--decimal", choices=("point", "comma"), help="the mark before the decimals of numbers (default: found out)")
    add("--stamp", default="start", choices=("start", "end"), help="which moment of a bar its time is (default: start)")
    add("--on-bad", default="error", choices=("error", "drop"), help="what to do with wrong rows (default: error)")
    add(
        "--policy",
        metavar="P",
        help="what to do about what checks find: reject, repair or keep, followed by checks with "
        "an action of their own (repair,outlier=drop), or a file of TOML or JSON; what is changed is kept in the store",
    )
    add("--on-conflict", default="error", choices=("error", "replace", "keep"),
        help="what to do if other bars are stored at the same times (default: error)")  # fmt: skip


def _add_maintain(commands: Commands) -> None:
    parser = commands.add_parser(
        "maintain",
        help="merge small files of a store, and remove what nobody needs",
        description="Merge the files of single days into those of their years, and remove files that no state of a "
        "series needs any more; what is pinned stays. Others may read and write meanwhile. A server does so hourly.",
    )
    parser.set_defaults(run=maintain)
    add = parser.add_argument
    add("--store", metavar="DIR", required=True, type=words.store, help="the store's folder, or s3://BUCKET/PREFIX")
    add("--most-days", metavar="N", type=int, default=20, help="leave so many files of days alone (default: 20)")
    add("--keep-days", metavar="N", type=float, default=1.0,
        help="keep past files for so many days at least (default: 1)")  # fmt: skip


def _add_generate(commands: Commands) -> None:
    parser = commands.add_parser(
        "generate", help="make up bars", description="Make up bars of a symbol; the store labels them as synthetic."
    )
    parser.set_defaults(run=generate_bars)
    add = parser.add_argument
    add("--symbol", metavar="S", required=True, help="the ticker")
    add("--first", metavar="DATE", required=True, type=words.day, help="first day")
    add("--last", metavar="DATE", required=True, type=words.day, help="last day")
    add("--store", metavar="DIR", required=True, type=words.store,
        help="the store's folder, or s3://BUCKET/PREFIX; made if need be")  # fmt: skip
    add("--resolution", metavar="R", default="minute", type=str.lower, choices=("second", "minute", "hour", "daily"),
        help="how long a bar is: %(choices)s (default: minute)")  # fmt: skip
    add("--market", metavar="M", default="usa", help="usa (default), oanda, coinbase, …")
    add("--security-type", metavar="TYPE", type=str.lower, choices=("equity", "forex", "crypto", "cfd"),
        default="equity", help="what is traded: %(choices)s (default: equity)")  # fmt: skip
    add("--price", metavar="P", type=float, default=100.0, help="price at the first open (default: 100)")
    add("--seed", metavar="N", type=int, default=1, help="another number makes other bars")


def list_bars(options: Namespace) -> int:
    """Print what a data source has."""
    from tradinglab.data.source import open_source

    rows = [
        (
            each.ticker,
            each.security_type.name.lower(),
            each.market,
            each.resolution.name.lower(),
            each.tick_type.name.lower(),
            _day(each.first_day),
            _day(each.last_day),
            "" if each.bars is None else f"{each.bars:,}",
            "synthetic" if each.is_synthetic else ", ".join(each.sources),
        )
        for each in open_source(options.data).coverage()
    ]
    if rows:
        show_rows(("TICKER", "TYPE", "MARKET", "RESOLUTION", "TICKS", "FIRST", "LAST", "BARS", "FROM"), rows)
    else:
        say(f"{options.data} holds no bars.")
    return FINISHED


def import_bars(options: Namespace) -> int:
    """Import files and print what was made of them."""
    from tradinglab.core.enums import Resolution, SecurityType, TickType
    from tradinglab.data.store import ImportOptions, import_tables

    how = ImportOptions(
        security_type=None if options.security_type is None else SecurityType[options.security_type.upper()],
        tick_type=TickType[options.tick_type.upper()],
        columns={field: column for pairs in options.columns for field, column in pairs},
        time_form=options.time_format,
        time_zone=options.time_zone,
        stamp=options.stamp,
        decimal=options.decimal,
        on_bad=options.on_bad,
        on_conflict=options.on_conflict,
    )
    resolution = Resolution[options.resolution.upper()]
    if options.policy is not None:
        return data_check.import_by_policy(options, resolution, how)
    with line_reporter(_progress) as show:
        reports = import_tables(
            options.files, resolution, options.market, options.store, how, symbol=options.symbol, progress=show
        )
    for report in reports:
        for line in report.lines():
            say(line)
        data_check.show_stored_quality(options.store, report)
    return FINISHED


def _progress(progress: ImportProgress) -> str:
    return f"{progress.step}  {progress.share:4.0%}  {progress.rows:,} rows"


def maintain(options: Namespace) -> int:
    """Maintain a store, and print what was done."""
    from tradinglab.data.store import StoreSource

    if options.most_days < 0 or not 0 <= options.keep_days < _LONGEST_KEPT:
        raise CommandError(f"--most-days and --keep-days are numbers from 0 on, below {_LONGEST_KEPT:,} days.")
    store = StoreSource(options.store).store
    merged, removed = store.maintain(most_days=options.most_days, grace=timedelta(days=options.keep_days))
    say(f"{merged:,} files of days were merged into years, {removed:,} past files were removed.")
    if kept := len(store.pins()):
        say(f"{kept:,} pins keep what was read of past states.")
    return FINISHED


def generate_bars(options: Namespace) -> int:
    """Store made-up bars."""
    from tradinglab.core.enums import Resolution, SecurityType
    from tradinglab.data.store import store_synthetic_bars
    from tradinglab.data.synthetic import SyntheticModel

    if not options.price >= 0.01:
        raise CommandError(f"--price: a price of at least 0.01 is expected, it was {options.price:g}.")
    if options.last < options.first:
        raise CommandError(f"--first ({options.first}) is after --last ({options.last}); swap them.")
    resolution = Resolution[options.resolution.upper()]
    stored = store_synthetic_bars(
        options.store, options.symbol, resolution, options.first, options.last, seed=options.seed,
        market=options.market, security_type=SecurityType[options.security_type.upper()],
        model=SyntheticModel(first_price=options.price),
    )  # fmt: skip
    say(f"{stored.added:,} synthetic bars of {options.symbol.upper()} stored, {stored.known:,} were there before.")
    return FINISHED


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()
