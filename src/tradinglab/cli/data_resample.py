"""``tradinglab data resample``: long bars made of short ones."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli import words
from tradinglab.cli.console import say
from tradinglab.cli.errors import CommandError
from tradinglab.cli.progress import line_reporter
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tradinglab.cli.errors import Commands
    from tradinglab.data.store import BarStore, SeriesKey

_STORED = ("minute", "hour", "daily")


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "resample",
        help="make hours and days of minutes",
        description="Make bars of a store longer, in bounded memory: minutes to hours and days of the same store, or "
        "to bars of any length in a CSV file.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add_series(parser, "whose bars are made longer")
    add("--to", metavar="R|PERIOD", required=True, type=str.lower,
        help="how long bars become: minute, hour or daily; with --output also 5min, 4h, 1w, 1mo and so on")  # fmt: skip
    add("--extended", action="store_true", help="bars before and after regular hours count, too")
    add("--from-open", action="store_true", help="count bars from the open of the market; with --output")
    add("--output", metavar="FILE.csv", type=words.output_file, help="write the bars to a file; of one series")
    add("--replace", action="store_true", help="replace stored bars that are from elsewhere")


def add_series(parser: ArgumentParser, what: str) -> None:
    """Add the options that choose series of a store."""
    add = parser.add_argument
    add("--store", metavar="DIR", required=True, type=words.store, help="the store's folder, or s3://BUCKET/PREFIX")
    add("--symbol", metavar="S,…", type=lambda text: text.upper().split(","), default=[],
        help=f"{what} (default: all of this resolution)")  # fmt: skip
    add("--resolution", metavar="R", default="minute", type=str.lower, choices=("second", "minute", "hour", "daily"),
        help="how long they are now: %(choices)s (default: minute)")  # fmt: skip
    add("--market", metavar="M", help="of one market: usa, oanda, coinbase, …")
    add("--security-type", metavar="TYPE", type=str.lower, help="of one kind: equity, forex, crypto, cfd")
    add("--tick-type", choices=("trade", "quote"), help="of trades or of quotes alone")


def chosen_series(options: Namespace) -> Iterator[tuple[BarStore, SeriesKey]]:
    """Yield the series of a store that were chosen.

    Raises
    ------
    CommandError
        If there are none.
    """
    from tradinglab.core.enums import Resolution
    from tradinglab.data.store import BarStore

    store, count = BarStore(options.store), 0
    missing = set(options.symbol)
    for key in store.series():
        if (
            key.resolution == Resolution[options.resolution.upper()]
            and (not options.symbol or key.ticker in options.symbol)
            and options.market in (None, key.market)
            and options.tick_type in (None, key.tick_type.name.lower())
            and options.security_type in (None, key.security_type.name.lower())
        ):
            missing.discard(key.ticker)
            count += 1
            yield store, key
    if missing or not count:
        what = ", ".join(sorted(missing)) or "bars"
        raise CommandError(
            f"{options.store} has no {what} of the resolution {options.resolution} and what else was asked for; "
            f"'tradinglab data list --data store:{options.store}' shows what it has."
        )


def run(options: Namespace) -> int:
    """Make bars longer and print what was made."""
    from tradinglab.core.enums import Resolution
    from tradinglab.data.streaming.periods import Period
    from tradinglab.data.streaming.resampled import ResampleOptions, resample_series, resample_to_file

    how = ResampleOptions(
        is_extended=options.extended,
        anchor="open" if options.from_open else "clock",
        is_replacing=options.replace,
    )
    is_stored = options.to in _STORED
    if options.output is None and not is_stored:
        raise CommandError(f"--to {options.to}: a store has minutes, hours and days; write others to a file: --output.")
    period = Period.of(Resolution[options.to.upper()]) if is_stored else Period.parse(options.to)
    chosen = list(chosen_series(options))
    if options.output is not None and len(chosen) > 1:
        raise CommandError(f"--output takes bars of one series; {len(chosen)} were chosen. Name one with --symbol.")
    for _, key in chosen:
        with line_reporter(partial(series_progress, key)) as show:
            if options.output is not None:
                report = resample_to_file(options.store, key, period, Path(options.output), how, progress=show)
            else:
                target = Resolution[options.to.upper()]
                report = resample_series(options.store, key, target, how, progress=show)
        for line in report.lines():
            say(line)
    return FINISHED


def series_progress(key: SeriesKey, share: float) -> str:
    """Return what is shown while a series is worked on."""
    return f"{key}  {share:4.0%}"
