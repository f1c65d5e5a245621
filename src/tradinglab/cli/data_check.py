"""``tradinglab data check``: whether bars can be trusted."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli import words
from tradinglab.cli.console import note, say
from tradinglab.cli.errors import CommandError
from tradinglab.cli.status import FINISHED, UNSOUND

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.core.enums import Resolution
    from tradinglab.data.quality import QualityReport
    from tradinglab.data.store import ImportOptions, ImportReport

_SPECS = ("lean:", "store:")


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "check",
        help="check bars: gaps, wrong prices, outliers, splits, time zones",
        description="Check the bars of a data source, or of CSV or Parquet files before they are imported. Nothing is "
        "changed. The exit status is 0 if no error was found (warnings are none), 1 if one was, 2 if the bars could "
        "not be checked.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("what", metavar="SPEC|FILE", nargs="+", help="sample, lean:DIR, store:DIR, or files of bars of one symbol")
    add("--symbol", metavar="S,…", type=lambda text: text.upper().split(","), default=[],
        help="which symbols of a source (default: all); of what files are (default: their name)")  # fmt: skip
    add("--resolution", metavar="R", type=str.lower, choices=("second", "minute", "hour", "daily"),
        help="bars of this length only; of files: how long bars are (default: found out): %(choices)s")  # fmt: skip
    add("--json", action="store_true", help="print the reports as JSON")
    add("--report", metavar="FILE.html", type=words.output_file, help="write a page that shows what was found")
    files = parser.add_argument_group("of files").add_argument
    files("--market", metavar="M", default="usa", help="usa (default), oanda, coinbase, …")
    files("--tick-type", default="trade", choices=("trade", "quote"), help="what the bars are made of (default: trade)")
    files("--security-type", metavar="TYPE", type=str.lower, choices=("equity", "index", "forex", "crypto", "cfd"),
        help="what is traded: %(choices)s (default: what is usual on the market)")  # fmt: skip
    files("--columns", metavar="FIELD=COLUMN,…", type=words.pairs, action="append", default=[],
        help="which column holds what, where its name does not say it: time=When,close=Last")  # fmt: skip
    files("--time-format", metavar="FORM", help="how times are written (default: found out)")
    files("--time-zone", metavar="ZONE", help="zone of times that do not say theirs (default: the market's)")
    files("--decimal", choices=("point", "comma"), help="the mark before the decimals of numbers (default: found out)")
    files(
        "--stamp", default="start", choices=("start", "end"), help="which moment of a bar its time is (default: start)"
    )
    files("--listed", metavar="DATE", type=words.day, help="the first day on which there can be bars")
    files("--delisted", metavar="DATE", type=words.day, help="the last day on which there can be bars")


def run(options: Namespace) -> int:
    """Check, print what was found, and return whether errors were."""
    reports = []
    for report in _reports(options):
        reports.append(report)
        if not options.json:
            if len(reports) > 1:
                say()
            for line in report.lines():
                say(line)
    if options.json:
        say(json.dumps([report.to_json() for report in reports], indent=2, allow_nan=False))
    elif len(reports) > 1:
        bad = sum(report.has_errors for report in reports)
        say(f"\n{len(reports):,} series, {bad:,} with errors")
    if options.report is not None:
        from tradinglab.core.whole_files import write_whole
        from tradinglab.report.quality_page import quality_page

        write_whole(options.report, quality_page(reports))
        note(f"report: {options.report}")
    return UNSOUND if any(report.has_errors for report in reports) else FINISHED


def _reports(options: Namespace) -> Iterator[QualityReport]:
    if options.what == ["sample"] or any(each.startswith(_SPECS) for each in options.what):
        yield from _of_source(options)
    else:
        yield _of_files(options)


def _of_source(options: Namespace) -> Iterator[QualityReport]:
    from tradinglab.core.enums import Resolution
    from tradinglab.data.quality.checking import check_source
    from tradinglab.data.source import open_source

    if len(options.what) > 1:
        raise CommandError("One data source can be checked at a time, or files of one symbol.")
    source = open_source(options.what[0])
    yield from check_source(
        source,
        symbols=options.symbol,
        resolutions=[Resolution[options.resolution.upper()]] if options.resolution else [],
        on_skip=lambda each, why: note(f"{each.ticker} ({each.resolution}): {why}"),
    )
    for text in source.warnings:
        note(f"note: {text}")


def _of_files(options: Namespace) -> QualityReport:
    from tradinglab.core.enums import Resolution, SecurityType, TickType
    from tradinglab.data.quality.checking import check_files
    from tradinglab.data.store import ImportOptions

    if len(options.symbol) > 1:
        raise CommandError("--symbol: files are of one symbol; check those of others by themselves.")
    paths = [Path(each).expanduser() for each in options.what]
    how = ImportOptions(
        security_type=None if options.security_type is None else SecurityType[options.security_type.upper()],
        tick_type=TickType[options.tick_type.upper()],
        columns={field: column for pairs in options.columns for field, column in pairs},
        time_form=options.time_format,
        time_zone=options.time_zone,
        stamp=options.stamp,
        decimal=options.decimal,
    )
    return check_files(
        paths,
        options.symbol[0] if options.symbol else paths[0].name.partition(".")[0],
        market=options.market,
        resolution=Resolution[options.resolution.upper()] if options.resolution else None,
        options=how,
        listed=options.listed,
        delisted=options.delisted,
    )


def import_by_policy(options: Namespace, resolution: Resolution, how: ImportOptions) -> int:
    """Import files after they were checked and repaired as ``--policy`` says, and print what was done."""
    from tradinglab.data.quality import Policy
    from tradinglab.data.quality.importing import import_checked

    if options.symbol is None:
        raise CommandError("--policy: files of one symbol are repaired at a time; give --symbol.")
    if options.on_bad != "error":
        raise CommandError("--on-bad and --policy say two things about wrong rows; leave --on-bad out.")
    done = import_checked(
        options.files, options.symbol, resolution, options.market, options.store,
        Policy.parse(options.policy), how,
    )  # fmt: skip
    for line in done.stored.lines():
        say(line)
    for line in done.repairs.lines():
        say(f"policy: {line}")
    if done.repairs_file is not None:
        say(f"repairs: {done.repairs_file}")
    show_quality(done.after)
    return FINISHED


def show_stored_quality(store: Path | str, imported: ImportReport) -> None:
    """Print how good the bars are that an import has left in a store."""
    from tradinglab.core.clock import day_of_date
    from tradinglab.data.quality.checking import check_stored

    days = day_of_date(imported.first), day_of_date(imported.last)
    show_quality(check_stored(store, imported.series, *days))


def show_quality(report: QualityReport) -> None:
    """Print grade and findings, without their places."""
    say(f"quality: {report.grade}")
    for each in report.findings:
        say(f"{each.severity}: {each.sentence} [{each.code}]")
