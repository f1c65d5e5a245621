"""``tradinglab data update``: the bars since the last ones of a store's series."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tradinglab.cli import words
from tradinglab.cli.console import fail, say
from tradinglab.cli.data_download import open_sources, print_report, progress_text, source_policy, symbol_of
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import sources_part
from tradinglab.cli.progress import line_reporter
from tradinglab.cli.status import FINISHED, INCOMPLETE

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.data.sources.opening import OpenSources
    from tradinglab.data.sources.protocol import SeriesKey
    from tradinglab.data.store import BarStore

_MOST_OVERLAP = 400


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "update",
        help="bring a store's series up to date",
        description="Download the bars since the last ones of a store's series, from whoever gave those, and say what "
        "a source has corrected since. The exit status is 1 if a series was not brought up to date.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("symbols", metavar="SYMBOL", nargs="*", type=symbol_of, help="these only (default: all that were downloaded)")
    add("--store", metavar="DIR", required=True, type=words.store, help="the store's folder, or s3://BUCKET/PREFIX")
    add(
        "--source", metavar="NAME,…", type=source_policy, help="who is asked (default: whoever gave the bars there are)"
    )
    add("--resolution", metavar="R", type=str.lower, choices=("minute", "hour", "daily"),
        help="series of this length of bar only: %(choices)s")  # fmt: skip
    add("--overlap-days", metavar="N", type=int, default=5,
        help="days before the last bar that are asked for again, to see what was corrected (default: 5)")  # fmt: skip
    add("--on-conflict", default="keep", choices=("keep", "replace"),
        help="what to do with stored bars that are told otherwise now; they are reported (default: keep)")  # fmt: skip


def run(options: Namespace) -> int:
    """Update series, and print what came of each."""
    from tradinglab.data.store import BarStore

    if not 0 <= options.overlap_days <= _MOST_OVERLAP:
        raise CommandError(f"--overlap-days: 0 to {_MOST_OVERLAP} are possible, it was {options.overlap_days}.")
    store, status = BarStore(options.store), FINISHED
    found = _series(store, options)
    with open_sources() as sources:
        for at, key in enumerate(found):
            if at:
                say()
            if not _update(key, options, store, sources):
                status = INCOMPLETE
    return status


def _series(store: BarStore, options: Namespace) -> list[SeriesKey]:
    from tradinglab.core.enums import TickType

    lengths = (options.resolution,) if options.resolution else ("minute", "hour", "daily")
    there = [
        key
        for key in store.series()
        if key.tick_type == TickType.TRADE and key.resolution.name.lower() in lengths
        if not options.symbols or key.ticker in options.symbols
    ]
    missing = [symbol for symbol in options.symbols if symbol not in {key.ticker for key in there}]
    if missing or not there:
        what = ", ".join(missing) or "bars"
        raise CommandError(f"{store.place.name} has no {what} to go on from; 'tradinglab data download' brings some.")
    return there


def _update(key: SeriesKey, options: Namespace, store: BarStore, sources: OpenSources) -> bool:
    """Update a series; return whether all of the range was answered."""
    from tradinglab.core.errors import TradingLabError
    from tradinglab.data.downloading import download
    from tradinglab.data.updating import sources_before, update_range

    sources_part("http")
    try:
        start_us, end_us = update_range(store, key, datetime.now(UTC).date(), overlap_days=options.overlap_days)
        names = options.source.sources_for(key) if options.source else sources_before(store, key)
        if not names:
            fail(f"{key}: it is not known from whom its bars are; name the sources with --source.")
            return False
        with line_reporter(progress_text) as show:
            report = download(
                key,
                start_us,
                end_us,
                store=store,
                sources=names,
                open_source=sources,
                on_restated=options.on_conflict,
                refresh=True,
                progress=lambda report, step: show((report, step)),
            )
    except TradingLabError as error:
        fail(f"{key}: {error}")
        return False
    print_report(report)
    return not report.failed
