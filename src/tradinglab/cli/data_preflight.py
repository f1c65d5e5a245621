"""``tradinglab data preflight``: what a backtest would read, and what of it is missing."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradinglab.cli import data_download, words
from tradinglab.cli.backtest import find_strategy
from tradinglab.cli.console import fail, note, say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import sources_part
from tradinglab.cli.outcome import failure_text
from tradinglab.cli.status import FINISHED, INCOMPLETE, STRATEGY_FAILED
from tradinglab.cli.terms import add_sandbox, add_terms, check_sandbox, given_terms, sandbox_limits

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.data.preflight import Fetch
    from tradinglab.engine.data_needs import DataNeeds

_MOST_GAPS = 3
_MB = 1e6


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "preflight",
        help="say what a backtest would read, and what of it is missing",
        description="Call a strategy's initialize, and say which bars a backtest would read: subscriptions, warm-up, "
        "histories, benchmark and rates of currencies; what of them is missing, and what can be done. The status is 1 "
        "if something is.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("file", metavar="FILE", help="strategy file, folder with a main.py, or name of a template")
    add_terms(add, timeout="give up when initialize takes longer")
    add("--store", metavar="DIR", type=words.store, help="short for --data store:DIR; --fetch downloads into it")
    add("--fetch", action="store_true", help="download what is missing into --store, and look again")
    add("--source", metavar="NAME,…", type=data_download.source_policy,
        help="with --fetch: who is asked, in order (default: who has it, those without a key first)")  # fmt: skip
    add("--json", action="store_true", help="print what was found as JSON")
    add_sandbox(add)


def run(options: Namespace) -> int:
    """Print what a backtest would read and what is missing, or fetch that first."""
    from tradinglab.engine.errors import StrategyError

    check_sandbox(options)
    _check(options)
    strategy = find_strategy(options.file)
    try:
        report = _look(strategy, options)
        if options.fetch and report["downloads"]:
            _fetch(report["downloads"], options)
            report = _look(strategy, options)
    except StrategyError as error:
        fail(failure_text(error))
        return STRATEGY_FAILED
    if options.json:
        say(json.dumps(report, indent=2))
    else:
        _show(report, options)
    return FINISHED if report["is_complete"] else INCOMPLETE


def _check(options: Namespace) -> None:
    if options.store is not None:
        if options.data != "sample":
            raise CommandError(f"--data ({options.data}) and --store ({options.store}) both name a source; keep one.")
        options.data = f"store:{options.store}"
    elif options.fetch:
        raise CommandError("--fetch needs a bar store to download into: --store DIR.")
    if options.source and not options.fetch:
        raise CommandError("--source is for --fetch; add it, or leave it out.")
    if options.fetch:
        from tradinglab.data.store import BarStore

        for name in _named(options) or ():
            sources_part("opening").about_source(name)
        BarStore(options.store).mark()


def _look(strategy: Path, options: Namespace) -> dict[str, Any]:
    from tradinglab.data.preflight import availability, joined_fetches
    from tradinglab.data.preflight_report import preflight_report
    from tradinglab.data.source import open_source

    needs = _needs(strategy, options)
    source = open_source(options.data)
    found = [availability(source, each) for each in needs.needs]
    downloads: list[list[Fetch]] = []
    try:
        sources_part("opening")
        downloads = joined_fetches(found, names=_named(options))
    except CommandError as error:
        if options.fetch:
            raise
        note(f"note: {error}")
    return preflight_report(
        found, downloads, start=needs.start, end=needs.end, notes=needs.notes, problem=needs.problem
    )


def _named(options: Namespace) -> Sequence[str] | None:
    return None if options.source is None else list(options.source.sources)


def _needs(strategy: Path, options: Namespace) -> DataNeeds:
    given = given_terms(options)
    if options.sandbox:
        from tradinglab.sandbox import sandboxed_data_needs

        limits = sandbox_limits(options)
        return sandboxed_data_needs(strategy, limits=limits, allow_weak=options.allow_weak, **given)
    from tradinglab.engine.data_needs import data_needs

    return data_needs(strategy, **given)


def _fetch(downloads: Sequence[dict[str, Any]], options: Namespace) -> None:
    """Download what is missing, each from those who have it and whose keys are set."""
    from tradinglab.core.enums import Resolution, SecurityType, TickType
    from tradinglab.data.downloading import range_of_days
    from tradinglab.data.store import BarStore, SeriesKey

    store = BarStore(options.store)
    with data_download.open_sources() as sources:
        for each in downloads:
            kind, resolution = SecurityType[each["security_type"].upper()], Resolution[each["resolution"].upper()]
            key = SeriesKey(kind, each["market"], each["ticker"].upper(), resolution, TickType.TRADE)
            names = [asked["name"] for asked in each["sources"] if options.source or _has_key(asked)]
            if names:
                span = range_of_days(key, date.fromisoformat(each["start"]), date.fromisoformat(each["end"]))
                data_download.download_series(key, span, names, store=store, sources=sources)
                say()


def _has_key(asked: dict[str, Any]) -> bool:
    return all(os.environ.get(name, "").strip() for name in asked["credentials"])


def _show(report: dict[str, Any], options: Namespace) -> None:
    if report["series"]:
        header = ("SYMBOL", "TYPE", "MARKET", "RESOLUTION", "FOR", "FROM", "TO", "BARS", "")
        show_rows(header, [_row(each) for each in report["series"]])
    else:
        say("The strategy subscribes to nothing.")
    say()
    for each in report["series"]:
        if each["missing_days"]:
            _show_missing(each)
    for each in report["downloads"]:
        say(f"{each['ticker']}: {_command(each, options)}")
    for text in report["notes"]:
        note(f"note: {text}")
    if report["problem"]:
        note(f"Warning: initialize did not come to its end ({report['problem']}): there may be more to read.")
    say(f"{report['bars']:,} bars in all, {report['memory'] / _MB:,.1f} MB in memory.")


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    state = "" if each["state"] == "complete" else each["state"]
    told = [state, "synthetic" if each["is_synthetic"] else ""]
    return (
        each["ticker"], each["security_type"], each["market"], each["resolution"], each["role"].replace("_", "-"),
        each["first_day"], each["last_day"], f"{each['bars']:,}", ", ".join(text for text in told if text),
    )  # fmt: skip


def _show_missing(each: dict[str, Any]) -> None:
    gaps = [f"{gap['first_day']} to {gap['last_day']}" for gap in each["gaps"][:_MOST_GAPS]]
    more = len(each["gaps"]) - len(gaps)
    spans = ", ".join(gaps) + (f" and {more} more" if more else "")
    what = f"{each['ticker']}, {each['resolution']} ({each['role'].replace('_', '-')})"
    say(f"{what}: {each['missing_days']:,} trading days are missing: {spans}. {each['advice']}".rstrip())


def _command(each: dict[str, Any], options: Namespace) -> str:
    """Return the command that downloads a series."""
    names = ",".join(asked["name"] for asked in each["sources"] if asked["is_whole"]) or each["sources"][0]["name"]
    kind, _, place = options.data.partition(":")
    # What follows an @ is a pin, which is not written to.
    where = place if kind == "store" and "@" not in place else "DIR"
    return (
        f"tradinglab data download {each['ticker']} --source {names} --resolution {each['resolution']} "
        f"--security-type {each['security_type']} --market {each['market']} --start {each['start']} "
        f"--end {each['end']} --store {where}"
    )
