"""``tradinglab data show`` and ``quotes``: bars of a series, and the last ones of many."""

from __future__ import annotations

import time
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tradinglab.cli import words
from tradinglab.cli.console import say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.status import FINISHED, INCOMPLETE
from tradinglab.core.clock import DAY_NS, date_of_day, day_of_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradinglab.cli.errors import Commands
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.data.columns import BarColumns
    from tradinglab.data.source import Coverage, DataSource

_VIEWS: Final = ("raw", "split_adjusted", "adjusted", "total_return")
_RESOLUTIONS: Final = ("second", "minute", "hour", "daily")


def add_parsers(commands: Commands) -> None:
    """Add the commands and their options."""
    showing = commands.add_parser(
        "show", help="show bars, with splits and dividends", description="Show bars of a series, the last ones last."
    )
    showing.set_defaults(run=show)
    add = showing.add_argument
    add("symbol", metavar="SYMBOL", type=str.upper, help="a ticker")
    add("--data", metavar="SPEC", default="sample", help="sample (default), lean:DIR or store:DIR")
    add("--resolution", metavar="R", default="daily", type=str.lower, choices=_RESOLUTIONS,
        help="how long a bar is: %(choices)s (default: daily)")  # fmt: skip
    add("--view", default="raw", choices=_VIEWS, help="in which prices: %(choices)s (default: raw)")
    add("--start", metavar="DATE", type=words.day, help="first day")
    add("--end", metavar="DATE", type=words.day, help="last day")
    add("--rows", metavar="N", type=int, default=20, help="so many bars at most, the last ones (default: 20)")
    add("--market", metavar="M", help="of one market: usa, oanda, coinbase, …")
    quoting = commands.add_parser(
        "quotes",
        help="show last bars, and which are stale",
        description="Show the last bar of securities, and whether by the market's calendar there could be a later one. "
        "The status is 1 if one is stale.",
    )
    quoting.set_defaults(run=show_quotes)
    quoting.add_argument("symbols", metavar="SYMBOL", nargs="*", type=str.upper, help="tickers (default: all)")
    quoting.add_argument("--data", metavar="SPEC", default="sample", help="sample (default), lean:DIR or store:DIR")
    quoting.add_argument("--resolution", metavar="R", type=str.lower, choices=_RESOLUTIONS,
        help="only bars of this length: %(choices)s")  # fmt: skip


def show(options: Namespace) -> int:
    """Print bars."""
    from tradinglab.core.enums import DataNormalizationMode
    from tradinglab.data.adjust import normalize
    from tradinglab.data.source import open_source

    if options.rows < 1:
        raise CommandError(f"--rows: at least 1 is expected, it was {options.rows}.")
    if options.start is not None and options.end is not None and options.end < options.start:
        raise CommandError(f"--start ({options.start}) is after --end ({options.end}); swap them.")
    source = open_source(options.data)
    series = _chosen(source.coverage(), [options.symbol], options)[0]
    hours = _hours(source, series)
    first = series.first_day if options.start is None else day_of_date(options.start)
    last = series.last_day if options.end is None else day_of_date(options.end)
    bars = _read(source, series, hours, first, last)
    symbol = source.resolve_symbol(series.ticker, series.security_type, series.market, series.last_day)
    view = DataNormalizationMode[options.view.upper()]
    bars = normalize(bars, source.factors(symbol), view, hours.time_zone, first_day=series.first_day)
    if not len(bars):
        say(f"There is no bar of {series.ticker} in this range.")
        return FINISHED
    kept = bars.take(slice(max(0, len(bars) - options.rows), len(bars)))
    rows = [
        (_text(int(at)), *(f"{column[row]:.10g}" for column in kept.values.values()))
        for row, at in enumerate(kept.time_ns)
    ]
    show_rows(("TIME (UTC)", *(name.upper() for name in kept.values)), rows)
    if len(bars) > len(kept):
        say(f"and {len(bars) - len(kept):,} before; --rows shows more")
    return FINISHED


