"""``tradinglab data sources``, ``search`` and ``download``: bars from elsewhere."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tradinglab.cli import words
from tradinglab.cli.console import fail, note, say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import sources_part
from tradinglab.cli.progress import line_reporter
from tradinglab.cli.status import FINISHED, INCOMPLETE

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.data.downloading import DownloadReport, DownloadStep
    from tradinglab.data.sources.opening import OpenSources
    from tradinglab.data.sources.policy import Policy
    from tradinglab.data.sources.protocol import About, SeriesKey
    from tradinglab.data.sources.resume import Ledger
    from tradinglab.data.store import BarStore

_TYPES = ("equity", "index", "forex", "crypto")
_MOST_NOTES = 8


def add_parsers(commands: Commands) -> None:
    """Add the commands and their options."""
    listing = commands.add_parser(
        "sources",
        help="list where bars can be downloaded",
        description="List the sources of bars, what they have and what they allow.",
    )
    listing.set_defaults(run=list_sources)
    finding = commands.add_parser(
        "search", help="search a source for a security", description="Search a source for a security."
    )
    finding.set_defaults(run=search)
    finding.add_argument("text", metavar="TEXT", help="a ticker or a name")
    finding.add_argument("--source", metavar="NAME", default="yahoo", help="who is asked (default: yahoo)")
    _add_download(commands)


def _add_download(commands: Commands) -> None:
    parser = commands.add_parser(
        "download",
        help="download bars into a store",
        description="Download what a bar store lacks of a range. A download that was stopped goes on where it was; "
        "run daily, it brings the new days. Keys of sources are read from the environment ('data sources' names them).",
    )
    parser.set_defaults(run=run_download)
    add = parser.add_argument
    add("symbols", metavar="SYMBOL", nargs="+", type=symbol_of, help="a ticker: SPY, BRK.B, EURUSD, BTCUSDT")
    add("--source", metavar="NAME,…", default="yahoo", type=source_policy,
        help="who is asked; who does not have it or refuses is followed by the next (default: yahoo); "
        "'minute: alpaca, yahoo; yahoo' asks others for minutes than for the rest")  # fmt: skip
    add("--resolution", metavar="R", default="daily", type=str.lower, choices=("minute", "hour", "daily"),
        help="how long a bar is: %(choices)s (default: daily)")  # fmt: skip
    add("--start", metavar="DATE", type=words.day,
        help="first day (default: the first that was downloaded before, or that the source has)")  # fmt: skip
    add("--end", metavar="DATE", type=words.day, help="last day (default: the last one that is over)")
    add("--store", metavar="DIR", required=True, type=words.store,
        help="the store's folder, or s3://BUCKET/PREFIX; made if need be")  # fmt: skip
    add("--security-type", metavar="TYPE", type=str.lower, choices=_TYPES,
        help="what is traded: %(choices)s (default: crypto at an exchange of coins, else equity)")  # fmt: skip
    add("--market", metavar="M", help="usa, oanda, binance, … (default: what is usual for what is traded)")
    add("--on-conflict", default="keep", choices=("keep", "replace"),
        help="what to do with stored bars that are told otherwise now; they are reported (default: keep)")  # fmt: skip
    add("--refresh", action="store_true", help="ask again for what was downloaded already")


def list_sources(options: Namespace) -> int:
    """Print the sources and what a user should know of each."""
    opening = sources_part("opening")
    for at, name in enumerate(opening.NAMES):
        about: About = opening.about_source(name)
        if at:
            say()
        say(f"{about.name}: {about.title}")
        for each in about.serves:
            resolutions = ", ".join(one.name.lower() for one in each.resolutions)
            markets = f" ({', '.join(each.markets)})" if each.markets else ""
            say(f"  has     {each.security_type.name.lower()}{markets}: {resolutions}")
        say(f"  limits  {about.limits}")
        say(f"  terms   {about.terms}")
        for variable in about.credentials:
            say(f"  key     {variable}: {'set' if os.environ.get(variable, '').strip() else 'not set'}")
        if about.extra:
            say(f"  needs   pip install 'tradinglab[{about.extra}]'")
    return FINISHED


def search(options: Namespace) -> int:
    """Print what a text may mean at a source."""
    with open_sources() as sources:
        found = sources(options.source).search(options.text)
    if not found:
        say(f"{options.source} knows nothing by '{options.text}' that could be downloaded.")
        return FINISHED
    show_rows(
        ("TICKER", "TYPE", "MARKET", "EXCHANGE", "CURRENCY", "NAME"),
        [
            (each.ticker, each.security_type.name.lower(), each.market, each.exchange, each.currency, each.name)
            for each in found
        ],
    )
    return FINISHED


def run_download(options: Namespace) -> int:
    """Download symbols, and print where their bars are from."""
    from tradinglab.data.store import BarStore

    for name in options.source.sources:
        sources_part("opening").about_source(name)
    if options.start is not None and options.end is not None and options.end < options.start:
        raise CommandError(f"--start ({options.start}) is after --end ({options.end}); swap them.")
    store, status = BarStore(options.store), FINISHED
    with open_sources() as sources:
        for at, symbol in enumerate(dict.fromkeys(options.symbols)):
            if at:
                say()
            if not _download_one(_key(options, symbol), options, store, sources):
                status = INCOMPLETE
    return status


def _download_one(key: SeriesKey, options: Namespace, store: BarStore, sources: OpenSources) -> bool:
    """Download a symbol; return whether all of its range was answered."""
    from tradinglab.data.download_notes import StoreLedger
    from tradinglab.data.sources.errors import SourceError

    try:
        names = options.source.sources_for(key)
        span = _range(key, options, StoreLedger(store), names[0], sources)
    except SourceError as error:
        fail(str(error))
        return False
    how = {"on_restated": options.on_conflict, "refresh": options.refresh}
    return download_series(key, span, names, store=store, sources=sources, **how)


def download_series(
    key: SeriesKey, span: tuple[int, int], names: Sequence[str], *, store: BarStore, sources: OpenSources, **how: Any
) -> bool:
    """Download what a store lacks of a series, and print where the bars are from.

    Parameters
    ----------
    span
        From when to when, in microseconds UTC.
    how
        As :func:`tradinglab.data.downloading.download` takes it.

    Returns
    -------
    bool
        Whether all of it was answered.
    """
    from tradinglab.data.downloading import download
    from tradinglab.data.sources.errors import SourceError

    try:
        with line_reporter(progress_text) as show:
            report = download(
                key,
                *span,
                store=store,
                sources=names,
                open_source=sources,
                progress=lambda report, step: show((report, step)),
                **how,
            )
    except SourceError as error:
        fail(str(error))
        return False
    print_report(report)
    return not report.failed


def _range(key: SeriesKey, options: Namespace, ledger: Ledger, source: str, sources: OpenSources) -> tuple[int, int]:
    from datetime import date

    from tradinglab.data.downloading import range_of_days

    asking = sources_part("asking")
    end = options.end or datetime.now(UTC).date()
    if options.start is not None:
        if options.start > end:
            raise CommandError(f"--start: {options.start} is after {end}, the last day there can be bars of.")
        return range_of_days(key, options.start, end)
    first_us = asking.first_us_known(key, ledger, sources(source))
    if first_us is None:
        raise CommandError(f"{source} does not say from when it has {key.ticker}: give --start.")
    first = date.fromisoformat(asking.day_text_of(key, first_us))
    return range_of_days(key, first, max(first, end))


def print_report(report: DownloadReport) -> None:
    """Print what a download brought, and where its bars are from."""
    say(f"{report.series}: {report.added:,} bars are new, {report.known:,} were stored before")
    rows = [
        (
            _day(each.start_us, report),
            _day(each.end_us - 1, report),
            each.source if each.bars else f"{each.source}: none",
            f"{each.bars:,}" if each.bars else "",
            "; ".join(
                f"not {one.source}: {one.reason}" for one in each.passed if one.source != each.source or each.bars
            ),
        )
        for each in report.answered
    ]
    if rows:
        show_rows(("FROM", "TO", "SOURCE", "BARS", ""), rows)
    if report.actions:
        say(f"{report.actions} splits and dividends")
    for each in report.restated:
        note(
            f"Warning: {each.source} now gives {each.count:,} bars otherwise than they are stored, the first of "
            f"{_day(each.first_us, report)}: its close was {each.stored_close:g} and is {each.new_close:g}. "
            "--on-conflict says which are kept."
        )
    for text in report.notes[:_MOST_NOTES]:
        note(f"note: {text}")
    if len(report.notes) > _MOST_NOTES:
        note(f"note: and {len(report.notes) - _MOST_NOTES} more")
    for given in report.failed:
        span = f"{_day(given.start_us, report)} to {_day(given.end_us - 1, report)}"
        fail(f"{report.series.ticker}, {span}: nobody gave bars.")
        for one in given.passed:
            note(f"  {one.source}: {one.reason}")


def _day(us: int, report: DownloadReport) -> str:
    text: str = sources_part("asking").day_text_of(report.series, us)
    return text


def progress_text(progress: tuple[DownloadReport, DownloadStep]) -> str:
    """Return how far a download is, as a line."""
    report, step = progress
    done = (step.given.end_us - report.start_us) / max(1, report.end_us - report.start_us)
    day = _day(step.given.end_us - 1, report)
    return f"{report.series.ticker}  {min(1.0, done):4.0%}  {day}  {report.added:,} bars  {step.given.source}"


def _key(options: Namespace, symbol: str) -> SeriesKey:
    key: SeriesKey = sources_part("asking").series_wanted(
        symbol,
        options.resolution,
        options.source.sources[0],
        security_type=options.security_type,
        market=options.market,
    )
    return key


def open_sources() -> OpenSources:
    """Return what opens sources; closed, it closes them."""
    found: OpenSources = sources_part("opening").OpenSources()
    return found


def symbol_of(text: str) -> str:
    """Return a ticker as it is written on the command line, in capitals."""
    try:
        name: str = sources_part("asking").ticker_of(text)
    except ValueError as problem:
        raise ArgumentTypeError(str(problem)) from None
    return name


def source_policy(text: str) -> Policy:
    """Return who is asked, for what, in which order, as it is written on the command line."""
    from tradinglab.data.sources.errors import SourceSettingError
    from tradinglab.data.sources.policy import Policy

    try:
        return Policy.parse(text)
    except SourceSettingError as problem:
        raise ArgumentTypeError(f"{problem.reason} 'tradinglab data sources' lists them") from None