def show_quotes(options: Namespace) -> int:
    """Print last bars."""
    from tradinglab.data.freshness import freshness
    from tradinglab.data.source import open_source

    source, status, rows = open_source(options.data), FINISHED, []
    for series in _chosen(source.coverage(), options.symbols, options):
        hours = _hours(source, series)
        bars = _read(source, series, hours, series.last_day, series.last_day)
        if not len(bars):
            continue
        entry = source.market_hours.try_get_entry(series.market, series.ticker, series.security_type)
        symbol = source.resolve_symbol(series.ticker, series.security_type, series.market, series.last_day)
        listing = source.map_file(symbol)
        told = freshness(
            None if entry is None else entry.exchange_hours,
            series.security_type,
            series.resolution,
            int(bars.time_ns[-1]),
            time.time_ns(),
            last_listed=None if listing is None else date_of_day(listing.delisting_day),
        )
        status = INCOMPLETE if told.is_stale else status
        rows.append(
            (
                series.ticker,
                series.resolution.name.lower(),
                f"{_price(bars):.10g}",
                _text(told.last.end_ns),
                "" if told.expected is None else _text(told.expected.end_ns),
                {True: "stale", False: "", None: "unknown"}[told.is_stale] + (" synthetic" * series.is_synthetic),
            )
        )
    show_rows(("TICKER", "RESOLUTION", "PRICE", "AS OF (UTC)", "EXPECTED", ""), rows)
    return status


def _chosen(found: Iterable[Coverage], tickers: list[str], options: Namespace) -> list[Coverage]:
    """Return of each ticker the series that reaches furthest, real and finer ones first.

    Raises
    ------
    CommandError
        If there is none of a ticker.
    """
    best: dict[tuple[str, str, str], Coverage] = {}
    for each in found:
        if each.resolution.name.lower() not in ([options.resolution] if options.resolution else _RESOLUTIONS):
            continue
        if tickers and each.ticker.upper() not in tickers:
            continue
        if getattr(options, "market", None) not in (None, each.market):
            continue
        name = each.ticker, each.market, each.security_type.name
        if name not in best or _rank(each) > _rank(best[name]):
            best[name] = each
    missing = [each for each in tickers if each not in {ticker.upper() for ticker, _, _ in best}]
    if missing or not best:
        what = ", ".join(missing) or "anything"
        raise CommandError(f"{options.data} has no such bars of {what}; 'tradinglab data list' shows what it has.")
    return [best[name] for name in sorted(best)]


def _rank(each: Coverage) -> tuple[bool, int, bool, int]:
    return not each.is_synthetic, each.last_day, each.tick_type.name == "TRADE", -int(each.resolution)


def _hours(source: DataSource, series: Coverage) -> SecurityExchangeHours:
    from tradinglab.core.market_hours import SecurityExchangeHours

    entry = source.market_hours.try_get_entry(series.market, series.ticker, series.security_type)
    return SecurityExchangeHours.always_open("UTC") if entry is None else entry.exchange_hours


def _read(source: DataSource, series: Coverage, hours: SecurityExchangeHours, first: int, last: int) -> BarColumns:
    symbol = source.resolve_symbol(series.ticker, series.security_type, series.market, series.last_day)
    start_ns, end_ns = (int(hours.time_zone.utc_ns(day * DAY_NS)) for day in (first, last + 1))
    return source.bars(symbol, series.resolution, series.tick_type, start_ns, end_ns)


def _price(bars: BarColumns) -> float:
    """Return the last close; of quotes the middle of bid and ask."""
    if "close" in bars.values:
        return float(bars.values["close"][-1])
    return float((bars.values["bid_close"][-1] + bars.values["ask_close"][-1]) / 2)


def _text(utc_ns: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_ns // 1_000)).strftime("%Y-%m-%d %H:%M:%S")
